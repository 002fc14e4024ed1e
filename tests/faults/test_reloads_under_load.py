"""A hundred reloads in a row while the workers are busy for half of their time."""

from __future__ import annotations

import asyncio
import unittest

from accounting import Probe, Report, account
from faultserver import FaultServer, FaultTestCase
from quernserver import TIME_SCALE

RELOADS = 100
WORKERS = 4
# A handler that blocks for 20 ms, and clients that rest for as long: half of the workers are busy.
PROBE = Probe.parse("GET /slow?ms=20")
PAUSE = 0.02
# Others may take the processors away for a moment, in one measurement and not in the other.
TRIES = 3


class ReloadsUnderLoad(FaultTestCase):
    def account(self, quern: FaultServer, during) -> Report:
        report = account(quern.port, [PROBE], during, connections=WORKERS, pause=PAUSE, deadline=5.0 * TIME_SCALE)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, str(report))
        return report

    def test_nothing_is_lost_and_hardly_anything_is_late(self) -> None:
        quern = self.serve_workers(worker_num=WORKERS)
        async def reload_often() -> None:
            for _ in range(RELOADS // TRIES + 1):
                self.assert_exit(await asyncio.to_thread(quern.command, "reload"), 0)

        rounds = []
        for _ in range(TRIES):
            undisturbed = self.account(quern, lambda: asyncio.sleep(3)).percentile(0.99)
            rounds.append((self.account(quern, reload_often).percentile(0.99), undisturbed))
        self.assertGreater(quern.status()["generation"], RELOADS)
        told = f"p99 of each round, and the undisturbed one: {rounds}"
        if TIME_SCALE > 1:  # the starts of so slow a build take all processors
            self.assertLess(min(late for late, _ in rounds), 0.5 * TIME_SCALE, told)
        else:
            self.assertLess(min(late / undisturbed for late, undisturbed in rounds), 2.0, told)


if __name__ == "__main__":
    unittest.main()
