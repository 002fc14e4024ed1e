"""Restarts of a server that has to stay the same process, and sockets that whoever starts it has bound."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import unittest
from unittest import mock

import proctree
from controlclient import ControlClient
from daemonserver import DaemonTestCase
from quernserver import FIXTURES, QUERN_BIN, TIME_SCALE, wait_until
from rawhttp import RawConnection
from workserver import WorkServer

COUNTER = '[[atomic]]\nname = "visits"\nvalue = 5\n'


class InPlace(DaemonTestCase):
    """Where the process has to stay the same one."""

    def ask_during_it(self, work: WorkServer) -> list[int]:
        """The answers of clients that connect, one after the other, until the restart is over."""
        with ControlClient(work) as control:
            started = control.ask("server.status")["startedAt"]
            control.ask("server.restart")
        statuses = []

        def is_over() -> bool:
            statuses.append(work.get("/hello/a", timeout=20 * TIME_SCALE)[0])
            try:
                with ControlClient(work) as control:
                    status = control.ask("server.status")
                    return status["startedAt"] != started and status["state"] == "running"
            except OSError:
                return False

        wait_until(is_over, "the new server", 30)
        return statuses

    def test_who_connects_meanwhile_waits(self) -> None:
        work = self.work(worker_num=1, task_worker_num=0, max_wait_time=2, tables=COUNTER)
        master = work.master
        self.assertEqual(work.ask("POST", "/lab/counters/visits?by=3")[1]["value"], 8)
        for _ in range(3):
            self.assertEqual(set(self.ask_during_it(work)), {200})
            self.assertEqual(int((work.runtime / "quern.pid").read_text()), master)
        self.assertTrue(work.running())
        self.assertEqual(work.ask("POST", "/lab/counters/visits?by=1")[1]["value"], 9)
        work.wait_log("whoever has started this process in the foreground waits for it: it will stop and start anew")
        work.stop()

    def test_under_supervisord(self) -> None:
        with mock.patch.dict(os.environ, SUPERVISOR_ENABLED="1"):
            work = self.daemon(worker_num=1, task_worker_num=0)
        master = work.master
        self.assertEqual(set(self.ask_during_it(work)), {200})
        self.assertEqual(int((work.runtime / "quern.pid").read_text()), master)
        work.wait_log("supervisord looks after this process, which has to stay the same: it will stop and start anew")
        work.stop()

    def test_a_file_of_a_unix_socket_goes_with_the_last_server(self) -> None:
        work = self.work(worker_num=1, task_worker_num=0)
        path = work.directory / "app.sock"
        work.settings["listen"].append(f"unix:{path}")
        work.write_config()
        self.assert_exit(work.command("restart"), 0)
        self.assert_exit(work.command("restart"), 0)
        with RawConnection(str(path), timeout=10 * TIME_SCALE) as local:
            self.assertEqual(local.request("GET", "/hello/a").status, 200)
        work.stop()

    def test_a_file_of_a_unix_socket_goes_when_a_stop_comes_in_between(self) -> None:
        work = self.work(worker_num=1, task_worker_num=0, max_wait_time=20)
        path = work.directory / "app.sock"
        work.settings["listen"].append(f"unix:{path}")
        work.write_config()
        self.assert_exit(work.command("restart"), 0)
        with RawConnection(str(path), timeout=20 * TIME_SCALE) as local:
            # Keeps the server from going on.
            local.send(b"GET /slow?ms=3000 HTTP/1.1\r\nHost: test\r\n\r\n")
            wait_until(lambda: self.is_busy(work), "the request")
            with ControlClient(work) as control:
                control.ask("server.restart")
            work.wait_log("it could serve: this server stops")
            work.stop()
            self.assertEqual(local.response().status, 200)
        self.assertFalse(path.exists())

    def test_options_that_are_not_those_of_its_start(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=0)
        (work.directory / ".env.other").touch()
        self.assert_exit(work.command("restart", "-e", "other"), 1,
                         "the server was started without -e, .*stop it, and start it with -e other")
        self.assert_exit(work.command("restart", "-x", "7"), 1, "start it with -x 7")
        work.stop()


class Activation(DaemonTestCase):
    """Sockets that are passed as systemd passes them."""

    def start(self, work: WorkServer, *sockets: socket.socket) -> None:
        """In the foreground, with these as descriptors from 3 on."""
        first = 3
        script = "import os, sys; os.environ['LISTEN_PID'] = str(os.getpid()); os.execv(sys.argv[1], sys.argv[1:])"

        def place() -> None:
            copies = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 100) for each in sockets]
            for number, copy in enumerate(copies, first):
                os.dup2(copy, number)
                os.close(copy)

        with work.log_file.open("ab") as log:
            work._started = subprocess.Popen(
                [sys.executable, "-c", script, QUERN_BIN, "start", "-c", str(work.config)], cwd=work.directory,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=place,
                close_fds=False, env=os.environ | {"LISTEN_FDS": str(len(sockets)), "NOTIFY_SOCKET": "/nowhere"})
        work.adopt(work._started.pid)

    def test_they_are_served_and_stay(self) -> None:
        work = WorkServer(worker_num=1, task_worker_num=0, reactor_num=2, plugins=[FIXTURES / "libenvironment.so"])
        self._servers.append(work)
        path = work.directory / "app.sock"
        work.settings["listen"].append(f"unix:{path}")
        work.write_config()
        with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
            # Without SO_REUSEADDR and the like: nobody else could bind it beside this.
            tcp.bind(work.address)
            tcp.listen()
            unix.bind(str(path))
            unix.listen()
            self.start(work, tcp, unix)
            work.wait_ready()
            before = self.restart(work)
            self.wait_left(before)
            for _ in range(8):
                self.assertEqual(work.get("/hello/a")[0], 200)
                with RawConnection(str(path), timeout=10 * TIME_SCALE) as local:
                    self.assertEqual(local.request("GET", "/hello/a").status, 200)
            # No child has them, nor takes the variables for its own.
            self.assertEqual(work.get("/environment/LISTEN_FDS"), (200, b""))
            self.assert_exit(work.command("stop"), 0)
            wait_until(lambda: not proctree.alive(work.master), "its end")
            # They are the manager's: it goes on listening, and the file is his.
            self.assertTrue(path.exists())
            with socket.create_connection(work.address, 5):
                pass

    def test_what_is_no_socket(self) -> None:
        work = WorkServer(worker_num=1, task_worker_num=0)
        self._servers.append(work)
        ends = socket.socketpair()
        with ends[0], ends[1]:
            self.start(work, ends[0])
            self.assertEqual(work._started.wait(20), 1)
        work.wait_log("descriptor 3 is no socket that listens for connections .*LISTEN_FDS")

    def test_one_that_nothing_is_served_at(self) -> None:
        work = WorkServer(worker_num=1, task_worker_num=0)
        self._servers.append(work)
        with socket.create_server(("127.0.0.1", 0)) as other:
            self.start(work, other)
            self.assertEqual(work._started.wait(20), 1)
            work.wait_log(f"127.0.0.1:{other.getsockname()[1]}: nothing is served there, .*name it in listen")

    def test_those_of_somebody_else(self) -> None:
        with mock.patch.dict(os.environ, LISTEN_PID="1", LISTEN_FDS="3"):
            work = self.work(worker_num=1, task_worker_num=0)
        self.assertEqual(work.get("/hello/a")[0], 200)
        work.stop()


if __name__ == "__main__":
    unittest.main()
