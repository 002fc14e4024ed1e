"""Tests against a server that has loaded the probe, tests/fixtures/plugins/probe."""

from __future__ import annotations

import json
import os
import signal

from quernserver import FIXTURES, QuernServer, QuernTestCase, wait_until
from rawhttp import RawConnection, Response

PROBE = FIXTURES / "libprobe.so"


class ProbeTestCase(QuernTestCase):
    """SETTINGS: of the server that each test has. One worker, so that what a request notes is there for the next."""

    SETTINGS: dict = {}

    def setUp(self) -> None:
        self.quern = self.probe(**self.SETTINGS).start()

    def probe(self, **settings) -> QuernServer:
        """A server with the probe that is not started yet."""
        return self.server(**{"plugins": [PROBE], "worker_num": 1, **settings})

    def connect(self, **options) -> RawConnection:
        client = RawConnection(self.quern.address, **options)
        self.addCleanup(client.close)
        return client

    def get(self, target: str, headers: str = "") -> Response:
        """The answer to a GET on a connection of its own."""
        with RawConnection(self.quern.address) as client:
            return client.request("GET", target, headers=headers)

    def get_json(self, target: str, headers: str = ""):
        response = self.get(target, headers)
        self.assertEqual(response.status, 200, response)
        return json.loads(response.body)

    def wait_noted(self, key: str, text: str) -> None:
        """Waits until a handler has noted text under key."""
        wait_until(lambda: self.get(f"/probe/noted/{key}").body == text.encode(), f"note {key!r} {text!r}")

    def take_turn(self) -> None:
        """Returns when the reactor has read all that was sent before."""
        self.assertEqual(self.get("/probe/quick").body, b"quick\n")

    def kill_worker(self) -> int:
        """Kills the one worker, from outside; its pid."""
        victim = self.quern.wait_workers()[0].pid
        os.kill(victim, signal.SIGKILL)
        return victim

    def assert_unharmed(self) -> None:
        """That the master runs with the workers it began with, and answers."""
        self.assertTrue(self.quern.running(), "the master has ended")
        self.assertNotRegex(self.quern.log(), r"(?i)crash|died|killed")
        self.take_turn()
