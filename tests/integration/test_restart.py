"""server.restart: what it asks of the running server before it gives it up, and what the next one tells of it."""

from __future__ import annotations

import fcntl
import time
import unittest
from pathlib import Path

from controlclient import ControlClient, Refused
from workserver import WorkServer, WorkTestCase

# https://www.sqlite.org/fileformat2.html, "The Locking Protocol": os.h SHARED_FIRST and SHARED_SIZE
SHARED_FIRST, SHARED_SIZE = 0x40000002, 510


def is_locked(database: Path) -> bool:
    """Whether another process has the lock of SQLite on it."""
    with database.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
        except BlockingIOError:
            return True
    return False


class RestartTestCase(WorkTestCase):
    def refusal(self, work: WorkServer) -> str:
        """Why the restart is refused."""
        with ControlClient(work) as control, self.assertRaises(Refused) as caught:
            control.ask("server.restart")
        return caught.exception.message


class Database(RestartTestCase):
    def test_a_refused_restart_leaves_its_lock(self) -> None:
        work = self.work(task_worker_num=1, tables='[tasks]\ndatabase = "tasks.db"\n')
        database = work.directory / "tasks.db"
        work.deliver("note", {"number": 1}, durable="true", until="finished")
        self.assertTrue(is_locked(database))
        # By another name as well.
        (work.directory / "linked.db").symlink_to(database)
        for name in ("tasks.db", "linked.db"):
            with self.subTest(name):
                work.tables = work.tables.replace("tasks.db", name)
                work.settings["runtime_dir"] = str(work.directory / "elsewhere")
                work.write_config()
                begun = time.monotonic()
                self.assertIn("runtime_dir", self.refusal(work))
                seconds = time.monotonic() - begun
                self.assertTrue(is_locked(database), "anybody may write to it now")
                self.assertLess(seconds, 1.5, "it has waited for itself")

    def test_one_that_a_stranger_has(self) -> None:
        work = self.work(task_worker_num=1, tables='[tasks]\ndatabase = "tasks.db"\n')
        other = WorkServer(task_worker_num=1, tables='[tasks]\ndatabase = "tasks.db"\n')
        self._servers.append(other)
        other.start()
        work.tables = work.tables.replace("tasks.db", str(other.directory / "tasks.db"))
        work.write_config()
        self.assertIn("another process has it", self.refusal(work))
        self.assertTrue(is_locked(other.directory / "tasks.db"))
        work.deliver("note", {"number": 1}, durable="true", until="finished")
        self.assertEqual(work.numbers()[1], 1)


if __name__ == "__main__":
    unittest.main()
