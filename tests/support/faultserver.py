"""A server of the fault tests: it has a child of every kind, work for each, and a common check after a fault."""

from __future__ import annotations

import asyncio
import http.client
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Sequence

import proctree
from accounting import Accounting, Probe, Report
from footprint import Footprint, footprint_of, kind_of
from liveserver import LIVE
from quernserver import TIME_SCALE, QuernTestCase, wait_until
from workserver import WorkServer
from wsclient import WebSocketClient

LONG = os.environ.get("QUERN_FAULTS") == "long"
HELLO = Probe.parse("GET /hello/{token}")
ECHO = Probe.parse("POST /echo {token}")
SLOW = Probe.parse("GET /slow?ms=2&token={token}")

_CHILDREN = """
[[process]]
handler = "ticker"
pipe = "stream"
restart_interval = 0.05

[[cron]]
job = "tick"
interval = 50
"""
_COMPLAINT = r"(?i)sanitizer|assert(ion)? fail"


class FaultServer(WorkServer):
    """Two workers, a task worker, the timer with the job "tick", and the process "ticker"; plugins worklab and live.

    tables: what else stands in the settings, in TOML. children: whether timer and process are there.
    """

    def __init__(self, *, tables: str = "", children: bool = True, **server) -> None:
        super().__init__(tables=(_CHILDREN if children else "") + tables,
                         **{"plugins": [LIVE], "task_worker_num": 1, **server})
        scratch = self.directory / "scratch"
        scratch.mkdir()
        self.environment["TMPDIR"] = str(scratch)

    def pids(self, kind: str) -> list[int]:
        """Of the living processes of a kind: "worker", "task worker", "timer", "process ticker", "boot"."""
        if not self.running():
            return []
        return [pid for pid in proctree.descendants(self.master) if kind_of(pid) == kind]

    def wait_pid(self, kind: str, without: set[int] = frozenset(), seconds: float = 10.0) -> int:
        return wait_until(lambda: [pid for pid in self.pids(kind) if pid not in without], f"a {kind}", seconds)[0]

    def wait_ready(self, seconds: float = 10.0) -> None:
        super().wait_ready(seconds)
        if "[[cron]]" in self.tables:
            self.wait_lines("cron tick", self.count("cron tick") + 1)
        wait_until(lambda: not self.pids("boot"), "end of the boot child")

    def footprint(self) -> Footprint:
        return footprint_of(self.master, self.directory)

    def settled_footprint(self) -> Footprint:
        """Once it has done a bit of everything, and the connections of that have gone."""
        if self.settings["task_worker_num"]:
            for durable in ("true", "false"):
                self.deliver("echo", {"first": 1}, until="finished", durable=durable)
        if "[[cron]]" in self.tables:
            # It is written by a thread that is there from then on.
            wait_until((self.runtime / "cron.state").exists, "the memory of cron jobs")

        def settled() -> Footprint | None:
            first = self.footprint()
            calm = sum(reactor["connections"] for reactor in self.status()["reactors"]) == 0
            return first if calm and not self.footprint().surplus(first) else None

        return wait_until(settled, "a calm server")


class TaskLedger:
    """Delivers durable tasks from a thread until the with block is left, and knows which ones were acknowledged."""

    def __init__(self, server: FaultServer, pause: float = 0.005) -> None:
        self.accepted: set[int] = set()
        self.refused: list[dict] = []
        self.unanswered: set[int] = set()
        self._server = server
        self._pause = pause
        self._next = 1_000_000  # the numbers of all other tasks are lower
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> TaskLedger:
        self._leaving.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._leaving.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._leaving.is_set():
            self.deliver()
            self._leaving.wait(self._pause)

    def deliver(self) -> bool:
        """Delivers one task; whether it was acknowledged."""
        number, self._next = self._next, self._next + 1
        try:
            status, answer = self._server.ask("POST", "/lab/tasks/note?durable=true&until=accepted&tries=20",
                                              {"number": number}, timeout=10.0)
        except (OSError, http.client.HTTPException):
            self.unanswered.add(number)
            return False
        if status == 200:
            self.accepted.add(number)
        else:
            self.refused.append({"status": status, "answer": answer})
        return status == 200

    def wait_all_ran(self, seconds: float = 20.0) -> None:
        def missing() -> set[int]:
            return self.accepted - set(self._server.numbers())

        try:
            wait_until(lambda: not missing(), "every acknowledged task has run", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: {sorted(missing())[:10]} of {len(self.accepted)}") from None


class FaultTestCase(QuernTestCase):
    def open_files_here(self, wanted: int) -> None:
        """Lets the test, and servers that it starts, have so many files open."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < wanted:
            self.skipTest(f"{wanted} files may not be open here (ulimit -Hn)")
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def fault_server(self, **settings) -> FaultServer:
        """A server that is not started yet; after all else the test is asked how it ends."""
        server = FaultServer(**settings)
        self._servers.append(server)
        self.addCleanup(self.assert_ends, server)
        return server

    def fault_serve(self, **settings) -> FaultServer:
        server = self.fault_server(**settings).start()
        server.wait_workers()
        return server

    def serve_workers(self, **settings) -> FaultServer:
        """A server of workers alone, which has recovered at the end of the test."""
        server = self.fault_serve(children=False, task_worker_num=0, **settings)
        self.addCleanup(self.assert_recovered, server, server.settled_footprint())
        return server

    def load(self, server: FaultServer, fault: Callable[[], object], probes: Sequence[Probe] = (HELLO, ECHO, SLOW), *,
             ledger: TaskLedger | None = None, statuses: set[int] = frozenset({200}), connections: int = 8,
             lossless: bool = True) -> Report:
        """Runs fault in a thread while clients that account for every request go on, and durable tasks are delivered.

        statuses: what may be answered. ledger: of the tasks; all of those acknowledged have run when this returns.
        """
        ledger = ledger or TaskLedger(server)

        async def run() -> Report:
            accounting = Accounting(server.port, probes, connections=connections, deadline=5.0 * TIME_SCALE,
                                    pause=0.002)

            async def during() -> None:
                await _answered(accounting.report, 50)
                await asyncio.to_thread(fault)
                await _answered(accounting.report, accounting.report.answered + 50)

            return await accounting.run_during(during())

        with ledger:
            report = asyncio.run(run())
        if lossless:
            self.assert_no_loss(report)
            self.assertLessEqual(set(report.statuses), statuses, report)
        self.assertGreater(len(ledger.accepted), 0, ledger.refused[:3])
        ledger.wait_all_ran()
        return report

    def assert_serves(self, server: FaultServer) -> None:
        """That it answers over HTTP and WebSocket, runs a task to its end, and that timer and process are at work."""

        def answers() -> bool:
            try:
                return server.get("/hello/after", timeout=5.0 * TIME_SCALE)[0] == 200
            except (OSError, http.client.HTTPException):
                return False

        wait_until(answers, "an answer over HTTP")
        with WebSocketClient(server.address, "/echo", timeout=10.0 * TIME_SCALE) as client:
            self.assertTrue(client.is_open, client.response)
            client.text("after")
            self.assertEqual(client.read_text(), "after")
        if server.settings["task_worker_num"]:
            wait_until(lambda: server.deliver("echo", {"after": 1}, until="finished", durable="true")
                       .get("result") == {"after": 1}, "a durable task")
        if "[[cron]]" in server.tables:
            server.wait_lines("cron tick", server.count("cron tick") + 2)
        if "[[process]]" in server.tables:
            wait_until(lambda: server.ask("GET", "/lab/processes/ticker/pipe")[0] == 200, "output of the process")

    def assert_recovered(self, server: FaultServer, before: Footprint, seconds: float = 15.0) -> None:
        """That the server serves as ever, and holds no more than before the fault."""
        server.wait_workers()
        self.assert_serves(server)
        last = ""

        def calm() -> bool:
            nonlocal last
            last = server.footprint().surplus(before)
            return not last

        try:
            wait_until(calm, "what a fault has left is gone", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: {last}") from None
        self.assertNotRegex(server.log(), _COMPLAINT)

    def assert_ends(self, server: FaultServer, seconds: float = 15.0) -> None:
        """That a server which still runs stops when it is told to and leaves nothing, and that none has complained."""
        if server.running():
            server.stop(seconds)
            self.assertEqual(server.wait_gone(), 0, "exit status of the master")
            self.assertEqual(list((server.directory / "scratch").iterdir()), [])
            self.assertEqual(list(server.runtime.glob("generations/*")), [])
        self.assertNotRegex(server.log(), _COMPLAINT)


async def _answered(report: Report, count: int) -> None:
    deadline = time.monotonic() + 20.0 * TIME_SCALE
    while report.answered < count:
        if time.monotonic() > deadline:
            raise AssertionError(f"{count} answers: not in time\n{report}")
        await asyncio.sleep(0.01)


def send_if_alive(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Stopped:
    """SIGSTOP of a process for the length of a with block."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def __enter__(self) -> Stopped:
        os.kill(self._pid, signal.SIGSTOP)
        return self

    def __exit__(self, *_) -> None:
        send_if_alive(self._pid, signal.SIGCONT)
