"""The command line: what it starts, refuses and reports, and its exit codes."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import unittest
from pathlib import Path

import proctree
from quernserver import QUERN_BIN, QuernTestCase, wait_until


class CommandLine(QuernTestCase):
    def test_help_names_the_commands(self) -> None:
        result = subprocess.run([QUERN_BIN, "help"], capture_output=True, text=True, timeout=20)
        self.assert_exit(result, 0, "start", "stop", "restart", "reload", "status")

    def test_an_unknown_command_is_a_usage_error(self) -> None:
        self.assert_exit(self.server().command("frobnicate"), 2, "frobnicate")

    def test_an_unknown_option_is_a_usage_error(self) -> None:
        self.assert_exit(self.server().command("start", "--no-such-option"), 2, "no-such-option")

    def test_start_logs_that_it_is_ready(self) -> None:
        quern = self.serve()
        quern.wait_log("ready")

    def test_status_tells_what_runs(self) -> None:
        quern = self.serve()
        self.assert_exit(quern.command("status"), 0, str(quern.master), str(quern.port))

    def test_commands_for_a_server_that_does_not_run_say_so(self) -> None:
        quern = self.server()
        # What stop is asked for holds already; the others cannot do what they are asked for.
        for word, status in (("stop", 0), ("reload", 1), ("status", 1)):
            with self.subTest(word):
                self.assert_exit(quern.command(word), status, "(?i)not running")

    def test_a_second_start_is_refused_and_harms_nothing(self) -> None:
        quern = self.serve()
        self.assert_exit(quern.command("start"), 1, "(?i)already running", str(quern.master))
        self.assertEqual(quern.get("/hello/bar")[0], 200)
        quern.stop()

    def test_a_port_in_use_is_named(self) -> None:
        quern = self.server()
        with socket.create_server(quern.address):
            self.assert_exit(quern.command("start"), 1, str(quern.port))
        quern.assert_nothing_left()

    def test_a_wrong_setting_is_named_with_file_and_line(self) -> None:
        quern = self.server()
        for text, key in (("worker_nun = 2", "worker_nun"), ('worker_num = "two"', "worker_num"),
                          ("worker_num = ", "quern.toml:3")):
            quern.config.write_text(f'[server]\nlisten = "127.0.0.1:{quern.port}"\n{text}\n')
            with self.subTest(text):
                result = quern.command("start")
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stdout + result.stderr, r"quern\.toml:3\b")
                self.assertIn(key, result.stdout + result.stderr)

    def test_a_missing_file_is_named(self) -> None:
        quern = self.server()
        quern.config.unlink()
        self.assert_exit(quern.command("start"), 1, "quern.toml")

    def test_a_missing_plugin_is_named(self) -> None:
        quern = self.server()
        quern.config.write_text(quern.config.read_text().replace('"welcome"', '"no-such-plugin"'))
        self.assert_exit(quern.command("start"), 1, "no-such-plugin", r"quern\.toml:\d+", "welcome")
        quern.assert_nothing_left()

    def test_start_in_the_background_returns_when_ready(self) -> None:
        quern = self.server()
        self.assert_exit(quern.command("start", "-d"), 0)
        quern.adopt_daemon()
        self.assertEqual(quern.get("/hello/bar", timeout=1.0)[0], 200)
        self.assertNotEqual(os.getsid(quern.master), os.getsid(0), "still in the session of the terminal")
        quern.stop()

    def test_the_background_has_no_terminal_and_keeps_folder_and_umask(self) -> None:
        quern = self.server()
        before = os.umask(0o037)
        try:
            self.assert_exit(quern.command("start", "-d"), 0)
        finally:
            os.umask(before)
        process = Path(f"/proc/{quern.adopt_daemon()}")
        self.assertEqual([os.readlink(process / f"fd/{fd}") for fd in range(3)], ["/dev/null"] * 3)
        self.assertEqual(os.readlink(process / "cwd"), str(quern.directory))
        self.assertIn("Umask:\t0037", (process / "status").read_text())
        quern.stop()

    def test_nobody_else_may_write_to_what_it_makes(self) -> None:
        quern = self.server(log_file="quern.log", task_worker_num=1)
        before = os.umask(0)
        try:
            self.assert_exit(quern.command("start", "-d"), 0)
        finally:
            os.umask(before)
        self.assertIn("Umask:\t0022", Path(f"/proc/{quern.adopt_daemon()}/status").read_text())
        made = [quern.directory / "quern.log", quern.runtime, *quern.runtime.rglob("*")]
        self.assertEqual([str(path) for path in made if path.lstat().st_mode & 0o022 and not path.is_symlink()], [])
        self.assertEqual(stat.S_IMODE((quern.runtime / "epoch").stat().st_mode), 0o600)
        quern.stop()

    def test_a_failing_start_in_the_background_says_so(self) -> None:
        quern = self.server()
        with socket.create_server(quern.address):
            self.assert_exit(quern.command("start", "-d"), 1, str(quern.port))
        quern.assert_nothing_left()

    def test_the_reason_is_in_the_log_of_the_background(self) -> None:
        quern = self.server()
        with socket.create_server(quern.address):
            quern.command("start", "-d")
        self.assertIn(str(quern.port), (quern.runtime / "quern.log").read_text())

    def test_a_directory_of_others_is_not_taken(self) -> None:
        quern = self.server()
        quern.runtime.mkdir()
        quern.runtime.chmod(0o755)
        (quern.runtime / "generations").mkdir()
        (quern.runtime / "generations" / "mine.txt").write_text("mine")
        self.assert_exit(quern.command("start"), 1, str(quern.runtime), "chmod 700")
        quern.runtime.chmod(0o700)
        quern.start()
        quern.command("stop")
        wait_until(lambda: not quern.running(), "end of the master")
        self.assertEqual((quern.runtime / "generations" / "mine.txt").read_text(), "mine")

    def test_a_mistake_in_the_settings_does_not_keep_a_server_from_being_stopped(self) -> None:
        quern = self.serve()
        with quern.config.open("a") as config:
            config.write("\n[server2]\nworker_nun = 2\n")
        self.assert_exit(quern.command("start"), 1, "server2")
        self.assert_exit(quern.command("status"), 0)
        # A reload would load it, so it says what is wrong; the old workers stay.
        self.assert_exit(quern.command("reload"), 1, r"quern\.toml:\d+: server2: unknown table")
        self.assertEqual(quern.get("/hello/still")[0], 200)
        quern.stop()

    def test_sighup_opens_the_log_anew(self) -> None:
        quern = self.server()
        self.assert_exit(quern.command("start", "-d"), 0)
        master = quern.adopt_daemon()
        log = quern.runtime / "quern.log"
        log.rename(log.with_suffix(".1"))
        os.kill(master, signal.SIGHUP)
        wait_until(lambda: log.exists() and "opened anew" in log.read_text(), "new log file")
        os.kill(quern.wait_workers()[0].pid, signal.SIGKILL)
        wait_until(lambda: "signal 9" in log.read_text(), "what follows in the new file")
        quern.stop()

    def test_a_hung_up_terminal_stops_a_foreground_server(self) -> None:
        quern = self.serve()
        os.kill(quern.master, signal.SIGHUP)
        self.assertEqual(quern.wait_gone(), 0)

    def test_restart_replaces_the_master(self) -> None:
        quern = self.server()
        quern.start_daemon()
        self.assert_exit(quern.command("restart"), 0, "has been restarted: pid")
        quern.adopt_successor()
        self.assertEqual(quern.get("/hello/bar", timeout=1.0)[0], 200)
        quern.stop()

    def test_reload_replaces_every_worker_and_keeps_the_master(self) -> None:
        quern = self.serve(worker_num=3)
        before = {worker.pid for worker in quern.wait_workers()}
        self.assert_exit(quern.command("reload"), 0)
        # The command returns when the reload is done: no waiting here.
        after = {worker.pid for worker in quern.workers()}
        self.assertEqual(len(after), 3)
        self.assertFalse(before & after)
        self.assertTrue(quern.running())

    def test_sigusr1_reloads(self) -> None:
        quern = self.serve()
        before = {worker.pid for worker in quern.wait_workers()}
        os.kill(quern.master, signal.SIGUSR1)
        quern.wait_workers(without=before)
        self.assertEqual(quern.get("/hello/bar")[0], 200)

    def test_processes_carry_their_roles_as_titles(self) -> None:
        quern = self.serve(worker_num=3)
        self.assertEqual([worker.number for worker in quern.wait_workers()], [0, 1, 2])
        self.assertRegex(proctree.title(quern.master), "^quern: master")

    def test_each_child_has_a_group_and_only_the_timer_a_session(self) -> None:
        """A worker in a session of its own costs 10 % more a request: processors are shared out between sessions."""
        quern = self.server(task_worker_num=1, tables='[[plugin]]\nname = "worklab"\n[[process]]\nhandler = "ticker"\n'
                                                      '[[cron]]\njob = "tick"\ninterval = "1d"\n')
        quern.start()

        def children() -> dict[int, str] | None:
            titles = {pid: proctree.title(pid) for pid in proctree.children_of(quern.master)}
            kinds = ("worker", "task worker", "process ticker", "timer")
            return titles if all(any(f"quern: {kind}" in title for title in titles.values()) for kind in kinds) else None

        for pid, title in wait_until(children, "a child of each kind").items():
            with self.subTest(title):
                self.assertEqual(os.getpgid(pid), pid)
                self.assertEqual(os.getsid(pid), pid if "quern: timer" in title else os.getsid(quern.master))

    def test_the_runtime_directory_is_private(self) -> None:
        quern = self.serve()
        self.assertEqual(quern.runtime.stat().st_mode & 0o777, 0o700)

    def test_a_child_has_only_its_own_channels(self) -> None:
        """A descriptor that leaks into a child keeps a client's connection open after its close."""
        quern = self.serve()
        listening = {link for link in self.links(quern.master) if link.startswith("socket:")}
        first, second = quern.wait_workers()
        shared = self.links(first.pid) & self.links(second.pid)
        self.assertFalse({link for link in shared if link.startswith("socket:")})
        self.assertFalse(listening & self.links(first.pid))

    @staticmethod
    def links(pid: int) -> set[str]:
        return {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}


class DeathOfTheMaster(QuernTestCase):
    def test_no_child_outlives_a_killed_master_and_the_next_start_works(self) -> None:
        quern = self.server(worker_num=3)
        unix_path = str(quern.directory / "app.sock")
        quern.settings["listen"].append(f"unix:{unix_path}")
        quern.write_config()
        quern.start()
        quern.wait_workers()
        os.kill(quern.master, signal.SIGKILL)
        wait_until(lambda: not quern.running(), "end of the master")
        wait_until(lambda: not quern.leftovers(), "end of the children", 2.0)
        quern.start()
        quern.stop()


if __name__ == "__main__":
    unittest.main()
