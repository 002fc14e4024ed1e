"""live_clients takes a server that does what it should, and ends with a reason for each thing that it should not do."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import threading
import unittest
from pathlib import Path

from liveclients import LiveClients
from servers import BenchError
from wsframes import CLOSE, PING, PONG, TEXT, frame, masked

_BUILD = Path(os.environ["QUERN_BUILD_DIR"])
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class OneClientServer:
    """Speaks WebSocket to one client. answer: what it sends for a message. accept: what it makes of the right one."""

    def __init__(self, answer, accept=lambda value: value) -> None:
        self._answer, self._accept = answer, accept
        self.pongs: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> OneClientServer:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._thread.join(20)
        self._listener.close()

    def _serve(self) -> None:
        self._listener.settimeout(10)
        client = self._listener.accept()[0]
        with client, client.makefile("rb") as reader:
            client.settimeout(10)
            try:
                self._converse(client, reader)
            except OSError:
                pass  # it has seen enough

    def _converse(self, client, reader) -> None:
        key = b""
        while (line := reader.readline().rstrip()):
            if line.lower().startswith(b"sec-websocket-key:"):
                key = line.split(b":")[1].strip()
        accept = self._accept(base64.b64encode(hashlib.sha1(key + _GUID).digest()))
        client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while head := reader.read(2):
            mask, payload = reader.read(4), reader.read(head[1] & 0x7f)
            if head[0] & 15 == PONG:
                self.pongs.append(masked(payload, mask))
            else:
                client.sendall(self._answer(masked(payload, mask)))


class LiveClientsTest(unittest.TestCase):
    def run_echo(self, answer, **options) -> tuple[dict, OneClientServer]:
        with OneClientServer(answer, **options) as server:
            with LiveClients(_BUILD, server.port, "/", 1) as clients:
                result = clients.ask("echo 0.1 32")
                clients.assert_open()
        return result, server

    def assert_fault(self, pattern: str, answer, **options) -> None:
        with self.assertRaisesRegex(BenchError, pattern):
            self.run_echo(answer, **options)

    def test_a_right_server(self) -> None:
        result, server = self.run_echo(lambda payload: frame(TEXT, payload, key=None) + frame(PING, b"p", key=None))
        self.assertGreater(result["messages"], 1)
        self.assertGreater(result["p99_ms"], 0)
        self.assertEqual(set(server.pongs), {b"p"})

    def test_wrong_servers(self) -> None:
        self.assert_fault("refused", None, accept=lambda value: value.lower())
        self.assert_fault("came back in place of", lambda payload: frame(TEXT, payload[:-1] + b"!", key=None))
        self.assert_fault("came back in place of", lambda payload: frame(TEXT, payload[:-1], key=None))
        self.assert_fault("not a frame", lambda payload: frame(TEXT, payload))
        self.assert_fault("not a frame", lambda payload: frame(TEXT, payload, key=None, rsv=4))
        self.assert_fault("came back in place of", lambda payload: frame(TEXT, payload, key=None) * 2)
        self.assert_fault("closed", lambda payload: frame(CLOSE, b"\3\xe8", key=None))


if __name__ == "__main__":
    unittest.main()
