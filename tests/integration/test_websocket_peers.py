"""WebSocket clients that nobody of this project has written, and this server."""

from __future__ import annotations

import unittest

import wspeers
from liveserver import LiveTestCase

_SIZES = (0, 1, 125, 126, 65535, 65536, 1024 * 1024, 16 * 1024 * 1024)


class Peer:
    """What each of them is put to."""

    NAME = ""
    SETTINGS = {"package_max_length": "17M"}

    @classmethod
    def setUpClass(cls) -> None:
        if reason := wspeers.missing(cls.NAME):
            raise unittest.SkipTest(reason)

    def run_peer(self, target: str, steps: list, **options) -> dict:
        return wspeers.run(self.NAME, f"ws://127.0.0.1:{self.quern.port}{target}", steps, **options)

    def restart(self, **settings) -> None:
        self.quern.destroy()
        self.quern = self.live(**settings).start()

    def test_sizes(self) -> None:
        steps = [["echo", kind, size] for size in _SIZES for kind in ("text", "binary")]
        steps += [["fragments", "text", 1000, 5], ["fragments", "binary", 70_000, 3], ["close", 1000, ""]]
        for deflate in (False, True):
            with self.subTest(deflate=deflate):
                result = self.run_peer("/echo", steps, deflate=deflate)
                self.assertEqual(result["deflate"], deflate)
                self.assertEqual(result["code"], 1000)

    def test_compression_with_takeover(self) -> None:
        self.restart(websocket_context_takeover=True)
        steps = [["echo", kind, size] for size in (300, 5000, 300, 70_000) for kind in ("text", "binary")]
        self.assertTrue(self.run_peer("/echo", steps * 3, deflate=True)["deflate"])

    def test_compression_switched_off(self) -> None:
        self.restart(websocket_compression=False)
        self.assertFalse(self.run_peer("/echo", [["echo", "text", 5000]], deflate=True)["deflate"])

    def test_subprotocols(self) -> None:
        for offered, agreed in ((["v1.chat", "v2.chat"], "v2.chat"), (["v1.chat"], "v1.chat"), ([], None)):
            with self.subTest(offered=offered):
                result = self.run_peer("/proto", [["echo", "text", 10]], subprotocols=offered)
                self.assertEqual(result["subprotocol"], agreed)

    def test_pings_of_the_client(self) -> None:
        self.run_peer("/echo", [["ping", ""], ["ping", "p" * 125], ["echo", "text", 20], ["ping", "again"]])

    def test_pings_of_the_server(self) -> None:
        self.restart(websocket_ping_interval=1, websocket_pong_timeout=1)
        # Each answer takes as long as a ping and the time to answer it.
        self.run_peer("/slow/2500", [["echo", "text", 5], ["echo", "text", 5]])

    def test_the_client_closes(self) -> None:
        for code, reason in ((1000, "done"), (3000, "schön"), (4999, "r" * 123)):
            with self.subTest(code=code):
                self.assertEqual(self.run_peer("/noted", [["close", code, reason]])["code"], code)
                self.assertEqual(self.wait_closed("last"), {"code": code, "reason": reason, "by": "peer"})

    def test_the_server_closes(self) -> None:
        for code, reason in ((1000, "done"), (1001, ""), (1011, "schön"), (3000, "x"), (4999, "r" * 123)):
            with self.subTest(code=code):
                result = self.run_peer(f"/close/{code}", [["send", reason], ["closed"]])
                self.assertEqual((result["code"], result["reason"]), (code, reason))


class Python(Peer, LiveTestCase):
    NAME = "python3-websockets"


class Node(Peer, LiveTestCase):
    NAME = "ws"


if __name__ == "__main__":
    unittest.main()
