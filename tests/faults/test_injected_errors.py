"""System calls of master and children that fail now and then, by strace: nobody hangs, and failures are told or mended.

A child that dies of it and is replaced counts as well.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import proctree
from accounting import Probe
from faultserver import ECHO, HELLO, LONG, SLOW, FaultServer, FaultTestCase, TaskLedger, send_if_alive
from quernserver import TIME_SCALE, wait_until

IO = 9
STRACE = shutil.which("strace")
FILE = Probe.parse("GET /large.bin")
LARGE = Probe.parse("GET /bytes/300000")
SPOOLED = Probe.parse("POST /echo " + "x" * 20000)
# Calls that may be made again, by the errors that ask for just that.
HARMLESS = (
    ("accept4", "EINTR"), ("accept4", "ECONNABORTED"), ("accept4", "EAGAIN"), ("accept4", "EMFILE"),
    ("accept4", "ENOMEM"), ("read", "EINTR"), ("read", "EAGAIN"), ("recvfrom", "EINTR"), ("recvfrom", "EAGAIN"),
    ("sendto", "EINTR"), ("sendto", "EAGAIN"), ("sendmsg", "EINTR"), ("sendmsg", "EAGAIN"),
    ("epoll_wait", "EINTR"), ("epoll_pwait2", "EINTR"), ("write", "EINTR"), ("sendfile", "EINTR"),
    ("sendfile", "EAGAIN"),
)


# A line of strace: "123  read(5, ..., 8) = -1 EINTR (Interrupted system call) (INJECTED)".
_INJECTED = re.compile(r"(?m)^(?:\d+ +)?(?:<\.\.\. )?(\w+).*\(INJECTED\)")


def _family(call: str) -> str:
    """Which way there is to wait hangs on the thread, and how memory is got on how much of it."""
    return {"epoll_pwait2": "epoll_wait", "brk": "mmap"}.get(call, call)


class Injection:
    """Errors that system calls of a running process get until the with block is left.

    calls: such as "read:error=EINTR". when: which ones of each thread, as strace writes it. alone: of its main thread
    alone; else of all its threads, and of the processes that it starts meanwhile.
    """

    def __init__(self, pid: int, calls: Sequence[str], log: Path, when: str = "3+7", *,
                 alone: bool = False) -> None:
        self._pid = pid
        self._log = log
        names = [call.partition(":")[0] for call in calls]
        self._names = set(map(_family, names))
        self._alone = alone
        self._command = [STRACE, *([] if alone else ["-f"]), "-o", str(log), "-e", f"trace={','.join(names)}"]
        for call in calls:
            self._command += ["-e", f"inject={call}:when={when}"]

    def __enter__(self) -> Injection:
        self._process = subprocess.Popen([*self._command, "-p", str(self._pid)], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                         preexec_fn=proctree.die_with_parent)
        # What a test finds as its own children is a server's.
        try:
            wait_until(self._is_attached, "strace at its work")
        except BaseException:
            self._end()
            raise
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
        self._end()

    def _end(self) -> None:
        """Afterwards nobody is traced any more.

        A thread that strace lets go within a call which is to fail finds that the kernel does not know the call: all
        stand still for that, between two calls.
        """
        traced = {pid: self._traced_threads(pid) for pid in proctree.descendants(self._pid)}
        stopped = [pid for pid, threads in traced.items() if threads]
        for pid in stopped:
            send_if_alive(pid, signal.SIGSTOP)

        def stand_still() -> bool:
            told = self._log.read_text(errors="replace").count("--- stopped by SIGSTOP ---") if stopped else 0
            return told >= sum(map(self._traced_threads, stopped))

        try:
            wait_until(stand_still, "that all stand still")
        finally:
            self._process.send_signal(signal.SIGINT)
            self._process.communicate()
            for pid in stopped:
                send_if_alive(pid, signal.SIGCONT)

    def _traced_threads(self, pid: int) -> int:
        count = 0
        for status in Path(f"/proc/{pid}/task").glob("*/status"):
            try:
                count += f"TracerPid:\t{self._process.pid}\n" in status.read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
        return count

    @property
    def fewest(self) -> int:
        """How many errors that of these calls has got so far which has got the fewest."""
        found = Counter(map(_family, _INJECTED.findall(self._log.read_text(errors="replace"))))
        return min(found[name] for name in self._names)


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
        log = self.log_of_strace(server)

        def fault() -> None:
            with Injection(pid, calls, log, when, alone=alone) as injection:
                begun = time.monotonic()
                if during:
                    during()
                wait_until(lambda: time.monotonic() - begun > self.SECONDS and injection.fewest >= least
                           or not proctree.alive(pid), f"{least} errors of each of {calls}", 20.0)
                self.assertGreaterEqual(injection.fewest, 1)

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
                by_itself = f"{_family(name)} {error}"
                rounds.setdefault(by_itself if LONG else error, []).append(f"{name}:error={error}")
        return list(rounds.values())

    def test_calls_of_the_master_that_are_to_be_made_again(self) -> None:
        server = self.fault_server(http_body_buffer_size="4K", handle_static=True, document_root="www",
                                   access_log="access.log", tables="[tasks]\nspill_size = 4096\n")
        (server.directory / "www").mkdir()
        (server.directory / "www/large.bin").write_bytes(b"x" * 300_000)
        server.start()
        server.wait_workers()
        before = server.settled_footprint()
        master = server.master

        def come_and_go() -> None:
            self.come_and_go(server)
            spilled = {"text": "x" * 5000}
            for _ in range(5):
                self.assertEqual(server.deliver("echo", spilled, until="finished", durable="true")["result"], spilled)

        for calls in self.harmless("accept4", "read", "recvfrom", "sendto", "sendmsg", "epoll_wait", "epoll_pwait2",
                                   "write", "sendfile"):
            with self.subTest(calls=calls):
                self.inject(server, master, calls, come_and_go, least=3,
                            probes=[HELLO, ECHO, SLOW, LARGE, SPOOLED, FILE])
        self.assertEqual(server.master, master)
        for line in (server.directory / "access.log").read_text().splitlines():
            self.assertRegex(line, r'^127\.0\.0\.1 - - \[[^]]*\] "[A-Z]+ /[^"]*" \d{3} .*"$')
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
        cases = (("pwrite64:error=ENOSPC", "database or disk is full"), ("fdatasync:error=EIO", "disk I/O error"))
        for call, told in cases + ((("pwrite64:error=EIO", "disk I/O error"),) if LONG else ()):
            with self.subTest(call=call):
                ledger = TaskLedger(server, pause=0.001)
                self.inject(server, server.master, [call], ledger=ledger, when="20+9", least=3)
                self.assertEqual(ledger.unanswered, set())
                self.assertEqual({each["answer"].get("code") for each in ledger.refused}, {IO}, ledger.refused[:3])
                server.wait_log(f"the database of tasks fails: .*{told}")
        self.assert_recovered(server, before)
        wait_until(lambda: "All is well" in server.status()["sentence"], "all is well")

    def test_a_master_that_is_killed_while_its_disk_fails(self) -> None:
        """What was acknowledged beside what was refused is there for the next one."""
        server = self.fault_serve(children=False)
        for call in ("pwrite64:error=ENOSPC", "fdatasync:error=EIO"):
            with TaskLedger(server, pause=0.001) as ledger:
                with Injection(server.master, [call], self.log_of_strace(server), "20+9"):
                    wait_until(lambda: len(ledger.refused) > 3 and len(ledger.accepted) > 3, "some refused, some not")
                    server.kill_master()
            server.start()
            server.wait_workers()
            ledger.wait_all_ran()
        self.assert_serves(server)

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
            if call.startswith("mmap") and TIME_SCALE > 1:
                continue  # a sanitizer ends the process then, with a report

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
        sizes = itertools.count(1_000_000, 500_000)  # what the allocator has kept is too small for the next

        def request() -> None:
            self.assertIn(server.get(f"/bytes/{next(sizes)}", timeout=20.0 * TIME_SCALE)[0], (200, 500, 502))

        def task() -> None:
            server.deliver("large", {"bytes": next(sizes) // 10}, until="finished", durable="false")

        for kind, use in (("worker", request), ("task worker", task)):
            cases = [(["mmap:error=ENOMEM", "brk:error=ENOMEM"], "bad_alloc|{kind} . .pid {pid}. ended: "),
                     (["sendmsg:error=ENOMEM"], ""), (["read:error=ENOMEM"], "")]
            for calls, told in cases:
                if TIME_SCALE > 1 and calls[0].startswith("mmap"):
                    continue  # a sanitizer ends the process then, with a report
                with self.subTest(kind=kind, calls=calls):
                    self.run_out(server, kind, calls, use, told)
            with self.subTest(kind=kind, calls="openat"):
                self.cannot_open(server, kind)
        self.assert_recovered(server, before, 30.0)

    def run_out(self, server: FaultServer, kind: str, calls: list[str], use: Callable[[], object], told: str) -> None:
        """That clients get a proper answer each, whatever becomes of the child, and what has become of it is told."""
        log = self.log_of_strace(server)

        def fault() -> None:
            pid, known = server.wait_pid(kind), len(server.log())
            with Injection(pid, calls, log, "1+3") as injection:
                begun = time.monotonic()

                def is_over() -> bool:
                    use()
                    return (time.monotonic() - begun > self.SECONDS and injection.fewest > 0) or not proctree.alive(pid)

                wait_until(is_over, f"errors of {calls}", 20.0)
                self.assertGreater(injection.fewest, 0)
            if not proctree.alive(pid):
                server.wait_log(rf"{kind} \d \(pid {pid}\) ended: ")
            if told:
                wait_until(lambda: re.search(told.format(kind=kind, pid=pid), server.log()[known:]), told)

        self.load(server, fault, [HELLO, ECHO, LARGE, SPOOLED], statuses={200, 500, 502})

    def cannot_open(self, server: FaultServer, kind: str) -> None:
        """That others go on while the next child of a kind can open hardly any file, and it is tried again."""
        log = self.log_of_strace(server)

        def fault() -> None:
            victim, known = server.wait_pid(kind), len(server.log())
            # With the processes that it starts.
            with Injection(server.master, ["openat:error=EMFILE"], log, "1+3") as injection:
                os.kill(victim, signal.SIGKILL)
                # Which of its files it was hangs on the build.
                told = f"{kind} . (cannot serve: .*Too many open files|.*cannot open shared object file: Error 24)"
                wait_until(lambda: re.search(told, server.log()[known:]), "a child that has told what it lacks", 20.0)
                self.assertGreater(injection.fewest, 1)
            server.wait_pid(kind, without={victim})

        self.load(server, fault, [HELLO, ECHO, LARGE, SPOOLED], statuses={200, 500, 502})

    def log_of_strace(self, server: FaultServer) -> Path:
        log = server.directory.parent / f"{server.directory.name}.strace"
        self.addCleanup(log.unlink, missing_ok=True)
        return log


if __name__ == "__main__":
    unittest.main()
