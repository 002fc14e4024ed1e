"""Handlers that bring their worker down, and workers that cannot stay up."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import unittest

from accounting import account
from faultserver import HELLO, FaultTestCase
from quernserver import TIME_SCALE, wait_until


class CrashingHandlers(FaultTestCase):
    def setUp(self) -> None:
        self.quern = self.serve_workers(worker_num=3)

    def pids(self) -> set[int]:
        return {worker.pid for worker in self.quern.wait_workers()}

    def crash(self) -> set[int]:
        """Asks for /crash and returns the workers that it has taken down."""
        before = self.pids()
        self.assertEqual(self.quern.get("/crash")[0], 502)
        wait_until(lambda: {worker.pid for worker in self.quern.workers()} != before, "end of the crashed worker")
        return before - self.pids()

    def test_a_crash_is_502(self) -> None:
        self.crash()
        self.assertEqual(self.quern.get("/hello/bar")[0], 200)

    def test_a_route_that_crashes_takes_down_one_worker_a_request(self) -> None:
        for _ in range(4):
            self.assertEqual(len(self.crash()), 1)

    def test_the_log_names_the_route_the_worker_and_the_signal(self) -> None:
        self.crash()
        self.quern.wait_log(r"/crash")
        self.quern.wait_log(r"(?i)worker.*\b(SIGABRT|Aborted|signal 6)|\b(SIGABRT|Aborted|signal 6)\b.*worker")

    def test_others_are_unharmed(self) -> None:
        async def crash_repeatedly() -> None:
            for _ in range(5):
                status, _body = await asyncio.to_thread(self.quern.get, "/crash")
                self.assertEqual(status, 502)
                await asyncio.sleep(0.4)

        report = account(self.quern.port, [HELLO], crash_repeatedly, deadline=3.0 * TIME_SCALE)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)

    def test_crashes_one_after_the_other_slow_nothing_down(self) -> None:
        # More than the early deaths that would open the breaker, if they counted.
        for _ in range(25):
            self.quern.get("/crash", timeout=20.0 * TIME_SCALE)
            self.assertEqual(self.quern.get("/hello/bar", timeout=5.0 * TIME_SCALE)[0], 200)
        self.assertNotIn(CrashLoop.BREAKER_OPEN, self.quern.log())
        self.pids()
        wait_until(lambda: re.search(r"^3 of 3 workers are ready; \d+ requests have failed in the last \d+ s\.$",
                                     self.quern.command("status").stdout, re.MULTILINE), "health after the crashes")

    def test_without_leave_the_demo_does_not_crash(self) -> None:
        quern = self.serve_workers(plugin_settings={"allow_crash": False})
        status, body = quern.get("/crash")
        self.assertEqual(status, 403)
        self.assertIn(b"allow_crash", body)


class CrashLoop(FaultTestCase):
    BREAKER_OPEN = "crashes as soon as it starts"

    def test_restarts_slow_down_until_a_reload_starts_anew(self) -> None:
        quern = self.serve_workers(worker_num=2)
        killed: set[int] = set()

        def kill_until_the_breaker_opens() -> bool:
            for worker in quern.workers():
                os.kill(worker.pid, signal.SIGABRT)  # a kill from outside would not count
                killed.add(worker.pid)
            return quern.log().count(self.BREAKER_OPEN) >= 2

        wait_until(kill_until_the_breaker_opens, "breakers of both workers open", 40)
        # A worker starts within some 20 ms: without a back-off there would have been hundreds.
        self.assertLess(len(killed), 60)
        self.assertTrue(quern.running(), "the master goes on, to be asked")
        self.assertRegex(quern.command("status").stdout, "(?i)degraded|crash")
        self.assertEqual(quern.get("/hello/bar")[0], 503)

        result = quern.command("reload")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(quern.get("/hello/bar")[0], 200)


if __name__ == "__main__":
    unittest.main()
