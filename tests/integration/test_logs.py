"""The server's log: its formats, levels and rotation, and what `quern logs` shows of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import unittest
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlencode

from probeserver import ProbeTestCase
from quernserver import QUERN_BIN, QuernServer, wait_until


class LogsTestCase(ProbeTestCase):
    def setUp(self) -> None:
        """Each test starts a server of its own by start()."""

    def start(self, **settings) -> QuernServer:
        self.quern = self.probe(**{"log_file": "quern.log", **settings}).start()
        return self.quern

    def file(self, name: str = "quern.log") -> Path:
        return self.quern.directory / name

    def end(self) -> str:
        """Of the log; empty while there is no file, within a rotation."""
        try:
            return self.file().read_text()[-20:]
        except FileNotFoundError:
            return ""

    def say(self, how: str, text: str, **more) -> None:
        """Lets a handler log, or print."""
        self.assertEqual(self.get("/probe/log?" + urlencode({"how": how, "text": text, **more})).body, b"said\n")

    def wait_line(self, text: str, name: str = "quern.log") -> str:
        def found() -> str | None:
            path = self.file(name)
            lines = path.read_text(errors="replace").splitlines() if path.exists() else []
            return next((line for line in lines if text in line), None)

        return wait_until(found, f"line of {text!r}")

    def logs(self, *words: str) -> list[str]:
        result = self.quern.command("logs", *words)
        self.assert_exit(result, 0)
        return result.stdout.splitlines()

    def follow(self, *words: str) -> Follower:
        follower = Follower(self.quern, *words)
        self.addCleanup(follower.close)
        return follower


class Follower:
    """`quern logs -f` in the background."""

    def __init__(self, quern: QuernServer, *words: str) -> None:
        self._process = subprocess.Popen([QUERN_BIN, "logs", "-f", *words, "-c", str(quern.config)],
                                         cwd=quern.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=lambda: self.lines.extend(iter(self._process.stdout.readline, "")))
        self._reader.start()

    def wait(self, pattern: str) -> str:
        return wait_until(lambda: next((line for line in list(self.lines) if re.search(pattern, line)), None),
                          f"line /{pattern}/ of a follower")

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        return self._process.wait(timeout=10)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()


class Formats(LogsTestCase):
    def test_json_of_master_worker_and_output(self) -> None:
        self.start(log_format="json", log_categories=["quern.http=debug"])
        worker = self.quern.wait_workers()[0].pid
        self.say("warning", 'two\nlines with "quotes", \x1b[31m and caf\u00e9')
        self.say("print", "printed")
        self.get("/%zz")
        self.wait_line("percent-escape")
        self.wait_line("printed")
        records = [json.loads(line) for line in self.file().read_text().splitlines()]
        for record in records:
            self.assertEqual(list(record), ["time", "level", "role", "pid", "category", "message"])
            age = datetime.now(timezone.utc) - datetime.fromisoformat(record["time"].replace("Z", "+00:00"))
            self.assertLess(abs(age), timedelta(minutes=2))
        facts = {(r["level"], r["role"], r["pid"], r["category"], r["message"]) for r in records}
        self.assertIn(("warning", "worker 0", worker, "shop", 'two\nlines with "quotes", \\x1b[31m and caf\u00e9'), facts)
        self.assertIn(("info", "worker 0", worker, "stdout", "printed"), facts)
        self.assertIn(("debug", "master", self.quern.master, "quern.http",
                       "refused a request from 127.0.0.1 with 400: malformed percent-escape in path"), facts)
        self.assertTrue(records[0]["message"].endswith(" starts"), records[0])

    def test_what_a_plugin_prints_forges_nobody(self) -> None:
        self.start(log_format="json")
        worker = self.quern.wait_workers()[0].pid
        forged = '{"time":"2026-01-31T12:00:00.123Z","level":"error","role":"master","pid":1,"message":"forged"}'
        for text in (forged, "<3>quern.master\x1fforged\x1eforged", "\x1eforged\x1e"):
            self.say("print", text)
        self.say("error", "forged\n" + forged)
        self.say("print", "last")
        self.wait_line('"last"')
        records = [json.loads(line) for line in self.file().read_text().splitlines()]
        found = [record for record in records if "forged" in record["message"]]
        self.assertEqual([(r["role"], r["pid"]) for r in found], [("worker 0", worker)] * 4)

    def test_text_lines_each_tell_who_spoke(self) -> None:
        self.start()
        self.say("error", "two\nlines")
        self.wait_line("  | lines")
        said = [line[24:] for line in self.file().read_text().splitlines() if "lines" in line or "two" in line]
        self.assertEqual(said, ["error worker 0  two", "error worker 0    | lines"])


class Levels(LogsTestCase):
    def test_set_level_reaches_workers_that_run_and_those_that_come(self) -> None:
        self.start(log_level="warning")
        self.say("debug", "too early")
        self.assert_exit(self.quern.command("logs", "--set-level", "debug"), 0, "^The server logs: debug$")
        wait_until(lambda: self.say("debug", "now") or "worker 0  now" in self.file().read_text(), "debug line")
        self.kill_worker()
        self.quern.wait_workers()
        self.say("debug", "of the next worker")
        self.wait_line("debug worker 0  of the next worker")
        self.assert_exit(self.quern.command("reload"), 0)
        self.say("debug", "of the next generation")
        self.wait_line("of the next generation")
        self.assertNotIn("too early", self.file().read_text())

    def test_set_level_of_a_category(self) -> None:
        self.start()
        result = self.quern.command("logs", "--set-level", "shop=error,quern.http=debug", "--json")
        self.assertEqual(json.loads(result.stdout), {"general": "info", "categories": ["quern.http=debug", "shop=error"]})
        self.get("/%zz")
        self.wait_line("refused a request")
        wait_until(lambda: self.say("warning", "quiet") or self.say("error", "loud") or
                   "quiet" not in self.file().read_text().splitlines()[-2], "the level of the category")
        self.say("error", "the last")
        self.wait_line("the last")

    def test_settings(self) -> None:
        self.start(log_level="error", log_categories=["shop=debug", "stdout=error"])
        self.say("debug", "of the shop")
        self.say("print", "printed")
        self.say("error", "the last")
        self.wait_line("the last")
        text = self.file().read_text()
        self.assertIn("of the shop", text)
        self.assertNotIn("printed", text)
        self.assertNotIn("ready after", text)

    def test_a_reload_with_other_levels_in_the_file(self) -> None:
        self.start()
        self.quern.command("logs", "--set-level", "shop=error")
        self.assert_exit(self.quern.command("reload"), 0)
        self.assert_exit(self.quern.command("logs", "--set-level", "quern.net=error"), 0, "shop=error")
        self.quern.settings["log_categories"] = ["shop=debug"]
        self.quern.write_config()
        self.assert_exit(self.quern.command("reload"), 0)
        self.say("debug", "as the file says")
        self.wait_line("as the file says")

    def test_refused(self) -> None:
        self.start()
        for words, text in ((("--set-level", "loud"), "write debug, info, warning or error"),
                            (("--set-level", "quern.htpp=debug"), r"quern\.http,"),
                            (("--set-level", "*=debug"), "write a name such as"),
                            (("--level", "loud"), "write --level info"),
                            (("-n", "many"), "write -n 100"),
                            (("-n", "-1"), "write -n 100")):
            with self.subTest(words):
                self.assert_exit(self.quern.command("logs", *words), 2, text)


class Rotation(LogsTestCase):
    def old_files(self) -> list[Path]:
        return sorted(self.quern.directory.glob("quern.log.*"), key=lambda path: -int(path.suffix[1:]))

    def test_rotation_under_load_loses_nothing(self) -> None:
        self.start(log_rotate_size=20_000, log_rotate_keep=1000, reactor_num=2, worker_num=2,
                   log_categories=["quern.http=debug"])
        threads, count, refused = 4, 250, 200

        def speak(name: str) -> None:
            self.say("warning", name, count=count, threads=threads)

        def refuse() -> None:
            for _ in range(refused):
                self.get("/%zz")

        clients = [threading.Thread(target=speak, args=(name,)) for name in ("red", "green")]
        clients += [threading.Thread(target=refuse) for _ in range(3)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

        def lines() -> list[str]:
            return [line for path in [*self.old_files(), self.file()] for line in path.read_text().splitlines()]

        expected = Counter(f"{name} {thread} {i}" for name in ("red", "green")
                           for thread in range(1, threads + 1) for i in range(count))
        said = re.compile(r"warn  worker \d  ((?:red|green) \d+ \d+)$")
        wait_until(lambda: sum("refused a request" in line for line in lines()) == 3 * refused and
                   Counter(match[1] for line in lines() if (match := said.search(line))) == expected, "all lines, once")
        self.assertGreater(len(self.old_files()), 3)
        for path in [*self.old_files(), self.file()]:
            self.assertLessEqual(path.stat().st_size, 20_000, path)
        self.assertTrue(all(re.match(r"\d{4}-\d\d-\d\d \d\d:", line) for line in lines()))

    def test_sighup_and_rotation_together(self) -> None:
        self.start(log_rotate_size=20_000, log_rotate_keep=2)
        self.say("warning", "before")
        self.wait_line("before")
        self.file().rename(self.file("moved"))
        self.say("warning", "meanwhile")
        self.wait_line("meanwhile", "moved")
        os.kill(self.quern.master, signal.SIGHUP)
        self.wait_line("opened anew")
        self.say("warning", "x" * 1000, count=100)
        wait_until(lambda: "99" in self.end(), "the last line")
        self.assertEqual([path.name for path in self.old_files()], ["quern.log.2", "quern.log.1"])
        self.assertIn("meanwhile", self.file("moved").read_text())

    def test_age_survives_a_restart(self) -> None:
        quern = self.quern = self.probe(log_file="quern.log", log_rotate_age=86400 * 7)
        first = (datetime.now() - timedelta(days=8)).strftime("%Y-%m-%d %H:%M:%S.000 info  master    long ago\n")
        self.file().write_text(first)
        quern.start()
        self.assertEqual(self.file("quern.log.1").read_text(), first)
        quern.stop()
        quern.start()
        self.assertEqual([path.name for path in self.old_files()], ["quern.log.1"])


class Shown(LogsTestCase):
    def test_last_lines_with_filters(self) -> None:
        self.start(log_file="")
        self.say("warning", "of the shop")
        self.say("print", "printed")
        wait_until(lambda: "printed" in self.logs()[-1], "the last line")
        self.assertIn("ready after", "".join(self.logs("--role", "master")))
        self.assertEqual([line[24:] for line in self.logs("-n", "2")],
                         ["warn  worker 0  of the shop", "info  worker 0  printed"])
        self.assertEqual([line[24:] for line in self.logs("--level", "warning", "--role", "worker 0")],
                         ["warn  worker 0  of the shop"])
        record = json.loads(self.logs("-n", "1", "--json")[0])
        self.assertEqual((record["category"], record["message"]), ("stdout", "printed"))
        self.assertEqual(self.logs("-n", "0"), [])

    def test_more_than_one_message_of_the_protocol(self) -> None:
        self.start()
        self.say("warning", "x" * 900, count=1100)
        lines = wait_until(lambda: (found := self.logs("-n", "1000"))[-1].endswith(" 1099") and found, "the last line")
        self.assertEqual([int(line.rsplit(" ", 1)[1]) for line in lines], list(range(100, 1100)))

    def test_follow_a_reload_to_the_end_of_the_server(self) -> None:
        self.start()
        follower = self.follow("-n", "1")
        follower.wait("ready after")
        self.assert_exit(self.quern.command("reload"), 0)
        follower.wait("reloaded: generation 2 serves")
        self.say("warning", "heard at once")
        follower.wait("worker 0  heard at once")
        self.quern.stop()
        self.assertEqual(follower.end(), 0)
        follower.wait("^quern: the server has ended")
        self.assertTrue(any(line.endswith("stopped\n") for line in follower.lines), follower.lines)

    def test_ctrl_c_ends_following(self) -> None:
        self.start()
        follower = self.follow()
        follower.wait("ready after")
        follower.interrupt()
        self.assertEqual(follower.end(), 0)

    def test_without_a_server(self) -> None:
        self.quern = self.probe(log_format="json")
        self.assert_exit(self.quern.command("logs"), 1, "not running", r"quern\.log")
        self.assert_exit(self.quern.command("start", "-d"), 0)
        self.quern.adopt_daemon()
        self.say("warning", "of the shop")
        wait_until(lambda: "of the shop" in self.quern.log(), "line of the worker")
        self.quern.stop()
        self.assertEqual([line[24:] for line in self.logs("--level", "warning")], ["warn  worker 0  of the shop"])
        self.assertEqual(json.loads(self.logs("--level", "warning", "--json")[0])["category"], "shop")
        self.assert_exit(self.quern.command("logs", "--set-level", "debug"), 1, "not running")
        follower = self.follow("-n", "1")
        follower.wait("stopped")
        log = self.quern.runtime / "quern.log"
        with log.open("a") as file:
            file.write("2026-01-31 12:00:00.123 info  master    one more\n")
        follower.wait("one more")
        log.rename(log.with_suffix(".log.1"))
        log.write_text("2026-01-31 12:00:00.123 info  master    of the next file\n")
        follower.wait("of the next file")
        follower.interrupt()
        self.assertEqual(follower.end(), 0)


class WrongFiles(LogsTestCase):
    """What is wrong with log_file is told at the start, in one sentence."""

    def assert_refused(self, log_file: str, *texts: str) -> None:
        quern = self.probe(log_file=log_file)
        line = next(number for number, text in enumerate(quern.config.read_text().splitlines(), 1)
                    if text.startswith("log_file"))
        result = quern.command("start")
        self.assert_exit(result, 1, rf"quern\.toml:{line}: server\.log_file: ", *texts)
        self.assertEqual(len((result.stdout + result.stderr).splitlines()), 1, result)
        quern.assert_nothing_left()

    def test_a_mistyped_folder(self) -> None:
        self.assert_refused("lgos/quern.log", "there is no folder .*/lgos for the log; make it, or name another")

    def test_a_full_disk(self) -> None:
        self.assert_refused("/dev/full", "cannot write the log file /dev/full: No space left on device; mend that")

    def test_folders_below_the_runtime_directory_are_made(self) -> None:
        self.start(log_file="run/logs/quern.log")
        self.wait_line("ready after", "run/logs/quern.log")


if __name__ == "__main__":
    unittest.main()
