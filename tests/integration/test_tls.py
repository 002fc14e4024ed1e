"""TLS as clients see it that are not ours: curl, openssl s_client and the ssl of Python."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import wspeers
from certificates import Authority, Identity
from ports import reserve_port
from quernserver import FIXTURES, TIME_SCALE, QuernServer, QuernTestCase, wait_until
from socketclients import StreamClient

SOCKETS = FIXTURES / "libsockets.so"
MEBIBYTE = 1 << 20


class TlsTestCase(QuernTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="quern-tls-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.authority = Authority(cls.folder)
        cls.stranger = Authority(cls.folder, "stranger")
        cls.localhost = cls.authority.issue("localhost", "localhost")
        cls.exact = cls.authority.issue("exact", "example.org")
        cls.wildcard = cls.authority.issue("wildcard", "*.example.org")
        cls.client = cls.authority.issue("client", subject="Ada")

    def tls(self, *entries: dict, **settings) -> QuernServer:
        """A server that is not started yet. The first [[socket]] is HTTP over TLS with the application's routes."""
        own = {"ssl_cert_file": str(self.localhost.certificate), "ssl_key_file": str(self.localhost.key)}
        filled = [{"listen": f"tls:127.0.0.1:{reserve_port()}", **own, **entry} for entry in entries]
        return self.server(**{"plugins": [SOCKETS], "worker_num": 1, "sockets": filled, **settings})

    def https(self, **settings) -> QuernServer:
        return self.tls({"type": "http", "name": "https", **settings}).start()

    def address(self, quern: QuernServer, index: int = 0) -> str:
        return quern.sockets[index]["listen"].removeprefix("tls:")

    def connect(self, quern: QuernServer, host: str = "localhost", context: ssl.SSLContext | None = None,
                index: int = 0, **options) -> StreamClient:
        client = StreamClient(self.address(quern, index), tls=context or self.authority.context(), host=host, **options)
        self.addCleanup(client.socket.close)
        return client

    def request(self, client: StreamClient, target: str, method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
        """Status and body; the connection stays."""
        client.send(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        client.send(body)
        response = http.client.HTTPResponse(client.socket, method=method)
        response.begin()
        return response.status, response.read()

    def serial(self, client: StreamClient) -> int:
        return int(client.socket.getpeercert()["serialNumber"], 16)

    def s_client(self, quern: QuernServer, *words: str) -> str:
        result = subprocess.run(["openssl", "s_client", "-connect", self.address(quern), "-CAfile",
                                 str(self.authority.certificate), *words], input="", capture_output=True, text=True,
                                timeout=20 * TIME_SCALE)
        return result.stdout + result.stderr

    def assert_refused(self, quern: QuernServer, context: ssl.SSLContext, host: str = "localhost") -> None:
        """TLS 1.3 tells of some refusals only when the client reads."""
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            client = self.connect(quern, host, context)
            client.send(b"GET /hello/x HTTP/1.1\r\nHost: x\r\n\r\n")
            if client.receive(1):
                self.fail("it was answered")
            raise ConnectionResetError

    def assert_serves(self, quern: QuernServer, context: ssl.SSLContext | None = None) -> None:
        with self.connect(quern, context=context) as client:
            self.assertEqual(self.request(client, "/hello/x")[0], 200)


class TestHandshakes(TlsTestCase):
    def test_curl_and_what_the_request_knows(self) -> None:
        quern = self.https()
        port = self.address(quern).rpartition(":")[2]
        url = f"https://localhost:{port}/facts"
        result = subprocess.run(["curl", "-sS", "--fail", "--cacert", str(self.authority.certificate), url],
                                capture_output=True, text=True, timeout=20 * TIME_SCALE)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout), {"secure": True, "scheme": "https", "url": url, "subject": "",
                                                     "fingerprint": ""})
        self.assertFalse(json.loads(quern.get("/facts")[1])["secure"])
        self.assertIn(f"https://127.0.0.1:{port}/", quern.log())

    def test_the_main_port_can_speak_tls(self) -> None:
        port = reserve_port()
        quern = self.tls(listen=[], **self.localhost.settings)
        quern.settings["listen"] = [f"127.0.0.1:{quern.port}", f"tls:127.0.0.1:{port}"]
        quern.write_config()
        quern.start()
        client = StreamClient(f"127.0.0.1:{port}", tls=self.authority.context(), host="localhost")
        self.addCleanup(client.socket.close)
        self.assertEqual(self.request(client, "/hello/x")[0], 200)
        self.assertEqual(json.loads(quern.command("status", "--json").stdout)["listeners"],
                         [f"http://127.0.0.1:{quern.port}/", f"https://127.0.0.1:{port}/"])
        quern.stop()

    def test_the_chain_and_the_certificate_of_each_host(self) -> None:
        hosts = {"example.org": self.exact, "*.example.org": self.wildcard}
        quern = self.tls({"type": "http", "name": "https"})
        text = quern.config.read_text()
        for host, identity in hosts.items():
            lines = [f'{key} = "{value}"' for key, value in identity.settings.items()]
            table = "\n".join([f'[socket.ssl_sni_certs."{host}"]', *lines, ""])
            text = text.replace("\n[[plugin]]\nname = \"welcome\"", f"\n{table}\n[[plugin]]\nname = \"welcome\"")
        quern.config.write_text(text)
        quern.start()
        for host, identity in (("localhost", self.localhost), ("example.org", self.exact), ("EXAMPLE.org", self.exact),
                               ("a.example.org", self.wildcard), ("b.a.example.org", self.localhost),
                               ("other.example", self.localhost), (None, self.localhost)):
            with self.subTest(host=host):
                context = self.authority.context(check_hostname=False)
                with self.connect(quern, host, context) as client:
                    self.assertEqual(self.serial(client), identity.serial())
        shown = self.s_client(quern, "-showcerts", "-servername", "example.org")
        self.assertEqual(shown.count("BEGIN CERTIFICATE"), 2)  # its own and its issuer's
        self.assertIn("Verify return code: 0 (ok)", shown)

    def test_versions_ciphers_and_protocols(self) -> None:
        quern = self.https(ssl_protocols=["TLSv1.2"], ssl_ciphers="ECDHE-ECDSA-AES256-GCM-SHA384",
                           ssl_alpn_protocols=["quern", "http/1.1"])
        context = self.authority.context()
        context.set_alpn_protocols(["http/1.1", "quern"])
        with self.connect(quern, context=context) as client:
            self.assertEqual(client.socket.version(), "TLSv1.2")
            self.assertEqual(client.socket.cipher()[0], "ECDHE-ECDSA-AES256-GCM-SHA384")
            self.assertEqual(client.socket.selected_alpn_protocol(), "quern")
        self.assert_refused(quern, self.authority.context(minimum_version=ssl.TLSVersion.TLSv1_3))
        other = self.authority.context()
        other.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        self.assert_refused(quern, other)
        strange = self.authority.context()
        strange.set_alpn_protocols(["h2"])
        self.assert_refused(quern, strange)
        self.assert_serves(quern)

    def test_what_is_spoken_by_default(self) -> None:
        quern = self.https()
        self.assertRegex(self.s_client(quern, "-alpn", "h2,http/1.1"), r"ALPN protocol: http/1\.1")
        self.assertRegex(self.s_client(quern), "New, TLSv1.3, Cipher is TLS_")
        self.assertRegex(self.s_client(quern, "-tls1_2"), "New, TLSv1.2, Cipher is ECDHE-")
        refused = self.s_client(quern, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
        self.assertRegex(refused, r"(?i)alert|Cipher is \(NONE\)")

    def test_tickets_last_over_a_reload(self) -> None:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                quern = self.https()
                context = self.authority.context(maximum_version=version)
                with self.connect(quern, context=context) as client:
                    self.request(client, "/hello/x")  # the ticket of TLS 1.3 comes with it
                    session = client.socket.session
                    self.assertFalse(client.socket.session_reused)
                self.assertTrue(self.reuses(quern, context, session))
                self.assert_exit(quern.command("reload"), 0)
                self.assertTrue(self.reuses(quern, context, session))
                quern.sockets[0]["ssl_session_tickets"] = False
                quern.write_config()
                self.assert_exit(quern.command("reload"), 0)
                self.assertFalse(self.reuses(quern, context, session))

    def reuses(self, quern: QuernServer, context: ssl.SSLContext, session: ssl.SSLSession) -> bool:
        host, _, port = self.address(quern).rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10 * TIME_SCALE) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as client:
                client.sendall(b"GET /hello/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                self.assertTrue(client.recv(1).startswith(b"H"))
                return client.session_reused

    def test_certificates_of_clients(self) -> None:
        for verify, without in (("optional", True), (True, False)):
            with self.subTest(verify=verify):
                quern = self.https(ssl_verify_peer=verify, ssl_client_cert_file=str(self.authority.certificate))
                self.assert_serves(quern, self.authority.context(self.client))
                self.assertEqual(self.shown(quern, self.authority.context(self.client)),
                                 ("CN=Ada", self.client.fingerprint()))
                self.assert_refused(quern, self.authority.context(self.stranger.issue("strange")))
                if without:
                    self.assert_serves(quern)
                    self.assertEqual(self.shown(quern), ("", ""))
                else:
                    self.assert_refused(quern, self.authority.context())

    def shown(self, quern: QuernServer, context: ssl.SSLContext | None = None) -> tuple[str, str]:
        """What a handler sees of the client's certificate, in the second request of a connection."""
        with self.connect(quern, context=context) as client:
            self.request(client, "/facts")
            facts = json.loads(self.request(client, "/facts")[1])
        return facts["subject"], facts["fingerprint"]

    def test_plain_http_to_a_tls_port_ends_soon(self) -> None:
        quern = self.https()
        with StreamClient(self.address(quern)) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertNotIn(b"HTTP/1.1 200", client.receive_all())
        self.assert_serves(quern)


class TestCrowds(TlsTestCase):
    def test_clients_that_vanish_leave_no_descriptor(self) -> None:
        quern = self.https()
        self.assert_serves(quern)
        context = self.authority.context()
        wait_until(lambda: self.connections(quern) == 0, "no connection")
        before = len(os.listdir(f"/proc/{quern.master}/fd"))
        hello = self.client_hello(context)
        for number in range(500):
            plain = socket.create_connection(self.target(quern), timeout=10 * TIME_SCALE)
            # In all states: nothing sent, half a hello, a whole one, one whose answer nobody reads.
            plain.sendall(hello[:[0, len(hello) // 2, len(hello)][number % 3]])
            if number % 2:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            plain.close()
        wait_until(lambda: len(os.listdir(f"/proc/{quern.master}/fd")) <= before, "descriptors as before")
        wait_until(lambda: self.connections(quern) == 0, "no connection")
        self.assert_serves(quern)

    def client_hello(self, context: ssl.SSLContext) -> bytes:
        outgoing = ssl.MemoryBIO()
        tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        return outgoing.read()

    def target(self, quern: QuernServer) -> tuple[str, int]:
        host, _, port = self.address(quern).rpartition(":")
        return host, int(port)

    def connections(self, quern: QuernServer) -> int:
        ports = json.loads(quern.get("/ports")[1])["ports"]
        return next(port["connections"] for port in ports if port["name"] == "https")

    def open_connections(self, quern: QuernServer) -> int:
        reactors = json.loads(quern.command("status", "--json").stdout)["reactors"]
        return sum(reactor["connections"] for reactor in reactors)

    def test_handshakes_have_a_deadline_and_count(self) -> None:
        quern = self.tls({"type": "http", "name": "https"}, {"handler": "cut", "name": "tcp"}, max_conn=4,
                         http_head_timeout=2).start()
        context = self.authority.context()
        # That by which the server was found ready has to have gone.
        wait_until(lambda: self.open_connections(quern) == 0, "no connection")
        silent = [StreamClient(self.address(quern, index)) for index in (0, 1, 0, 1)]
        for client in silent:
            self.addCleanup(client.socket.close)
        wait_until(lambda: self.open_connections(quern) == 4, "four handshakes")
        with self.connect(quern, context=context) as fifth:
            self.assertEqual(self.request(fifth, "/hello/x")[0], 503)
        for client in silent:
            self.assertEqual(client.receive_all(), b"")
        self.assert_serves(quern)


    def test_a_stream_may_have_a_deadline_of_its_own(self) -> None:
        quern = self.tls({"handler": "cut", "name": "short", "http_head_timeout": 1, "open_eof_split": True},
                         {"handler": "cut", "name": "long"}, http_head_timeout=60).start()
        with self.connect(quern) as finished:
            silent = [StreamClient(self.address(quern, index)) for index in (0, 1)]
            for client in silent:
                self.addCleanup(client.socket.close)
            self.assertEqual(silent[0].receive_all(), b"")
            # The other port has that of [server], and who has finished is not bound by any.
            silent[1].socket.setblocking(False)
            self.assertRaises(BlockingIOError, silent[1].socket.recv, 1)
            self.assertEqual(finished.ask(b"hello\r\n", 9), b"<hello\r\n>")


class TestTransfers(TlsTestCase):
    def test_sixteen_mebibytes_both_ways(self) -> None:
        quern = self.https(package_max_length="17M")
        body = os.urandom(16 * MEBIBYTE)
        with self.connect(quern) as client:
            for _ in range(2):
                status, echoed = self.request(client, "/echo", "POST", body)
                self.assertEqual((status, echoed == body), (200, True))

    def test_files_and_a_slow_reader(self) -> None:
        quern = self.tls({"type": "http", "name": "https"}, handle_static=True, document_root="public")
        public = quern.directory / "public"
        public.mkdir()
        content = os.urandom(8 * MEBIBYTE)
        (public / "big.bin").write_bytes(content)
        quern.start()
        with self.connect(quern, receive_buffer=8192) as slow, self.connect(quern) as client:
            slow.send(b"GET /big.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            begin = slow.receive(1)
            self.assertEqual(self.request(client, "/big.bin"), (200, content))
            self.assertEqual(self.request(client, "/hello/x")[0], 200)
            answer = begin + slow.receive_all()
            self.assertEqual(answer.partition(b"\r\n\r\n")[2], content)

    def test_sockets_speak_tls(self) -> None:
        quern = self.tls({"handler": "cut", "name": "tcp", "open_eof_split": True}, {"handler": "cut", "name": "file"})
        quern.sockets[1]["listen"] = f"tls:unix:{quern.directory}/tls.sock"
        quern.write_config()
        quern.start()
        for index in (0, 1):
            with self.subTest(index=index), self.connect(quern, index=index) as client:
                self.assertEqual(client.ask(b"hello\r\n", 9), b"<hello\r\n>")
        with self.connect(quern, index=1) as client:
            self.assertEqual(client.ask(b"flood %d" % (4 * MEBIBYTE), 4 * MEBIBYTE), b"f" * (4 * MEBIBYTE))
            self.assertEqual(client.ask(b"bye", 4), b"bye")
            self.assertEqual(client.receive_all(), b"")
        self.assertIn(f"tcp {quern.sockets[0]['listen']}, unix_stream {quern.sockets[1]['listen']} with", quern.log())
        quern.stop()

    def test_websockets(self) -> None:
        quern = self.https(package_max_length="2M")
        url = f"wss://localhost:{self.address(quern).rpartition(':')[2]}/ws"
        steps = [["echo", kind, size] for size in (0, 125, 70_000, MEBIBYTE) for kind in ("text", "binary")]
        trust = {"SSL_CERT_FILE": str(self.authority.certificate),
                 "NODE_EXTRA_CA_CERTS": str(self.authority.certificate)}
        for peer in ("python3-websockets", "ws"):
            with self.subTest(peer=peer):
                if reason := wspeers.missing(peer):
                    self.skipTest(reason)
                with unittest.mock.patch.dict(os.environ, trust):
                    self.assertEqual(wspeers.run(peer, url, [*steps, ["close", 1000, ""]])["code"], 1000)


class TestMistakes(TlsTestCase):
    def test_each_has_the_line_and_the_key_of_its_file(self) -> None:
        none = self.folder / "none.pem"
        host = f"{{ ssl_cert_file = {json.dumps(str(self.exact.certificate))}, ssl_key_file = {json.dumps(str(none))} }}"
        cases = [("socket.ssl_cert_file", {"ssl_cert_file": str(none)}, "none.pem: there is no such file"),
                 ("socket.ssl_key_file", {"ssl_key_file": str(self.exact.key)}, "exact.key: is not the key of"),
                 ("socket.ssl_client_cert_file", {"ssl_verify_peer": True, "ssl_client_cert_file": str(none)}, "none.pem"),
                 ("socket.ssl_ciphers", {"ssl_ciphers": "ENIGMA"}, "the ciphers"),
                 ('socket.ssl_sni_certs."example.org".ssl_key_file', {"tables": host}, "none.pem: there is no such")]
        for key, entry, text in cases:
            with self.subTest(key=key):
                tables = f'[server.ssl_sni_certs]\n"example.org" = {entry.pop("tables")}\n' if "tables" in entry else ""
                quern = self.tls({"type": "http", "name": "https", **entry}, {"handler": "cut", "name": "cut"},
                                 tables=tables)
                name = key.rpartition(".")[2]
                lines = [number for number, line in enumerate(quern.config.read_text().splitlines(), 1)
                         if re.search(rf"\b{name} = ", line)]
                line = lines[-1] if tables else lines[0]
                key = key.replace("socket", "server") if tables else key
                told = rf"(?m)^(quern: )?{quern.config}:{line}: {re.escape(key)}: .*{text}"
                self.assert_exit(quern.command("config", "--check"), 1, told)
                self.assertEqual(len(quern.command("config", "--check").stderr.splitlines()), 1)
                self.assert_exit(quern.command("start"), 1, told)
                self.assert_exit(quern.command("doctor"), 1, rf"error +certificates of .*:{line}: {re.escape(key)}: ")

    def test_one_certificate_is_warned_of_once(self) -> None:
        old = self.authority.issue("old", "localhost", days=-1)
        quern = self.tls({"type": "http", "name": "https", **old.settings})
        quern.sockets[0]["listen"] = [quern.sockets[0]["listen"], f"tls:127.0.0.1:{reserve_port()}"]
        quern.write_config()
        quern.start()
        line = quern.config.read_text().splitlines().index(f'ssl_cert_file = "{old.certificate}"') + 1
        warnings = re.findall(r".*expired at.*", quern.log())
        self.assertEqual(len(warnings), 1, warnings)
        self.assertIn(f"quern.toml:{line}: socket.ssl_cert_file: {old.certificate}: the certificate expired", warnings[0])


class TestReload(TlsTestCase):
    def test_a_new_certificate_is_for_new_connections(self) -> None:
        quern = self.https()
        renewed = self.authority.issue("renewed", "localhost")
        with self.connect(quern) as old:
            self.request(old, "/hello/x")
            self.install(quern, renewed)
            self.assert_exit(quern.command("reload"), 0)
            with self.connect(quern) as new:
                self.assertEqual(self.serial(new), renewed.serial())
                self.assertEqual(self.request(new, "/hello/x")[0], 200)
            self.assertEqual(self.request(old, "/hello/x")[0], 200)
            self.assertEqual(self.serial(old), self.localhost.serial())

    def test_one_that_is_broken_leaves_all_as_it_was(self) -> None:
        quern = self.https()
        broken = self.folder / "broken.pem"
        broken.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
        workers = quern.workers()
        none = self.folder / "none.pem"
        for identity, text in ((Identity(broken, self.localhost.key), "broken.pem: certificate 1 in it is damaged"),
                               (Identity(none, self.localhost.key), "none.pem: there is no such file"),
                               (Identity(self.localhost.certificate, self.exact.key), "exact.key: is not the key of")):
            with self.subTest(text=text):
                self.install(quern, identity)
                self.assert_exit(quern.command("config", "--check"), 1, r"quern\.toml:\d+.*" + text)
                self.assert_exit(quern.command("reload"), 1, r"quern\.toml:\d+.*" + text)
                self.assert_exit(quern.command("doctor"), 1, text)
                self.assertEqual(quern.workers(), workers)
                with self.connect(quern) as client:
                    self.assertEqual(self.serial(client), self.localhost.serial())
        fresh = self.tls({"type": "http", "name": "https", "ssl_cert_file": str(broken)})
        self.assert_exit(fresh.command("start"), 1, r"quern\.toml:\d+.*broken\.pem")

    def test_one_that_ends_soon_is_told(self) -> None:
        quern = self.https()
        self.assertNotIn("expire", quern.command("doctor").stdout)
        for days, text in ((20, r"expires (at|on) "), (-1, "expired at")):
            with self.subTest(days=days):
                self.install(quern, self.authority.issue(f"days{days}", "localhost", days=days))
                self.assert_exit(quern.command("reload"), 0)
                quern.wait_log("warn .*" + text)
                self.assertRegex(quern.command("doctor").stdout, text)

    def install(self, quern: QuernServer, identity: Identity) -> None:
        quern.sockets[0].update(identity.settings)
        quern.write_config()


if __name__ == "__main__":
    unittest.main()
