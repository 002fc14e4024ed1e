"""Forms and their files, and compressed answers, over the wire."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import signal
import unittest

from probeserver import ProbeTestCase
from quernserver import wait_until
from rawhttp import Response, request_bytes

TYPE = "Content-Type: multipart/form-data; boundary=edge\r\n"
GZIP = "Accept-Encoding: gzip\r\n"


def part(name: str, content: bytes, file_name: str = "") -> bytes:
    file = f'; filename="{file_name}"\r\nContent-Type: image/png' if file_name else ""
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--edge--\r\n"


class Forms(ProbeTestCase):
    SETTINGS = {"package_max_length": "8M", "http_body_buffer_size": "64K", "upload_tmp_dir": "spool"}

    def setUp(self) -> None:
        self.quern = self.probe(**self.SETTINGS)
        self.spool = self.quern.directory / "spool"
        self.spool.mkdir()
        self.quern.start()

    def post(self, body: bytes, target: str = "/probe/form") -> dict:
        response = self.connect().request("POST", target, body, TYPE)
        self.assertEqual(response.status, 200, response)
        return json.loads(response.body)

    def assert_spool_empty(self) -> None:
        wait_until(lambda: not list(self.spool.iterdir()), "end of the spooled files")

    def test_an_urlencoded_form(self) -> None:
        response = self.connect().request("POST", "/probe/form", b"a=1&b=two+words&c=%C3%A9",
                                          "Content-Type: application/x-www-form-urlencoded\r\n")
        self.assertEqual(json.loads(response.body)["fields"], {"a": "1", "b": "two words", "c": "é"})

    def test_small_files_lie_in_memory_and_large_ones_do_not(self) -> None:
        for size in (0, 1, 1000, 65_536, 65_537, 3_000_000):
            with self.subTest(size=size):
                content = random.Random(size).randbytes(size)
                answer = self.post(form(part("text", b"some words"), part("image", content, "../a b.png"),
                                        part("last", b"x")))
                self.assertEqual(answer["fields"], {"text": "some words", "last": "x"})
                (file,) = answer["files"]
                self.assertEqual((file["field"], file["name"], file["type"], file["size"]),
                                 ("image", "a b.png", "image/png", size))
                self.assertEqual(file["sha256"], hashlib.sha256(content).hexdigest())
                self.assertEqual(file["spooled"], bool(file["path"]))
                if size in (1000, 3_000_000):
                    self.assertEqual(file["spooled"], size > 1000)
        self.assert_spool_empty()

    def test_many_short_fields_among_files(self) -> None:
        expected = {f"field{i}": f"value {i} " * (i % 40) for i in range(900)}
        image = b"i" * 100_000
        answer = self.post(form(*(part(name, value.encode()) for name, value in expected.items()),
                                part("image", image, "a.png"), part("icon", b"tiny", "b.png")))
        self.assertEqual(answer["fields"], expected)
        self.assertEqual([(file["name"], file["size"], file["spooled"]) for file in answer["files"]],
                         [("a.png", 100_000, True), ("b.png", 4, False)])
        self.assertEqual(answer["files"][1]["sha256"], hashlib.sha256(b"tiny").hexdigest())
        self.assert_spool_empty()

    def test_names_of_parts_are_bounded(self) -> None:
        before = [worker.pid for worker in self.quern.wait_workers()]
        for parts, status in ((30, 200), (33, 413), (900, 413)):
            with self.subTest(parts=parts):
                body = form(*(part("n" * 8000, b"v") for _ in range(parts)))
                self.assertEqual(self.connect().request("POST", "/probe/form", body, TYPE).status, status)
        self.assertEqual([worker.pid for worker in self.quern.wait_workers()], before)
        self.assert_spool_empty()

    def test_files_are_moved_away(self) -> None:
        kept = self.quern.directory / "kept.png"
        for size in (1000, 3_000_000):
            with self.subTest(size=size):
                content = random.Random(size).randbytes(size)
                (file,) = self.post(form(part("image", content, "a.png")), f"/probe/form?keep={kept}")["files"]
                self.assertEqual(file["moved"], "moved")
                self.assertEqual((kept.read_bytes() == content, kept.stat().st_mode & 0o777), (True, 0o600))
                self.assert_spool_empty()

    def test_a_file_that_cannot_be_moved_is_told(self) -> None:
        for keep in ("relative.png", f"{self.quern.directory}/absent/a.png"):
            with self.subTest(keep):
                (file,) = self.post(form(part("image", b"i" * 200_000, "a.png")), f"/probe/form?keep={keep}")["files"]
                self.assertNotIn(file["moved"], ("", "moved"))
        self.assert_spool_empty()

    def test_a_broken_form_is_400_and_keeps_its_connection(self) -> None:
        client = self.connect()
        broken = part("image", b"i" * 200_000, "a.png")  # never closed
        self.assertEqual(client.request("POST", "/probe/form", broken, TYPE).status, 400)
        self.assertEqual(client.request("GET", "/probe/quick").body, b"quick\n")
        self.assert_spool_empty()

    def test_a_client_that_leaves_within_a_file_leaves_nothing(self) -> None:
        client = self.connect()
        client.send(request_bytes("POST", "/probe/form", b"", TYPE).replace(b"Content-Length: 0",
                                                                            b"Content-Length: 1000000")
                    + part("image", b"i" * 300_000, "a.png"))
        wait_until(lambda: list(self.spool.iterdir()), "a spooled file")
        client.close()
        self.assert_spool_empty()

    def test_the_next_start_removes_what_a_killed_server_has_left(self) -> None:
        foreign = self.spool / "quern-upload-0123456789ab-abcdef"  # of another server that uses the folder
        foreign.write_text("foreign")
        client = self.connect()
        client.send(request_bytes("POST", "/probe/form", b"", TYPE).replace(b"Content-Length: 0",
                                                                            b"Content-Length: 1000000")
                    + part("image", b"i" * 300_000, "a.png"))
        wait_until(lambda: len(list(self.spool.iterdir())) > 1, "a spooled file")
        os.kill(self.quern.master, signal.SIGKILL)
        wait_until(lambda: not self.quern.running(), "end of the master")
        wait_until(lambda: not self.quern.leftovers(), "end of every child")
        self.quern.start()
        self.assertEqual(list(self.spool.iterdir()), [foreign])

    def test_a_killed_worker_leaves_no_files(self) -> None:
        client = self.connect()
        client.send(request_bytes("POST", "/probe/form", form(part("image", b"i" * 300_000, "a.png")), TYPE))
        victim = self.kill_worker()
        self.assertIn(client.response("POST").status, (200, 502))
        self.quern.wait_workers(without={victim})
        self.assert_spool_empty()


class Compression(ProbeTestCase):
    def ask(self, target: str, coding: str = "gzip", method: str = "GET", fields: str = "") -> Response:
        return self.connect().request(method, target, headers=f"Accept-Encoding: {coding}\r\n{fields}")

    def test_a_text_is_compressed_with_gzip(self) -> None:
        response = self.ask("/probe/text?size=100000")
        self.assertEqual((response.header("content-encoding"), response.header("vary")), ("gzip", "Accept-Encoding"))
        self.assertEqual(gzip.decompress(response.body), b"t" * 100_000)
        self.assertLess(len(response.body), 2000)

    def test_brotli_where_it_is_preferred(self) -> None:
        for coding in ("br", "gzip;q=0.5, br", "gzip, deflate, br, zstd"):
            with self.subTest(coding):
                response = self.ask("/probe/text?size=100000", coding)
                if response.header("content-encoding") == "gzip":
                    self.skipTest("this server is built without Brotli")
                self.assertEqual(response.header("content-encoding"), "br")
                self.assertLess(len(response.body), 2000)

    def test_what_is_not_compressed_says_what_it_varies_by(self) -> None:
        for coding in ("identity", "gzip;q=0", "unknown", ""):
            with self.subTest(coding):
                response = self.ask("/probe/text?size=100000", coding)
                self.assertEqual((response.header("content-encoding"), response.header("vary")),
                                 (None, "Accept-Encoding"))
                self.assertEqual(response.body, b"t" * 100_000)

    def test_short_texts_and_other_types_are_left_alone(self) -> None:
        for target in ("/probe/text?size=100", "/probe/flood?bytes=100000"):
            with self.subTest(target):
                self.assertIsNone(self.ask(target).header("content-encoding"))

    def test_a_compressed_answer_is_another_representation(self) -> None:
        plain, packed = self.ask("/probe/text?size=5000", "identity"), self.ask("/probe/text?size=5000")
        self.assertEqual(plain.header("etag"), '"probe"')
        self.assertNotEqual(packed.header("etag"), '"probe"')

    def test_head_tells_the_same_and_sends_nothing(self) -> None:
        for target in ("/probe/text?size=100000", "/probe/stream?n=3&size=5000"):
            with self.subTest(target):
                get, head = self.ask(target), self.ask(target, method="HEAD")
                self.assertEqual(head.body, b"")
                for name in ("content-encoding", "vary", "etag", "content-type"):
                    self.assertEqual(head.header(name), get.header(name), name)
                if head.header("content-length") is not None:
                    self.assertEqual(head.header("content-length"), get.header("content-length"))

    def test_304_has_no_coding(self) -> None:
        client = self.connect()
        response = client.request("GET", "/probe/not-modified", headers=GZIP)
        self.assertEqual((response.status, response.header("content-encoding"), response.body), (304, None, b""))
        self.assertEqual(client.request("GET", "/probe/quick").body, b"quick\n")

    def test_a_stream_is_compressed_piece_by_piece(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/stream?n=4&size=5000&ms=100&length=20000&trailer=done", headers=GZIP))
        response = client.response()
        self.assertEqual((response.header("content-encoding"), response.header("content-length")), ("gzip", None))
        self.assertEqual(gzip.decompress(response.body), b"p" * 20_000)
        self.assertEqual(response.trailers, [("x-end", "done")])
        self.assertLess(len(response.body), 2000)

    def test_the_first_piece_of_a_compressed_stream_comes_at_once(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/idle", headers=GZIP))
        head, _, begun = client.until(rb"\r\n\r\n[0-9a-f]+\r\n.+\r\n").partition(b"\r\n\r\n")
        if b"Content-Encoding" in head:
            self.assertGreater(len(begun), 10, "no more than the head of a gzip stream")
        else:
            self.assertIn(b"idle", begun)

    def test_a_broken_compressed_stream_does_not_look_complete(self) -> None:
        client = self.connect()
        client.send(request_bytes("GET", "/probe/broken", headers=GZIP))
        self.assertNotRegex(client.until_closed(), rb"\r\n0\r\n\r\n$")

    def test_switched_off(self) -> None:
        self.quern = self.probe(http_compression=False).start()
        response = self.ask("/probe/text?size=100000")
        self.assertEqual((response.header("content-encoding"), response.header("etag")), (None, '"probe"'))


if __name__ == "__main__":
    unittest.main()
