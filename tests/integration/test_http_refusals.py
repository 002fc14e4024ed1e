"""Requests that must be refused: malformed, ambiguous, too large, too slow."""

from __future__ import annotations

import unittest

from quernserver import QuernTestCase
from rawhttp import RawConnection, request_bytes

HOST = b"Host: test\r\n"
BAD_REQUESTS = {
    "no method": b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "no target": b"GET HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
    "space in the target": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "relative target": b"GET hello HTTP/1.1\r\n" + HOST + b"\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "bare LF": b"GET / HTTP/1.1\nHost: test\n\n",
    "bare CR": b"GET / HTTP/1.1\r\nHost: te\rst\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\n" + HOST + b"A: b\0c\r\n\r\n",
    "space before the colon": b"GET / HTTP/1.1\r\n" + HOST + b"A : b\r\n\r\n",
    "space in a name": b"GET / HTTP/1.1\r\n" + HOST + b"A B: c\r\n\r\n",
    "empty name": b"GET / HTTP/1.1\r\n" + HOST + b": b\r\n\r\n",
    "folded field": b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n",
    "length and chunks": b"POST /echo HTTP/1.1\r\n" + HOST
                         + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "list of lengths": b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 1, 1\r\n\r\na",
    "signed length": b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\na",
    "negative length": b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "chunks on HTTP/1.0": b"POST /echo HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "gzip, chunked": b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunk size with 0x": b"POST /echo HTTP/1.1\r\n" + HOST
                          + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    "chunk longer than said": b"POST /echo HTTP/1.1\r\n" + HOST
                              + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "TLS hello": b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(40),
    "garbage": b"\x00\xff" * 20 + b"\r\n\r\n",
}
OTHER_REFUSALS = {
    "HTTP/2.0": (505, b"GET / HTTP/2.0\r\n" + HOST + b"\r\n"),
    "HTTP/9.9": (505, b"GET / HTTP/9.9\r\n" + HOST + b"\r\n"),
    "CONNECT": (501, b"CONNECT test:80 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "unknown method": (501, b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "unknown expectation": (417, b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nExpect: tea\r\n\r\n"),
    "long target": (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "long head": (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"a" * 20000 + b"\r\n\r\n"),
    "many fields": (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 200 + b"\r\n"),
}


class Refusals(QuernTestCase):
    def setUp(self) -> None:
        self.quern = self.serve(package_max_length=100_000)

    def assert_refused(self, status: int, data: bytes) -> None:
        with RawConnection(self.quern.address) as client:
            # What follows a refused request must never be taken as another one.
            client.send(data + request_bytes("GET", "/hello/smuggled"))
            response = client.response()
            self.assertEqual(response.status, status)
            self.assertFalse(response.keep_alive)
            self.assertTrue(client.is_closed(), "the connection goes on")

    def test_bad_requests_are_400_and_closed(self) -> None:
        for name, data in BAD_REQUESTS.items():
            with self.subTest(name):
                self.assert_refused(400, data)

    def test_other_refusals_have_their_own_status(self) -> None:
        for name, (status, data) in OTHER_REFUSALS.items():
            with self.subTest(name):
                self.assert_refused(status, data)

    def test_a_body_over_package_max_length_is_413_before_it_is_sent(self) -> None:
        with RawConnection(self.quern.address) as client:
            client.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 100001\r\n\r\n")
            self.assertEqual(client.response("POST").status, 413)
            self.assertTrue(client.is_closed())

    def test_chunks_over_package_max_length_are_413(self) -> None:
        with RawConnection(self.quern.address) as client:
            client.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
                        + b"186a0\r\n" + b"a" * 100_000 + b"\r\n" + b"1\r\na\r\n0\r\n\r\n")
            self.assertEqual(client.response("POST").status, 413)

    def test_a_body_of_just_package_max_length_is_taken(self) -> None:
        with RawConnection(self.quern.address) as client:
            self.assertEqual(len(client.request("POST", "/echo", b"a" * 100_000).body), 100_000)

    def test_a_refused_neighbour_harms_nobody(self) -> None:
        with RawConnection(self.quern.address) as client:
            client.request("GET", "/hello/bar")
            self.assert_refused(400, b"garbage\r\n\r\n")
            self.assertEqual(client.request("GET", "/hello/bar").status, 200)


class Timeouts(QuernTestCase):
    def test_a_head_that_never_ends_is_408(self) -> None:
        quern = self.serve(http_head_timeout=1)
        with RawConnection(quern.address) as client:
            client.send(b"GET / HTTP/1.1\r\nHost:")
            self.assertEqual(client.response().status, 408)
            self.assertTrue(client.is_closed())

    def test_a_body_that_stops_is_408(self) -> None:
        quern = self.serve(http_body_timeout=1)
        with RawConnection(quern.address) as client:
            client.send(b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf")
            self.assertEqual(client.response("POST").status, 408)
            self.assertTrue(client.is_closed())

    def test_an_idle_connection_is_closed_without_a_word(self) -> None:
        quern = self.serve(keepalive_timeout=1)
        with RawConnection(quern.address) as client:
            self.assertEqual(client.request("GET", "/hello/bar").status, 200)
            self.assertTrue(client.is_closed())


if __name__ == "__main__":
    unittest.main()
