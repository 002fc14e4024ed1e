"""Clients that others have written, curl and Python's http.client: requests, forms, cookies, compression."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import unittest
import urllib.request
from pathlib import Path

from curlclient import ClientTestCase
from quernserver import wait_until
from rawhttp import RawConnection


class Basics(ClientTestCase):
    def test_curl_keeps_its_connection(self) -> None:
        urls = [word for number in range(4) for word in ("--output", "/dev/null", f"{self.url}/hello/{number}")]
        opened = self.run_curl("--write-out", "%{num_connects} ", *urls).stdout.split()
        self.assertEqual(opened, [b"1", b"0", b"0", b"0"])

    def test_curl_http_1_0(self) -> None:
        got = self.curl("/bytes/100000", "--http1.0")
        self.assertEqual((got.status, len(got.body)), (200, 100_000))
        self.assertIsNone(got.header("transfer-encoding"))

    def test_curl_head(self) -> None:
        head, get = self.curl("/hello/bar", "--head"), self.curl("/hello/bar")
        self.assertEqual((head.status, head.header("content-length")), (200, str(len(get.body))))
        self.assertEqual(head.header("content-type"), get.header("content-type"))

    def test_curl_options(self) -> None:
        got = self.curl("/hello/bar", "--request", "OPTIONS")
        # RFC 9110 §9.3.7: OPTIONS is optional; Allow is the same with and without it.
        self.assertIn(got.status, (200, 204, 405))
        self.assertLessEqual({"GET", "HEAD"}, {word.strip() for word in got.header("allow").split(",")})

    def test_curl_options_of_the_server(self) -> None:
        got = self.curl("/", "--request", "OPTIONS", "--request-target", "*")
        self.assertIn(got.status, (200, 204))
        self.assertEqual(got.body, b"")

    def test_curl_posts_with_a_length(self) -> None:
        body = bytes(range(256)) * 4000
        self.assertEqual(self.curl("/echo", "--data-binary", "@-", data=body).body, body)

    def test_curl_uploads_in_chunks(self) -> None:
        body = bytes(range(256)) * 4000
        got = self.curl("/echo", "--upload-file", "-", "--request", "POST", data=body)
        self.assertEqual((got.status, got.body == body), (200, True))

    def test_curl_is_not_kept_waiting_for_100(self) -> None:
        started = time.monotonic()
        result = self.run_curl("--verbose", "--expect100-timeout", "15", "--header", "Expect: 100-continue",
                               "--data-binary", "@-", f"{self.url}/echo", data=b"x" * 100_000)
        self.assertEqual(result.stdout, b"x" * 100_000)
        self.assertIn(b"< HTTP/1.1 100 Continue", result.stderr)
        self.assertLess(time.monotonic() - started, 10.0)

    def test_curl_sees_413_before_it_sends(self) -> None:
        got = self.curl("/echo", "--expect100-timeout", "15", "--header", "Expect: 100-continue", "--data-binary", "@-",
                        data=b"x" * 3_000_000)
        self.assertEqual(got.status, 413)

    def test_curl_sees_413_while_it_sends(self) -> None:
        got = self.curl("/echo", "--header", "Expect:", "--data-binary", "@-", data=b"x" * 3_000_000)
        self.assertEqual(got.status, 413)

    def test_http_client_keeps_its_connection(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.quern.port, timeout=10)
        self.addCleanup(client.close)
        client.connect()
        port = client.sock.getsockname()
        for number in range(20):
            client.request("GET", f"/hello/{number}")
            response = client.getresponse()
            self.assertEqual(json.loads(response.read()), {"hello": str(number)})
            self.assertEqual(client.sock.getsockname(), port)

    def test_http_client_sends_chunks(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.quern.port, timeout=10)
        self.addCleanup(client.close)
        # A body without a length of its own is sent in chunks.
        for body, echoed in ((b"with length", b"with length"), (iter([b"a ", b"chunk ", b"each"]), b"a chunk each")):
            client.request("POST", "/echo", body)
            response = client.getresponse()
            self.assertEqual((response.status, response.read()), (200, echoed))

    def test_http_client_head_and_errors(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.quern.port, timeout=10)
        self.addCleanup(client.close)
        for method, target, status in (("HEAD", "/hello/bar", 200), ("HEAD", "/none", 404),
                                       ("DELETE", "/hello/bar", 405),
                                       ("GET", "/throw", 500), ("GET", "/hello/bar", 200)):
            client.request(method, target)
            response = client.getresponse()
            self.assertEqual((response.status, response.read() == b""), (status, method == "HEAD"), target)

    def test_urllib(self) -> None:
        with urllib.request.urlopen(f"{self.url}/hello/caf%C3%A9", timeout=10) as response:
            self.assertEqual(json.load(response), {"hello": "café"})


class Uploads(ClientTestCase):
    SETTINGS = {"package_max_length": "16M"}

    def test_fields_and_files_of_a_form(self) -> None:
        small = self.write("small.txt", b"line\r\n--boundary\r\n")
        big = self.write("big.bin", bytes(range(256)) * 20_000)
        got = self.curl("/upload", "--form", "name=Grüße", "--form", "empty=", "--form",
                        f"first=@{small};type=text/plain",
                        "--form", f"second=@{big};filename=Übergröße.bin")
        self.assertEqual(got.status, 200, got.body)
        answer = json.loads(got.body)
        self.assertEqual(answer["fields"], {"name": "Grüße", "empty": ""})
        first, second = answer["files"]
        self.assertEqual((first["field"], first["name"], first["type"]), ("first", "small.txt", "text/plain"))
        self.assertEqual((second["field"], second["name"]), ("second", "Übergröße.bin"))
        for file, path in ((first, small), (second, big)):
            self.assertEqual(file["size"], path.stat().st_size)
            self.assertEqual(file["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
        self.assertTrue(second["spooled"])

    def test_a_form_in_chunks(self) -> None:
        path = self.write("a.bin", bytes(range(256)) * 4000)
        got = self.curl("/upload", "--header", "Transfer-Encoding: chunked", "--form", f"file=@{path}")
        self.assertEqual(json.loads(got.body)["files"][0]["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())

    def test_a_form_by_expect(self) -> None:
        path = self.write("a.bin", bytes(range(256)) * 4000)
        got = self.curl("/upload", "--expect100-timeout", "15", "--header", "Expect: 100-continue", "--form",
                        f"file=@{path}")
        self.assertEqual(json.loads(got.body)["files"][0]["size"], path.stat().st_size)

    def test_an_empty_file(self) -> None:
        path = self.write("nothing", b"")
        file, = json.loads(self.curl("/upload", "--form", f"file=@{path}").body)["files"]
        self.assertEqual((file["size"], file["sha256"]), (0, hashlib.sha256(b"").hexdigest()))

    def test_a_file_of_several_megabytes_twice_on_one_connection(self) -> None:
        path = self.write("a.bin", bytes(5_000_000))
        form = ["--form", f"file=@{path}", f"{self.url}/upload"]
        answers = self.run_curl("--write-out", "\n", *form, "--next", "--silent", *form).stdout.splitlines()
        sizes = [json.loads(line)["files"][0]["size"] for line in answers if line]
        self.assertEqual(sizes, [5_000_000] * 2)

    def test_a_urlencoded_form(self) -> None:
        got = self.curl("/upload", "--data-urlencode", "name=Grüße & more", "--data-urlencode", "plus=a+b c")
        self.assertEqual(json.loads(got.body), {"fields": {"name": "Grüße & more", "plus": "a+b c"}, "files": []})

    def test_nothing_is_left_of_an_upload(self) -> None:
        path = self.write("a.bin", bytes(5_000_000))
        self.curl("/upload", "--form", f"file=@{path}")
        # It goes when the answer has left.
        wait_until(lambda: not [*self.quern.directory.rglob("quern-upload-*"), *Path("/tmp").glob("quern-upload-*")],
                   "end of the spooled file")

    def test_broken_forms_are_400(self) -> None:
        broken = {
            "no boundary": ("multipart/form-data",
                            b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n"),
            "no end": ("multipart/form-data; boundary=x",
                       b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n"),
            "no part": ("multipart/form-data; boundary=x", b"nothing of the kind"),
        }
        for name, (content_type, body) in broken.items():
            with self.subTest(name), RawConnection(self.quern.address) as client:
                response = client.request("POST", "/upload", body, f"Content-Type: {content_type}\r\n")
                self.assertEqual(response.status, 400)
                self.assertEqual(client.request("GET", "/hello/bar").status, 200)


class Cookies(ClientTestCase):
    def test_a_jar_counts_its_visits(self) -> None:
        jar = ("--cookie-jar", "jar", "--cookie", "jar")
        self.write("jar", b"")
        self.assertEqual(json.loads(self.curl("/cookies", *jar).body), {})
        for visits in ("1", "2", "3"):
            self.assertEqual(json.loads(self.curl("/cookies", *jar).body), {"visits": visits})
        self.curl("/cookies?clear", *jar)
        self.assertEqual(json.loads(self.curl("/cookies", *jar).body), {})

    def test_the_cookie_has_its_attributes(self) -> None:
        cookie, = self.curl("/cookies").values("set-cookie")
        value, *attributes = (part.strip() for part in cookie.split(";"))
        self.assertEqual(value, "visits=1")
        self.assertLessEqual({"httponly", "samesite=lax", "path=/"}, {attribute.lower() for attribute in attributes})

    def test_several_cookies_are_told_apart(self) -> None:
        got = json.loads(self.curl("/cookies", "--header", "Cookie: a=b; c=\"d\"; visits=41; e=f=g").body)
        self.assertEqual((got["a"], got["visits"], got["e"]), ("b", "41", "f=g"))

    def test_broken_cookies_are_no_error(self) -> None:
        for value in ("", ";", "=", "a", "a;b=c", "=b; c=d", "a=b;;c=d", "a=\xff"):
            with self.subTest(value), RawConnection(self.quern.address) as client:
                client.send(f"GET /cookies HTTP/1.1\r\nHost: test\r\nCookie: {value}\r\n\r\n".encode("latin-1"))
                self.assertEqual(client.response().status, 200)


class Compression(ClientTestCase):
    SETTINGS = {"http_compression": True}

    def test_curl_asks_for_compression(self) -> None:
        plain, packed = self.curl("/"), self.curl("/", "--compressed")
        self.assertIsNone(plain.header("content-encoding"))
        self.assertIn(packed.header("content-encoding"), ("gzip", "br"))
        self.assertIn("accept-encoding", (packed.header("vary") or "").lower())
        self.assertIn("accept-encoding", (plain.header("vary") or "").lower())
        self.assertIn(b"</html>", packed.body)
        self.assertLess(int(packed.header("content-length") or 0), len(plain.body))

    def test_what_is_refused_is_not_sent(self) -> None:
        for value in ("identity", "gzip;q=0, br;q=0", "deflate", "*;q=0, identity", ""):
            with self.subTest(value):
                self.assertIsNone(self.curl("/", "--header", f"Accept-Encoding: {value}").header("content-encoding"))

    def test_binary_data_stay_as_they_are(self) -> None:
        got = self.curl("/bytes/100000", "--header", "Accept-Encoding: gzip, br")
        self.assertEqual((got.header("content-encoding"), got.body), (None, b"q" * 100_000))

    def test_a_stream_may_be_compressed_and_still_comes_in_pieces(self) -> None:
        got = self.curl("/stream?n=20&ms=1&size=500", "--compressed")
        self.assertEqual((got.status, got.body.count(b"piece ")), (200, 20))


if __name__ == "__main__":
    unittest.main()
