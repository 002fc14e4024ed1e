"""kill -9 of every kind of process: it is replaced, nobody else notices, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import random
import re
import signal
import unittest

import proctree
from faultserver import LONG, FaultServer, FaultTestCase, TaskLedger
from quernserver import TIME_SCALE, wait_until

ROUNDS = 40 if LONG else 3
KINDS = ("worker", "task worker", "timer", "process ticker")


class Children(FaultTestCase):
    def kill_and_await_successor(self, server: FaultServer, kind: str) -> None:
        victim = random.choice(wait_until(lambda: server.pids(kind), f"a {kind}"))
        before = set(server.pids(kind))
        os.kill(victim, signal.SIGKILL)
        server.wait_log(rf"{kind}[ \d]* \(pid {victim}\) ended: signal 9 \(Killed\)")
        server.wait_pid(kind, without=before)

    def test_each_kind_is_replaced_while_all_else_goes_on(self) -> None:
        server = self.fault_serve()
        before = server.settled_footprint()

        def kill() -> None:
            for _ in range(ROUNDS):
                for kind in KINDS:
                    self.kill_and_await_successor(server, kind)

        # A request that a killed worker had begun is in doubt if it is a POST; a GET is tried once more.
        report = self.load(server, kill, statuses={200, 502})
        self.assertLessEqual(report.statuses[502], ROUNDS, report)
        self.assert_recovered(server, before)
        self.assertNotRegex(server.log(), "FATAL|crashes as soon as it starts")

    def test_those_that_have_not_begun_yet(self) -> None:
        """The successor dies as soon as it is there, before it has loaded anything."""
        server = self.fault_serve()
        before = server.settled_footprint()

        def kill() -> None:
            for kind in KINDS:
                seen: set[int] = set()
                for _ in range(4 if not LONG else 20):
                    pid = server.wait_pid(kind, without=seen, seconds=30.0)
                    seen.add(pid)
                    os.kill(pid, signal.SIGKILL)
                server.wait_pid(kind, without=seen, seconds=30.0)

        report = self.load(server, kill, statuses={200, 502})
        self.assertLessEqual(report.statuses[502], 20, report)
        self.assert_recovered(server, before)

    def test_all_at_once(self) -> None:
        server = self.fault_serve()
        before = server.settled_footprint()
        for _ in range(ROUNDS):
            victims = [pid for pid in proctree.descendants(server.master) if pid != server.master]
            with TaskLedger(server) as ledger:
                wait_until(lambda: len(ledger.accepted) > 10, "tasks")
                for pid in victims:
                    os.kill(pid, signal.SIGKILL)
                wait_until(lambda: not set(victims) & set(proctree.descendants(server.master)), "their end")
            self.assert_recovered(server, before)
            ledger.wait_all_ran()


class Starts(FaultTestCase):
    def start_and_kill(self, server: FaultServer, hook: str, kind: str) -> int:
        """The exit status of a server of which the first child of a kind is killed while it hangs in a hook."""
        server.launch()
        server.wait_lines(f"hook {hook}", 1)
        victim = server.wait_pid(kind)
        server.see_processes()
        os.kill(victim, signal.SIGKILL)
        return server.wait_gone(20.0)

    def test_a_boot_child_that_is_killed_at_the_start(self) -> None:
        server = self.fault_server(worklab={"hang": "ServerStart"}, hook_timeout=60 * TIME_SCALE)
        self.assertEqual(self.start_and_kill(server, "ServerStart", "boot"), 1)
        server.wait_log(r"ServerStart.*ended with signal 9 \(Killed\)")
        self.assertEqual(list((server.directory / "scratch").iterdir()), [])

    def test_a_worker_that_is_killed_in_the_first_start(self) -> None:
        server = self.fault_server(worklab={"hang": "WorkerStart"}, worker_num=1, task_worker_num=0, children=False,
                                   hook_timeout=60 * TIME_SCALE)
        self.assertEqual(self.start_and_kill(server, "WorkerStart", "worker"), 1)
        server.wait_log(r"WorkerStart.*ended with signal 9 \(Killed\)")


class Master(FaultTestCase):
    def test_children_die_with_it_and_the_next_one_begins_where_it_was(self) -> None:
        server = self.fault_server(tables="[tasks]\nspill_size = 4096\n")
        server.settings["listen"].append(f"unix:{server.directory}/app.sock")
        server.write_config()
        for number in range(ROUNDS):
            server.start()
            with TaskLedger(server) as ledger:
                wait_until(lambda: len(ledger.accepted) > 20, "tasks")
                accepted = server.deliver("echo", b"x" * 5000, delay=3_600_000, durable="true", until="accepted")
                self.assertIn("id", accepted)
                server.see_processes()
                # One that stands still cannot see that its master has gone.
                for kind in KINDS:
                    os.kill(server.pids(kind)[0], signal.SIGSTOP)
                generation = sorted(server.runtime.glob("generations/*"))
                server.kill_master()
            killed = server.master
            server.start()
            server.wait_log(rf"the server before this one \(pid {killed}\) did not stop: it was killed")
            server.wait_workers()
            ledger.wait_all_ran()
            self.assert_serves(server)
            self.assertNotIn("already running", server.log())
            # The payload of the task that waits is there still; what the dead one had for itself is not.
            self.assertEqual(len(list(server.runtime.glob("tasks.db-payloads/*"))), number + 1)
            self.assertEqual(len(list(server.runtime.glob("generations/*"))), len(generation))
            server.stop()
            self.assertEqual([path for path in server.directory.rglob("*") if path.is_socket()], [])
            self.assertEqual(list((server.directory / "scratch").iterdir()), [])
        self.assertEqual(server.log().count("the server before this one"), ROUNDS, "of one that has stopped as well")
        self.assertNotRegex(server.log(), re.compile("corrupt|malformed", re.IGNORECASE))


if __name__ == "__main__":
    unittest.main()
