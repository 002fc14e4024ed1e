"""Life-cycle hooks: their order, where they run, and what becomes of those that fail or hang."""

from __future__ import annotations

import os
import signal
import time
import unittest

from quernserver import TIME_SCALE, wait_until
from workserver import WorkServer, WorkTestCase


def hooks(work: WorkServer) -> list[tuple[str, int]]:
    """Names and pids, in the order of the journal."""
    return [(line.split()[1], int(line.split()[2])) for line in work.lines() if line.startswith("hook ")]


def names(work: WorkServer) -> list[str]:
    return [name for name, _ in hooks(work)]


class TestHooks(WorkTestCase):
    def test_order_over_a_life(self) -> None:
        work = self.work(worker_num=2, task_worker_num=1)
        wait_until(lambda: names(work).count("Ready") == 3, "Ready of all")
        begun = hooks(work)
        self.assertEqual(begun[0][0], "ServerStart")
        self.assertNotIn(begun[0][1], [pid for name, pid in begun[1:]])
        self.assertEqual(sorted(name for name, _ in begun[1:]),
                         sorted(["WorkerStart", "WorkerStart2", "Ready"] * 3))
        for pid in {pid for _, pid in begun[1:]}:
            self.assertEqual([name for name, other in begun if other == pid],
                             ["WorkerStart", "WorkerStart2", "Ready"])
        work.stop()
        ended = hooks(work)[len(begun):]
        self.assertEqual(sorted(name for name, _ in ended[:-1]), sorted(["Drain", "WorkerStop"] * 3))
        self.assertEqual(ended[-1][0], "ServerStop")
        for pid in {pid for _, pid in ended[:-1]}:
            self.assertEqual([name for name, other in ended if other == pid], ["Drain", "WorkerStop"])

    def test_reload(self) -> None:
        work = self.work(worker_num=1, task_worker_num=0)
        wait_until(lambda: "Ready" in names(work), "Ready")
        before = len(hooks(work))
        self.assertEqual(work.command("reload").returncode, 0)
        later = names(work)[before:]
        self.assertEqual(sorted(later), sorted(["WorkerStart", "WorkerStart2", "Ready", "Drain", "WorkerStop"]))
        self.assertLess(later.index("WorkerStart2"), later.index("Drain"))

    def test_worker_error_in_the_successor(self) -> None:
        work = self.work(worker_num=1, task_worker_num=1)
        worker = work.workers()[0].pid
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: names(work).count("Ready") == 3, "the successor is ready")
        line = next(line for line in work.lines() if line.startswith("hook WorkerError"))
        self.assertIn("worker 0: signal 9 (Killed)", line)
        pid = int(line.split()[2])
        self.assertEqual([name for name, other in hooks(work) if other == pid],
                         ["WorkerError", "WorkerStart", "WorkerStart2", "Ready"])

    def test_a_failing_server_start_fails_the_start(self) -> None:
        server = WorkServer(worklab={"fail": "ServerStart"})
        self._servers.append(server)
        result = server.command("start", "-d")
        self.assert_exit(result, 1, "hook ServerStart of plugin worklab failed: it threw: it was to fail")
        self.assertEqual(names(server), ["ServerStart"])

    def test_a_process_that_is_not_healthy_takes_no_work(self) -> None:
        server = WorkServer(worker_num=1, task_worker_num=1)
        self._servers.append(server)
        sick = server.directory / "sick"
        journal = f'journal = "{server.journal}"'
        server.config.write_text(server.config.read_text().replace(journal, f'{journal}\nunhealthy = "{sick}"'))
        failure = "hook HealthCheck of plugin worklab failed: .*sick is there"
        # Neither a start,
        sick.touch()
        self.assert_exit(server.command("start", "-d"), 1, failure)
        sick.unlink()
        server.start_daemon()
        for pid in {pid for name, pid in hooks(server) if name == "Ready"}:
            self.assertEqual([name for name, other in hooks(server) if other == pid],
                             ["WorkerStart", "WorkerStart2", "HealthCheck", "Ready"])
        before = server.workers()
        # nor a reload, nor a restart replaces what is healthy.
        sick.touch()
        self.assert_exit(server.command("reload"), 1, "reload failed: " + failure)
        self.assert_exit(server.command("restart"), 1, "restart failed: " + failure)
        self.assertEqual(server.workers(), before)
        self.assertEqual(server.get("/hello/a")[0], 200)
        # One that has to be replaced is tried again, until it is healthy.
        os.kill(before[0].pid, signal.SIGKILL)
        server.wait_log("worker 0 cannot serve: " + failure)
        wait_until(lambda: names(server).count("HealthCheck") >= 8, "further tries")
        sick.unlink()
        self.assertEqual(server.get("/hello/a", timeout=20 * TIME_SCALE)[0], 200)
        server.stop()

    def test_other_failures_are_logged(self) -> None:
        for hook in ("WorkerStart", "Ready", "ServerStop"):
            with self.subTest(hook=hook):
                work = self.work(worklab={"fail": hook}, worker_num=1, task_worker_num=0)
                wait_until(lambda: "Ready" in names(work), "Ready")
                self.assertIn("WorkerStart2", names(work))
                work.stop()
                self.assertIn(f"hook {hook} of plugin worklab failed: it threw: it was to fail", work.log())

    def test_a_hook_that_waits_has_not_begun(self) -> None:
        work = self.work(hook_timeout=0.3, max_wait_time=20, worker_num=1, task_worker_num=1)
        work.deliver("sleep", {"ms": 1500, "number": 1})
        work.wait_lines("begun", 1)
        before = len(hooks(work))
        self.assertEqual(work.command("reload").returncode, 0)
        self.assertEqual(work.numbers("sleep"), {1: 1})
        self.assertEqual(names(work)[before:].count("Drain"), 2)
        self.assertNotIn("hook_timeout", work.log())

    def test_what_may_be_delivered_in_which_hook(self) -> None:
        """What cannot work says so at once, and what is taken is run."""
        sent = ("deliver", "fire", "message", "broadcast", "push")
        waits = ("deliverAndWait", "pushAndWait")
        nothing = "onServerStart\\(\\) and onServerStop\\(\\) run while the server takes no tasks"
        for hook, works, refused, why in (
            ("ServerStart", (), sent + waits, nothing),
            ("ServerStop", (), sent + waits, nothing),
            ("WorkerStart", sent, waits, "before onWorkerStart\\(\\) has returned: .* from onReady\\(\\) on"),
            ("HealthCheck", sent, waits, "before onWorkerStart\\(\\) has returned: .* from onReady\\(\\) on"),
            ("Ready", sent + waits, (), ""),
            ("Drain", sent + waits, (), ""),
            ("WorkerStop", sent + waits, (), ""),
        ):
            with self.subTest(hook=hook):
                begun = time.monotonic()
                work = self.work(worklab={"try": hook, "unhealthy": "/nowhere"}, worker_num=1, task_worker_num=1, tables='''
                    [[process]]
                    handler = "consumer"
                    queue = { mode = "shared" }
                    ''')
                if hook in ("WorkerStart", "HealthCheck", "Ready"):
                    work.wait_lines("task note", 6 if hook == "Ready" else 3)
                work.stop()
                self.assertLess(time.monotonic() - begun, 4.5 * TIME_SCALE)
                tried = [line.split(" ", 2)[2].split(": ", 1) for line in work.lines() if line.startswith("tried ")]
                self.assertEqual({call for call, _ in tried}, {*works, *refused})
                for call, outcome in tried:
                    if call in works:
                        self.assertEqual(outcome, "ok", call)
                    elif call in refused:
                        self.assertRegex(outcome, why, call)

    def test_hanging_hooks_are_bounded(self) -> None:
        for hook in ("ServerStart", "WorkerStart", "HealthCheck"):
            with self.subTest(hook=hook):
                server = WorkServer(worklab={"hang": hook, "unhealthy": "/nowhere"}, hook_timeout=0.3, worker_num=1, task_worker_num=0)
                self._servers.append(server)
                self.assert_exit(server.command("start", "-d"), 1,
                                 rf"hook {hook} of plugin worklab has run for longer than hook_timeout \(0.3 s\)")
        for hook in ("Drain", "WorkerStop"):
            with self.subTest(hook=hook):
                work = self.work(worklab={"hang": hook}, hook_timeout=0.3, max_wait_time=20, worker_num=1,
                                 task_worker_num=0)
                begun = time.monotonic()
                work.stop()
                self.assertLess(time.monotonic() - begun, 5 * TIME_SCALE)
                self.assertIn(f"hook {hook} of plugin worklab has run for longer than hook_timeout (0.3 s)", work.log())
        work = self.work(worklab={"hang": "ServerStop"}, max_wait_time=0.5, worker_num=1, task_worker_num=0)
        begun = time.monotonic()
        work.stop()
        self.assertLess(time.monotonic() - begun, 1.5 * TIME_SCALE)
        self.assertIn("ServerStop", work.log())


if __name__ == "__main__":
    unittest.main()
