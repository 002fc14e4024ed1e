"""What clients of the management API cannot do to it: malformed, oversized, slow and many requests, byte by byte."""

from __future__ import annotations

import json
import select
import socket
import ssl
import time
from pathlib import Path

from adminserver import AdminServer, AdminTestCase
from certificates import Authority
from quernserver import TIME_SCALE, wait_until
from rawhttp import Closed, RawConnection
from wsclient import handshake_bytes
from wsframes import TEXT, frame

MEBIBYTE = 1 << 20


class Heads(AdminTestCase):
    def refusal(self, quern: AdminServer, data: bytes) -> int:
        """The status of the one answer, behind which the connection ends."""
        client = self.raw(quern)
        client.send(data)
        response = client.response()
        self.assertEqual(response.header("connection"), "close")
        self.assertEqual(json.loads(response.body)["error"].keys(), {"code", "message"})
        self.assertTrue(client.is_closed())
        return response.status

    def test_malformed_ones_are_refused_and_nothing_behind_them_is_read(self) -> None:
        quern = self.admin_serve()
        line, host, end = b"GET /healthz HTTP/1.1\r\n", b"Host: localhost\r\n", b"\r\n"
        behind = line + host + end
        for name, data, status in (
                ("both lengths", line + host + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                ("chunked", line + host + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
                ("two lengths", line + host + b"Content-Length: 0\r\nContent-Length: 5\r\n" + end, 400),
                ("two hosts", line + host + host + end, 400),
                ("no host", line + end, 400),
                ("a NUL", line + host + b"X: a\0b\r\n" + end, 400),
                ("a control character", line + host + b"X: \x1b[1m\r\n" + end, 400),
                ("a folded field", line + host + b"X: a\r\n b\r\n" + end, 400),
                ("bare line ends", b"GET /healthz HTTP/1.1\nHost: localhost\n\n", 400),
                ("version 9.9", b"GET /healthz HTTP/9.9\r\n" + host + end, 400),
                ("a long head", line + host + b"X: " + b"a" * 9000, 431),
                ("many fields", line + host + b"a: b\r\n" * 100 + end, 431),
                ("another expectation", line + host + b"Expect: gold\r\n" + end, 417),
                ("a foreign host", line + b"Host: evil.example\r\nContent-Length: 1\r\n" + end, 421),
                ("a body without a token", line + host + b"Content-Length: 5\r\n" + end, 413)):
            with self.subTest(name):
                self.assertEqual(self.refusal(quern, data + behind), status)
        self.assertNotIn("qt.httpserver", quern.log())

    def test_heads_in_pieces(self) -> None:
        quern = self.admin_serve()
        client = self.raw(quern)
        for _ in range(2):
            for byte in quern.head("GET /healthz"):
                client.send(bytes([byte]))
            self.assertEqual(client.response().status, 200)

    def test_head_answers_have_no_body(self) -> None:
        quern = self.admin_serve()
        client = self.raw(quern)
        for path in ("/healthz", "/api/v1/openapi.json", "/api/v1/nothing", "/api/v1/status"):
            client.send(quern.head(f"HEAD {path}", role="viewer"))
            response = client.response("HEAD")
            self.assertEqual(response.status, 404 if path.endswith("nothing") else 200)
            self.assertGreater(int(response.header("content-length")), 10)
        # Bytes of a body would be taken for this answer.
        client.send(quern.head("GET /healthz"))
        self.assertEqual(client.response().status, 200)

    def test_pipelined_requests_are_answered_in_order(self) -> None:
        quern = self.admin_serve()
        client = self.raw(quern)
        paths = ["/api/v1/status", "/api/v1/nothing", "/api/v1/openapi.json", "/healthz", "/api/v1/operations/x"]
        client.send(b"".join(quern.head(f"GET {path}", role="viewer") for path in paths * 3))
        statuses = [client.response().status for _ in range(15)]
        self.assertEqual(statuses, [200, 404, 200, 200, 400] * 3)
        # More than may wait at a time: those behind are not answered, and the connection ends.
        # An admin's look at the server takes longer than to read that he wants one.
        client.send(quern.head("GET /api/v1/status", role="admin") * 300)
        answers = []
        with self.assertRaises(Closed):
            while True:
                answers.append(client.response().status)
        self.assertEqual(answers[-1], 503)
        self.assertEqual(set(answers[:-1]), {200})
        self.assertGreaterEqual(len(answers), 16)

    def test_version_1_0_and_close_end_the_connection(self) -> None:
        quern = self.admin_serve()
        for data in (b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n", quern.head("GET /healthz", "Connection: close")):
            client = self.raw(quern)
            client.send(data + quern.head("GET /healthz"))
            response = client.response()
            self.assertEqual((response.status, response.header("connection")), (200, "close"))
            self.assertTrue(client.is_closed())

    def test_pages_from_elsewhere(self) -> None:
        quern = self.admin_serve(admin={"origins": "https://dash.example.org"})
        foreign = quern.ask("GET", "/api/v1/status", headers={"Origin": "https://evil.example"})
        self.assertEqual((foreign.status, foreign.headers["Access-Control-Allow-Origin"]), (403, None))
        own = quern.ask("GET", "/api/v1/status", headers={"Origin": f"http://127.0.0.1:{quern.api_port}"})
        self.assertEqual((own.status, own.headers["Access-Control-Allow-Origin"]), (200, None))
        dash = {"Origin": "https://dash.example.org"}
        question = quern.ask("OPTIONS", "/api/v1/status", None, headers={**dash, "Access-Control-Request-Method": "GET"})
        self.assertEqual((question.status, question.body), (204, b""))
        self.assertIn("Authorization", question.headers["Access-Control-Allow-Headers"])
        for answer in (question, quern.ask("GET", "/api/v1/status", headers=dash)):
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "https://dash.example.org")


class Bodies(AdminTestCase):
    JSON = "Content-Type: application/json"

    def memory(self, quern: AdminServer) -> int:
        """Resident bytes of the master."""
        status = Path(f"/proc/{quern.master}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def test_what_is_too_large_is_refused_by_its_head(self) -> None:
        quern = self.admin_serve(admin={"max_body": "64K"})
        client = self.raw(quern)
        client.send(quern.head("PUT /api/v1/log-levels", self.JSON, "Content-Length: 65537", role="admin"))
        self.assertEqual(client.response().status, 413)
        body = json.dumps({"levels": "debug"}).encode().ljust(65536)
        whole = self.raw(quern)
        whole.send(quern.head("PUT /api/v1/log-levels", self.JSON, "Content-Length: 65536", role="admin"))
        for at in range(0, len(body), 10000):
            whole.send(body[at:at + 10000])
        response = whole.response()
        self.assertEqual((response.status, response.header("connection")), (200, "keep-alive"))
        whole.send(quern.head("GET /healthz"))
        self.assertEqual(whole.response().status, 200)

    def test_strangers_have_nothing_to_send(self) -> None:
        quern = self.admin_serve()
        for method in ("GET", "POST", "OPTIONS"):
            with self.subTest(method):
                connection = self.raw(quern)
                connection.send(quern.head(f"{method} /api/v1/status", "Content-Length: 1000000"))
                self.assertIn(connection.response().status, (401, 405, 413))
                self.assertTrue(connection.is_closed())

    def test_300_megabytes_of_unfinished_body(self) -> None:
        quern = self.admin_serve()
        quern.ask("GET", "/api/v1/status")
        before = self.memory(quern)
        role = quern.token("admin")
        piece = b"x" * MEBIBYTE
        heads = [quern.head("PUT /api/v1/log-levels", self.JSON, "Content-Length: 314572801", role="admin"),
                 quern.head("PUT /api/v1/log-levels", self.JSON, "Transfer-Encoding: chunked", role="admin"),
                 quern.head("PUT /api/v1/log-levels", self.JSON, "Content-Length: 314572801",
                            f"Authorization: Bearer {role[::-1]}"),
                 quern.head("GET /healthz", "X: "), b"GET /" + b"x" * 4096]
        for head in heads:
            client = self.raw(quern, 30)
            try:
                client.send(head)
                for _ in range(300):
                    client.send(piece)
                self.assertLess(self.memory(quern) - before, 8 * MEBIBYTE)
            except (ConnectionError, TimeoutError):
                pass  # it need not listen to all of it
            self.assertLess(self.memory(quern) - before, 8 * MEBIBYTE, head)
            client.close()
        # Bodies that are allowed, and never end: all of them together have a bound.
        body = quern.head("PUT /api/v1/log-levels", self.JSON, f"Content-Length: {MEBIBYTE}", role="admin")
        clients = [self.raw(quern) for _ in range(40)]
        for client in clients:
            client.send(body)
            try:
                client.send(piece[:-1])
            except ConnectionError:
                pass
        refused = [client for client in clients if select.select([client.socket], [], [], 0.2)[0]]
        self.assertGreaterEqual(len(refused), 20)
        self.assertEqual(refused[0].response().status, 503)
        self.assertLess(self.memory(quern) - before, 64 * MEBIBYTE)
        self.assertEqual(quern.ask("GET", "/api/v1/status").status, 200)

    def test_who_is_slow_is_told_so(self) -> None:
        quern = self.admin_serve(admin={"request_timeout": 0.7})
        token = f"Authorization: Bearer {quern.token('admin')}"
        body = quern.head("PUT /api/v1/log-levels", self.JSON, "Content-Length: 100", token) + b"{"
        for data in (b"G", quern.head("GET /healthz")[:-2], body):
            with self.subTest(data[:20]):
                client = self.raw(quern)
                begin = time.monotonic()
                client.send(data)
                self.assertEqual(client.response().status, 408)
                self.assertTrue(client.is_closed())
                self.assertGreaterEqual(time.monotonic() - begin, 0.7)
        # A byte now and then is no whole request either.
        client = self.raw(quern)
        begin = time.monotonic()
        for byte in quern.head("GET /healthz", *["X: y"] * 20):
            try:
                client.send(bytes([byte]))
            except ConnectionError:
                break
            if client.socket.fileno() < 0 or time.monotonic() - begin > 5 * TIME_SCALE:
                break
            time.sleep(0.05)
        self.assertEqual(client.response().status, 408)
        # Who says nothing at all is not answered.
        self.assertTrue(self.raw(quern).is_closed())

    def test_continue(self) -> None:
        quern = self.admin_serve()
        client = self.raw(quern)
        body = b'{"levels": "debug"}'
        fields = (self.JSON, f"Content-Length: {len(body)}", "Expect: 100-continue")
        client.send(quern.head("PUT /api/v1/log-levels", *fields, role="admin"))
        client.interim()
        client.send(body)
        response = client.response()
        self.assertEqual((response.status, response.interim), (200, [100]))
        # Who is refused need not send it.
        stranger = self.raw(quern)
        stranger.send(quern.head("PUT /api/v1/log-levels", *fields))
        response = stranger.response()
        self.assertEqual((response.status, response.interim), (401, []))


class Connections(AdminTestCase):
    def test_more_than_may_be(self) -> None:
        quern = self.admin_serve(admin={"max_connections": 8})
        # Strangers who wait make room for who comes after them.
        strangers = [self.raw(quern) for _ in range(20)]
        self.assertEqual(quern.ask("GET", "/api/v1/status").status, 200)
        self.assertTrue(strangers[0].is_closed())
        # Of those who have shown a token it is who has been idle for the longest, and it is one at a time.
        trusted = [self.raw(quern) for _ in range(8)]
        for client in (*trusted, trusted[0]):
            client.send(quern.head("GET /api/v1/status", role="viewer"))
            self.assertEqual(client.response().status, 200)
        for _ in range(20):
            self.raw(quern)
        self.assertEqual(quern.ask("GET", "/healthz", None).status, 200)
        self.assertTrue(trusted[1].is_closed())
        for client in (trusted[0], *trusted[2:]):
            client.send(quern.head("GET /api/v1/status", role="viewer"))
            self.assertEqual(client.response().status, 200)

    def test_who_holds_the_most_places_loses_them(self) -> None:
        quern = self.admin_serve(admin={"max_connections": 8})
        early = RawConnection(quern.api_address, 10 * TIME_SCALE, source="127.0.0.2")
        self.addCleanup(early.close)
        early.send(b"GET ")
        flood = [self.raw(quern) for _ in range(30)]
        self.assertTrue(flood[0].is_closed())
        early.send(quern.head("GET /api/v1/status", role="viewer").removeprefix(b"GET "))
        self.assertEqual(early.response().status, 200)

    def test_a_client_that_goes_is_forgotten(self) -> None:
        quern = self.admin_serve()
        descriptors = Path(f"/proc/{quern.master}/fd")
        before = len(list(descriptors.iterdir()))
        for number in range(60):
            client = self.raw(quern)
            client.send(quern.head("GET /api/v1/status", role="viewer")[:None if number % 2 else 30])
            client.reset() if number % 3 else client.close()
        wait_until(lambda: len(list(descriptors.iterdir())) <= before, "descriptors as before")
        self.assertEqual(quern.ask("GET", "/api/v1/status").status, 200)

    def test_answers_that_are_not_read(self) -> None:
        quern = self.admin_serve()
        client = socket.create_connection(quern.api_address, 10)
        self.addCleanup(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(0.2)
        request = quern.head("GET /api/v1/openapi.json")
        try:
            for _ in range(5000):  # 100 MB of answers
                client.sendall(request)
        except (ConnectionError, TimeoutError):
            pass
        self.assertEqual(quern.ask("GET", "/api/v1/status").status, 200)
        status = Path(f"/proc/{quern.master}/status").read_text()
        # A sanitizer keeps what has been given back.
        if TIME_SCALE == 1:
            self.assertLess(int(status.partition("VmRSS:")[2].split()[0]), 100 * 1024)


class Tls(AdminTestCase):
    def encrypted(self, **admin) -> AdminServer:
        folder = self.admin_server().directory
        self.authority = Authority(folder)
        self.identity = self.authority.issue("localhost", "localhost")
        quern = self.admin_server(admin={"tls_cert_file": str(self.identity.certificate),
                                         "tls_key_file": str(self.identity.key), **admin})
        quern.admin["listen"] = f"tls:127.0.0.1:{quern.api_port}"
        quern.write_config()
        return quern

    def serial(self, quern: AdminServer) -> int:
        """That of the certificate which the server shows."""
        with socket.create_connection(quern.api_address, 10) as plain:
            with self.authority.context().wrap_socket(plain, server_hostname="localhost") as client:
                return int(client.getpeercert()["serialNumber"], 16)

    def test_it_speaks_tls(self) -> None:
        quern = self.encrypted().start()
        context = self.authority.context()
        self.assertEqual(quern.ask("GET", "/api/v1/status", tls=context).json["api"],
                         [f"https://127.0.0.1:{quern.api_port}/api/v1"])
        self.assertEqual(quern.ask("GET", "/api/v1/status", None, tls=context).status, 401)
        same = {"Origin": f"https://localhost:{quern.api_port}"}
        self.assertEqual(quern.ask("GET", "/healthz", None, tls=context, headers=same).status, 200)
        same = {"Origin": f"http://localhost:{quern.api_port}"}
        self.assertEqual(quern.ask("GET", "/healthz", None, tls=context, headers=same).status, 403)
        body = {"text": "#" * 900_000}
        self.assertEqual(quern.ask("POST", "/api/v1/config/check", tls=context, body=body).status, 200)
        self.assertEqual(quern.ask("GET", "/healthz", None, tls=context, headers={"Connection": "close"}).status, 200)
        self.assertEqual(quern.ask("GET", "/healthz", token="x" * 40, tls=context).status, 200)
        self.assertEqual(quern.ask("GET", "/api/v1/status", token="x" * 40, tls=context).status, 401)
        old = self.authority.context(maximum_version=ssl.TLSVersion.TLSv1_1, minimum_version=ssl.TLSVersion.TLSv1)
        with self.assertRaises(OSError):
            quern.ask("GET", "/healthz", None, tls=old)
        self.assertEqual(quern.ask("POST", "/api/v1/stop", tls=context).status, 202)
        quern.wait_gone()

    def test_a_stream(self) -> None:
        quern = self.encrypted().start()
        plain = socket.create_connection(quern.api_address, 10 * TIME_SCALE)
        client = self.authority.context().wrap_socket(plain, server_hostname="localhost")
        self.addCleanup(client.close)
        client.sendall(handshake_bytes("/api/v1/stream", headers=f"Authorization: Bearer {quern.token('admin')}\r\n"))
        received = b""
        while b"\r\n\r\n" not in received:
            received += client.recv(65536)
        self.assertTrue(received.startswith(b"HTTP/1.1 101 "), received)
        for _ in range(3):
            client.sendall(frame(TEXT, b'{"id": 1, "method": "plugin.list", "params": {"x": "' + b"y" * 100_000 + b'"}}'))
        while received.count(b'"id":1') < 3:
            received += client.recv(65536)
        quern.stop()
        while piece := client.recv(65536):
            received += piece
        self.assertTrue(received.endswith(b"\x03\xe9the server stops"), received[-40:])

    def test_a_handshake_has_a_deadline_and_strangers_no_place(self) -> None:
        quern = self.encrypted(request_timeout=0.7, max_connections=4).start()
        silent = [RawConnection(quern.api_address, 10 * TIME_SCALE) for _ in range(4)]
        begin = time.monotonic()
        for client in silent:
            self.addCleanup(client.close)
        self.assertEqual(quern.ask("GET", "/api/v1/status", tls=self.authority.context()).status, 200)
        for client in silent:
            self.assertTrue(client.is_closed())
        self.assertLess(time.monotonic() - begin, 5 * TIME_SCALE)
        plain = RawConnection(quern.api_address, 10 * TIME_SCALE)
        self.addCleanup(plain.close)
        plain.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertNotIn(b"200", plain.until_closed())

    def test_a_reload_takes_a_new_certificate(self) -> None:
        quern = self.encrypted().start()
        context = self.authority.context()
        self.assertEqual(self.serial(quern), self.identity.serial())
        other = self.authority.issue("other", "localhost")
        self.identity.certificate.write_text(other.certificate.read_text())
        self.assert_exit(quern.command("reload"), 1, r"admin\.tls_key_file: .*")
        self.assertEqual(quern.ask("GET", "/api/v1/status", tls=context).status, 200)
        self.identity.key.write_text(other.key.read_text())
        self.assert_exit(quern.command("reload"), 0)
        wait_until(lambda: self.serial(quern) == other.serial(), "the new certificate")

    def test_keys_of_every_kind(self) -> None:
        quern = self.encrypted().start()
        for kind in (("ed25519",), ("rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"), ("rsa:2048",)):
            with self.subTest(kind):
                other = self.authority.issue(kind[0], "localhost", algorithm=kind)
                self.identity.certificate.write_text(other.certificate.read_text())
                self.identity.key.write_text(other.key.read_text())
                self.assert_exit(quern.command("config", "--check"), 0)
                self.assert_exit(quern.command("reload"), 0)
                wait_until(lambda: self.serial(quern) == other.serial(), "the new certificate")
                self.assert_exit(quern.command("restart"), 0)
                self.assertEqual(self.serial(quern), other.serial())
                context = self.authority.context()
                self.assertEqual(quern.ask("GET", "/api/v1/status", tls=context).status, 200)

    def test_a_certificate_that_cannot_be_used_stops_the_start(self) -> None:
        quern = self.encrypted()
        self.identity.key.write_text("nonsense")
        self.assert_exit(quern.command("start"), 1, r"quern\.toml:\d+: admin\.tls_key_file: ")
        self.assert_exit(quern.command("config", "--check"), 1, r"admin\.tls_key_file: ")
        self.assert_exit(quern.command("doctor"), 1, r"certificates of admin\.listen")
