"""Answers in pieces, over the wire: their framing, their clients, and handlers that wait for these."""

from __future__ import annotations

import threading
import time
import unittest

from probeserver import ProbeTestCase
from quernserver import TIME_SCALE
from rawhttp import Closed, RawConnection, request_bytes


class Framing(ProbeTestCase):
    def test_a_known_length_is_announced(self) -> None:
        client = self.connect()
        response = client.request("GET", "/probe/stream?n=5&size=1000&length=5000")
        self.assertEqual((response.header("content-length"), response.header("transfer-encoding")), ("5000", None))
        self.assertEqual(response.body, b"p" * 5000)
        self.assertEqual(client.request("GET", "/probe/quick").body, b"quick\n")

    def test_an_unknown_length_is_chunked_with_its_trailer(self) -> None:
        client = self.connect()
        response = client.request("GET", "/probe/stream?n=3&size=1000&trailer=done")
        self.assertEqual((response.header("content-length"), response.header("transfer-encoding")), (None, "chunked"))
        self.assertEqual((response.body, response.trailers), (b"p" * 3000, [("x-end", "done")]))
        self.assertEqual(client.request("GET", "/probe/quick").body, b"quick\n")

    def test_less_than_announced_is_broken_off(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/stream?n=1&size=4&length=10") + request_bytes("GET", "/probe/quick"))
        with self.assertRaises(Closed):
            client.response()
        self.quern.wait_log("(?i)announced|length")

    def test_more_than_announced_is_broken_off_or_cut(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/stream?n=2&size=8&length=10"))
        try:
            self.assertEqual(client.response().body, b"p" * 10)
        except Closed:
            return
        self.assertEqual(client.request("GET", "/probe/quick").body, b"quick\n")

    def test_a_get_that_a_hook_makes_a_head_never_takes_the_next_answer_for_its_body(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/stream?n=1&size=10&length=10", headers="X-Set-Method: HEAD\r\n")
                    + request_bytes("GET", "/probe/quick"))
        try:
            response = client.response()
        except Closed:
            return
        self.assertEqual(response.body, b"p" * 10)
        self.assertEqual(client.response().body, b"quick\n")

    def test_a_head_that_a_hook_makes_a_get_has_no_body(self) -> None:
        client = self.connect()
        for target in ("/probe/stream?n=1&size=10&length=10", "/probe/stream?n=1&size=10", "/probe/quick"):
            with self.subTest(target):
                self.assertEqual(client.request("HEAD", target, headers="X-Set-Method: GET\r\n").status, 200)
                self.assertEqual(client.request("GET", "/probe/quick").body, b"quick\n")

    def test_head_of_a_stream(self) -> None:
        client = self.connect()
        for target, length in (("/probe/stream?length=10", "10"), ("/probe/stream", None), ("/probe/idle", None)):
            with self.subTest(target):
                response = client.request("HEAD", target)
                self.assertEqual((response.status, response.header("content-length")), (200, length))
                self.assertEqual(client.request("GET", "/probe/quick").body, b"quick\n")

    def test_http_1_0_learns_the_end_from_the_connection(self) -> None:
        client = self.connect()
        client.send(b"GET /probe/stream?n=3&size=1000&trailer=done HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        response = client.response()
        self.assertTrue(response.to_end)
        self.assertIsNone(response.header("transfer-encoding"))
        self.assertEqual((response.body, response.trailers), (b"p" * 3000, []))

    def test_http_1_0_with_a_known_length_keeps_its_connection(self) -> None:
        client = self.connect()
        for _ in range(2):
            client.send(b"GET /probe/stream?n=1&size=10&length=10 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            response = client.response()
            self.assertEqual((response.body, response.keep_alive), (b"p" * 10, True))

    def test_a_broken_stream_is_seen_to_be_broken(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/broken"))
        with self.assertRaises(Closed):
            client.response()

    def test_a_broken_stream_of_http_1_0_is_reset(self) -> None:
        # An orderly end of the connection would be the end of a whole answer.
        client = self.connect()
        client.send(b"GET /probe/broken HTTP/1.0\r\n\r\n")
        with self.assertRaisesRegex(Closed, "reset"):
            client.response()

    def test_files_that_may_not_be_sent_stay_away(self) -> None:
        path = self.quern.directory / "file.txt"
        path.write_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil" * 10_000)
        client = self.connect()
        for status in (204, 304):
            with self.subTest(status):
                response = client.request("GET", f"/probe/file?status={status}&path={path}")
                self.assertEqual((response.status, response.body), (status, b""))
                self.assertEqual(client.request("GET", "/probe/quick").body, b"quick\n")
        whole = client.request("GET", f"/probe/file?path={path}")
        self.assertEqual((whole.status, whole.body), (200, path.read_bytes()))


class Clients(ProbeTestCase):
    SETTINGS = {"send_timeout": 1}

    def test_a_client_that_leaves_an_idle_stream_is_noticed(self) -> None:
        staying, leaving = self.connect(), self.connect()
        for client, key in ((staying, "staying"), (leaving, "leaving")):
            client.send(request_bytes("GET", f"/probe/idle?key={key}"))
            client.until(rb"idle\n")
        leaving.close()
        self.wait_noted("leaving", "closed")
        # The other has been as silent for as long.
        self.assertEqual(self.get("/probe/noted/staying").body, b"open")
        staying.close()
        self.wait_noted("staying", "closed")

    def test_a_client_that_closes_its_half_reads_a_lively_stream_to_its_end(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/stream?n=30&size=10&ms=50"))
        client.end_output()
        self.assertEqual(client.response().body, b"p" * 300)

    def test_a_client_that_leaves_within_a_flood_is_noticed(self) -> None:
        for _ in range(8):
            client = self.connect()
            client.send(request_bytes("GET", "/probe/flood?bytes=100000000"))
            client.until(rb"\r\n\r\n")
            client.close()
        self.assert_unharmed()

    def test_a_flood_comes_whole(self) -> None:
        response = self.connect().request("GET", "/probe/flood?bytes=10000000")
        self.assertEqual(response.body, b"f" * 10_000_000)


class HandlersThatWait(ProbeTestCase):
    """A handler that waits for its client within its call keeps no request of others waiting."""

    SETTINGS = {"worker_num": 2}

    def test_a_client_that_reads_nothing_for_long_costs_no_worker(self) -> None:
        self.quern = self.probe(worker_num=2, max_request_execution_time=1).start()
        workers = self.quern.wait_workers()
        client = self.connect()
        client.send(request_bytes("GET", "/probe/drain?ms=2500"))
        client.socket.recv(1000)
        self.assertEqual(self.get("/probe/late?ms=700").status, 200)
        self.assertEqual(self.get("/probe/late?ms=700").status, 200)
        self.assertEqual(self.get("/probe/late?ms=700").status, 200)
        tail = b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            received = client.socket.recv(256 * 1024)
            self.assertTrue(received, "the stream was broken off")
            tail = (tail + received)[-16:]
        self.assertEqual(self.quern.workers(), workers)

    def read_stream(self, milliseconds: int, ended: threading.Event) -> None:
        """Reads no faster than a usual network, so that the handler has to wait."""
        try:
            with RawConnection(self.quern.address) as client:
                client.send(request_bytes("GET", f"/probe/drain?ms={milliseconds}"))
                tail = b""
                while not tail.endswith(b"\r\n0\r\n\r\n"):
                    received = client.socket.recv(64 * 1024)
                    if not received:
                        return
                    tail = (tail + received)[-16:]
                    ended.wait(len(received) / 100e6)
        finally:
            ended.set()

    def ask_quickly(self, ended: threading.Event, took: list[float]) -> None:
        with RawConnection(self.quern.address, timeout=30) as client:
            while not ended.is_set():
                started = time.monotonic()
                client.request("GET", "/probe/quick")
                took.append(time.monotonic() - started)

    def test_quick_requests_do_not_wait_for_the_end_of_the_stream(self) -> None:
        milliseconds = int(2000 * TIME_SCALE)
        ended, took = threading.Event(), []
        started = time.monotonic()
        reader = threading.Thread(target=self.read_stream, args=(milliseconds, ended))
        askers = [threading.Thread(target=self.ask_quickly, args=(ended, took)) for _ in range(12)]
        for thread in (reader, *askers):
            thread.start()
        for thread in (reader, *askers):
            thread.join()
        self.assertGreater(time.monotonic() - started, milliseconds / 1000 * 0.9, "the stream ended early")
        self.assertGreater(len(took), 100)
        self.assertLess(max(took), milliseconds / 1000 / 3, sorted(took)[-10:])


if __name__ == "__main__":
    unittest.main()
