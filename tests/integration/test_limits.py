"""What is bounded, and what happens beyond the bound: connections, descriptors, long bodies."""

from __future__ import annotations

import http.client
import json
import os
import signal
import unittest

from quernserver import TIME_SCALE, QuernServer, QuernTestCase, wait_until
from rawhttp import RawConnection, request_bytes


class Connections(QuernTestCase):
    def connect(self, quern: QuernServer) -> RawConnection:
        client = RawConnection(quern.address, timeout=10.0 * TIME_SCALE)
        self.addCleanup(client.close)
        return client

    def test_those_beyond_max_conn_are_503_however_many_reactors_there_are(self) -> None:
        quern = self.serve(max_conn=5, reactor_num=2)
        clients: list[RawConnection] = []

        def all_places_taken() -> bool:
            # The connection that asked whether the server is ready may still be on its way out.
            while len(clients) < 5:
                client = self.connect(quern)
                if client.request("GET", "/hello/bar").status != 200:
                    return False
                clients.append(client)
            return True

        wait_until(all_places_taken, "five connections")
        for _ in range(3):
            refused = self.connect(quern).request("GET", "/hello/bar")
            self.assertEqual(refused.status, 503)
            self.assertEqual(refused.header("retry-after"), "1")
        for client in clients:
            self.assertEqual(client.request("GET", "/hello/bar").status, 200)
        self.assertGreaterEqual(json.loads(quern.command("status", "--json").stdout)["totals"]["refused"], 3)
        self.assertIn(quern.log().count("max_conn is reached"), (1, 2), "once for each reactor, and not again at once")
        clients.pop().close()
        wait_until(lambda: self.connect(quern).request("GET", "/hello/bar").status == 200, "a free place")

    def test_connections_leave_descriptors_for_new_workers(self) -> None:
        quern = self.serve(open_files=250)
        quern.wait_log("max_conn is 10000, but")
        clients = [self.connect(quern) for _ in range(240)]
        self.assertEqual(clients[0].request("GET", "/hello/bar").status, 200)
        for worker in quern.wait_workers():
            os.kill(worker.pid, signal.SIGKILL)
        self.assertEqual(clients[0].request("GET", "/hello/bar").status, 200)
        self.assertNotIn("Too many open files", quern.log())


class LongBodies(QuernTestCase):
    SIZE = 67_108_864 - 1  # just what /bytes gives; two of them are more than the queue of small bodies holds

    def upload(self, quern: QuernServer) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", quern.port, timeout=20 * TIME_SCALE)
        self.addCleanup(connection.close)
        connection.request("POST", "/slow?ms=0", bytes(self.SIZE))
        return connection.getresponse().status

    def test_a_long_upload_is_handed_over_in_one_go(self) -> None:
        quern = self.serve(package_max_length="200M")
        self.assertEqual(self.upload(quern), 200)
        totals = json.loads(quern.command("status", "--json").stdout)["totals"]
        self.assertLessEqual(totals["redispatched"], 3, "given from worker to worker")

    def test_a_long_upload_may_wait_for_a_worker(self) -> None:
        quern = self.serve(package_max_length="200M", worker_num=1)
        blocking = RawConnection(quern.address)
        self.addCleanup(blocking.close)
        blocking.send(request_bytes("GET", "/slow?ms=2000"))
        self.assertEqual(self.upload(quern), 200)

    def test_a_slow_reader_outlives_the_worker_that_answered(self) -> None:
        quern = self.serve(max_wait_time=TIME_SCALE)
        with RawConnection(quern.address, timeout=10.0 * TIME_SCALE) as client:
            # More than all the buffers on the way hold: the worker has most of it when it is to leave.
            client.send(request_bytes("GET", f"/bytes/{self.SIZE}"))
            before = {worker.pid for worker in quern.wait_workers()}
            self.assert_exit(quern.command("reload"), 0)
            self.assertFalse(before & {worker.pid for worker in quern.wait_workers()})
            self.assertEqual(len(client.response().body), self.SIZE)


if __name__ == "__main__":
    unittest.main()
