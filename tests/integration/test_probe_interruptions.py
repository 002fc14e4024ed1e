"""What a reload, a stop and the death of a worker do to answers in pieces."""

from __future__ import annotations

import itertools
import os
import signal
import time
import unittest

from probeserver import ProbeTestCase
from quernserver import TIME_SCALE, wait_until
from rawhttp import Closed, request_bytes


class Interruptions(ProbeTestCase):
    SETTINGS = {"max_wait_time": 2}

    def reload(self) -> None:
        """Returns when the old workers are to leave and the new ones serve."""
        before = {worker.pid for worker in self.quern.wait_workers()}
        self.assert_exit(self.quern.command("reload"), 0)
        wait_until(lambda: {worker.pid for worker in self.quern.workers()} - before, "new worker")

    def test_a_stream_goes_on_while_the_workers_are_replaced(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/stream?n=20&size=10&ms=50"))
        client.until(rb"pppp")
        self.reload()
        self.assertEqual(self.get("/probe/quick").body, b"quick\n")
        response = client.response()
        self.assertEqual((response.status, response.body), (200, b"p" * 200))
        self.assert_unharmed()

    def test_an_ended_stream_reaches_a_slow_reader_across_a_reload(self) -> None:
        clients = []
        for framing in ("", "&length=4000000"):
            client = self.connect()
            client.send(request_bytes("GET", f"/probe/stream?n=1&size=4000000{framing}"))
            client.until(rb"pppp")
            clients.append(client)
        before = {worker.pid for worker in self.quern.wait_workers()}
        self.reload()
        self.quern.wait_workers(without=before)  # those who made the answers are gone
        for client in clients:
            response = client.response()
            self.assertEqual((response.status, len(response.body)), (200, 4_000_000))

    def test_a_stream_that_goes_on_for_a_slow_reader_ends_with_its_worker(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/flood?bytes=100000000"))
        client.until(rb"ffff")
        before = {worker.pid for worker in self.quern.wait_workers()}
        self.reload()
        self.quern.wait_workers(without=before)
        with self.assertRaises(Closed):
            client.response()
        self.take_turn()

    def test_event_streams_end_whole_when_their_workers_leave(self) -> None:
        clients = [self.connect() for _ in range(4)]
        for client in clients:
            client.send(request_bytes("GET", "/events?n=1000&ms=100"))
            client.until(rb"tick")
        before = {worker.pid for worker in self.quern.wait_workers()}
        begun = time.monotonic()
        self.reload()
        self.quern.wait_workers(without=before)
        self.assertLess(time.monotonic() - begun, 2 * TIME_SCALE, "longer than max_wait_time")
        for client in clients:
            response = client.response()  # Closed, if its end were missing
            self.assertIn(b"tick", response.body)
            self.assertEqual(client.request("GET", "/probe/quick").status, 200)
        self.assertNotIn("max_wait_time", self.quern.log())

    def test_event_streams_do_not_hold_up_a_stop(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/events?n=1000&ms=100"))
        client.until(rb"tick")
        self.assert_exit(self.quern.command("stop"), 0)
        self.assertEqual(client.response().status, 200)
        self.assertNotIn("not everything had finished", self.quern.log())

    def test_a_stop_ends_open_streams_in_its_time(self) -> None:
        clients = [self.connect() for _ in range(2)]
        for version, client in enumerate(clients):
            client.send(f"GET /probe/idle HTTP/1.{version}\r\nHost: test\r\n\r\n".encode())
            client.until(rb"idle\n")
        started = time.monotonic()
        self.quern.stop()
        took = time.monotonic() - started
        self.assertGreater(took, 1.8, "the stream had no time to end")
        self.assertLess(took, 2 + 2 * TIME_SCALE)
        for client in clients:
            with self.assertRaises(Closed):  # of 1.0: by a reset, or it would look complete
                client.response()

    def test_a_stop_waits_for_a_stream_that_ends(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/stream?n=10&size=10&ms=50"))
        client.until(rb"pppp")
        self.quern.see_processes()
        os.kill(self.quern.master, signal.SIGTERM)
        self.assertEqual(client.response().body, b"p" * 100)
        client.close()
        self.quern.wait_gone()
        self.assertNotIn("not everything had finished", self.quern.log())

    def test_a_worker_killed_within_a_stream_breaks_it_off(self) -> None:
        for target, version in itertools.product(("/probe/idle", "/probe/stream?n=100&ms=100&length=1000"), "01"):
            with self.subTest(target, version=version):
                client = self.connect()
                client.send(f"GET {target} HTTP/1.{version}\r\nHost: test\r\n\r\n".encode())
                client.until(rb"\r\n\r\n.+")
                victim = self.kill_worker()
                with self.assertRaises(Closed):
                    client.response()
                self.quern.wait_workers(without={victim})
                self.take_turn()


if __name__ == "__main__":
    unittest.main()
