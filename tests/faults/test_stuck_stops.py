"""A stop with all that can be stuck, and thousands of connections: it ends in time and leaves nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import unittest

from faultserver import LONG, FaultServer, FaultTestCase, Stopped
from quernserver import TIME_SCALE, wait_until
from rawhttp import request_bytes
from wsclient import handshake_bytes

CONNECTIONS = 10_000 if LONG else 2_000
MAX_WAIT_TIME = 1.0
_STUCK = """
[[process]]
handler = "hanger"
num = 2

[[cron]]
job = "stuck"
interval = "1d"
immediate = true

[[cron]]
name = "program"
command = ["sh", "-c", "trap '' TERM INT HUP; while :; do sleep 1; done"]
interval = "1d"
immediate = true
"""


class StuckStops(FaultTestCase):
    def setUp(self) -> None:
        # The server keeps a quarter for files.
        self.open_files_here(CONNECTIONS * 3 // 2 + 1000)

    def connect(self, server: FaultServer, first: bytes) -> socket.socket:
        client = socket.create_connection(server.address, timeout=20.0 * TIME_SCALE)
        self.addCleanup(client.close)
        client.sendall(first)
        return client

    def stuck_server(self) -> FaultServer:
        server = self.fault_serve(tables=_STUCK, max_wait_time=MAX_WAIT_TIME, max_request_execution_time=0,
                                  max_conn=CONNECTIONS + 100, http_head_timeout=600, keepalive_timeout=600,
                                  backlog=4096)
        kinds = (b"", b"GET / HTT", handshake_bytes("/echo"), request_bytes("GET", "/hello/first"),
                 request_bytes("GET", "/bytes/5000000"))
        for number in range(CONNECTIONS):
            self.connect(server, kinds[number % len(kinds)] if number < 1000 else kinds[number % 4])
        wait_until(lambda: sum(each["connections"] for each in server.status()["reactors"]) >= CONNECTIONS,
                   "all connections", 60.0)
        server.wait_lines("process hanger", 2)
        server.wait_lines("cron stuck", 1)
        server.deliver("sleep", {"number": 1, "ms": 3_600_000}, until="accepted", durable="true")
        server.wait_lines("begun task sleep", 1)
        for _ in range(2):
            self.connect(server, request_bytes("GET", "/slow?ms=30000"))
        wait_until(lambda: all(each["inFlight"] for each in server.status()["workers"]), "stuck handlers")
        server.see_processes()
        return server

    def assert_ended_in_time(self, server: FaultServer, begun: float) -> None:
        self.assertLess(time.monotonic() - begun, MAX_WAIT_TIME + 1.0 * TIME_SCALE)
        server.assert_nothing_left()
        self.assertEqual(list((server.directory / "scratch").iterdir()), [])
        self.assertEqual(list(server.runtime.glob("generations/*")), [])
        for told in (r"worker 0 \(pid \d+\) ended: killed: it did not stop in time: busy with GET /slow",
                     r"task worker 0 \(pid \d+\) ended: killed: it did not stop in time: busy with task sleep",
                     r"process hanger 1 \(pid \d+\) ended: killed: it did not stop in time",
                     "cron job stuck: run 1 failed: it was ended by the stop of the server",
                     "cron job program: run 1 failed: it was ended by the stop of the server"):
            self.assertRegex(server.log(), told)

    def test_by_the_command(self) -> None:
        server = self.stuck_server()
        begun = time.monotonic()
        self.assert_exit(server.command("stop"), 0)
        self.assert_ended_in_time(server, begun)
        self.assertEqual(server.wait_gone(0.5), 0)

    def test_by_a_signal_while_a_reload_is_under_way(self) -> None:
        server = self.stuck_server()
        begun = time.monotonic()
        os.kill(server.master, signal.SIGUSR1)
        server.wait_log("reload begins")
        os.kill(server.master, signal.SIGTERM)
        self.assertEqual(server.wait_gone(10.0), 0)
        self.assertLess(time.monotonic() - begun, MAX_WAIT_TIME + 1.5 * TIME_SCALE)


class Ends(FaultTestCase):
    """What each test of faults asks in the end would notice."""

    def test_a_master_that_does_not_stop(self) -> None:
        server = self.fault_serve(children=False)
        with Stopped(server.master):
            with self.assertRaises((AssertionError, subprocess.TimeoutExpired)):
                self.assert_ends(server, 0.5)
            server.kill_master()

    def test_one_that_fails_in_the_end(self) -> None:
        server = self.fault_server(children=False)
        server.prefix = ["sh", "-c", '"$@"; exit 23', "sh"]
        server.start()
        with self.assertRaisesRegex(AssertionError, "23"):
            self.assert_ends(server)

    def test_files_that_are_left(self) -> None:
        server = self.fault_serve(children=False)
        (server.directory / "scratch/left").touch()
        with self.assertRaisesRegex(AssertionError, "left"):
            self.assert_ends(server)

    def test_a_report_in_the_log(self) -> None:
        server = self.fault_serve(children=False)
        with server.log_file.open("a") as log:
            log.write("==1==ERROR: LeakSanitizer: detected memory leaks\n")
        with self.assertRaises(AssertionError):
            self.assert_ends(server)
        server.log_file.write_text("")


if __name__ == "__main__":
    unittest.main()
