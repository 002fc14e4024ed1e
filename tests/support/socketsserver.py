"""Servers with [[socket]]s that the sockets plugin of tests/fixtures serves."""

from __future__ import annotations

import json

from ports import reserve_port
from quernserver import FIXTURES, QuernServer, QuernTestCase, wait_until
from socketclients import DatagramClient, StreamClient

SOCKETS = FIXTURES / "libsockets.so"


class SocketsTestCase(QuernTestCase):
    """One worker, so that the journal has everything."""

    def sockets(self, *entries: dict, **settings) -> QuernServer:
        """A server with these [[socket]]s that is not started yet; without a listen they get 127.0.0.1; "@" stands
        for the folder of the server."""
        filled = [{"listen": f"127.0.0.1:{reserve_port()}", **entry} for entry in entries]
        for entry in filled:
            if entry.get("type") != "http":
                entry.setdefault("handler", "cut")
        quern = self.server(**{"plugins": [SOCKETS], "worker_num": 1, "sockets": filled, **settings})
        for entry in quern.sockets:
            if "@" in entry["listen"]:
                entry["listen"] = entry["listen"].replace("@", str(quern.directory))
        quern.write_config()
        return quern

    def address(self, quern: QuernServer, index: int = 0) -> str:
        return quern.sockets[index]["listen"].removeprefix("tls:")

    def client(self, quern: QuernServer, index: int = 0, **options) -> StreamClient:
        client = StreamClient(self.address(quern, index), **options)
        self.addCleanup(client.socket.close)
        return client

    def packets(self, quern: QuernServer, index: int = 0, **options) -> DatagramClient:
        client = DatagramClient(self.address(quern, index), **options)
        self.addCleanup(client.vanish)
        return client

    def journal(self, quern: QuernServer) -> list[str]:
        return json.loads(quern.get("/journal")[1])["journal"]

    def ports(self, quern: QuernServer) -> dict[str, dict]:
        return {port["name"]: port for port in json.loads(quern.get("/ports")[1])["ports"]}

    def wait_noted(self, quern: QuernServer, line: str, count: int = 1) -> None:
        wait_until(lambda: self.journal(quern).count(line) >= count, f"note {line!r}")

    def assert_alive(self, quern: QuernServer, index: int = 0) -> None:
        with StreamClient(self.address(quern, index)) as client:
            self.assertEqual(client.ask(b"alive", 7), b"<alive>")
