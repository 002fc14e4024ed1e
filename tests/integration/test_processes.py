"""Custom processes: pipes, queues, output, ends of every kind, reload and stop; messages between all processes."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import time
import unittest
from collections import Counter
from pathlib import Path

import proctree
from quernserver import QUERN_BIN, QuernServer, QuernTestCase, toml_value, wait_until

WORKLAB = Path(QUERN_BIN).parents[1] / "lib/quern/plugins/libworklab.so"


def process(handler: str, **settings) -> str:
    """One [[process]] in TOML; a dict becomes an inline table."""

    def value(each) -> str:
        if isinstance(each, dict):
            return "{ " + ", ".join(f"{key} = {value(inner)}" for key, inner in each.items()) + " }"
        return toml_value(each)

    lines = ["[[process]]", f'handler = "{handler}"'] + [f"{key} = {value(each)}" for key, each in settings.items()]
    return "\n".join(lines) + "\n"


class ProcessesTest(QuernTestCase):
    def lab(self, *processes: str, **settings) -> QuernServer:
        """A server that is not started yet, with the plugin worklab and these processes."""
        quern = self.server(tables="", **settings)
        self.journal_file = quern.directory / "journal"
        quern.tables = (f'[[plugin]]\nfile = "{WORKLAB}"\n[plugin.settings]\njournal = "{self.journal_file}"\n' +
                        "\n".join(processes))
        quern.write_config()
        return quern

    def reconfigure(self, quern: QuernServer, *processes: str) -> None:
        head = quern.tables.split("[[process]]")[0]
        quern.tables = head + "\n".join(processes)
        quern.write_config()

    def journal(self, beginning: str = "") -> list[str]:
        lines = self.journal_file.read_text().splitlines() if self.journal_file.exists() else []
        return [line for line in lines if line.startswith(beginning) and not line.startswith("hook")]

    def wait_journal(self, pattern: str, count: int = 1, seconds: float = 10.0) -> list[str]:
        def found() -> list[str] | None:
            lines = [line for line in self.journal() if re.search(pattern, line)]
            return lines if len(lines) >= count else None

        return wait_until(found, f"{count} lines /{pattern}/ in the journal", seconds)

    def call(self, quern: QuernServer, method: str, target: str, body: bytes | str = b"") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", quern.port, timeout=30)
        try:
            connection.request(method, "/lab" + target, body)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def pids(self, quern: QuernServer, name: str) -> list[int]:
        return [pid for pid in proctree.descendants(quern.master) if f"quern: process {name} " in proctree.title(pid)]

    def wait_pid(self, quern: QuernServer, name: str, without: int = 0) -> int:
        return wait_until(lambda: [pid for pid in self.pids(quern, name) if pid != without], f"process {name}")[0]

    def status(self, quern: QuernServer) -> dict:
        result = quern.command("status", "--json")
        return json.loads(result.stdout)

    def process_status(self, quern: QuernServer, name: str) -> dict:
        return next(each for each in self.status(quern)["processes"] if each["name"] == name)


class PipesTest(ProcessesTest):
    def test_stream_in_both_directions(self) -> None:
        quern = self.lab(process("shouter", pipe="stream", num=2)).start()
        for number in (0, 1):
            self.assertEqual(self.call(quern, "POST", f"/processes/shouter/pipe?number={number}", f"hello {number}")[0],
                             200)
            for wait in ("", "&wait=true"):
                if wait:
                    self.call(quern, "POST", f"/processes/shouter/pipe?number={number}", f"hello {number}")
                answer = self.call(quern, "GET", f"/processes/shouter/pipe?number={number}{wait}")
                self.assertEqual(answer, (200, f"HELLO {number}"))

    def test_datagrams_keep_their_bounds_and_wait_for_the_process(self) -> None:
        quern = self.lab(process("ticker", pipe="datagram", parameters={"pause": 1})).start()
        read = [self.call(quern, "GET", "/processes/ticker/pipe")[1] for _ in range(20)]
        self.assertEqual(read, [f"tick {number}\n" for number in range(1, 21)])

    def test_refusals(self) -> None:
        quern = self.lab(process("shouter", pipe="stream", num=2), process("quitter", enable=False),
                         process("consumer", queue={"mode": "shared"}),
                         process("hanger", name="full", pipe="stream", pipe_buffer="1K")).start()
        for method, target, body, status, text in (
                ("POST", "/processes/nobody/pipe", "x", 404, "there is no process"),
                ("POST", "/processes/quitter/pipe", "x", 404, "there is no process"),
                ("POST", "/processes/shouter/pipe", "x", 400, "say which by its number"),
                ("POST", "/processes/shouter/pipe?number=2", "x", 404, "there is no copy 2"),
                ("POST", "/processes/shouter/queue?number=1", "{}", 400, "has no queue"),
                ("POST", "/processes/consumer/pipe", "x", 400, "has no pipe"),
                ("POST", "/processes/consumer/queue?number=0", "{}", 400, "is shared by its copies"),
                ("POST", "/processes/shouter/pipe?number=0", "x" * (1024 * 1024 + 1), 400, "put them into a file"),
                ("POST", "/processes/full/pipe", "x" * 1025, 503, "the pipe is full"),
                ("GET", "/processes/shouter/pipe?number=0&timeout=50", "", 504, "nothing has come in time"),
                ("GET", "/processes/shouter/pipe?number=0&timeout=50&wait=true", "", 504, "nothing has come"),
        ):
            with self.subTest(target=target, method=method):
                answer = self.call(quern, method, target, body)
                self.assertEqual(answer[0], status, answer)
                self.assertIn(text, answer[1])

    def test_refusal_that_nobody_hears_is_logged(self) -> None:
        quern = self.lab(process("hanger", name="full", pipe="stream", pipe_buffer="1K")).start()
        self.assertEqual(self.call(quern, "POST", "/processes/full/pipe?nowait=true", "x" * 1025)[0], 200)
        quern.wait_log('what was sent to a process was refused: process "full": the pipe is full')

    def test_output_goes_into_the_pipe_and_the_log_into_the_log(self) -> None:
        quern = self.lab(process("printer", pipe="stream", redirect=True)).start()
        read = ""
        while "line 3" not in read:
            status, text = self.call(quern, "GET", "/processes/printer/pipe")
            self.assertEqual(status, 200, text)
            read += text
        self.assertTrue(read.startswith("line 1 of the printer\nline 2 of the printer\n"), read)
        quern.wait_log("process printer 0 +the printer begins")
        self.assertNotIn("line 1 of the printer", quern.log())

    def test_output_that_nobody_reads_is_dropped(self) -> None:
        quern = self.lab(process("printer", pipe="stream", redirect=True, pipe_buffer="1K", parameters={"pause": 1}))
        quern.start()
        quern.wait_log("bytes that process printer 0 has printed are lost: nobody reads its pipe")
        first = re.match(r"line (\d+) ", self.call(quern, "GET", "/processes/printer/pipe")[1])
        self.assertIsNotNone(first)


class QueuesTest(ProcessesTest):
    def test_shared_queue_survives_killed_consumers(self) -> None:
        count = 300
        quern = self.lab(process("consumer", num=3, restart_interval=0.05, queue={"mode": "shared"},
                                 parameters={"pause": 20})).start()
        self.assertEqual(self.call(quern, "POST", f"/processes/consumer/queue?count={count}", '{"number": 1}')[0], 200)
        kills = 0
        while kills < 5:
            for pid in self.pids(quern, "consumer")[:1]:
                os.kill(pid, signal.SIGKILL)
                kills += 1
            seen = len(self.journal("item"))
            wait_until(lambda: len(self.journal("item")) > seen + 5, "more items")
        self.assertLess(len(self.journal("item")), count, "the kills came too late")
        wait_until(lambda: len({line.split()[1] for line in self.journal("item")}) == count, "all items", 30)
        seen = Counter(line.split()[1] for line in self.journal("item"))
        # What was in the hand of one that was killed may be seen again: at most one item for each.
        self.assertLessEqual(sum(seen.values()) - count, kills)
        self.assertGreater(len({line.split()[5] for line in self.journal("item")}), 1, "one consumer took all")

    def test_addressed_queue(self) -> None:
        quern = self.lab(process("consumer", num=2, restart_interval=0.05,
                                 queue={"mode": "addressed", "capacity": 20})).start()
        for number in (0, 1):
            self.call(quern, "POST", f"/processes/consumer/queue?number={number}&count=3",
                      json.dumps({"number": 10 * number}))
        self.wait_journal("^item", 6)
        for number in (0, 1):
            mine = [line.split()[1] for line in self.journal("item") if f"by process consumer {number} " in line]
            self.assertEqual(mine, [str(10 * number + each) for each in range(3)])
        answer = self.call(quern, "POST", "/processes/consumer/queue", "{}")
        self.assertEqual(answer[0], 400)
        self.assertIn("say which by its number", answer[1])

    def test_queue_is_bounded_and_survives_reload(self) -> None:
        idle = process("hanger", name="box", queue={"mode": "shared", "capacity": 5})
        quern = self.lab(idle, max_wait_time=0.2).start()
        answer = self.call(quern, "POST", "/processes/box/queue?count=6", '{"number": 1}')
        self.assertEqual(answer[0], 503, answer)
        self.assertIn("the queue is full: 5 items of 5", answer[1])
        [channel] = self.status(quern)["channels"]
        self.assertEqual((channel["process"], channel["queueItems"], channel["queueCapacity"]), ("box", 5, 5))
        self.assert_exit(quern.command("status"), 0, r"Process box: 5 of 5 items in its queue")
        # The same queue, and somebody who takes its items.
        self.reconfigure(quern, process("consumer", name="box", queue={"mode": "shared", "capacity": 5}))
        self.assert_exit(quern.command("reload"), 0)
        lines = self.wait_journal("^item", 5)
        self.assertEqual([line.split()[1] for line in lines], ["1", "2", "3", "4", "5"])


class EndsTest(ProcessesTest):
    def test_quick_ends_lead_to_fatal_while_all_else_goes_on(self) -> None:
        quern = self.lab(process("quitter", restart_interval=0.05, start_retries=2),
                         process("quitter", name="thrower", restart_interval=0.05, start_retries=1,
                                 parameters={"throw": True}),
                         process("ticker", pipe="stream"), task_worker_num=1).start()
        for name, end, starts in (("quitter", "exit code 0", 3), ("thrower", "exit code 1: it threw: ended on purpose", 2)):
            quern.wait_log(f"process {name} 0 has ended too often as soon as it began: it is FATAL, and not started "
                           f"again before the next reload; last: {end}")
            self.assertEqual(len(re.findall(rf"process {name} 0 \(pid \d+\) (?:ended|has returned)", quern.log())),
                             starts)
        quern.wait_log('process "thrower" threw: ended on purpose')
        status = self.status(quern)
        self.assertEqual(status["state"], "degraded")
        self.assertIn("process quitter 0 is FATAL (exit code 0)", status["sentence"])
        thrower = self.process_status(quern, "process thrower 0")
        self.assertEqual((thrower["state"], thrower["lastExit"]), ("fatal", "exit code 1: it threw: ended on purpose"))
        self.assertEqual(self.process_status(quern, "process ticker 0")["state"], "ready")
        self.assert_exit(quern.command("status"), 0, r"process thrower 0.*FATAL")
        # All else goes on.
        self.assertEqual(quern.get("/hello/you")[0], 200)
        self.assertEqual(self.call(quern, "GET", "/processes/ticker/pipe")[0], 200)
        task = self.call(quern, "POST", "/tasks/echo?until=finished", '{"a": 1}')
        self.assertEqual(json.loads(task[1])["result"], {"a": 1})
        # A reload tries them anew, and mends the server when they have gone.
        self.reconfigure(quern, process("ticker", pipe="stream"))
        self.assert_exit(quern.command("reload"), 0)
        self.assertEqual(self.status(quern)["state"], "running")

    def pauses(self, quern: QuernServer, name: str) -> list[float]:
        """Seconds from each return of the process to the next one."""
        stamps = re.findall(rf"^\S+ (\d+):(\d+):(\d+\.\d+) .*process {name} 0 \(pid \d+\) has returned", quern.log(),
                            re.MULTILINE)
        times = [3600 * int(hour) + 60 * int(minute) + float(second) for hour, minute, second in stamps]
        return [after - before for before, after in zip(times, times[1:])]

    def test_restart_backs_off(self) -> None:
        quern = self.lab(process("quitter", restart_interval=0.2, start_retries=4)).start()
        quern.wait_log("process quitter 0 has ended too often", 15)
        pauses = self.pauses(quern, "quitter")
        self.assertEqual(len(pauses), 4)
        for pause, least in zip(pauses, (0.2, 0.4, 0.8, 1.6)):
            self.assertGreaterEqual(pause, least - 0.01, pauses)

    def test_killed_from_outside_is_no_quick_end(self) -> None:
        quern = self.lab(process("ticker", pipe="stream", restart_interval=0.05, start_retries=1)).start()
        pid = 0
        for begun in range(5):
            pid = self.wait_pid(quern, "ticker", without=pid)
            # One that dies while it loads its plugins has not been killed at its work.
            self.wait_journal("process ticker 0 begins", begun + 1)
            os.kill(pid, signal.SIGKILL)
        self.wait_pid(quern, "ticker", without=pid)
        self.assertNotIn("FATAL", quern.log())

    def test_without_an_interval_it_is_no_tight_loop(self) -> None:
        quern = self.lab(process("quitter", restart_interval=0, start_seconds=0, start_retries=0)).start()
        quern.wait_log(r"(process quitter 0 \(pid \d+\) has returned[^$]*){4}")
        for pause in self.pauses(quern, "quitter"):
            self.assertGreaterEqual(pause, 0.09)

    def test_programs_end_with_their_process(self) -> None:
        quern = self.lab(process("hanger", restart_interval=30)).start()
        line = self.wait_journal("process hanger 0 pid")[0].split()
        pid, child = int(line[4]), int(line[6])
        # The loader of the program opens libraries, and closes them; what it has inherited stays.
        wait_until(lambda: set(os.listdir(f"/proc/{child}/fd")) <= {"0", "1", "2"}, "no descriptor beside the three")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not proctree.alive(child), "end of the program that it has started")


class LeavingTest(ProcessesTest):
    def test_reload_hands_over(self) -> None:
        quern = self.lab(process("ticker", pipe="stream")).start()
        self.wait_journal("process ticker 0 begins")
        self.assert_exit(quern.command("reload"), 0)
        self.wait_journal("process ticker 0 begins", 2)
        # The function and what is told of the reload are in two threads.
        lines = self.journal()
        self.assertCountEqual(lines[1:3], ["onReload", "process ticker 0 ends"])
        self.assertEqual(lines[::3], ["process ticker 0 begins"] * 2)
        quern.stop()
        self.assertCountEqual(self.journal()[4:], ["onStop", "process ticker 0 ends"])

    def test_order_of_ends_and_beginnings_under_many_reloads(self) -> None:
        quern = self.lab(process("ticker", num=2)).start()
        self.wait_journal("begins", 2)
        for _ in range(3):
            self.assert_exit(quern.command("reload"), 0)
        self.wait_journal("begins", 8)
        quern.stop()
        for number in (0, 1):
            mine = [line.rsplit(" ", 1)[1] for line in self.journal(f"process ticker {number}")]
            self.assertEqual(mine, ["begins", "ends"] * 4)

    def test_one_that_is_stuck_is_killed_with_its_programs(self) -> None:
        for how in ("stop", "reload"):
            with self.subTest(how=how):
                quern = self.lab(process("hanger"), max_wait_time=1).start()
                line = self.wait_journal("process hanger 0 pid")[-1].split()
                pid, child = int(line[4]), int(line[6])
                begun = time.monotonic()
                if how == "stop":
                    quern.stop()
                    self.assertLess(time.monotonic() - begun, 2.0 + 0.5)
                    self.assertFalse(proctree.alive(child))
                else:
                    self.assert_exit(quern.command("reload"), 0)
                    wait_until(lambda: not proctree.alive(child), "end of the program of the old one")
                    self.assertLess(time.monotonic() - begun, 2.0 + 0.5)
                    self.wait_journal("process hanger 0 pid", 2)
                self.assertFalse(proctree.alive(pid))


class MessagesTest(ProcessesTest):
    def test_between_all_kinds(self) -> None:
        quern = self.lab(process("ticker"), task_worker_num=1).start()
        self.assertEqual(self.call(quern, "POST", "/messages/ticker/0?answer=true", "one")[0], 200)
        self.wait_journal(r"^message one from worker \d to process ticker 0$")
        self.wait_journal(r"^message re one from process ticker 0 to worker \d$")
        self.assertEqual(self.call(quern, "POST", "/messages/task-worker/0?answer=true", "two")[0], 200)
        wait_until(lambda: self.status(quern)["totals"]["messages"] >= 4, "two messages and their answers")
        self.wait_journal(r"^message re two from task worker 0 to worker \d$")
        self.call(quern, "POST", "/tasks/message", '{"process": "ticker", "text": "three"}')
        self.wait_journal(r"^message three from task worker 0 to process ticker 0$")
        # To all workers but the one that sends.
        status, text = self.call(quern, "POST", "/messages/worker/-1", "four")
        self.assertEqual(status, 200)
        me = json.loads(text)["from"]
        other = "worker 1" if me == "worker 0" else "worker 0"
        self.wait_journal(rf"^message four from {me} to {other}$")
        self.assertEqual(len([line for line in self.journal("message four")]), 1)

    def test_there_is_nobody(self) -> None:
        quern = self.lab(process("ticker")).start()
        for target in ("nobody/0", "ticker/1", "worker/2", "task-worker/0", "timer/0"):
            with self.subTest(target=target):
                status, text = self.call(quern, "POST", f"/messages/{target}", "x")
                self.assertEqual(status, 404)
                self.assertRegex(text, "there is no (such )?process")

    def test_they_wait_for_the_successor(self) -> None:
        quern = self.lab(process("ticker", restart_interval=0.5)).start()
        self.wait_journal("begins")
        os.kill(self.wait_pid(quern, "ticker"), signal.SIGKILL)
        for number in range(10):
            self.assertEqual(self.call(quern, "POST", "/messages/ticker/0", f"n{number}")[0], 200)
        self.wait_journal("^message n9 ")
        self.assertEqual([line.split()[1] for line in self.journal("message")], [f"n{number}" for number in range(10)])

    def test_reload_loses_none(self) -> None:
        quern = self.lab(process("ticker")).start()
        self.wait_journal("begins")
        sent = 0
        for _ in range(3):
            reload = subprocess.Popen([QUERN_BIN, "reload", "-c", str(quern.config)], stdout=subprocess.DEVNULL)
            while reload.poll() is None:
                self.assertEqual(self.call(quern, "POST", "/messages/ticker/0", f"n{sent}")[0], 200)
                sent += 1
            self.assertEqual(reload.returncode, 0)
        self.wait_journal(f"^message n{sent - 1} ")
        self.assertEqual([line.split()[1] for line in self.journal("message")],
                         [f"n{number}" for number in range(sent)])


class SettingsTest(ProcessesTest):
    def test_unknown_handler_is_an_error_of_the_start(self) -> None:
        quern = self.lab(process("mailer"))
        result = quern.command("start")
        self.assert_exit(result, 1, r'quern\.toml:\d+: process "mailer": no plugin registers the handler "mailer": call '
                                    r'app\.process\("mailer", …\) in install\(\), or remove the entry')

    def test_restart_and_doctor_look_before(self) -> None:
        quern = self.lab(process("ticker")).start()
        self.reconfigure(quern, process("tickker"))
        for command in ("restart", "doctor", "reload"):
            self.assert_exit(quern.command(command), 1, 'process "tickker": no plugin registers the handler "tickker"')
        self.assertEqual(quern.get("/hello/you")[0], 200)

    def test_num_and_parameters_change_with_a_reload(self) -> None:
        quern = self.lab(process("ticker")).start()
        self.wait_journal("begins")
        self.reconfigure(quern, process("ticker", num=3))
        self.assert_exit(quern.command("reload"), 0)
        self.wait_journal("process ticker 2 begins")
        wait_until(lambda: len(self.pids(quern, "ticker")) == 3, "three copies")


if __name__ == "__main__":
    unittest.main()
