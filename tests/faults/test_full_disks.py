"""Disks that are full: the server goes on, says so, loses nothing acknowledged, and mends itself once there is room."""

from __future__ import annotations

import http.client
import os
import re
import unittest
from pathlib import Path

from faultserver import ECHO, HELLO, FaultServer, FaultTestCase, TaskLedger
from quernserver import TIME_SCALE, wait_until

IO = 9
_MOUNT = 'mount -t tmpfs -o size="$1" quern-test "$2" || exit 77; mkdir "$2/uploads"; shift 2; exec "$@"'


class Disk:
    """A small file system of a server's own, at directory/disk, which nobody else sees."""

    def __init__(self, server: FaultServer, size: str) -> None:
        self.folder = server.directory / "disk"
        self.folder.mkdir()
        self._server = server
        unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        server.prefix = [*unshare, "sh", "-c", _MOUNT, "sh", size, str(self.folder)]

    @property
    def seen(self) -> Path:
        """The folder as the server sees it."""
        return Path(f"/proc/{self._server.master}/root{self.folder}")

    def fill(self) -> None:
        """Leaves no byte free."""
        with (self.seen / "filler").open("ab", buffering=0) as filler:
            for size in (65536, 4096, 1):
                try:
                    while filler.write(bytes(size)):
                        pass
                except OSError:
                    continue

    def make_room(self) -> None:
        (self.seen / "filler").unlink()


class FullDisks(FaultTestCase):
    def disk_server(self, size: str, **settings) -> tuple[FaultServer, Disk]:
        server = self.fault_server(**settings)
        disk = Disk(server, size)
        try:
            server.start()
        except AssertionError as error:
            if "ended with 77" in str(error) or "unshare:" in server.log():
                self.skipTest("no file system of its own can be mounted here")
            raise
        server.wait_workers()
        return server, disk

    def test_the_log(self) -> None:
        server, disk = self.disk_server("256k", log_file="disk/quern.log", children=False)
        log = disk.seen / "quern.log"
        before = server.settled_footprint()
        said = r"cannot write the log file .*/disk/quern\.log: No space left on device; lines are lost"
        again = r"takes lines again; [1-9]\d* were lost"

        def write_line() -> str:
            """The page that the file ends in has some room left. What there is to read at standard error."""
            self.assertEqual(server.get("/throw")[0], 500)
            return server.log_file.read_text()

        def fail() -> None:
            disk.fill()
            wait_until(lambda: re.search(said, write_line()), "a log that cannot be written")
            self.assertRegex(server.command("logs").stdout, said)  # what it remembers
            disk.make_room()
            wait_until(lambda: re.search(again, write_line()), "the log goes on")

        self.load(server, fail, [HELLO])
        self.assertRegex(log.read_text(), again)
        for line in log.read_text().splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\d .*\S")  # no half of one
        self.assert_recovered(server, before)

    def test_the_access_log(self) -> None:
        server, disk = self.disk_server("256k", access_log="disk/access.log", children=False)
        before = server.settled_footprint()

        def fail() -> None:
            disk.fill()
            server.wait_log("access_log .*/disk/access.log takes no more: lines are lost")
            disk.make_room()
            server.wait_log(r"access_log .*/disk/access.log takes lines again, [1-9]\d* were lost")

        self.load(server, fail, [HELLO])
        whole = re.compile(r'127\.0\.0\.1 - - \[.*\] ".*"')
        parts = [line for line in (disk.seen / "access.log").read_text().splitlines() if not whole.fullmatch(line)]
        self.assertLessEqual(len(parts), 1, "but for the one for which there was no room")
        self.assert_recovered(server, before)

    def test_the_database_of_tasks(self) -> None:
        server, disk = self.disk_server("4m", tables='[tasks]\ndatabase = "disk/tasks.db"\n')
        before = server.settled_footprint()
        ledger = TaskLedger(server, pause=0.001)

        def fail() -> None:
            wait_until(lambda: len(ledger.accepted) > 20, "tasks")
            disk.fill()
            wait_until(lambda: len(ledger.refused) > 20, "refusals")
            # What needs no disk goes on.
            self.assertEqual(server.deliver("echo", {"a": 1}, until="finished", durable="false")["result"], {"a": 1})
            status = server.status()
            self.assertEqual(status["state"], "degraded")
            self.assertIn("durable tasks cannot be kept: ", status["sentence"])
            disk.make_room()
            count = len(ledger.accepted)
            wait_until(lambda: len(ledger.accepted) > count + 20, "tasks are taken again")

        self.load(server, fail, ledger=ledger)
        self.assertEqual({each["answer"].get("code") for each in ledger.refused}, {IO}, ledger.refused[:3])
        self.assertEqual(ledger.unanswered, set())
        server.wait_log("tasks.*(full|No space left)")
        wait_until(lambda: "All is well" in server.status()["sentence"], "all is well")
        self.assert_recovered(server, before)

    def test_a_full_disk_and_a_killed_master(self) -> None:
        server, disk = self.disk_server("4m", tables='[tasks]\ndatabase = "disk/tasks.db"\n')
        with TaskLedger(server, pause=0.001) as ledger:
            wait_until(lambda: len(ledger.accepted) > 20, "tasks")
            disk.fill()
            wait_until(lambda: len(ledger.refused) > 20, "refusals")
        # The file system goes with its last user: another look keeps it.
        keeper = os.open(f"/proc/{server.master}/ns/mnt", os.O_RDONLY)
        self.addCleanup(os.close, keeper)
        server.kill_master()
        server.prefix = ["nsenter", f"--mount=/proc/{os.getpid()}/fd/{keeper}", "--wd=" + str(server.directory)]
        server.start()
        server.wait_workers()
        disk.make_room()
        ledger.wait_all_ran()
        with ledger:
            wait_until(lambda: len(ledger.accepted) > 40, "tasks are taken again")
        ledger.wait_all_ran()
        server.stop()

    def upload(self, server: FaultServer, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        client = http.client.HTTPConnection(*server.address, timeout=20.0 * TIME_SCALE)
        try:
            client.request("POST", "/upload", body, headers)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def test_uploads(self) -> None:
        server, disk = self.disk_server("2m", upload_tmp_dir="disk/uploads", package_max_length="8M")
        before = server.settled_footprint()
        form = (b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * 1_000_000
                + b"\r\n--b--\r\n")
        plain = b"x" * 1_000_000
        kinds = [(form, {"Content-Type": "multipart/form-data; boundary=b"}),
                 (plain, {"Content-Type": "application/octet-stream"})]
        self.assertEqual([self.upload(server, *kind)[0] for kind in kinds], [200, 415])

        def fail() -> None:
            disk.fill()
            for body, headers in kinds:
                for _ in range(5):
                    self.assertEqual(self.upload(server, body, headers)[0], 500)
            self.assertEqual(list((disk.seen / "uploads").iterdir()), [])
            disk.make_room()
            # Twice as much as there is room for, at the same time, and each time all of it is given back.
            for _ in range(5):
                self.assertEqual(self.upload(server, b"x" * 4_000_000, kinds[1][1])[0], 500)
                self.assertEqual([self.upload(server, *kind)[0] for kind in kinds], [200, 415])

        self.load(server, fail, [HELLO, ECHO])
        server.wait_log(r"answered 500: writing an upload to .*: No space left on device")
        self.assertEqual(list((disk.seen / "uploads").iterdir()), [])
        self.assert_recovered(server, before)


if __name__ == "__main__":
    unittest.main()
