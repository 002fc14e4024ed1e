"""Tests against a server that has loaded tests/fixtures/plugins/live."""

from __future__ import annotations

import http.client
import json

from quernserver import FIXTURES, TIME_SCALE, QuernServer, QuernTestCase, wait_until
from wsclient import WebSocketClient

LIVE = FIXTURES / "liblive.so"


class LiveTestCase(QuernTestCase):
    """SETTINGS: of the server that each test has. One worker, so that what one handler notes is there for the next."""

    SETTINGS: dict = {}

    def setUp(self) -> None:
        self.quern = self.live(**self.SETTINGS).start()

    def live(self, **settings) -> QuernServer:
        """A server with the plugin that is not started yet."""
        return self.server(**{"plugins": [LIVE], "worker_num": 1, **settings})

    def connect(self, target: str = "/echo", **options) -> WebSocketClient:
        client = WebSocketClient(self.quern.address, target, timeout=10.0 * TIME_SCALE, **options)
        self.addCleanup(client.drop)
        return client

    def open(self, target: str = "/echo", **options) -> WebSocketClient:
        client = self.connect(target, **options)
        self.assertTrue(client.is_open, client.response)
        return client

    def post(self, target: str, body: bytes = b"") -> tuple[int, dict]:
        """Status and JSON of the answer."""
        connection = http.client.HTTPConnection(*self.quern.address, timeout=10.0 * TIME_SCALE)
        try:
            connection.request("POST", target, body)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def get_json(self, target: str):
        status, body = self.quern.get(target)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def wait_closed(self, number: str) -> dict:
        """What onClose() was told of the connection with this number."""

        def told() -> dict | None:
            status, body = self.quern.get(f"/closed/{number}")
            return json.loads(body) if status == 200 else None

        return wait_until(told, f"end of connection {number}")
