"""What goes wrong while the server reloads, or runs what is not its own: what served before goes on, and it is told."""

from __future__ import annotations

import os
import re
import signal
import unittest

import proctree
from faultserver import HELLO, FaultServer, FaultTestCase, Stopped
from quernserver import TIME_SCALE, wait_until

_PROGRAM = """
[[cron]]
name = "program"
command = ["sleep", "100000"]
interval = "1d"
immediate = true
"""
# In a name space of its own the system has so much of what events take as is said there.
_NO_EVENTS = 'echo 0 > /proc/sys/user/max_inotify_watches || exit 77; exec "$@"'


class Reloads(FaultTestCase):
    def change_worklab(self, server: FaultServer, setting: str = "") -> None:
        """Gives the plugin of the next generation a setting more."""
        tables = server.tables
        server.tables = tables.replace("journal = ", f"{setting}\njournal = ", 1)
        server.write_config()
        server.tables = tables

    def begin_reload(self, server: FaultServer, kind: str) -> int:
        """The pid of a process of that kind which is to be the next one, and is in its hook."""
        before, hooks = set(server.pids(kind)), server.count("hook WorkerStart ")
        os.kill(server.master, signal.SIGUSR1)
        victim = server.wait_pid(kind, without=before)
        wait_until(lambda: any(line.startswith(f"hook WorkerStart {victim}") for line in server.lines()[hooks:]),
                   "its hook")
        return victim

    def test_new_ones_that_are_killed_before_they_take_over(self) -> None:
        server = self.fault_serve(hook_timeout=60 * TIME_SCALE)
        before = server.settled_footprint()
        self.change_worklab(server, 'hang = "WorkerStart"')

        def kill() -> None:
            for number, kind in enumerate(("worker", "task worker", "process ticker"), 1):
                os.kill(self.begin_reload(server, kind), signal.SIGKILL)
                wait_until(lambda: len(re.findall(r"reload failed, generation 1 goes on: hook WorkerStart of plugin "
                                                  r"worklab: .*signal 9 \(Killed\)", server.log())) == number, "it fails")

        self.load(server, kill)
        self.assert_recovered(server, before)
        self.change_worklab(server)
        self.assert_exit(server.command("reload"), 0)
        self.assert_recovered(server, before)

    def test_a_new_one_that_stands_still(self) -> None:
        server = self.fault_serve(hook_timeout=2.0 * TIME_SCALE)
        before = server.settled_footprint()
        self.change_worklab(server, 'hang = "WorkerStart"')

        def freeze() -> None:
            os.kill(self.begin_reload(server, "worker"), signal.SIGSTOP)
            server.wait_log("reload failed, generation 1 goes on: .*hook WorkerStart", 20.0)

        self.load(server, freeze)
        self.assert_recovered(server, before)

    def test_an_old_one_that_stands_still(self) -> None:
        server = self.fault_serve(max_wait_time=1)
        before = server.settled_footprint()
        frozen = server.wait_pid("worker")

        def reload() -> None:
            with Stopped(frozen):
                self.assert_exit(server.command("reload"), 0)
            server.wait_log(rf"worker \d \(pid {frozen}\) of generation 1 has left: killed")

        # What it had begun is in doubt; a GET is tried once more.
        self.load(server, reload, [HELLO], statuses={200, 502})
        self.assert_recovered(server, before)


class Others(FaultTestCase):
    def test_the_program_of_a_cron_job(self) -> None:
        server = self.fault_serve(tables=_PROGRAM)

        def program() -> int | None:
            return next((pid for pid in proctree.descendants(server.master)
                         if proctree.title(pid).endswith("sleep 100000")), None)

        os.kill(wait_until(program, "the program"), signal.SIGKILL)
        server.wait_log(r"cron job program: run 1 failed: .*signal 9")
        self.assertIsNone(program())
        self.assert_serves(server)

    def test_the_process_of_the_last_hooks(self) -> None:
        server = self.fault_serve(worklab={"hang": "ServerStop"}, hook_timeout=60 * TIME_SCALE)
        server.see_processes()
        os.kill(server.master, signal.SIGTERM)
        server.wait_lines("hook ServerStop", 1)
        os.kill(server.wait_pid("boot"), signal.SIGKILL)
        self.assertEqual(server.wait_gone(), 0)
        server.wait_log("ServerStop.*signal 9")

    def test_a_system_that_has_no_more_of_what_events_of_files_take(self) -> None:
        server = self.fault_server(tables="[reload]\nwatch = true\n")
        server.prefix = ["unshare", "-rU", "sh", "-c", _NO_EVENTS, "sh"]
        try:
            server.start()
        except AssertionError as error:
            if "ended with 77" in str(error) or "unshare:" in server.log():
                self.skipTest("no name space of users can be made here")
            raise
        before = server.settled_footprint()
        wait_until(lambda: server.status()["polling"], "files are looked at")

        def change() -> None:
            with server.config.open("a") as settings:
                settings.write("# another line\n")
            server.wait_log("reloaded: generation 2 serves", 20.0)

        self.load(server, change)
        self.assert_recovered(server, before)


if __name__ == "__main__":
    unittest.main()
