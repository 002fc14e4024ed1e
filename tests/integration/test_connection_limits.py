"""What bounds one connection, and the connections of one address."""

from __future__ import annotations

import time
import unittest

from quernserver import TIME_SCALE, QuernServer, QuernTestCase, wait_until
from rawhttp import RawConnection, request_bytes


class ConnectionLimits(QuernTestCase):
    def connect(self, quern: QuernServer) -> RawConnection:
        client = RawConnection(quern.address, timeout=10.0 * TIME_SCALE)
        self.addCleanup(client.close)
        return client

    def test_the_last_of_keepalive_requests_announces_the_end(self) -> None:
        client = self.connect(self.serve(keepalive_requests=3))
        answers = [client.request("GET", "/hello/bar") for _ in range(3)]
        self.assertEqual([answer.keep_alive for answer in answers], [True, True, False])
        self.assertEqual(client.until_closed(), b"")

    def test_pipelined_requests_beyond_keepalive_requests_are_not_answered(self) -> None:
        client = self.connect(self.serve(keepalive_requests=3))
        client.send(request_bytes("GET", "/hello/bar") * 5)
        self.assertEqual([client.response().keep_alive for _ in range(3)], [True, True, False])
        self.assertEqual(client.until_closed(), b"")

    def test_errors_count_as_keepalive_requests(self) -> None:
        client = self.connect(self.serve(keepalive_requests=2))
        self.assertTrue(client.request("GET", "/none").keep_alive)
        self.assertFalse(client.request("GET", "/none").keep_alive)

    def test_connections_beyond_max_conn_per_ip_are_503_until_one_leaves(self) -> None:
        quern = self.serve(max_conn_per_ip=4, reactor_num=2)
        clients: list[RawConnection] = []

        def all_places_taken() -> bool:
            # The connection that asked whether the server is ready may still be on its way out.
            while len(clients) < 4:
                client = self.connect(quern)
                if client.request("GET", "/hello/bar").status != 200:
                    return False
                clients.append(client)
            return True

        wait_until(all_places_taken, "four connections")
        for _ in range(3):
            client = self.connect(quern)
            refused = client.request("GET", "/hello/bar")
            self.assertEqual(refused.status, 503)
            self.assertFalse(refused.keep_alive)
            self.assertEqual(client.until_closed(), b"")
        for client in clients:
            self.assertEqual(client.request("GET", "/hello/bar").status, 200)
        clients.pop().close()
        wait_until(lambda: self.connect(quern).request("GET", "/hello/bar").status == 200, "a free place")

    def test_max_conn_per_ip_counts_each_address_by_itself(self) -> None:
        quern = self.serve(max_conn_per_ip=2)
        wait_until(lambda: self.held_from(quern, "127.0.0.1") == 2, "two connections from 127.0.0.1")
        self.assertEqual(self.held_from(quern, "127.0.0.2"), 2)

    def held_from(self, quern: QuernServer, address: str) -> int:
        """How many of four connections from address are served at the same time."""
        clients = [RawConnection(quern.address, 10.0 * TIME_SCALE, source=address) for _ in range(4)]
        try:
            return [client.request("GET", "/hello/bar").status for client in clients].count(200)
        finally:
            for client in clients:
                client.close()

    def test_what_waits_behind_a_slow_request_is_bounded_by_http_pipeline_depth(self) -> None:
        client = self.connect(self.serve(http_pipeline_depth=4))
        filler = request_bytes("GET", "/hello/bar", headers="A: " + "a" * 4000 + "\r\n")
        client.send(request_bytes("GET", "/later?ms=1500"))
        # The server stops reading: sooner or later nothing more goes into the socket, long before 64 MiB.
        client.socket.setblocking(False)
        sent = 0
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 0.3 and sent < 64 * 1024 * 1024:
            try:
                sent += client.socket.send((filler * 16)[sent % len(filler):])
                quiet_since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        client.socket.settimeout(10.0 * TIME_SCALE)
        self.assertLess(sent, 64 * 1024 * 1024)
        self.assertEqual(client.response().status, 200)
        for number in range(sent // len(filler)):
            self.assertEqual(client.response().status, 200, number)

    def test_a_pipeline_of_any_length_is_answered_in_the_end(self) -> None:
        client = self.connect(self.serve(http_pipeline_depth=2))
        client.send(request_bytes("GET", "/later?ms=100")
                    + b"".join(request_bytes("GET", f"/hello/{number}") for number in range(100)))
        self.assertEqual(client.response().status, 200)
        for number in range(100):
            self.assertIn(f'"{number}"'.encode(), client.response().body)


if __name__ == "__main__":
    unittest.main()
