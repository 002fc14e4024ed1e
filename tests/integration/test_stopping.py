"""A stop ends in time, whatever runs, loses no request that can still be answered, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import unittest

from quernserver import TIME_SCALE, QuernServer, QuernTestCase, wait_until
from rawhttp import Closed, RawConnection, request_bytes


class Stop(QuernTestCase):
    def begin(self, quern: QuernServer, target: str) -> RawConnection:
        """Sends a request and returns when the server has taken it."""
        client = RawConnection(quern.address, timeout=20.0)
        self.addCleanup(client.close)
        client.send(request_bytes("GET", target))
        # The one reactor reads in the order of arrival: it has read the first when it answers the second.
        self.assertEqual(quern.get("/hello/bar")[0], 200)
        return client

    @staticmethod
    def in_flight(quern: QuernServer) -> int:
        return json.loads(quern.command("status", "--json").stdout)["workers"][0]["inFlight"]

    def test_stop_leaves_nothing(self) -> None:
        quern = self.serve(worker_num=3)
        quern.wait_workers()
        quern.stop()
        self.assertEqual(quern.launch().poll(), None)
        quern.wait_ready()
        quern.stop()

    def test_a_stopped_foreground_server_exits_with_0(self) -> None:
        quern = self.serve()
        quern.command("stop")
        self.assertEqual(quern.wait_gone(), 0)

    def test_signals_stop_it(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number.name):
                quern = self.serve(max_wait_time=20)
                client = self.begin(quern, "/slow?ms=1000")
                os.kill(quern.master, number)
                self.assertEqual(client.response().status, 200)
                self.assertEqual(quern.wait_gone(), 0)

    def test_an_idle_connection_does_not_delay_it(self) -> None:
        quern = self.serve(max_wait_time=10)
        with RawConnection(quern.address) as client:
            client.request("GET", "/hello/bar")
            started = time.monotonic()
            quern.stop()
            self.assertLess(time.monotonic() - started, 3.0 * TIME_SCALE)
            self.assertTrue(client.is_closed())

    def test_an_unfinished_head_does_not_delay_it_beyond_max_wait_time(self) -> None:
        quern = self.serve(max_wait_time=1)
        with RawConnection(quern.address) as client:
            client.send(b"GET / HTT")
            started = time.monotonic()
            quern.stop()
            self.assertLess(time.monotonic() - started, 4.0 * TIME_SCALE)

    def test_requests_in_flight_are_answered(self) -> None:
        quern = self.serve(max_wait_time=10)
        blocking = self.begin(quern, "/slow?ms=1000")
        asynchronous = self.begin(quern, "/later?ms=1000")
        quern.stop()
        for client in (blocking, asynchronous):
            response = client.response()
            self.assertEqual(response.status, 200)
            self.assertFalse(response.keep_alive)
            self.assertTrue(client.is_closed())

    def test_a_handler_whose_client_has_gone_may_finish(self) -> None:
        quern = self.serve(worker_num=1, max_wait_time=10)
        client = RawConnection(quern.address)
        client.send(request_bytes("POST", "/slow?ms=2500", b""))
        wait_until(lambda: self.in_flight(quern) == 1, "request in its handler")
        started = time.monotonic()
        client.close()
        quern.stop()
        self.assertGreater(time.monotonic() - started, 2.0)
        self.assertNotIn("killed", quern.log())

    def test_reload_is_refused_while_it_drains(self) -> None:
        quern = self.serve(max_wait_time=10)
        client = self.begin(quern, "/slow?ms=1500")
        os.kill(quern.master, signal.SIGTERM)
        quern.wait_log("stopping")
        self.assert_exit(quern.command("reload"), 1, "stopping")
        self.assertEqual(client.response().status, 200)
        self.assertEqual(quern.wait_gone(), 0)

    def test_new_connections_are_refused_while_it_drains(self) -> None:
        quern = self.serve(max_wait_time=10)
        client = self.begin(quern, "/slow?ms=3000")
        stopping = threading.Thread(target=quern.command, args=("stop",))
        stopping.start()
        self.addCleanup(stopping.join)
        deadline = time.monotonic() + 2.0 * TIME_SCALE
        refused = False
        while not refused and time.monotonic() < deadline:
            try:
                RawConnection(quern.address).close()
            except ConnectionRefusedError:
                refused = True
            except ConnectionResetError:
                continue  # it was in the backlog of the listener that closed
        self.assertTrue(refused)
        self.assertEqual(client.response().status, 200)

    def test_a_blocked_handler_is_killed_and_named(self) -> None:
        quern = self.serve(max_wait_time=1)
        client = self.begin(quern, "/slow?ms=30000")
        started = time.monotonic()
        quern.stop()
        took = time.monotonic() - started
        self.assertGreater(took, 0.9)
        self.assertLess(took, 4.0 * TIME_SCALE)
        self.assertRegex(quern.log(), r"/slow")
        try:
            self.assertGreaterEqual(client.response().status, 500)
        except Closed:
            pass

    def test_a_stopped_worker_is_killed(self) -> None:
        quern = self.serve(max_wait_time=1)
        os.kill(quern.wait_workers()[0].pid, signal.SIGSTOP)
        started = time.monotonic()
        quern.stop()
        self.assertLess(time.monotonic() - started, 4.0 * TIME_SCALE)

    def test_a_second_signal_while_it_drains_ends_it(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number.name):
                quern = self.serve(max_wait_time=30)
                self.begin(quern, "/slow?ms=30000")
                os.kill(quern.master, number)
                quern.wait_log("(?i)stopping|draining")
                os.kill(quern.master, number)
                quern.wait_gone(5.0)


if __name__ == "__main__":
    unittest.main()
