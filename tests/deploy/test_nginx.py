"""resources/deploy/nginx and its part of Quern's settings."""

from __future__ import annotations

import os
import unittest

from proxies import Nginx
from proxycase import ProxyTestCase, ProxyTests, SocketPermissionTests
from quernserver import TIME_SCALE
from wsclient import WebSocketClient
from wsframes import PING, PONG


@unittest.skipUnless(Nginx.PROGRAM, "nginx is not installed (Debian: nginx-light)")
class BehindNginx(ProxyTests, SocketPermissionTests, ProxyTestCase):
    PROXY = Nginx

    def test_it_holds_nothing_in_files(self) -> None:
        # It does so with what one side does not take as quickly as the other gives it, and warns of it.
        body = os.urandom(1500 * 1024)
        self.assertEqual(self.ask("POST", "/echo", body).body, body)
        self.assertEqual(len(self.ask("GET", f"/bytes/{32 * 1024 * 1024}").body), 32 * 1024 * 1024)
        self.assertNotIn("temporary file", self.proxy.log())

    def test_a_silent_websocket_outlives_the_patience_of_the_proxy(self) -> None:
        self.quern.settings["websocket_ping_interval"] = 0.5
        self.quern.write_config()
        self.assertEqual(self.quern.command("reload").returncode, 0)
        self.front(self.PROXY("proxy", self.proxy.backend, patience=2))
        with WebSocketClient(("127.0.0.1", self.proxy.port), "/echo", timeout=10.0 * TIME_SCALE) as client:
            for _ in range(8):  # twice as long as the proxy waits
                ping = client.next_frame()
                self.assertEqual(ping.opcode, PING)
                client.send_frame(PONG, ping.payload)
            client.text("still here")
            self.assertEqual(client.read_text(), "still here")


@unittest.skipUnless(Nginx.PROGRAM, "nginx is not installed (Debian: nginx-light)")
class BehindNginxByTcp(ProxyTests, ProxyTestCase):
    PROXY = Nginx
    BY = "tcp"


if __name__ == "__main__":
    unittest.main()
