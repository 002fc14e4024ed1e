"""Clients that others have written, curl and Python's http.client: files, streams and server-sent events."""

from __future__ import annotations

import http.client
import json
import re
import time
import unittest

from curlclient import ClientTestCase
from quernserver import TIME_SCALE
from rawhttp import RawConnection, request_bytes


class Files(ClientTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.whole = self.curl("/file")
        self.assertEqual(self.whole.status, 200)
        self.size = len(self.whole.body)

    def test_the_file_names_its_validators(self) -> None:
        self.assertGreaterEqual(self.size, 64 * 1024)
        self.assertEqual(self.whole.header("accept-ranges"), "bytes")
        self.assertRegex(self.whole.header("etag"), r'^(W/)?"[^"]+"$')
        self.assertRegex(self.whole.header("last-modified"),
                         r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertRegex(self.whole.header("content-type"), "^text/")

    def test_ranges(self) -> None:
        last = self.size - 1
        for words, first, end in (("0-0", 0, 0), ("0-99", 0, 99), ("100-199", 100, 199), (f"{last}-", last, last),
                                  ("500-", 500, last), ("-100", self.size - 100, last), ("0-999999999", 0, last),
                                  ("-999999999", 0, last)):
            with self.subTest(words):
                got = self.curl("/file", "--range", words)
                self.assertEqual(got.status, 206)
                self.assertEqual(got.header("content-range"), f"bytes {first}-{end}/{self.size}")
                self.assertEqual(got.header("content-length"), str(end - first + 1))
                self.assertEqual(got.body, self.whole.body[first:end + 1])

    def test_two_ranges(self) -> None:
        got = self.curl("/file", "--range", "0-9,1000-1019")
        self.assertEqual(got.status, 206)
        boundary = re.fullmatch(r'multipart/byteranges; ?boundary="?([^"]+)"?', got.header("content-type"))[1].encode()
        parts = got.body.split(b"--" + boundary)
        self.assertEqual((len(parts), parts[3].strip()), (4, b"--"))
        for part, (first, end) in zip(parts[1:3], ((0, 9), (1000, 1019))):
            head, _, content = part.partition(b"\r\n\r\n")
            self.assertRegex(head.decode().lower(), f"content-range: bytes {first}-{end}/{self.size}")
            self.assertEqual(content[:-2], self.whole.body[first:end + 1])

    def test_a_range_beyond_the_end_is_416(self) -> None:
        got = self.curl("/file", "--range", f"{self.size}-")
        self.assertEqual((got.status, got.header("content-range")), (416, f"bytes */{self.size}"))

    def test_a_range_of_unknown_units_is_ignored(self) -> None:
        got = self.curl("/file", "--header", "Range: lines=0-9")
        self.assertEqual((got.status, got.body), (200, self.whole.body))

    def test_malformed_ranges_are_ignored_or_refused(self) -> None:
        # RFC 9110 §14.2 leaves the choice; what must not come is a part of the file.
        for value in ("bytes=", "bytes=a-b", "bytes=9-1", "bytes 0-9", "bytes=0-9,x", "bytes=--9", "bytes=0x0-9"):
            with self.subTest(value):
                got = self.curl("/file", "--header", f"Range: {value}")
                self.assertIn(got.status, (200, 416))
                if got.status == 200:
                    self.assertEqual(got.body, self.whole.body)

    def test_a_range_of_head_is_ignored(self) -> None:
        # RFC 9110 §14.2: ranges are defined for GET alone.
        got = self.curl("/file", "--head", "--range", "0-9")
        self.assertEqual((got.status, got.header("content-length")), (200, str(self.size)))

    def test_a_broken_download_goes_on(self) -> None:
        path = self.write("part", self.whole.body[:1000])
        self.run_curl("--continue-at", "-", "--output", str(path), f"{self.url}/file")
        self.assertEqual(path.read_bytes(), self.whole.body)

    def test_if_none_match(self) -> None:
        etag = self.whole.header("etag")
        for value, status in ((etag, 304), ("*", 304), (f'"other", {etag}', 304), ('"other"', 200)):
            with self.subTest(value):
                got = self.curl("/file", "--header", f"If-None-Match: {value}")
                self.assertEqual((got.status, got.header("etag")), (status, etag))
                self.assertEqual(len(got.body), 0 if status == 304 else self.size)

    def test_if_modified_since(self) -> None:
        modified = self.whole.header("last-modified")
        self.assertEqual(self.curl("/file", "--time-cond", modified).status, 304)
        self.assertEqual(self.curl("/file", "--time-cond", "1 Jan 1990 00:00:00 GMT").status, 200)
        self.assertEqual(self.curl("/file", "--header", "If-Modified-Since: yesterday").status, 200)

    def test_if_none_match_beats_if_modified_since(self) -> None:
        got = self.curl("/file", "--header", 'If-None-Match: "other"', "--time-cond",
                        self.whole.header("last-modified"))
        self.assertEqual(got.status, 200)

    def test_if_match(self) -> None:
        self.assertEqual(self.curl("/file", "--header", 'If-Match: "other"').status, 412)
        self.assertEqual(self.curl("/file", "--header", "If-Match: *").status, 200)

    def test_if_range(self) -> None:
        etag = self.whole.header("etag")
        fresh = self.curl("/file", "--range", "0-9", "--header", f"If-Range: {etag}")
        # RFC 9110 §13.1.5: only a strong validator will do.
        self.assertEqual(fresh.status, 200 if etag.startswith("W/") else 206)
        stale = self.curl("/file", "--range", "0-9", "--header", 'If-Range: "other"')
        self.assertEqual((stale.status, len(stale.body)), (200, self.size))

    def test_head_of_a_file(self) -> None:
        got = self.curl("/file", "--head")
        self.assertEqual((got.status, got.header("content-length"), got.header("etag")),
                         (200, str(self.size), self.whole.header("etag")))

    def test_a_download_has_its_name(self) -> None:
        got = self.curl("/file?download=Gr%C3%BC%C3%9Fe.txt")
        self.assertEqual((got.status, got.body), (200, self.whole.body))
        self.assertRegex(got.header("content-disposition"), r"^attachment;.*filename\*=UTF-8''Gr%C3%BC%C3%9Fe\.txt")

    def test_a_download_name_injects_nothing(self) -> None:
        got = self.curl("/file?download=a%22%3B%0D%0ASet-Cookie:%20x=y%0D%0A.txt")
        self.assertIsNone(got.header("set-cookie"))

    def test_files_of_any_size(self) -> None:
        for size in (0, 1, 65_535, 65_536, 65_537, 1_000_000, 20_000_000):
            with self.subTest(size=size):
                got = self.curl(f"/file?size={size}")
                self.assertEqual((got.status, len(got.body), got.header("content-length")), (200, size, str(size)))

    def test_a_file_in_a_pipeline(self) -> None:
        with RawConnection(self.quern.address) as client:
            client.send(request_bytes("GET", "/hello/one") + request_bytes("GET", "/file")
                        + request_bytes("GET", "/file", headers="Range: bytes=0-9\r\n") + request_bytes("GET",
                                                                                                        "/hello/four"))
            answers = [client.response() for _ in range(4)]
        self.assertEqual([answer.status for answer in answers], [200, 200, 206, 200])
        self.assertEqual(answers[1].body, self.whole.body)
        self.assertEqual(answers[2].body, self.whole.body[:10])


class Streams(ClientTestCase):
    def test_a_stream_comes_in_pieces_with_a_trailer(self) -> None:
        with RawConnection(self.quern.address) as client:
            response = client.request("GET", "/stream?n=10&ms=10&size=20")
            self.assertEqual((response.status, response.header("transfer-encoding")), (200, "chunked"))
            self.assertRegex(response.header("content-type"), "^text/plain")
            self.assertEqual(response.header("trailer").lower(), "stream-pieces")
            self.assertEqual(response.trailers, [("stream-pieces", "10")])
            self.assertEqual(len(re.findall(rb"^piece \d+", response.body, re.MULTILINE)), 10)
            self.assertEqual(client.request("GET", "/hello/bar").status, 200)

    def test_the_first_piece_comes_before_the_last_is_made(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.quern.port, timeout=10)
        self.addCleanup(client.close)
        started = time.monotonic()
        client.request("GET", "/stream?n=10&ms=200&size=20")
        response = client.getresponse()
        self.assertRegex(response.readline(), b"^piece ")
        self.assertLess(time.monotonic() - started, 1.0 * TIME_SCALE)
        response.read()
        self.assertGreater(time.monotonic() - started, 1.5)

    def test_curl_reads_a_stream(self) -> None:
        got = self.curl("/stream?n=100&ms=0&size=1000", "--no-buffer")
        self.assertEqual((got.status, got.body.count(b"piece ")), (200, 100))
        self.assertGreaterEqual(len(got.body), 100 * 1000)

    def test_a_stream_for_http_1_0_ends_with_the_connection(self) -> None:
        with RawConnection(self.quern.address) as client:
            client.send(b"GET /stream?n=5&ms=1&size=20 HTTP/1.0\r\n\r\n")
            response = client.response()
            self.assertTrue(response.to_end)
            self.assertIsNone(response.header("transfer-encoding"))
            self.assertEqual(response.body.count(b"piece "), 5)

    def test_head_of_a_stream(self) -> None:
        with RawConnection(self.quern.address) as client:
            self.assertEqual(client.request("HEAD", "/stream?n=5&ms=1&size=20").body, b"")
            self.assertEqual(client.request("GET", "/hello/bar").status, 200)

    def test_a_stream_that_nobody_waits_for_harms_nobody(self) -> None:
        for _ in range(20):
            with RawConnection(self.quern.address) as client:
                client.send(request_bytes("GET", "/stream?n=1000&ms=10&size=1000"))
                self.assertEqual(client.socket.recv(12), b"HTTP/1.1 200")
        self.assertEqual(self.quern.get("/hello/bar")[0], 200)

    def test_streams_occupy_no_worker(self) -> None:
        clients = [RawConnection(self.quern.address) for _ in range(16)]
        for client in clients:
            self.addCleanup(client.close)
            client.send(request_bytes("GET", "/stream?n=10&ms=100&size=20"))
        started = time.monotonic()
        self.assertEqual(self.quern.get("/hello/bar")[0], 200)
        self.assertLess(time.monotonic() - started, 0.5 * TIME_SCALE)
        self.assertEqual([client.response().status for client in clients], [200] * 16)


class Events(ClientTestCase):
    def events(self, target: str, *fields: str) -> list[dict[str, str]]:
        """The events of a stream, by the rules of the HTML standard; "retry" stands alone in one of its own."""
        got = self.curl(target, "--no-buffer", *(word for field in fields for word in ("--header", field)))
        self.assertEqual(got.status, 200)
        self.assertRegex(got.header("content-type"), "^text/event-stream")
        self.assertRegex(got.header("cache-control"), "no-cache|no-store")
        found: list[dict[str, str]] = []
        event: dict[str, str] = {}
        for line in got.body.decode().splitlines():
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(":")
                event[name] = value.removeprefix(" ")
            elif event:
                found.append(event)
                event = {}
        return found

    def test_events_are_numbered(self) -> None:
        events = self.events("/events?n=5&ms=10")
        self.assertEqual(events[0].pop("retry"), "2000")
        ticks = [event for event in events if event]
        self.assertEqual([tick["event"] for tick in ticks], ["tick"] * 5)
        self.assertEqual([tick["id"] for tick in ticks], ["1", "2", "3", "4", "5"])
        self.assertEqual([json.loads(tick["data"]) for tick in ticks], [{"tick": number} for number in range(1, 6)])

    def test_events_go_on_behind_the_last_one_seen(self) -> None:
        numbers = [int(event["id"]) for event in self.events("/events?n=5&ms=10", "Last-Event-ID: 3") if "id" in event]
        self.assertEqual(numbers[0], 4)
        self.assertEqual(numbers, list(range(4, 4 + len(numbers))))

    def test_each_event_comes_at_once(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.quern.port, timeout=10)
        self.addCleanup(client.close)
        started = time.monotonic()
        client.request("GET", "/events?n=10&ms=300")
        response = client.getresponse()
        self.assertEqual(response.status, 200)
        while line := response.readline():
            if line.startswith(b"data:"):
                break
        self.assertLess(time.monotonic() - started, 2.0 * TIME_SCALE)


if __name__ == "__main__":
    unittest.main()
