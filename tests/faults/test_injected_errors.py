"""System calls of master and children that fail now and then, by strace: nobody hangs, and failures are told or mended.

A child that dies of it and is replaced counts as well.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import time
import unittest
from collections.abc import Callable, Sequence
from pathlib import Path

import proctree
from accounting import Probe
from faultserver import ECHO, HELLO, LONG, SLOW, FaultServer, FaultTestCase, TaskLedger
from quernserver import TIME_SCALE, wait_until

STRACE = shutil.which("strace")
LARGE = Probe.parse("GET /bytes/300000")
SPOOLED = Probe.parse("POST /echo " + "x" * 20000)
# Calls that may be made again, by the errors that ask for just that.
HARMLESS = (
    ("accept4", "EINTR"), ("accept4", "ECONNABORTED"), ("accept4", "EAGAIN"), ("accept4", "EMFILE"),
    ("accept4", "ENOMEM"), ("read", "EINTR"), ("read", "EAGAIN"), ("recvfrom", "EINTR"), ("recvfrom", "EAGAIN"),
    ("sendto", "EINTR"), ("sendto", "EAGAIN"), ("sendmsg", "EINTR"), ("sendmsg", "EAGAIN"),
    ("epoll_wait", "EINTR"), ("epoll_pwait2", "EINTR"),
)


class Injection:
    """Errors that system calls of a running process get until the with block is left.

    calls: such as "read:error=EINTR". when: which ones of each thread, as strace writes it. alone: of its main thread
    alone; else of all its threads, and of the processes that it starts meanwhile.
    """

    def __init__(self, pid: int, calls: Sequence[str], log: Path, when: str = "3+7", *,
                 alone: bool = False) -> None:
        self._pid = pid
        self._log = log
        names = ",".join(call.partition(":")[0] for call in calls)
        self._alone = alone
        self._command = [STRACE, *([] if alone else ["-f"]), "-o", str(log), "-e", f"trace={names}"]
        for call in calls:
            self._command += ["-e", f"inject={call}:when={when}"]

    def __enter__(self) -> Injection:
        self._process = subprocess.Popen([*self._command, "-p", str(self._pid)], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                         preexec_fn=proctree.die_with_parent)
        # What a test finds as its own children is a server's.
        wait_until(self._is_attached, "strace at its work")
        return self

    def _is_attached(self) -> bool:
        if self._process.poll() is not None:
            said = self._process.stderr.read()
            if "Operation not permitted" in said:
                raise unittest.SkipTest(f"processes cannot be traced here: {said.strip()}")
            raise AssertionError(f"strace has ended: {said}")
        try:
            threads = [Path(f"/proc/{self._pid}")] if self._alone else list(Path(f"/proc/{self._pid}/task").iterdir())
            return bool(threads) and all("TracerPid:\t0\n" not in (thread / "status").read_text() for thread in threads)
        except FileNotFoundError:
            return False

    def __exit__(self, *_) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.communicate()

    @property
    def count(self) -> int:
        """How many calls have got an error so far."""
        return self._log.read_text(errors="replace").count("(INJECTED)")


@unittest.skipUnless(STRACE, "strace is not installed (Debian: strace)")
class InjectedErrors(FaultTestCase):
    SECONDS = 3.0 if LONG else 0.3

    def fault_server(self, **settings) -> FaultServer:
        server = super().fault_server(**settings)
        # A sanitizer that looks for leaks traces the process itself, which one alone can do.
        options = os.environ.get("ASAN_OPTIONS", "")
        server.environment["ASAN_OPTIONS"] = f"{options}:detect_leaks=0" if options else "detect_leaks=0"
        return server

    def inject(self, server: FaultServer, pid: int, calls: Sequence[str], during: Callable[[], object] | None = None, *,
               least: int = 1, when: str = "3+7", alone: bool = False, **options):
        """Runs the load, and during() with it, while these calls of a process fail; the report of the clients."""
        log = server.directory.parent / f"{server.directory.name}.strace"
        self.addCleanup(log.unlink, missing_ok=True)

        def fault() -> None:
            with Injection(pid, calls, log, when, alone=alone) as injection:
                begun = time.monotonic()
                if during:
                    during()
                wait_until(lambda: time.monotonic() - begun > self.SECONDS and injection.count >= least
                           or not proctree.alive(pid), f"{least} errors of {calls}", 20.0)
                self.assertGreaterEqual(injection.count, 1)

        return self.load(server, fault, **options)

    def come_and_go(self, server: FaultServer, count: int = 30) -> None:
        """New connections, so that there is something to accept."""
        for _ in range(count):
            try:
                server.get("/hello/new", timeout=10.0 * TIME_SCALE)
            except (OSError, http.client.HTTPException):
                continue

    def harmless(self, *names: str) -> list[list[str]]:
        """Errors that these calls get at a time: one by one in the long form, one of each call in the short one."""
        rounds: dict[str, list[str]] = {}
        for name, error in HARMLESS:
            if name in names:
                # Which way there is to wait hangs on the thread.
                by_itself = f"{name.partition('_')[0]} {error}"
                rounds.setdefault(by_itself if LONG else error, []).append(f"{name}:error={error}")
        return list(rounds.values())

    def test_calls_of_the_master_that_are_to_be_made_again(self) -> None:
        server = self.fault_serve(http_body_buffer_size="4K")
        before = server.settled_footprint()
        master = server.master
        for calls in self.harmless("accept4", "read", "recvfrom", "sendto", "sendmsg", "epoll_wait", "epoll_pwait2"):
            with self.subTest(calls=calls):
                self.inject(server, master, calls, lambda: self.come_and_go(server), least=5,
                            probes=[HELLO, ECHO, SLOW, LARGE, SPOOLED])
        self.assertEqual(server.master, master)
        self.assert_recovered(server, before)
        self.assertNotRegex(server.log(), r"\bended\b|killed")

    def test_calls_of_the_children_that_are_to_be_made_again(self) -> None:
        server = self.fault_serve(worker_num=1)
        before = server.settled_footprint()
        for kind in ("worker", "task worker", "timer", "process ticker"):
            # The others are hardly ever sent anything.
            read = ["read"] if "worker" in kind else []
            for calls in self.harmless(*read, "sendmsg", "epoll_wait", "epoll_pwait2"):
                with self.subTest(kind=kind, calls=calls):
                    self.inject(server, server.wait_pid(kind), calls, least=3, probes=[HELLO, ECHO, SLOW, LARGE])
        self.assert_recovered(server, before)
        self.assertNotRegex(server.log(), r"\bended\b|killed")

    def test_a_database_whose_disk_fails_now_and_then(self) -> None:
        server = self.fault_serve(children=False)
        before = server.settled_footprint()
        for call in ("pwrite64:error=ENOSPC", "fdatasync:error=EIO") + (("pwrite64:error=EIO",) if LONG else ()):
            with self.subTest(call=call):
                ledger = TaskLedger(server, pause=0.001)
                self.inject(server, server.master, [call], ledger=ledger, when="20+9", least=3)
                self.assertEqual(ledger.unanswered, set())
        self.assert_recovered(server, before)
        wait_until(lambda: "All is well" in server.status()["sentence"], "all is well")

    def test_a_master_that_cannot_start_children(self) -> None:
        cases = (("rename:error=ENOSPC", "cannot write .*processes.json: No space left on device"),
                 ("socketpair:error=EMFILE", "worker 1: socketpair: Too many open files"),
                 ("memfd_create:error=ENOMEM", "worker 2: memfd_create: Cannot allocate memory"),
                 ("ftruncate:error=ENOSPC", "worker 3: shared memory of .*: No space left on device"),
                 ("pipe2:error=EMFILE", "worker 4: cannot start .*: Too many open files"),
                 ("clone:error=EAGAIN", "worker 5: cannot start .*: Resource temporarily unavailable"),
                 ("mmap:error=ENOMEM", "worker 6: mapping .* of shared memory: Cannot allocate memory"))
        server = self.fault_serve(children=False, worker_num=len(cases))
        before = server.settled_footprint()
        told_file = server.runtime / "processes.json"
        for number, (call, told) in enumerate(cases):

            def kill(number: int = number, told: str = told) -> None:
                victim = server.wait_workers()[number].pid
                os.kill(victim, signal.SIGKILL)
                server.wait_workers(without={victim})
                server.wait_log(told)

            with self.subTest(call=call):
                self.inject(server, server.master, [call], kill, when="1..2", alone=True, statuses={200, 502},
                            connections=2)
                wait_until(lambda: {each["pid"] for each in json.loads(told_file.read_text())["workers"]}
                           == {worker.pid for worker in server.workers()}, "the pids of now in processes.json")
        self.assert_recovered(server, before)

    def test_children_that_run_out_of_memory_and_files(self) -> None:
        server = self.fault_serve(worker_num=2)
        before = server.settled_footprint()
        for kind in ("worker", "task worker"):
            for calls in (["mmap:error=ENOMEM", "brk:error=ENOMEM"], ["openat:error=EMFILE"], ["sendmsg:error=ENOMEM"],
                          ["read:error=ENOMEM"]):
                if TIME_SCALE > 1 and calls[0].startswith("mmap"):
                    continue  # a sanitizer ends the process then, with a report
                with self.subTest(kind=kind, calls=calls):
                    self.run_out(server, kind, calls)
        self.assert_recovered(server, before, 30.0)

    def run_out(self, server: FaultServer, kind: str, calls: list[str]) -> None:
        """That clients get a proper answer each, whatever becomes of the child."""
        log = server.directory.parent / f"{server.directory.name}.strace"
        self.addCleanup(log.unlink, missing_ok=True)

        def fault() -> None:
            pid = server.wait_pid(kind)
            with Injection(pid, calls, log, "5+3"):
                begun = time.monotonic()
                wait_until(lambda: time.monotonic() - begun > self.SECONDS or not proctree.alive(pid), "some time")

        self.load(server, fault, [HELLO, ECHO, LARGE, SPOOLED], statuses={200, 500, 502})


if __name__ == "__main__":
    unittest.main()
