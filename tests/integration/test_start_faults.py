"""Starts that something is in the way of: each ends with the right sentence, and with nothing left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import unittest
from pathlib import Path

import proctree
from quernserver import BY_DESIGN, FIXTURES, QUERN_BIN, TIME_SCALE, QuernTestCase, wait_until

# A library whose flock() says that there are no locks.
NO_LOCKS = Path(QUERN_BIN).parents[1] / "lib/libquern_nolocks.so"


def on_small_disk(folder: Path, size: str, script: str) -> subprocess.CompletedProcess:
    """Runs a script of sh with a file system of that size at folder, which no one else sees."""
    mount = f'mount -t tmpfs -o size={size} quern-test "{folder}" || exit 77; {script}'
    command = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    result = subprocess.run([*command, "sh", "-c", mount], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            timeout=30 * TIME_SCALE)
    if result.returncode == 77 or "unshare:" in result.stderr:
        raise unittest.SkipTest(f"no file system of its own can be mounted here: {result.stderr.strip()}")
    return result


class StartFaults(QuernTestCase):
    def assert_refused(self, result: subprocess.CompletedProcess, sentence: str) -> None:
        """That the command failed, and said this one line, a pattern, of its own."""
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        said = [line for line in result.stderr.splitlines() if line.startswith("quern: ")]
        self.assertEqual(len(said), 1, result.stderr)
        self.assertRegex(said[0], rf"\Aquern: {sentence}\Z")

    def test_a_second_start(self) -> None:
        quern = self.serve()
        for words in (["start"], ["start", "-d"], ["start", "-i"]):
            with self.subTest(words):
                self.assert_refused(quern.command(*words),
                                    rf"already running with pid {quern.master} \(it holds .*quern\.pid\).*")
        self.assertEqual(quern.get("/hello/x")[0], 200)
        quern.stop()

    def test_after_the_master_was_killed(self) -> None:
        quern = self.serve()
        first = quern.master
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: not quern.running(), "end of the master")
        wait_until(lambda: not quern.leftovers(), "end of the children", 2.0)
        self.assertTrue((quern.runtime / "quern.pid").exists())
        self.assert_exit(quern.command("status"), 1, "not running")
        self.assert_exit(quern.command("start", "-d"), 0, r"Quern is running with pid \d+\.")
        self.assertNotEqual(quern.adopt_daemon(), first)
        quern.stop()

    def test_a_stale_pid_file_with_the_pid_of_a_stranger(self) -> None:
        quern = self.server()
        quern.runtime.mkdir(mode=0o700)
        (quern.runtime / "quern.pid").write_text(f"{os.getpid()}\n")
        self.assert_exit(quern.command("stop"), 0, "was not running")
        quern.start()
        quern.stop()

    def test_a_port_in_use(self) -> None:
        quern = self.server()
        with socket.create_server(quern.address):
            sentence = (rf"{re.escape(str(quern.config))}:2: server\.listen: .*127\.0\.0\.1:{quern.port}.* in use.*"
                        rf"{os.getpid()}.*")
            self.assert_refused(quern.command("start"), sentence)
            self.assert_refused(quern.command("start", "-d"), sentence)
        quern.assert_nothing_left()

    def test_a_runtime_directory_that_cannot_be_written(self) -> None:
        quern = self.server(runtime_dir="/proc/quern")
        self.assert_refused(quern.command("start"), r".*/proc/quern.*; let runtime_dir name .*")
        quern.settings["runtime_dir"] = "quern.toml"
        quern.write_config()
        self.assert_refused(quern.command("start"), r".*quern\.toml is no directory; let runtime_dir name another")

    def test_a_full_disk(self) -> None:
        quern = self.server(runtime_dir="disk/run")
        disk = quern.directory / "disk"
        disk.mkdir()
        start = (f'"{QUERN_BIN}" start -c "{quern.config}"; code=$?; '
                 f'test ! -e "{disk}/run/quern.pid" || exit 99; exit $code')
        for size, before, sentence in (
                ("4k", f'head -c 4096 /dev/zero > "{disk}/fill" && ',
                 r"cannot write the pid file .*: No space left on device; make room there, or .*"),
                ("64k", "", r"cannot write .*/libwelcome\.so: No space left on device; make room there, or .*")):
            with self.subTest(size):
                self.assert_refused(on_small_disk(disk, size, before + start), sentence)
        quern.settings.update(runtime_dir="run", log_file="/dev/full")
        quern.write_config()
        self.assert_refused(quern.command("start"), r".*:\d+: server\.log_file: cannot write the log file /dev/full: "
                                                    r"No space left on device; .*")
        quern.assert_nothing_left()

    @unittest.skipIf(TIME_SCALE > 1, f"{BY_DESIGN}a preloaded library comes before the sanitizers' own")
    def test_a_file_system_without_locks(self) -> None:
        quern = self.server()
        environment = {**os.environ, "LD_PRELOAD": str(NO_LOCKS)}

        def command(*words: str) -> subprocess.CompletedProcess:
            return subprocess.run([QUERN_BIN, *words, "-c", str(quern.config)], capture_output=True, text=True,
                                  env=environment, stdin=subprocess.DEVNULL, timeout=30)

        proctree.adopt_orphans()
        self.assert_refused(command("start"), r"cannot lock the pid file .*: No locks available; let runtime_dir name "
                                              r"a directory on another file system, or start with --ignore")
        self.assert_exit(command("start", "-d", "-i"), 0)
        quern.adopt_daemon()
        self.assertEqual(quern.get("/hello/x")[0], 200)
        # A second one is still refused, and leaves the first one's file alone.
        self.assert_refused(command("start", "-i"), rf"already running with pid {quern.master} .*")
        self.assert_exit(command("status"), 0, "All is well")
        self.assert_exit(command("stop"), 0, "has stopped")
        quern.wait_gone()


class OddEnvironments(QuernTestCase):
    def shell(self, quern, script: str) -> subprocess.CompletedProcess:
        return subprocess.run(["sh", "-c", script, "sh", QUERN_BIN, str(quern.config)], cwd=quern.directory, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=30 * TIME_SCALE)

    def test_closed_standard_descriptors(self) -> None:
        for closed in (">&- 2>&-", ">&- <&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                quern = self.server()
                self.assert_exit(self.shell(quern, f'"$1" start -d -c "$2" {closed}'), 0)
                quern.adopt_daemon()
                self.assertEqual(quern.get("/hello/x")[0], 200)
                quern.stop()

    def test_output_that_cannot_be_written(self) -> None:
        quern = self.serve()
        for words in ("status --json", "config --json", "info", "doctor", "plugin list", "help"):
            with self.subTest(words):
                self.assertEqual(self.shell(quern, f'"$1" {words} -c "$2" >/dev/full').returncode, 1)
        quern.stop()

    def test_a_working_directory_that_has_been_removed(self) -> None:
        quern = self.server()
        result = self.shell(quern, 'mkdir gone && cd gone && rmdir ../gone && "$1" start')
        self.assert_exit(result, 1, "the working directory has been removed; go to .* -c")

    def test_a_settings_file_that_is_a_link_to_nowhere(self) -> None:
        quern = self.server()
        quern.config.unlink()
        quern.config.symlink_to("/nowhere/quern.toml")
        self.assert_exit(self.shell(quern, '"$1" config --check'), 1, r"quern\.toml: cannot be read: No such file")

    def test_what_would_steer_a_terminal_is_shown_as_text(self) -> None:
        quern = self.server()
        self.assert_exit(quern.command("a\033[31mb"), 2, r"unknown command a\\x1b\[31mb;")


class Waiting(QuernTestCase):
    def test_a_terminal_shows_how_long_a_command_waits(self) -> None:
        quern = self.server(plugins=[FIXTURES / "libhanging.so"], worker_start_timeout=3 * TIME_SCALE)
        terminal, other_end = os.openpty()
        try:
            with subprocess.Popen([QUERN_BIN, "start", "-d", "-c", str(quern.config)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=other_end) as command:
                self.assertEqual(command.wait(30 * TIME_SCALE), 1)
            shown = os.read(terminal, 65536).decode()
        finally:
            os.close(terminal)
            os.close(other_end)
        self.assertRegex(shown, r"\r  waiting, 1 s\r  waiting, ")
        self.assertRegex(shown, r"\r\x1b\[Kquern: .* plugin \"hanging\" .*: not installed after")
        wait_until(lambda: not quern.leftovers(), "end of the daemon")


class RunTimeFiles(QuernTestCase):
    def test_settings_in_effect_and_pids_of_every_child(self) -> None:
        quern = self.serve(worker_num=2)

        def told() -> set[int]:
            return {worker["pid"] for worker in json.loads((quern.runtime / "processes.json").read_text())["workers"]}

        def present() -> set[int]:
            return {worker.pid for worker in quern.workers()}

        wait_until(lambda: told() == present() and len(told()) == 2, "pids of the workers")
        self.assertEqual(json.loads((quern.runtime / "processes.json").read_text())["master"], quern.master)
        os.kill(next(iter(told())), signal.SIGKILL)
        quern.wait_workers()
        wait_until(lambda: told() == present() and len(told()) == 2, "pids of the workers after a crash")
        for name in ("processes.json", "effective.toml"):
            self.assertEqual((quern.runtime / name).stat().st_mode & 0o777, 0o600)
        self.assertRegex((quern.runtime / "effective.toml").read_text(), r"(?m)^worker_num = 2 # .*quern\.toml:\d+$")
        quern.stop()
        # The number of this run stays, so that the next has another.
        self.assertEqual([path.name for path in quern.runtime.iterdir() if path.is_file() and path.name != "audit.log"],
                         ["epoch"])

    def test_x_version_reaches_the_children(self) -> None:
        quern = self.server(plugins=[FIXTURES / "libenvironment.so"])
        self.assert_exit(quern.command("start", "-d", "-x", "release/7"), 0)
        quern.adopt_daemon()
        self.assertEqual(quern.get("/environment/X_VERSION"), (200, b"release/7"))
        # Those of a later generation have it as well.
        self.assert_exit(quern.command("reload"), 0)
        self.assertEqual(quern.get("/environment/X_VERSION"), (200, b"release/7"))
        quern.stop()


if __name__ == "__main__":
    unittest.main()
