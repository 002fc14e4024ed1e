"""Requests that take too long, and requests that are too many."""

from __future__ import annotations

import asyncio
import re
import time
import unittest

from accounting import Probe, account
from quernserver import TIME_SCALE, QuernTestCase, wait_until
from rawhttp import RawConnection, request_bytes


class ExecutionTime(QuernTestCase):
    def setUp(self) -> None:
        self.quern = self.serve(max_request_execution_time=1)
        self.client = RawConnection(self.quern.address)
        self.addCleanup(self.client.close)

    def assert_504_in_a_second(self, target: str) -> None:
        started = time.monotonic()
        self.assertEqual(self.client.request("GET", target).status, 504)
        took = time.monotonic() - started
        self.assertGreater(took, 0.9)
        self.assertLess(took, 2.0 * TIME_SCALE)

    def test_an_overdue_asynchronous_request_is_504_and_its_worker_lives(self) -> None:
        workers = self.quern.wait_workers()
        self.assert_504_in_a_second("/later?ms=5000")
        self.assertEqual(self.client.request("GET", "/hello/bar").status, 200)
        self.assertEqual(self.quern.workers(), workers)
        self.quern.wait_log(r"warn +master +request \S+ \(GET /later\) was not answered within \S+ s: it gets 504")

    def test_an_overdue_blocking_request_is_504_and_its_worker_is_replaced(self) -> None:
        before = {worker.pid for worker in self.quern.wait_workers()}
        self.assert_504_in_a_second("/slow?ms=5000")
        self.quern.wait_log(r"/slow")
        self.assertEqual(self.client.request("GET", "/hello/bar").status, 200)
        wait_until(lambda: {worker.pid for worker in self.quern.workers()} != before, "end of the blocked worker")
        after = {worker.pid for worker in self.quern.wait_workers()}
        self.assertEqual(len(after - before), 1, "exactly the blocked worker is replaced")

    def test_a_request_just_in_time_is_answered(self) -> None:
        for target in ("/later?ms=600", "/slow?ms=600"):
            self.assertEqual(self.client.request("GET", target).status, 200, target)

    def test_a_request_behind_a_long_answer_has_its_whole_time(self) -> None:
        self.quern = self.serve(max_request_execution_time=1, request_slowlog_timeout=0.5)
        with RawConnection(self.quern.address) as client:
            client.send(request_bytes("GET", "/stream?n=30&ms=50") + request_bytes("POST", "/echo", b"not overdue"))
            self.assertEqual(client.response().status, 200)
            self.assertEqual(client.response().body, b"not overdue")
        self.assertNotIn("slow request", self.quern.log())

    def test_requests_behind_a_blocked_worker_are_not_overdue_with_it(self) -> None:
        blocked = RawConnection(self.quern.address)
        self.addCleanup(blocked.close)
        blocked.send(request_bytes("GET", "/slow?ms=5000"))
        report = account(self.quern.port, [Probe.parse("GET /hello/{token}")], lambda: asyncio.sleep(2),
                         connections=8, pause=0.01)
        self.assertEqual(blocked.response().status, 504)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)


class FullQueue(QuernTestCase):
    def test_what_the_queue_cannot_hold_is_503_with_retry_after(self) -> None:
        quern = self.serve(worker_num=1, worker_max_concurrency=1, request_queue_size=4)
        clients = [RawConnection(quern.address) for _ in range(16)]
        for client in clients:
            self.addCleanup(client.close)
            client.send(request_bytes("POST", "/slow?ms=300", b""))
        answers = [client.response("POST") for client in clients]
        refused = [answer for answer in answers if answer.status == 503]
        served = [answer for answer in answers if answer.status == 200]
        self.assertEqual(len(refused) + len(served), 16, [answer.status for answer in answers])
        self.assertEqual(len(served), 5, "one runs and four wait")
        for answer in refused:
            self.assertTrue(re.fullmatch(r"[1-9]\d*", answer.header("retry-after") or ""), answer.fields)
        self.assertEqual(quern.get("/hello/bar")[0], 200)

    def test_a_refusal_keeps_the_connection(self) -> None:
        quern = self.serve(worker_num=1, worker_max_concurrency=1, request_queue_size=1)
        blockers = [RawConnection(quern.address) for _ in range(6)]
        for client in blockers:
            self.addCleanup(client.close)
            client.send(request_bytes("GET", "/slow?ms=500"))
        refused = next(client for client in blockers if client.response().status == 503)
        for client in blockers[:blockers.index(refused)] + blockers[blockers.index(refused) + 1:]:
            client.close()
        response = refused.request("GET", "/hello/bar")
        self.assertIn(response.status, (200, 503))


if __name__ == "__main__":
    unittest.main()
