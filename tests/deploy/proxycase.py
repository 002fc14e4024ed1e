"""What must hold behind each of the proxies, by a Unix socket and by TCP."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import wspeers
from accounting import Accounting, Probe, Report
from certificates import Authority
from controlclient import ControlClient
from liveserver import LIVE
from probeserver import PROBE
from proxies import Proxy, account
from quernserver import BY_DESIGN, TIME_SCALE, QuernServer, QuernTestCase, wait_until
from rawhttp import RawConnection, Response, request_bytes
from recipes import settings, uncommented
from wsclient import WebSocketClient

_MIB = 1024 * 1024
# What a client makes up about itself.
_FORGED = ("X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"
           "X-Forwarded-Port: 81\r\nX-Real-IP: 198.51.100.1\r\nForwarded: for=198.51.100.1;proto=https\r\n")


class ProxyTestCase(QuernTestCase):
    """BY: "unix" or "tcp"."""

    PROXY: type[Proxy]
    BY = "unix"

    def setUp(self) -> None:
        self.quern = self.server(plugins=[PROBE, LIVE])
        self.proxy: Proxy | None = None
        self.front(self.PROXY("proxy", self.prepare()))

    def prepare(self) -> Path | int:
        """Gives Quern its part of the recipe and starts it; where the proxy finds it."""
        if self.BY == "tcp":
            port = self.quern.port
            backend = port
            lines = uncommented('listen = "127.0.0.1:5200"', "trusted_proxies = [\"127.0.0.1\"]")
            part = settings("proxied.toml", {**lines, 'listen = "unix:/run/quern-http/http.sock"': "", 'unix_socket_mode = "0660"': "",
                                             'trusted_proxies = ["unix"]': "", "127.0.0.1:5200": f"127.0.0.1:{port}"})
            listen = [part["listen"]]
        else:
            backend = self.socket_folder() / "http.sock"
            part = settings("proxied.toml", {"/run/quern-http/http.sock": str(backend)})
            # The second is for the test's own questions; who comes by it is a stranger.
            listen = [part["listen"], *self.quern.settings["listen"]]
        self.quern.settings |= {**part, "listen": listen}
        self.quern.write_config()
        self.quern.start()
        return backend

    def socket_folder(self) -> Path:
        """As proxied.toml has it made: d … 2750 quern www-data."""
        folder = Path(tempfile.mkdtemp(prefix="quern-sockets-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        if group := account():
            shutil.chown(folder, group=group)
        folder.chmod(0o2750)
        return folder

    def front(self, proxy: Proxy) -> None:
        if self.proxy:
            self.proxy.stop()
        self.proxy = proxy
        self.addCleanup(self.end_proxy, proxy)
        proxy.start()

    def end_proxy(self, proxy: Proxy) -> None:
        if not self._outcome.success:
            print(f"---- {proxy.name} says\n{proxy.log()}----", file=sys.stderr)
        proxy.stop()

    def connect(self, **options) -> RawConnection:
        client = self.proxy.connect(**options)
        self.addCleanup(client.close)
        return client

    def ask(self, method: str, target: str, body: bytes | None = None, headers: str = "") -> Response:
        with self.proxy.connect() as client:
            return client.request(method, target, body, headers)

    def facts(self, headers: str = "", source: str = "127.0.0.5") -> dict:
        """What a handler sees of a client with that address."""
        with self.proxy.connect(source=source) as client:
            response = client.request("GET", "/probe/facts", headers=headers)
        self.assertEqual(response.status, 200, response)
        return json.loads(response.body)

    def count(self, during: Callable[[], None], *requests: str) -> Report:
        """Sends these by the proxy, over several connections, while during(), which blocks, runs."""
        probes = [Probe.parse(request) for request in requests]
        client = Accounting(self.proxy.port, probes, connections=8, deadline=10.0 * TIME_SCALE)
        return asyncio.run(client.run_during(asyncio.to_thread(during)))


class ProxyTests:
    """The tests of a ProxyTestCase; mixed in, so that the base is no test itself."""

    # Requests

    def test_get_on_a_connection_that_stays(self) -> None:
        client = self.connect()
        for i in range(20):
            response = client.request("GET", f"/hello/{i}")
            self.assertEqual((response.status, json.loads(response.body)), (200, {"hello": str(i)}))
            self.assertTrue(response.keep_alive)

    def test_the_proxy_keeps_its_connections(self) -> None:
        before = self.accepted()
        client = self.connect()
        for _ in range(50):
            self.assertEqual(client.request("GET", "/hello/x").status, 200)
        self.assertLess(self.accepted() - before, 10)

    def accepted(self) -> int:
        """Connections that Quern has accepted so far."""
        with ControlClient(self.quern) as control:
            return sum(listener["accepted"] for listener in control.ask("listener.list")["listeners"])

    def test_a_body_of_more_than_a_mebibyte(self) -> None:
        body = os.urandom(_MIB + _MIB // 2)
        response = self.ask("POST", "/echo", body, "Content-Type: application/octet-stream\r\n")
        self.assertEqual(response.status, 200)
        self.assertTrue(response.body == body, f"{len(response.body)} other bytes came back")

    def test_the_same_in_chunks(self) -> None:
        body = os.urandom(_MIB + _MIB // 2)
        size = 100_000
        pieces = [body[at:at + size] for at in range(0, len(body), size)]
        client = self.connect()
        client.send(b"POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n"
                    b"Content-Type: application/octet-stream\r\n\r\n")
        for piece in pieces:
            client.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        client.send(b"0\r\n\r\n")
        response = client.response("POST")
        self.assertEqual(response.status, 200)
        self.assertTrue(response.body == body, f"{len(response.body)} other bytes came back")

    def test_a_body_beyond_the_limit_is_refused(self) -> None:
        client = self.connect()
        try:
            client.send(request_bytes("POST", "/echo", bytes(2 * _MIB + 1)))
        except OSError:
            pass  # refused half way; the answer has come all the same
        self.assertEqual(client.response("POST").status, 413)

    def test_a_path_comes_as_it_was_sent(self) -> None:
        for path in ("a%2Fb/c%20d", "gr%C3%BCn", "100%25", "a%2520b", "a//b", "a%3Fb%23c", "a;b,c=d&e+f:g@h'()*"):
            response = self.ask("GET", f"/probe/tree/{path}?x=%2F")
            self.assertEqual(response.status, 200, path)
            self.assertEqual(json.loads(response.body)["path"], unquote(path))

    def test_a_client_that_names_no_host(self) -> None:
        client = self.connect()
        client.send(b"GET /hello/you HTTP/1.0\r\n\r\n")
        self.assertEqual(client.response().status, 200)

    def test_files_that_need_no_quern(self) -> None:
        (self.proxy.root / "assets/page.css").write_bytes(b"body {}\n")
        self.quern.stop()
        response = self.ask("GET", "/assets/page.css")
        self.assertEqual((response.status, response.body), (200, b"body {}\n"))

    # Streams

    def test_a_stream_comes_piece_by_piece(self) -> None:
        # Its handler sends no second piece: what the proxy held back would never come.
        client = self.connect()
        client.send(b"GET /probe/idle?key=stream HTTP/1.1\r\nHost: test\r\n\r\n")
        self.assertIn(b"idle\n", client.until(rb"\r\n\r\n.*idle\n"))

    def test_events_come_one_by_one(self) -> None:
        client = self.connect()
        client.send(b"GET /events?n=1000&ms=300 HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n")
        text = client.until(rb'"tick":1\}')
        self.assertIn(b"text/event-stream", text)
        self.assertNotIn(b'"tick":1000}', client.until(rb'"tick":2\}'))

    # WebSockets

    def test_a_websocket_of_another_make(self) -> None:
        if reason := wspeers.missing("python3-websockets"):
            self.skipTest(reason)
        steps = [["echo", "text", 5], ["echo", "binary", 100_000], ["fragments", "text", 4000, 5], ["ping", "p"],
                 ["close", 4001, "enough"]]
        for deflate in (False, True):
            result = wspeers.run("python3-websockets", f"ws://127.0.0.1:{self.proxy.port}/echo", steps, deflate=deflate)
            self.assertEqual((result["code"], result["deflate"]), (4001, deflate), result)

    def test_a_websocket_stays_open_over_a_reload(self) -> None:
        with WebSocketClient(("127.0.0.1", self.proxy.port), "/echo", timeout=10.0 * TIME_SCALE) as client:
            self.assertTrue(client.is_open, client.response)
            self.assertEqual(self.quern.command("reload").returncode, 0)
            client.text("still here")
            self.assertEqual(client.read_text(), "still here")

    def test_no_other_upgrade_passes(self) -> None:
        response = self.ask("GET", "/hello/you", headers="Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                                         "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n")
        self.assertEqual(response.status, 200)

    # Who the client is

    def test_the_application_sees_the_client(self) -> None:
        facts = self.facts(headers="")
        self.assertEqual((facts["remote"], facts["secure"], facts["scheme"], facts["host"], facts["url"]),
                         ("127.0.0.5", False, "http", "test", "http://test/probe/facts"))
        self.assertEqual(facts["peer"], "" if self.BY == "unix" else "127.0.0.1")

    def test_the_host_keeps_its_port(self) -> None:
        with self.proxy.connect() as client:
            client.send(b"GET /probe/facts HTTP/1.1\r\nHost: example.org:8080\r\n\r\n")
            self.assertEqual(json.loads(client.response().body)["url"], "http://example.org:8080/probe/facts")

    def test_a_client_cannot_forge_it(self) -> None:
        for headers in (_FORGED, _FORGED + _FORGED, "X-Forwarded-For: 198.51.100.1, 127.0.0.1\r\n"):
            # The second has the address of a proxy that is trusted.
            for source in ("127.0.0.5", "127.0.0.1"):
                facts = self.facts(headers, source)
                self.assertEqual((facts["remote"], facts["secure"], facts["host"]), (source, False, "test"), headers)

    def test_nor_have_it_left_out(self) -> None:
        for name in ("X-Forwarded-For", "X-Forwarded-Proto, x-forwarded-for", "X-Forwarded-Host,X-Forwarded-Port"):
            facts = self.facts(f"Connection: close, {name}\r\n")
            self.assertEqual((facts["remote"], facts["secure"], facts["host"]), ("127.0.0.5", False, "test"), name)

    def test_nor_by_another_way(self) -> None:
        if self.BY == "tcp":
            self.skipTest(f"{BY_DESIGN}that way is the proxy's: whoever reaches the port from its address is believed")
        with RawConnection(self.quern.address) as client:
            facts = json.loads(client.request("GET", "/probe/facts", headers=_FORGED).body)
        self.assertEqual((facts["remote"], facts["secure"], facts["host"]), ("127.0.0.1", False, "test"))

    def test_it_sees_that_the_client_speaks_tls(self) -> None:
        folder = self.proxy.directory.parent / f"{self.proxy.directory.name}-tls"
        folder.mkdir()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        identity = Authority(folder).issue("front", "test")
        if user := account():
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, user)
        self.front(self.PROXY("proxy", self.proxy.backend, tls=identity))
        facts = self.facts(_FORGED.replace("Proto: https", "Proto: http"))
        self.assertEqual((facts["remote"], facts["secure"], facts["url"]),
                         ("127.0.0.5", True, "https://test/probe/facts"))
        for name in ("X-Forwarded-Proto", "keep-alive,x-forwarded-proto", "X-ForwardedX-Forwarded--Proto"):
            self.assertTrue(self.facts(f"Connection: {name}\r\n")["secure"], name)

    # What goes wrong behind it

    def test_a_reload_under_load_loses_nothing(self) -> None:
        def reload_twice() -> None:
            for _ in range(2):
                self.assertEqual(self.quern.command("reload").returncode, 0)

        report = self.count(reload_twice, "GET /hello/{token}", "POST /echo {token}", "POST /later?ms=20")
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)

    def test_a_crash_is_502_for_its_own_request_alone(self) -> None:
        crashes: list[int] = []

        def crash() -> None:
            for _ in range(3):
                victims = {worker.pid for worker in self.quern.wait_workers()}
                crashes.append(self.ask("POST", "/crash", b"").status)
                wait_until(lambda: victims != {worker.pid for worker in self.quern.workers()}, "another worker")

        # Requests with effects that ran in the same worker would be in doubt as well.
        report = self.count(crash, "GET /hello/{token}")
        self.assertEqual(crashes, [502] * 3)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)

    def test_the_first_request_after_a_standstill_is_served(self) -> None:
        self.quern.stop()
        # The first may find a connection of before; those behind it find nobody.
        for _ in range(3):
            self.assertIn(self.ask("GET", "/hello/you").status, (502, 503))
        self.quern.start()
        self.assertEqual(self.ask("GET", "/hello/you").status, 200)


class SocketPermissionTests:
    """Of the Unix socket, as root, when the proxy has a user of its own."""

    def test_without_the_mode_the_proxy_does_not_come_in(self) -> None:
        if not account():
            self.skipTest("needs root, and the user of Debian's web servers")
        self.assertEqual(self.ask("GET", "/hello/you").status, 200)
        self.quern.stop()
        self.quern.settings["unix_socket_mode"] = "0600"
        self.quern.write_config()
        self.quern.start()
        self.assertIn(self.ask("GET", "/hello/you").status, (502, 503))
