"""The clock on the wall is set by hours, forwards and back: what is measured in time spent does not notice."""

from __future__ import annotations

import json
import re
import time
import unittest
from datetime import datetime
from pathlib import Path

from faultserver import FaultServer, FaultTestCase
from quernserver import BY_DESIGN, TIME_SCALE, wait_until
from rawhttp import RawConnection, request_bytes
from wsclient import WebSocketClient

FAKETIME = next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), "")
_JOBS = """
[[cron]]
name = "second"
job = "tick"
expression = "* * * * * *"
"""


@unittest.skipIf(TIME_SCALE > 1, f"{BY_DESIGN}a preloaded library comes before the sanitizers' own")
@unittest.skipUnless(FAKETIME or TIME_SCALE > 1, "libfaketime is not installed (Debian: faketime)")
class ClockJumps(FaultTestCase):
    def clock_server(self, **settings) -> FaultServer:
        server = self.fault_server(tables=_JOBS, **settings)
        self.clock = server.directory / "clock"
        self.set_clock(server, 0)
        server.environment |= {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                               "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                               "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        server.start()
        server.wait_workers()
        return server

    def set_clock(self, server: FaultServer, hours: float) -> None:
        """Of every process of the server, from now on."""
        draft = server.directory / "clock.new"
        draft.write_text(f"{hours * 3600:+.0f}\n")
        draft.replace(server.directory / "clock")

    def now_there(self, server: FaultServer) -> float:
        """What its clock shows, by the Date of an answer."""
        with RawConnection(server.address) as client:
            date = client.request("GET", "/hello/date").header("date")
        return datetime.strptime(date, "%a, %d %b %Y %H:%M:%S %Z").timestamp() - time.timezone

    def jump(self, server: FaultServer, hours: float) -> None:
        self.set_clock(server, hours)
        wait_until(lambda: abs(self.now_there(server) - time.time() - hours * 3600) < 5, "its clock has been set")

    def test_forwards_and_back(self) -> None:
        server = self.clock_server(keepalive_timeout=20, max_request_execution_time=20, websocket_ping_interval=20,
                                   websocket_pong_timeout=10, http_head_timeout=20)
        before = server.settled_footprint()
        pids = {kind: server.pids(kind) for kind in before.processes}
        with (RawConnection(server.address, timeout=20.0) as idle, RawConnection(server.address, timeout=20.0) as late,
              WebSocketClient(server.address, "/echo", timeout=20.0) as live):
            self.assertEqual(idle.request("GET", "/hello/before").status, 200)
            for hours in (5, -2, 30, 0):
                begun, ticks = time.monotonic(), server.count("cron tick")

                def jump(hours: float = hours) -> None:
                    late.send(request_bytes("GET", "/later?ms=700"))
                    self.jump(server, hours)
                    # A task that is to rest rests as long as it would have.
                    rested = time.monotonic()
                    server.deliver("note", {"number": 1}, delay=300, until="finished")
                    self.assertLess(time.monotonic() - rested, 5.0)
                    self.assertGreater(time.monotonic() - rested, 0.28)
                    self.assertEqual(late.response().status, 200)
                    live.text(f"after {hours}")
                    self.assertEqual(live.read_text(), f"after {hours}")

                self.load(server, jump)
                # The interval keeps to the time that has passed.
                ran, elapsed = server.count("cron tick") - ticks, time.monotonic() - begun
                self.assertLessEqual(ran, elapsed / 0.05 + 3)
                self.assertGreaterEqual(ran, elapsed / 0.05 / 4)
            self.assertEqual(idle.request("GET", "/hello/after").status, 200)
        self.assert_recovered(server, before)
        self.assertEqual({kind: server.pids(kind) for kind in before.processes}, pids, "something was started anew")
        self.assertNotRegex(server.log(), "ended|killed|crash")

    def test_a_cron_expression(self) -> None:
        server = self.clock_server()
        server.wait_lines("cron second", 2)
        # What the clock jumps over is missed, and not made up for.
        self.jump(server, 10)
        begun, runs = time.monotonic(), server.count("cron second")
        server.wait_lines("cron second", runs + 2)
        self.assertLessEqual(server.count("cron second") - runs, time.monotonic() - begun + 2)
        # Back by a lot: the plan begins anew from there.
        self.jump(server, 1)
        begun, runs = time.monotonic(), server.count("cron second")
        server.wait_lines("cron second", runs + 2)
        self.assertLessEqual(server.count("cron second") - runs, time.monotonic() - begun + 2)
        due = next(job for job in json.loads(server.command("status", "--json").stdout)["cron"]
                   if job["name"] == "second")
        self.assertEqual(due["failures"], 0)
        # Back by a little: each time of the day has its run once.
        self.jump(server, 0)
        ticks, runs = server.count("cron tick"), server.count("cron second")
        self.load(server, lambda: server.wait_lines("cron tick", ticks + 60, 30.0))
        self.assertLessEqual(server.count("cron second") - runs, 1)

    def test_logs_that_are_rotated_by_age(self) -> None:
        server = self.clock_server(log_file="server.txt", log_rotate_age=3600 * 2, log_rotate_keep=5)
        old = lambda: sorted(path.name for path in server.directory.glob("server.txt.*"))  # noqa: E731

        def write_line() -> None:
            """A reload is told in the log."""
            self.assert_exit(server.command("reload"), 0)

        write_line()
        self.assertEqual(old(), [])
        self.jump(server, 3)
        write_line()
        self.assertEqual(old(), ["server.txt.1"])
        write_line()
        self.assertEqual(old(), ["server.txt.1"], "the new one is young")
        # One that begins in the future is not old, and does not stay for ever either.
        self.jump(server, 0)
        write_line()
        self.assertEqual(old(), ["server.txt.1"])
        self.jump(server, 6)
        write_line()
        self.assertEqual(old(), ["server.txt.1", "server.txt.2"])
        stamps = re.findall(r"(?m)^(\d{4}-\d\d-\d\d)", (server.directory / "server.txt").read_text())
        self.assertGreater(len(stamps), 3)
        server.stop()


if __name__ == "__main__":
    unittest.main()
