"""The settings that `./quickstart run` starts the demo with."""

from __future__ import annotations

import re
import socket
import unittest
from pathlib import Path

from ports import reserve_port
from quernserver import TIME_SCALE, QuernTestCase

QUICKSTART = Path(__file__).resolve().parents[2] / "quickstart"


class Demo(QuernTestCase):
    def test_demo(self):
        settings = re.search(r"<<'TOML'\n(.*?)^TOML$", QUICKSTART.read_text(), re.DOTALL | re.MULTILINE)[1]
        server, lines = self.server(), reserve_port()
        self.assertEqual(settings.count(":5201\""), 2)
        server.config.write_text(settings.replace(":5200\"", f":{server.port}\"").replace(":5201\"", f":{lines}\""))
        server.start()
        self.assertEqual(server.get("/chat")[0], 200)
        self.assertIn(b'href="/chat"', server.get("/")[1])
        with socket.create_connection(("127.0.0.1", lines), timeout=10 * TIME_SCALE) as client:
            file = client.makefile("rb")
            self.assertIn(b"Type help", file.readline())
            client.sendall(b"echo ")
            client.sendall(b"hello\n")
            self.assertEqual(file.readline(), b"hello\r\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(10 * TIME_SCALE)
            client.sendto(b"echo hello", ("127.0.0.1", lines))
            self.assertEqual(client.recv(100), b"hello\r\n")
        server.stop()


if __name__ == "__main__":
    unittest.main()
