"""Request bodies that a handler takes while they arrive, over the wire."""

from __future__ import annotations

import hashlib
import json
import random
import unittest

from probeserver import ProbeTestCase
from rawhttp import Closed, RawConnection, Response, request_bytes


def head(target: str, length: int | None = None, fields: str = "") -> bytes:
    """length: of the body; None: it comes in chunks."""
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return f"POST {target} HTTP/1.1\r\nHost: test\r\n{framing}\r\n{fields}\r\n".encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class BodyTestCase(ProbeTestCase):
    def assert_digest(self, response: Response, body: bytes) -> None:
        self.assertEqual(response.status, 200, response)
        digest = json.loads(response.body)
        self.assertEqual((digest["bytes"], digest["complete"]), (len(body), True))
        self.assertEqual(digest["sha256"], hashlib.sha256(body).hexdigest())


class Pieces(BodyTestCase):
    SETTINGS = {"package_max_length": "64M"}

    def setUp(self) -> None:
        super().setUp()
        self.body = random.Random(20).randbytes(20_000_000)

    def odd_pieces(self) -> list[bytes]:
        sizes = random.Random(1)
        pieces, at = [], 0
        while at < len(self.body):
            size = sizes.choice((1, 13, 1000, 4097, 65_537, 300_001))
            pieces.append(self.body[at:at + size])
            at += size
        return pieces

    def test_20_mb_in_odd_pieces(self) -> None:
        client = self.connect()
        client.send(head("/probe/digest", len(self.body)))
        for piece in self.odd_pieces():
            client.send(piece)
        self.assert_digest(client.response("POST"), self.body)
        self.assertEqual(client.request("GET", "/probe/quick").status, 200)

    def test_20_mb_in_chunks_with_a_trailer(self) -> None:
        client = self.connect()
        client.send(head("/probe/digest"))
        for piece in self.odd_pieces():
            client.send(chunk(piece))
        client.send(b"0\r\nX-End: it is\r\n\r\n")
        response = client.response("POST")
        self.assert_digest(response, self.body)
        self.assertEqual(json.loads(response.body)["trailer"], "it is")

    def test_20_mb_for_a_handler_that_pauses(self) -> None:
        response = self.connect().request("POST", "/probe/digest?pause=1000000", self.body)
        self.assert_digest(response, self.body)

    def test_a_paused_handler_holds_its_client_up(self) -> None:
        client = self.connect(timeout=0.5)
        client.send(head("/probe/digest?wait=2000", len(self.body)))
        with self.assertRaises(TimeoutError):
            client.send(self.body)
        self.take_turn()


class Windows(BodyTestCase):
    def test_a_body_behind_pipelined_requests_loses_nothing(self) -> None:
        # More than one window has arrived when the turn of the streamed request comes.
        for size in (60_000, 70_000, 110_000, 130_000, 200_000):
            with self.subTest(size=size):
                body = random.Random(size).randbytes(size)
                client = self.connect()
                client.send(request_bytes("GET", "/probe/late?ms=300") + request_bytes("GET", "/probe/quick") * 16)
                self.take_turn()
                # In two reads of the server's: what one takes in is less than the window.
                client.send(head("/probe/digest", len(body)) + body[:30_000])
                self.take_turn()
                client.send(body[30_000:])
                self.assertEqual([client.response().status for _ in range(17)], [200] * 17)
                self.assert_digest(client.response("POST"), body)
                self.assertEqual(client.request("GET", "/probe/quick").status, 200)

    def test_a_body_behind_one_pipelined_request(self) -> None:
        for size in (0, 1, 65_535, 65_536, 65_537, 110_000, 262_144, 600_000):
            with self.subTest(size=size):
                body = random.Random(size).randbytes(size)
                client = self.connect()
                client.send(request_bytes("GET", "/probe/late?ms=50") + request_bytes("POST", "/probe/digest", body))
                self.assertEqual(client.response().status, 200)
                self.assert_digest(client.response("POST"), body)

    def test_a_client_that_closes_its_half_is_answered_by_a_slow_handler(self) -> None:
        for size in (1_000, 100_000, 600_000):
            with self.subTest(size=size):
                body = random.Random(size).randbytes(size)
                client = self.connect()
                client.send(head("/probe/digest?wait=300", size) + body)
                client.end_output()
                self.assert_digest(client.response("POST"), body)

    def test_requests_behind_a_streamed_body(self) -> None:
        client = self.connect()
        client.send(request_bytes("POST", "/probe/digest", b"a" * 5000) + request_bytes("GET", "/probe/quick"))
        self.assert_digest(client.response("POST"), b"a" * 5000)
        self.assertEqual(client.response().body, b"quick\n")


class StaticFileOnTheSamePath(BodyTestCase):
    """A static file and a handler that streams its body, both for /probe/sink/a.txt: one of them answers, once."""

    def setUp(self) -> None:
        self.quern = self.probe(handle_static=True, document_root="root")
        folder = self.quern.directory / "root/probe/sink"
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("static file\n")
        (folder.parent / "alone.txt").write_text("no handler here\n")
        self.quern.start()

    def assert_one_answer(self, method: str, *pieces: bytes) -> None:
        """That pieces, each read by the server before the next is sent, get one answer, and the next request its own."""
        client = self.connect()
        for piece in pieces:
            client.send(piece)
            self.take_turn()
        response = client.response(method)
        self.assertEqual(response.status, 200)
        self.assertTrue(response.body == b"static file\n" or json.loads(response.body)["bytes"] == 5, response.body)
        if response.keep_alive:
            self.assertEqual(client.request("GET", "/probe/quick").body, b"quick\n")
        else:
            self.assertEqual(client.until_closed(), b"")
        self.assert_unharmed()

    def test_a_body_behind_its_head(self) -> None:
        for method in ("GET", "POST"):
            with self.subTest(method):
                begin = head("/probe/sink/a.txt", 5).replace(b"POST", method.encode())
                self.assert_one_answer(method, begin, b"hello")

    def test_a_body_in_two_parts(self) -> None:
        for method in ("GET", "POST"):
            with self.subTest(method):
                begin = head("/probe/sink/a.txt", 5).replace(b"POST", method.encode())
                self.assert_one_answer(method, begin, b"he", b"llo")

    def test_a_body_in_chunks(self) -> None:
        begin = head("/probe/sink/a.txt").replace(b"POST", b"GET")
        self.assert_one_answer("GET", begin, chunk(b"he"), chunk(b"llo"), b"0\r\n\r\n")

    def test_a_body_with_its_head(self) -> None:
        self.assert_one_answer("GET", head("/probe/sink/a.txt", 5).replace(b"POST", b"GET") + b"hello")

    def test_a_client_that_leaves_within_the_body(self) -> None:
        client = self.connect()
        client.send(head("/probe/sink/a.txt", 5).replace(b"POST", b"GET") + b"he")
        self.take_turn()
        client.close()
        self.take_turn()
        self.assert_unharmed()

    def test_a_request_without_a_body_gets_the_file(self) -> None:
        self.assertEqual(self.get("/probe/sink/a.txt").body, b"static file\n")

    def test_a_file_without_a_handler_allows_get_and_head_only(self) -> None:
        client = self.connect()
        for target in ("/probe/alone.txt", "/probe/alone.txt?query"):
            for method, status in (("POST", 405), ("DELETE", 405), ("PATCH", 405), ("OPTIONS", 204)):
                with self.subTest(method, target=target):
                    response = client.request(method, target, b"body" if method == "POST" else b"")
                    self.assertEqual((response.status, response.values("allow")), (status, ["GET, HEAD, OPTIONS"]))
                    self.assertEqual(response.header("x-generated"), "404")
                    self.assertEqual(bool(response.body), status == 405)
        self.assertEqual(client.request("POST", "/probe/none.txt").status, 404)
        self.assertEqual(client.request("GET", "/probe/alone.txt").body, b"no handler here\n")


class Ends(BodyTestCase):
    SETTINGS = {"package_max_length": "64M"}

    def test_a_client_that_goes_away_ends_the_body_incomplete(self) -> None:
        for how in ("close", "reset"):
            with self.subTest(how):
                client = self.connect()
                client.send(head(f"/probe/noting/{how}", 1000) + b"a part")
                self.wait_noted(how, "begun")
                getattr(client, how)()
                self.wait_noted(how, "incomplete")
        self.assert_unharmed()

    def test_a_body_to_its_end_is_complete(self) -> None:
        client = self.connect()
        self.assertEqual(client.request("POST", "/probe/noting/whole", b"all of it").status, 200)
        self.wait_noted("whole", "complete")

    def test_a_worker_killed_within_a_body_is_502(self) -> None:
        client = self.connect()
        client.send(head("/probe/noting/killed", 1000) + b"a part")
        self.wait_noted("killed", "begun")
        victim = self.kill_worker()
        self.assertEqual(client.response("POST").status, 502)
        self.quern.wait_workers(without={victim})
        self.assert_digest(self.connect().request("POST", "/probe/digest", b"next"), b"next")

    def test_a_handler_may_answer_before_the_end_of_the_body(self) -> None:
        client = self.connect()
        client.send(head("/probe/early", 10))
        client.until(rb"begun\n")
        client.send(b"0123456789")
        self.assertEqual(client.response("POST").body, b"begun\ncomplete\n")

    def test_a_malformed_rest_leaves_a_complete_answer_whole(self) -> None:
        # The handler has given all of its answer when the body turns out to be none.
        for size in (10, 100_000, 1_000_000, 8_000_000):
            with self.subTest(size=size):
                client = self.connect()
                client.send(head(f"/probe/early?whole={size}") + chunk(b"good"))
                client.until(rb"\r\n\r\nw")
                client.send(b"zz\r\n")
                self.take_turn()
                response = client.response("POST")
                self.assertEqual((response.status, len(response.body)), (200, size))
        self.assert_unharmed()

    def test_a_malformed_rest_breaks_off_a_begun_answer(self) -> None:
        client = self.connect()
        client.send(head("/probe/early"))
        client.until(rb"begun\n")
        client.send(b"zz\r\n")
        with self.assertRaises(Closed):
            client.response("POST")
        self.assert_unharmed()

    def test_a_body_too_large_is_413(self) -> None:
        client = self.connect()
        client.send(head("/probe/digest", 65 * 1024 * 1024))
        self.assertEqual(client.response("POST").status, 413)

    def test_100_continue_comes_before_the_body(self) -> None:
        with RawConnection(self.quern.address) as client:
            client.send(head("/probe/digest", 5, "Expect: 100-continue\r\n"))
            client.until(rb"HTTP/1\.1 100 .*\r\n\r\n")
            client.send(b"hello")
            response = client.response("POST")
            self.assertEqual(response.interim, [100])
            self.assert_digest(response, b"hello")


if __name__ == "__main__":
    unittest.main()
