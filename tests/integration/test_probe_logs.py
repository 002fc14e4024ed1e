"""The access log, the log of slow requests, and what a start with wrong folders says."""

from __future__ import annotations

import json
import os
import re
import signal
import unittest

from probeserver import ProbeTestCase
from quernserver import QuernServer, wait_until
from rawhttp import RawConnection, request_bytes


class LogTestCase(ProbeTestCase):
    def setUp(self) -> None:
        """Each test starts a server of its own by start()."""

    def start(self, **settings) -> QuernServer:
        self.quern = self.probe(access_log="access.log", **settings).start()
        return self.quern

    def lines(self, name: str = "access.log") -> list[str]:
        path = self.quern.directory / name
        return path.read_text().splitlines() if path.exists() else []

    def wait_line(self, text: str, name: str = "access.log") -> str:
        """The first line that holds text."""
        return wait_until(lambda: next((line for line in self.lines(name) if text in line), None), f"line of {text!r}")


class AccessLog(LogTestCase):
    COMMON = r'127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] '

    def test_common(self) -> None:
        self.start(access_log_format="common")
        self.get("/probe/quick?a=b")
        self.assertRegex(self.wait_line("quick?a=b"), f'^{self.COMMON}"GET /probe/quick\\?a=b HTTP/1\\.1" 200 6$')

    def test_a_refused_body_keeps_its_request_line(self) -> None:
        self.start(access_log_format="json", package_max_length=1024, debug=True)
        client = self.connect()
        client.send(b"POST /echo?refused HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nContent-Length: 2000\r\n\r\n")
        response = client.response("POST")
        self.assertEqual((response.status, response.header("content-type")), (413, "application/json"))
        self.assertEqual(json.loads(response.body)["error"]["detail"], "Content-Length too large")
        line = json.loads(self.wait_line("?refused"))
        self.assertEqual((line["method"], line["status"], line["host"]), ("POST", 413, "a"))

    def test_combined_with_nothing_that_breaks_a_line(self) -> None:
        self.start()
        self.get("/probe/quick?combined", 'Referer: http://a.example/\r\nUser-Agent: a "quoted" one\r\n')
        line = self.wait_line("?combined")
        self.assertRegex(line, f'^{self.COMMON}"GET /probe/quick\\?combined HTTP/1\\.1" 200 6 "http://a\\.example/" "a ')
        self.assertEqual(len(re.findall(r'(?<!\\)"', line)), 6, line)

    def test_json(self) -> None:
        self.start(access_log_format="json", trusted_proxies=["127.0.0.1"])
        with RawConnection(self.quern.address) as client:
            client.request("GET", "/probe/quick?json", headers="X-Forwarded-For: 203.0.113.7\r\n"
                           "X-Forwarded-Host: example.org\r\nUser-Agent: a \"quoted\" one\r\n")
            client.request("HEAD", "/nowhere?json")
        first = json.loads(self.wait_line("quick?json"))
        self.assertEqual((first["client"], first["peer"], first["method"], first["status"], first["bodyBytes"]),
                         ("203.0.113.7", "127.0.0.1", "GET", 200, 6))
        self.assertEqual((first["userAgent"], first["worker"], first["reusedConnection"]), ('a "quoted" one', 0, False))
        second = json.loads(self.wait_line("nowhere?json"))
        self.assertEqual((second["method"], second["status"], second["bodyBytes"], second["reusedConnection"]),
                         ("HEAD", 404, 0, True))

    def test_each_request_has_one_line(self) -> None:
        self.start(access_log_format="json")
        targets = ["/probe/quick", "/nowhere", "/probe/stream?n=3&size=5", "/probe/throwing", "/probe/broken"]
        for number, target in enumerate(targets):
            with RawConnection(self.quern.address) as client:
                client.send(request_bytes("GET", f"{target}{'&' if '?' in target else '?'}number={number}"))
                client.until_closed() if "broken" in target else client.response()
        with RawConnection(self.quern.address) as client:
            client.send(b"NONSENSE\r\n\r\n")
            client.until_closed()
        self.wait_line('"status":400')
        for number in range(len(targets)):
            self.wait_line(f"number={number}")
            self.assertEqual(sum(f"number={number}" in line for line in self.lines()), 1)

    def test_refused_requests_leave_their_trace(self) -> None:
        self.start(access_log_format="json", http_body_timeout=1)
        cases = [(b"GET /probe/../secret?refused1 HTTP/1.1\r\nHost: a\r\nUser-Agent: probe\r\n\r\n", 400, "GET"),
                 (b"GET /%zz?refused2 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "GET"),
                 (b"FOO /m?refused3 HTTP/1.1\r\nHost: a\r\nUser-Agent: probe\r\n\r\n", 501, "FOO"),
                 (b"GET /quick?refused4 HTTP/1.1\r\nUser-Agent: probe\r\n\r\n", 400, "GET"),
                 (b"GET /quick?refused5 HTTP/2.0\r\nHost: a\r\n\r\n", 505, "GET"),
                 (b"GET /" + b"q" * 9000, 414, "GET"),
                 (b"POST /probe/form?refused7 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", 408, "POST")]
        for number, (request, status, method) in enumerate(cases, 1):
            with self.subTest(request[:40]):
                client = self.connect()
                client.send(request)
                answer = client.response()
                self.assertEqual(answer.status, status)
                record = json.loads(self.wait_line(f"refused{number}" if b"refused" in request else "qqqq"))
                self.assertEqual((record["status"], record["method"]), (status, method))
                self.assertIn(record["requestId"], answer.body.decode())
                if b"User-Agent" in request and status != 400:
                    self.assertEqual(record["userAgent"], "probe")

    def test_what_is_answered_before_its_body_has_come_has_one_line(self) -> None:
        self.start(access_log_format="json", http_body_timeout=1, trusted_proxies=["127.0.0.1"])
        names = b"--b\r\nContent-Disposition: form-data; name=" + b"n" * 8000 + b"\r\n\r\n\r\n"
        proxied = "X-Forwarded-For: 203.0.113.7\r\n"
        cases = [("/probe/form?late", "", b"ab", 408),
                 ("/probe/form?names", "Content-Type: multipart/form-data; boundary=b\r\n", names * 60, 413),
                 ("/probe/digest?hook", "X-End: now\r\n", b"ab", 403),
                 ("/probe/digest?queued", "", b"ab", 408)]
        for target, fields, begun, status in cases:
            with self.subTest(target):
                client = self.connect()
                client.send(f"POST {target} HTTP/1.1\r\nHost: a\r\n{fields}{proxied}Content-Length: 1000000\r\n\r\n"
                            .encode() + begun)
                self.assertEqual(client.response("POST").status, status)
                client.close()
                record = json.loads(self.wait_line(target))
                self.assertEqual((record["status"], record["client"]), (status, "203.0.113.7"))
        self.get("/probe/quick?last")
        self.wait_line("?last")
        for target, *_ in cases:
            self.assertEqual(sum(target in line for line in self.lines()), 1, target)

    def test_a_refused_head_request_has_no_body(self) -> None:
        self.start()
        for line in (b"HEAD /" + b"q" * 9000, b"HEAD /%zz HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.1\r\nHost : a\r\n\r\n"):
            client = self.connect()
            client.send(line)
            self.assertGreaterEqual(client.response("HEAD").status, 400)
            self.assertEqual(client.until_closed(), b"")

    def test_a_client_that_leaves_within_its_body_has_a_line(self) -> None:
        self.start(access_log_format="json")
        for how in ("close", "reset"):
            client = self.connect()
            client.send(f"POST /probe/form?{how} HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nab".encode())
            self.take_turn()
            getattr(client, how)()
            record = json.loads(self.wait_line(f"?{how}"))
            self.assertEqual((record["method"], record["status"]), ("POST", 499))

    def test_an_aborted_answer_of_ranges_is_logged_with_what_was_sent(self) -> None:
        self.start(access_log_format="json")
        path = self.quern.directory / "large.bin"
        with path.open("wb") as file:
            file.truncate(200_000_000)
        client = self.connect()
        client.send(request_bytes("GET", f"/probe/file?path={path}",
                                  headers="Range: bytes=0-99999999,100000001-199999999\r\n"))
        self.assertGreater(len(client.socket.recv(65_536)), 0)
        client.reset()
        self.assertLess(json.loads(self.wait_line("large.bin"))["bodyBytes"], 16_000_000)

    def test_an_aborted_download_is_logged_with_what_was_sent(self) -> None:
        self.start(access_log_format="json")
        path = self.quern.directory / "large.bin"
        with path.open("wb") as file:
            file.truncate(200_000_000)
        for target in ("/probe/flood?bytes=200000000", f"/probe/file?path={path}"):
            with self.subTest(target):
                client = self.connect()
                client.send(request_bytes("GET", target))
                taken = 0
                while taken < 2_000_000:
                    taken += len(client.socket.recv(65_536))
                client.reset()
                record = json.loads(self.wait_line(target))
                # What the kernel held is counted as sent: nobody can know better. Head and chunk sizes are no body.
                self.assertGreaterEqual(record["bodyBytes"], 0.98 * taken)
                self.assertLess(record["bodyBytes"], taken + 16_000_000)

    def test_a_moved_log_is_opened_anew_by_sighup(self) -> None:
        self.start()
        self.get("/probe/quick?before")
        self.wait_line("?before")
        (self.quern.directory / "access.log").rename(self.quern.directory / "access.log.1")
        self.get("/probe/quick?moved")
        self.wait_line("?moved", "access.log.1")
        os.kill(self.quern.master, signal.SIGHUP)
        wait_until((self.quern.directory / "access.log").exists, "the new access log")
        self.get("/probe/quick?after")
        self.wait_line("?after")
        self.assertFalse(any("?after" in line for line in self.lines("access.log.1")))
        self.assertFalse(any("?before" in line for line in self.lines()))
        self.assert_unharmed()


class SlowLog(LogTestCase):
    def test_a_slow_request_is_told_without_its_query(self) -> None:
        self.start(request_slowlog_timeout=0.1)
        self.get("/probe/late?ms=300&password=secret")
        self.quern.wait_log(r"slow request \S+: GET /probe/late was answered 200 after [3-9]\d\d ms by worker 0")
        self.assertNotIn("secret", self.quern.log())

    def test_quick_requests_and_long_streams_are_not_told(self) -> None:
        self.start(request_slowlog_timeout=0.2, access_log_format="json")
        self.get("/probe/quick")
        self.get("/probe/stream?n=10&ms=50")
        # Its line in the access log is written when all is known.
        record = json.loads(self.wait_line("/probe/stream"))
        self.assertGreater(record["durationUs"], 400_000)
        self.assertNotIn("slow request", self.quern.log())

    def test_a_slow_request_whose_client_has_gone_is_told(self) -> None:
        self.start(request_slowlog_timeout=0.1)
        client = self.connect()
        client.send(request_bytes("GET", "/probe/late?ms=60000"))
        self.get("/probe/late?ms=150")
        client.reset()
        self.quern.wait_log(r"slow request \S+: GET /probe/late was answered 499 after")


class Folders(LogTestCase):
    """A wrong folder is told at the start, with its line and what to do."""

    def assert_refused(self, key: str, *texts: str, **settings) -> None:
        quern = self.probe(**settings)
        line = next(number for number, text in enumerate(quern.config.read_text().splitlines(), 1)
                    if text.startswith(key))
        self.assert_exit(quern.command("start"), 1, rf"quern\.toml:{line}\b", key, *texts)
        quern.assert_nothing_left()

    def test_an_upload_folder_that_does_not_exist(self) -> None:
        self.assert_refused("upload_tmp_dir", "absent", "make it, or name another", upload_tmp_dir="absent")

    def test_an_upload_folder_that_is_a_file(self) -> None:
        self.assert_refused("upload_tmp_dir", "make it, or name another", upload_tmp_dir="quern.toml")

    def test_a_document_root_that_does_not_exist(self) -> None:
        self.assert_refused("document_root", "absent", handle_static=True, document_root="absent")

    def test_static_files_without_a_document_root(self) -> None:
        self.assert_refused("handle_static", 'document_root = "public"', handle_static=True)

    def test_an_access_log_that_cannot_be_written(self) -> None:
        self.assert_refused("access_log", "absent/access.log", access_log="absent/access.log")


if __name__ == "__main__":
    unittest.main()
