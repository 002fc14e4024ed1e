"""Which worker gets which request, and that several reactors share the workers without loss."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import random
import signal

from accounting import Probe, account
from quernserver import FIXTURES, QuernTestCase
from rawhttp import RawConnection


class Modes(QuernTestCase):
    @staticmethod
    def worker_of(connection: http.client.HTTPConnection) -> int:
        connection.request("GET", "/json")
        return json.loads(connection.getresponse().read())["worker"]

    def connect(self, quern, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", quern.port, timeout=10, source_address=(source, 0))
        self.addCleanup(connection.close)
        return connection

    def test_round_robin_takes_the_workers_in_turn(self) -> None:
        quern = self.serve(worker_num=3, reactor_num=1, dispatch_mode="round-robin")
        connection = self.connect(quern)
        workers = [self.worker_of(connection) for _ in range(9)]
        first = workers[0]
        self.assertEqual(workers, [(first + i) % 3 for i in range(9)])

    def test_by_connection_sticks_to_one_worker_and_spreads_connections(self) -> None:
        quern = self.serve(worker_num=3, reactor_num=1, dispatch_mode="by-connection")
        seen = set()
        for _ in range(6):
            connection = self.connect(quern)
            workers = {self.worker_of(connection) for _ in range(5)}
            self.assertEqual(len(workers), 1)
            seen |= workers
        self.assertEqual(seen, {0, 1, 2})

    def test_by_address_sticks_to_one_worker_for_all_connections_of_a_client(self) -> None:
        quern = self.serve(worker_num=3, reactor_num=2, dispatch_mode="by-address")
        seen = set()
        for last in range(1, 25):
            source = f"127.0.0.{last}"
            workers = {self.worker_of(self.connect(quern, source)) for _ in range(3)}
            self.assertEqual(len(workers), 1)
            seen |= workers
        self.assertEqual(seen, {0, 1, 2})

    def test_a_pinned_client_is_served_while_its_worker_is_replaced(self) -> None:
        quern = self.serve(worker_num=2, reactor_num=1, dispatch_mode="by-connection")
        connection = self.connect(quern)
        for _ in range(5):
            number = self.worker_of(connection)
            victim = next(worker.pid for worker in quern.wait_workers() if worker.number == number)
            os.kill(victim, signal.SIGKILL)
            self.assertIn(self.worker_of(connection), (0, 1))
            quern.wait_workers(without={victim})


class CostlyConstraints(QuernTestCase):
    def test_a_worker_that_looks_long_for_a_route_serves_on(self) -> None:
        # The master takes the request back before the worker has found out that it fits no route.
        quern = self.serve(worker_num=1, plugins=[FIXTURES / "libcostly.so"])
        workers = quern.wait_workers()
        with RawConnection(quern.address) as client:
            for length in (20, 24, 40):
                self.assertEqual(client.request("GET", f"/costly/{'a' * length}bc").status, 404)
                self.assertEqual(client.request("GET", "/quick").status, 204)
        self.assertEqual(quern.workers(), workers)


class SeveralReactors(QuernTestCase):
    def test_killed_workers_lose_nothing_with_two_reactors(self) -> None:
        quern = self.serve(worker_num=3, reactor_num=2)

        async def kill_some() -> None:
            for _ in range(8):
                workers = quern.workers()
                if workers:
                    os.kill(random.choice(workers).pid, signal.SIGKILL)
                await asyncio.sleep(0.5)

        report = account(quern.port, [Probe.parse("GET /slow?ms=2")], kill_some)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)

    def test_reloads_lose_nothing_with_two_reactors(self) -> None:
        quern = self.serve(worker_num=3, reactor_num=2)

        async def reload_some() -> None:
            for _ in range(5):
                done = await asyncio.to_thread(quern.command, "reload")
                self.assertEqual(done.returncode, 0, done)

        report = account(quern.port, [Probe.parse("GET /slow?ms=2"), Probe.parse("POST /slow?ms=2")], reload_some)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)

    def test_both_reactors_take_connections(self) -> None:
        quern = self.serve(worker_num=2, reactor_num=2)
        seen = set()
        for _ in range(64):
            seen.add(json.loads(quern.get("/json")[1])["reactor"])
        self.assertEqual(seen, {0, 1})
