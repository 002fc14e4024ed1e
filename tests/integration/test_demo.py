"""The settings that `./quickstart run` starts the demo with."""

from __future__ import annotations

import json
import re
import socket
import unittest
import urllib.request
from pathlib import Path

from metricstext import scrape
from ports import reserve_port
from quernserver import TIME_SCALE, QuernTestCase

QUICKSTART = Path(__file__).resolve().parents[2] / "quickstart"


class Demo(QuernTestCase):
    def test_demo(self):
        settings = re.search(r"<<'TOML'\n(.*?)^TOML$", QUICKSTART.read_text(), re.DOTALL | re.MULTILINE)[1]
        server, lines, api = self.server(), reserve_port(), reserve_port()
        self.assertEqual(settings.count(":5201\""), 2)
        for port, own in ((5200, server.port), (5201, lines), (5210, api)):
            settings = settings.replace(f":{port}\"", f":{own}\"")
        server.config.write_text(settings)
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
        post = urllib.request.Request(f"http://127.0.0.1:{server.port}/lab/tasks/echo?until=finished", b'{"a": 1}')
        with urllib.request.urlopen(post, timeout=10 * TIME_SCALE) as answer:
            self.assertEqual(json.loads(answer.read())["result"], {"a": 1})
        status = json.loads(server.command("status", "--json").stdout)
        self.assertEqual([table["name"] for table in status["tables"]], ["prices"])
        self.assertEqual([process["name"] for process in status["processes"]],
                         ["task worker 0", "task worker 1", "process shouter 0", "timer"])
        self.assertGreater(scrape(api).value("quern_tasks_delivered_total"), 0)
        token = re.search(r"^viewer \S+ (\S+)$", (server.directory / "run/admin.tokens").read_text(), re.MULTILINE)[1]
        ask = urllib.request.Request(f"http://127.0.0.1:{api}/api/v1/tables", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(ask, timeout=10 * TIME_SCALE) as answer:
            self.assertEqual(json.loads(answer.read())["tables"][0]["name"], "prices")
        server.stop()


if __name__ == "__main__":
    unittest.main()
