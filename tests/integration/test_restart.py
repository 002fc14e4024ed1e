"""server.restart: what it asks of the running server before it gives it up, and what the next one tells of it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
import unittest
from pathlib import Path
from unittest import mock

from controlclient import ControlClient, Refused, restart_in_its_stop
from quernserver import wait_until
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

    def wait_anew(self, work: WorkServer, started_at: str) -> None:
        """Until the server serves that is not the one of then."""
        def serves() -> bool:
            try:
                with ControlClient(work) as control:
                    status = control.ask("server.status")
                    return status["startedAt"] != started_at and status["state"] == "running"
            except OSError:
                return False

        wait_until(serves, "the new server", 20)


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


def bytes_read(pid: int) -> int:
    """What the threads of a process have read so far, from files of the kernel as well.

    What stands for the process as a whole has also what its children had read, once they have ended.
    """
    return sum(int(io.read_text().split("rchar: ")[1].split()[0]) for io in Path(f"/proc/{pid}/task").glob("*/io"))


class Addresses(RestartTestCase):
    def test_its_connections_are_not_counted_to_know_its_own(self) -> None:
        work = self.work(task_worker_num=0)
        work.settings["runtime_dir"] = str(work.directory / "elsewhere")
        work.write_config()

        def effort() -> int:
            with ControlClient(work) as control:
                before = bytes_read(work.master)
                with self.assertRaises(Refused) as caught:
                    control.ask("server.restart")
                self.assertIn("runtime_dir", caught.exception.message)
                return bytes_read(work.master) - before

        few = effort()
        self.assertLess(few, 32 << 10, "it has looked into the tables of sockets")
        for _ in range(300):
            self.addCleanup(socket.create_connection(("127.0.0.1", work.port), 10).close)
        with ControlClient(work) as control:
            wait_until(lambda: control.ask("server.status")["totals"]["connections"] >= 300, "the connections")
        self.assertLess(effort() - few, 4 << 10)

    def test_a_wider_address_takes_the_place_of_its_own(self) -> None:
        work = self.work(task_worker_num=0)
        with ControlClient(work) as control:
            before = control.ask("server.status")["startedAt"]
            work.settings["listen"] = [f"0.0.0.0:{work.port}"]
            work.write_config()
            control.ask("server.restart")
        self.wait_anew(work, before)


    def test_a_wider_address_of_which_a_stranger_has_a_part(self) -> None:
        work = self.work(task_worker_num=0)
        with socket.socket() as stranger:
            stranger.bind(("127.0.0.2", work.port))
            stranger.listen()
            work.settings["listen"] = [f"0.0.0.0:{work.port}"]
            work.write_config()
            self.assertIn("in use", self.refusal(work))
        self.assertEqual(work.get("/hello/a")[0], 200)


class Heirs(RestartTestCase):
    def test_the_audit_log_tells_that_it_could_not_start(self) -> None:
        work = self.work(task_worker_num=0)
        work.config.write_text(work.config.read_text().replace("journal = ", 'fail = "ServerStart"\njournal = '))
        self.assert_exit(work.command("restart"), 1, "ServerStart")
        self.assertEqual(work.get("/hello/a")[0], 200)
        entries = [json.loads(line) for line in (work.runtime / "audit.log").read_text().splitlines()]
        self.assertEqual([entry["outcome"] for entry in entries if entry["method"] == "server.restart"], ["begun", "failed"])
        self.assertIn("ServerStart", entries[-1]["error"])

    def test_the_audit_log_tells_its_end(self) -> None:
        work = self.work(task_worker_num=0)
        with ControlClient(work) as control:
            before = control.ask("server.status")["startedAt"]
            operation = control.ask("server.restart")["operation"]
        self.wait_anew(work, before)

        def entries() -> list[dict]:
            lines = (work.runtime / "audit.log").read_text().splitlines()
            return [entry for entry in map(json.loads, lines) if entry["method"] == "server.restart"]

        begun, done = wait_until(lambda: len(entries()) > 1 and entries(), "the end")
        self.assertEqual((begun["outcome"], done["outcome"]), ("begun", "done"))
        for entry in (begun, done):
            self.assertEqual((entry["who"], entry["params"]), (f"uid {os.getuid()}", {"operation": operation}))
        self.assertEqual(work.get("/hello/a")[0], 200)

    def test_a_daemon_that_cannot_start_anew_says_why(self) -> None:
        work = WorkServer(task_worker_num=0, max_wait_time=20)
        path = work.directory / "app.sock"
        work.settings["listen"].append(f"unix:{path}")
        work.write_config()
        self._servers.append(work)
        # So that it has to stay the same process.
        with mock.patch.dict(os.environ, SUPERVISOR_ENABLED="1"):
            work.start_daemon()
        with ControlClient(work) as control, restart_in_its_stop(work, control) as client:
            # Its file is there all the time.
            self.assertTrue(path.exists())
            good = work.config.read_text()
            work.config.write_text(good.replace("worker_num", "worker_nun"))
            self.assertIn(b" 200 ", client.recv(4096))
        work.wait_gone()
        work.config.write_text(good)
        self.assertRegex(work.log(), r"error +master +cannot start anew: .*quern.toml:.*worker_nun")


if __name__ == "__main__":
    unittest.main()
