"""SIGSTOP of every kind of process: others go on, deadlines hold, and SIGCONT harms nobody."""

from __future__ import annotations

import os
import signal
import time
import unittest

from faultserver import HELLO, FaultTestCase, Stopped
from quernserver import TIME_SCALE, wait_until
from rawhttp import RawConnection, request_bytes
from wsclient import WebSocketClient


class Children(FaultTestCase):
    def test_a_worker_within_a_request_is_replaced_at_its_deadline(self) -> None:
        server = self.fault_serve(max_request_execution_time=1.0 * TIME_SCALE)
        before = server.settled_footprint()
        with RawConnection(server.address, timeout=20.0 * TIME_SCALE) as client:
            client.send(request_bytes("POST", f"/slow?ms={int(700 * TIME_SCALE)}", b""))
            busy = wait_until(lambda: next((each["pid"] for each in server.status()["workers"] if each["inFlight"]),
                                           None), "a worker with a request")

            def freeze() -> None:
                os.kill(busy, signal.SIGSTOP)
                self.assertIn(client.response("POST").status, (502, 504))
                server.wait_pid("worker", without=before_pids)

            before_pids = {worker.pid for worker in server.workers()}
            self.load(server, freeze)
        server.wait_log(rf"worker \d \(pid {busy}\) ended: killed: .*/slow")
        self.assert_recovered(server, before)

    def test_a_task_worker_within_a_task_is_replaced_at_its_timeout(self) -> None:
        server = self.fault_serve()
        before = server.settled_footprint()
        frozen = server.wait_pid("task worker")

        def freeze() -> None:
            server.deliver("sleep", {"number": 1, "ms": 500}, timeout=int(1000 * TIME_SCALE), tries=2, durable="true",
                           until="accepted")
            server.wait_lines("begun task sleep", 1)
            os.kill(frozen, signal.SIGSTOP)
            server.wait_pid("task worker", without={frozen}, seconds=30.0)

        self.load(server, freeze)
        server.wait_log(rf"task worker 0 \(pid {frozen}\) ended: killed: .*sleep")
        server.wait_lines("task sleep", 1, 20.0)
        self.assert_recovered(server, before)

    def test_a_timer_catches_up_with_the_last_second_alone(self) -> None:
        server = self.fault_serve()
        before = server.settled_footprint()
        frozen = server.wait_pid("timer")

        def freeze() -> None:
            with Stopped(frozen):
                begun = time.monotonic()
                wait_until(lambda: time.monotonic() - begun > 3.0, "60 runs that are missed")
                runs, late = server.count("cron tick"), time.monotonic() - 1.0
            server.wait_lines("cron tick", runs + 20)
            self.assertLessEqual(server.count("cron tick") - runs, 3 + (time.monotonic() - late) / 0.05)

        self.load(server, freeze, [HELLO])
        self.assertEqual(server.wait_pid("timer"), frozen, "it has been replaced")
        self.assert_recovered(server, before)

    def test_a_process_goes_on_with_its_pipe(self) -> None:
        server = self.fault_serve()
        before = server.settled_footprint()
        frozen = server.wait_pid("process ticker")

        def freeze() -> None:
            with Stopped(frozen):
                # What it had written is there; then nothing comes, and who waits is told so in time.
                wait_until(lambda: server.ask("GET", "/lab/processes/ticker/pipe?timeout=50")[0] == 504, "silence")
                # What is sent to it waits, up to the bound of its pipe.
                sent = wait_until(lambda: server.ask("POST", "/lab/processes/ticker/pipe", b"x" * 65536)[0] == 503,
                                  "a full pipe", 20.0)
                self.assertTrue(sent)
            wait_until(lambda: server.ask("GET", "/lab/processes/ticker/pipe")[0] == 200, "its output")

        self.load(server, freeze, [HELLO])
        self.assertEqual(server.wait_pid("process ticker"), frozen, "it has been replaced")
        self.assert_recovered(server, before)

    def test_a_stop_with_everything_frozen(self) -> None:
        server = self.fault_serve(max_wait_time=1)
        server.see_processes()
        for kind in ("worker", "task worker", "timer", "process ticker"):
            for pid in server.pids(kind):
                os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        server.stop()
        self.assertLess(time.monotonic() - begun, 1 + 1.0 * TIME_SCALE)


class Master(FaultTestCase):
    SECONDS = 3.0 * TIME_SCALE

    def freeze(self, server) -> None:
        with Stopped(server.master):
            begun = time.monotonic()
            wait_until(lambda: time.monotonic() - begun > self.SECONDS, "the end of its rest", 2 * self.SECONDS)

    def test_it_goes_on_with_the_children_and_connections_that_it_had(self) -> None:
        """No deadline that has passed meanwhile is held against those who have kept it."""
        server = self.fault_serve(max_request_execution_time=2 * TIME_SCALE, keepalive_timeout=2 * TIME_SCALE,
                                  http_head_timeout=2 * TIME_SCALE, websocket_ping_interval=TIME_SCALE,
                                  websocket_pong_timeout=TIME_SCALE)
        before = server.settled_footprint()
        children = sorted(pid for kind in before.processes for pid in server.pids(kind))
        with (RawConnection(server.address, timeout=20.0) as client,
              WebSocketClient(server.address, "/echo", timeout=20.0) as live):
            live.text("before")
            self.assertEqual(live.read_text(), "before")
            # Its worker answers while the master sleeps.
            client.send(request_bytes("POST", f"/slow?ms={int(500 * TIME_SCALE)}", b""))
            wait_until(lambda: any(each["inFlight"] for each in server.status()["workers"]), "a request under way")
            self.freeze(server)
            self.assertEqual(client.response("POST").status, 200)
            live.text("after")
            self.assertEqual(live.read_text(), "after")
        self.assert_recovered(server, before)
        self.assertEqual(sorted(pid for kind in before.processes for pid in server.pids(kind)), children)
        self.assertNotRegex(server.log(), "ended|killed")

    def test_under_load(self) -> None:
        server = self.fault_serve()
        before = server.settled_footprint()
        self.load(server, lambda: self.freeze(server))
        self.assert_recovered(server, before)
        self.assertNotRegex(server.log(), "ended|killed")


if __name__ == "__main__":
    unittest.main()
