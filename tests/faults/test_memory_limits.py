"""Workers that run out of memory, or are killed for it: they are replaced, and others notice nothing."""

from __future__ import annotations

import http.client
import os
import resource
import signal
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from faultserver import HELLO, LONG, FaultServer, FaultTestCase, TaskLedger
from quernserver import BY_DESIGN, TIME_SCALE, wait_until

MIB = 1024 * 1024
ROUNDS = 20 if LONG else 3


@unittest.skipIf(TIME_SCALE > 1, f"{BY_DESIGN}a sanitizer reserves address space by the terabyte")
class AddressSpace(FaultTestCase):
    def limit(self, pid: int, room: int) -> None:
        """Lets the process have so much address space more."""
        with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (used + room, resource.RLIM_INFINITY))

    def ask_for_bytes(self, server: FaultServer, size: int) -> int:
        try:
            return server.get(f"/bytes/{size}", timeout=20.0)[0]
        except (OSError, http.client.HTTPException) as error:
            self.fail(f"no answer: {error!r}")

    def test_a_handler_that_wants_more_than_there_is(self) -> None:
        server = self.fault_serve()
        before = server.settled_footprint()

        def starve() -> None:
            for _ in range(ROUNDS):
                for worker in server.wait_workers():
                    self.limit(worker.pid, 16 * MIB)
                # Each worker gets some; what is thrown is caught, or ends the worker: both are told.
                statuses = [self.ask_for_bytes(server, 60_000_000 + number) for number in range(4)]
                self.assertTrue(set(statuses) <= {500, 502}, statuses)

        self.load(server, starve, [HELLO])
        server.wait_log(r"bad_alloc|worker \d \(pid \d+\) ended: signal")
        for worker in server.wait_workers():
            os.kill(worker.pid, signal.SIGKILL)  # those that are limited are to go
        server.wait_workers()
        self.assertEqual(self.ask_for_bytes(server, 60_000_000), 200)
        self.assert_recovered(server, before)

    def test_no_room_at_all(self) -> None:
        """Who finds none for an answer says so; where even the frame of that finds none, the worker ends."""
        server = self.fault_serve(worker_num=3)
        before = server.settled_footprint()
        ended, statuses = 0, Counter()

        def starve() -> None:
            nonlocal ended
            for _ in range(ROUNDS):
                victim = server.wait_workers()[0].pid
                self.limit(victim, 0)
                for number in range(200):
                    if victim not in server.pids("worker"):
                        ended += 1
                        break
                    statuses[self.ask_for_bytes(server, 2_000_000 + number)] += 1
                else:
                    os.kill(victim, signal.SIGKILL)  # it has managed with what it had
                server.wait_workers(without={victim})

        report = self.load(server, starve, [HELLO], statuses={200, 500, 502})
        self.assertLessEqual(set(statuses), {200, 500, 502})
        self.assertGreaterEqual(ended + statuses[500], ROUNDS, "nobody has run out of memory")
        # Others hardly notice.
        self.assertLessEqual(report.answered - report.statuses[200], report.answered // 50, report)
        self.assert_recovered(server, before)

    def upload(self, server: FaultServer, size: int) -> int:
        """The status of the answer; 0: there was none."""
        client = http.client.HTTPConnection(*server.address, timeout=20.0)
        try:
            client.request("POST", "/echo", bytes(size))
            return client.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            client.close()

    def test_a_master_that_wants_more_than_there_is(self) -> None:
        """It answers that it cannot, or ends and tells why, and the next one has all that was acknowledged."""
        server = self.fault_serve(package_max_length="64M", http_body_buffer_size="64M")
        server.see_processes()
        with TaskLedger(server) as ledger:
            wait_until(lambda: len(ledger.accepted) > 20, "tasks")
            self.limit(server.master, 16 * MIB)
            with ThreadPoolExecutor(4) as clients:
                statuses = list(clients.map(lambda _: self.upload(server, 20_000_000), range(4 * ROUNDS)))
        self.assertNotEqual(set(statuses), {200}, "it has had enough")
        self.assertLessEqual(set(statuses), {0, 200, 500, 503})
        if 0 not in statuses:
            resource.prlimit(server.master, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        else:
            wait_until(lambda: not server.running() and not server.leftovers(), "the end of it and of its children")
            server.wait_log("bad_alloc")
            server.start()
            server.wait_log("the server before this one .* did not stop")
        server.wait_workers()
        ledger.wait_all_ran()
        self.assert_serves(server)


class Killer(FaultTestCase):
    def test_a_worker_that_the_kernel_has_chosen(self) -> None:
        """SIGKILL within a request, as of the killer of those who use too much memory: a GET is tried once more."""
        server = self.fault_serve()
        before = server.settled_footprint()

        def choose() -> None:
            for _ in range(ROUNDS):
                victim = max(server.wait_workers(), key=lambda worker: worker.number).pid
                os.kill(victim, signal.SIGKILL)
                server.wait_log(rf"worker \d \(pid {victim}\) ended: signal 9 \(Killed\)")
                server.wait_workers(without={victim})

        self.load(server, choose, [HELLO])
        self.assertNotIn("crashes as soon as it starts", server.log())
        self.assert_recovered(server, before)


if __name__ == "__main__":
    unittest.main()
