"""slowhttptest's attacks with 1,000 connections each, and what another client notices of them.

QUERN_SOAK=1 runs the long form.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import threading
import time
import unittest

import proctree
from latency import Latencies, measure
from quernserver import TIME_SCALE, QuernServer, QuernTestCase, wait_until
from rawhttp import Closed

SOAK = os.environ.get("QUERN_SOAK") == "1"
SLOWHTTPTEST = shutil.which("slowhttptest")
SECONDS = 30.0 if SOAK else 3.0
CONNECTIONS = 1000
# On a machine with two busy cores the scheduler alone may delay one request of a hundred by this much.
FLOOR = 0.005 * TIME_SCALE
# What else runs on the machine disturbs a measurement now and then: the best of these tells what the server does.
TRIES = 3


class Attack:
    """slowhttptest with these words, started anew whenever it ends, until the with block is left."""

    def __init__(self, url: str, *words: str) -> None:
        self._command = [SLOWHTTPTEST, *words, "-u", url, "-c", str(CONNECTIONS), "-r", "1000", "-i", "1", "-l", "600",
                         "-p", "5", "-v", "0"]
        self._leaving = threading.Event()
        self._process: subprocess.Popen | None = None
        self._thread = threading.Thread(target=self._run)
        self._lock = threading.Lock()

    def __enter__(self) -> Attack:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        with self._lock:
            self._leaving.set()
            if self._process:
                self._process.kill()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._leaving.is_set():
                    return
                self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                                 stderr=subprocess.DEVNULL, preexec_fn=_allow_many_files)
            self._process.wait()


def _allow_many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * CONNECTIONS), hard))
    proctree.die_with_parent()


@unittest.skipUnless(SLOWHTTPTEST, "slowhttptest is not installed (Debian: slowhttptest)")
class SlowClients(QuernTestCase):
    def attack(self, target: str, *words: str, holds: bool = True) -> None:
        """holds: the attacker keeps its connections; else it comes again and again with new ones."""
        quern = self.serve(worker_num=2, http_head_timeout=20, http_body_timeout=20)
        measure(quern.address, "/hello/bar", 0.5)
        seen: list[str] = []
        for _ in range(TRIES):
            before = measure(quern.address, "/hello/bar", SECONDS)
            with Attack(f"http://127.0.0.1:{quern.port}{target}", *words):
                self.wait_attacked(quern, holds)
                during = self.measure_attacked(quern)
                self.wait_attacked(quern, holds)
            seen.append(f"undisturbed {before}; attacked {during}")
            if during.percentile(0.99) <= max(2 * before.percentile(0.99), FLOOR):
                print(seen[-1])
                return
            wait_until(lambda: self.connections(quern) < CONNECTIONS / 10, "end of the attack", 20.0)
        self.fail("\n".join(seen))

    def measure_attacked(self, quern: QuernServer) -> Latencies:
        try:
            return measure(quern.address, "/hello/bar", SECONDS)
        except (OSError, AssertionError, Closed) as error:
            self.fail(f"while it is attacked, the server does not answer: {error}")

    def wait_attacked(self, quern: QuernServer, holds: bool) -> None:
        if holds:
            wait_until(lambda: self.connections(quern) >= 0.9 * CONNECTIONS, "1,000 connections", 20.0)
            return
        first = self.accepted(quern)
        wait_until(lambda: self.accepted(quern) >= first + CONNECTIONS / 2, "500 more connections", 20.0)

    def connections(self, quern: QuernServer) -> int:
        return sum(reactor["connections"] for reactor in self.status(quern)["reactors"])

    def accepted(self, quern: QuernServer) -> int:
        return self.status(quern)["totals"]["connections"]

    def status(self, quern: QuernServer) -> dict:
        time.sleep(0.1)
        return json.loads(quern.command("status", "--json").stdout)

    def test_slow_heads(self) -> None:
        self.attack("/hello/bar", "-H")

    def test_slow_bodies(self) -> None:
        self.attack("/echo", "-B", "-s", "65536")

    def test_slow_readers(self) -> None:
        # Three pipelined requests each, and a window of at most half a kilobyte.
        self.attack("/bytes/1048576", "-X", "-w", "10", "-y", "512", "-n", "1", "-z", "32", "-k", "3")

    def test_thousands_of_ranges(self) -> None:
        self.attack("/file", "-R", "-t", "GET", "-a", "1", "-b", "1500", holds=False)

    def test_thousands_of_ranges_of_a_plain_answer(self) -> None:
        self.attack("/bytes/65536", "-R", "-t", "GET", "-a", "1", "-b", "1500", holds=False)


if __name__ == "__main__":
    unittest.main()
