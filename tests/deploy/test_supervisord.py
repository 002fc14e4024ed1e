"""resources/deploy/supervisord, run by supervisord."""

from __future__ import annotations

import getpass
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest
from dataclasses import dataclass

import proctree
from controlclient import ControlClient
from foreignserver import ForeignServer, find_program
from quernserver import FIXTURES, QUERN_BIN, TIME_SCALE, QuernServer, QuernTestCase, wait_until
from rawhttp import RawConnection
from recipes import recipe, uncommented

SUPERVISORD, SUPERVISORCTL = find_program("supervisord"), find_program("supervisorctl")

# What Debian's supervisord.conf has.
_CONFIG = """
[unix_http_server]
file={folder}/supervisor.sock
chmod=0700

[supervisord]
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{folder}/supervisor.sock

[include]
files = {folder}/conf.d/*.conf
"""


@dataclass(frozen=True)
class State:
    """As `supervisorctl status` tells it; pid 0 unless it runs."""

    name: str
    pid: int


def may_raise_limits() -> bool:
    """As root on a machine of its own may, and in many a container may not."""
    return subprocess.run(["prlimit", "--nofile=4096:4096", "prlimit", "--nofile=16384:16384", "true"],
                          capture_output=True, timeout=60).returncode == 0


class Supervisor(ForeignServer):
    """Has one program, quern, which is the server of the test."""

    def __init__(self, quern: QuernServer, *, few_files: bool = False) -> None:
        """few_files: it may open too few files, as long as it does not raise that itself."""
        super().__init__("supervisord")
        self.config = self.directory / "supervisord.conf"
        self.config.write_text(_CONFIG.format(folder=self.directory))
        # As root it is to give that up.
        self.account = "nobody" if os.geteuid() == 0 else getpass.getuser()
        if os.geteuid() == 0:
            for path in (quern.directory, quern.config):
                shutil.chown(path, self.account)
        replaced = {"/usr/bin/quern ": f"{QUERN_BIN} ", "/etc/quern/quern.toml": str(quern.config),
                    "/srv/quern": str(quern.directory), "user=quern": f"user={self.account}", '="quern"': f'="{self.account}"',
                    "/var/log/supervisor": str(self.directory)}
        if few_files:
            replaced |= uncommented("[supervisord]", "minfds=16384", sign=";")
        folder = self.directory / "conf.d"
        folder.mkdir()
        (folder / "quern.conf").write_text(recipe("supervisord/quern.conf", replaced))
        self.quern_log = self.directory / "quern.log"
        files = ["prlimit", f"--nofile=1024:{4096 if may_raise_limits() else 16384}"] if few_files else []
        self.launch([*files, SUPERVISORD, "--nodaemon", "-c", self.config], lambda: self.state().name == "RUNNING")

    def ask(self, *words: str) -> str:
        result = subprocess.run([SUPERVISORCTL, "-c", self.config, *words], capture_output=True, text=True,
                                timeout=60 * TIME_SCALE)
        return result.stdout + result.stderr

    def state(self) -> State:
        match = re.match(r"quern +([A-Z]+)(?: +pid (\d+))?", self.ask("status", "quern"))
        return State(match[1], int(match[2] or 0)) if match else State("", 0)

    def wait_running(self, *, without: int = 0) -> State:
        """Waits until it says so, of another process than that."""

        def runs() -> State | None:
            state = self.state()
            return state if state.name == "RUNNING" and state.pid != without else None

        return wait_until(runs, "supervisord says RUNNING", 20)


@unittest.skipUnless(SUPERVISORD, "supervisord is not installed (Debian: supervisor)")
class UnderSupervisord(QuernTestCase):
    def setUp(self) -> None:
        self.quern = self.server()
        self.supervise()

    def supervise(self, **options) -> None:
        self.supervisor = Supervisor(self.quern, **options)
        self.addCleanup(self.end, self.supervisor)
        self.adopt(self.supervisor.state().pid)

    def end(self, supervisor: Supervisor) -> None:
        if not self._outcome.success:
            log = supervisor.quern_log
            print(f"---- supervisord says\n{supervisor.text()}{log.read_text() if log.exists() else ''}----")
        supervisor.stop()

    def test_the_environment_is_that_of_the_user(self) -> None:
        self.quern.plugins = [FIXTURES / "libidentity.so"]
        self.quern.write_config()
        self.assert_exit(self.quern.command("reload"), 0)
        facts = json.loads(self.quern.get("/identity")[1])
        self.assertEqual((facts["home"], facts["user"]), (str(self.quern.directory), self.supervisor.account))

    def open_files(self) -> tuple[int, int]:
        """How many the master may have, and how many it may ask for."""
        with open(f"/proc/{self.quern.master}/limits") as file:
            found = re.search(r"Max open files +(\d+) +(\d+)", file.read())
        return int(found[1]), int(found[2])

    def adopt(self, pid: int) -> None:
        self.quern.master = pid
        wait_until(self.serves, "the server")
        self.quern.see_processes()

    def serves(self) -> bool:
        try:
            return self.quern.get("/hello/you")[0] == 200
        except OSError:
            return False

    def started_at(self) -> str:
        with ControlClient(self.quern) as control:
            return control.ask("server.status")["startedAt"]

    def assert_ended(self) -> None:
        wait_until(lambda: not proctree.alive(self.quern.master), "end of the master")
        self.quern.assert_nothing_left()

    def test_it_is_the_master_that_is_supervised(self) -> None:
        pid = self.quern.master
        self.assertIn("quern: master", proctree.title(pid))
        self.assertIn(pid, proctree.children_of(self.supervisor.pid))
        self.assertRegex(self.supervisor.quern_log.read_text(), r"master +ready after")

    def test_it_opens_as_many_files_as_it_may(self) -> None:
        soft, hard = self.open_files()
        self.assertEqual(soft, hard)

    def test_supervisord_lets_it_open_more_files(self) -> None:
        self.supervisor.stop()
        self.supervise(few_files=True)
        self.assertEqual(self.open_files(), (16384, 16384))

    def test_it_runs_as_its_user(self) -> None:
        for pid in proctree.descendants(self.quern.master):
            self.assertEqual(os.stat(f"/proc/{pid}").st_uid, pwd.getpwnam(self.supervisor.account).pw_uid)

    def test_a_crash_is_started_anew(self) -> None:
        dead = self.quern.master
        os.kill(dead, signal.SIGKILL)
        state = self.supervisor.wait_running(without=dead)
        wait_until(lambda: not self.quern.leftovers(), "end of the children of the one before")
        self.adopt(state.pid)

    def test_a_reload_keeps_its_pid(self) -> None:
        before = {worker.pid for worker in self.quern.workers()}
        self.assert_exit(self.quern.command("reload"), 0)
        self.quern.wait_workers(without=before)
        self.assertEqual(self.supervisor.state(), State("RUNNING", self.quern.master))

    def test_a_restart_keeps_its_pid(self) -> None:
        started_at = self.started_at()
        before = {worker.pid for worker in self.quern.workers()}
        self.assert_exit(self.quern.command("restart"), 0, "supervisord looks after this process")

        def is_another() -> bool:
            try:
                return self.started_at() != started_at
            except OSError:
                return False

        wait_until(is_another, "the new server", 20)
        self.adopt(self.quern.master)
        self.quern.wait_workers(without=before)
        self.assertEqual(self.supervisor.state(), State("RUNNING", self.quern.master))
        self.assertNotIn("exited", self.supervisor.text())

    def test_a_restart_by_supervisord(self) -> None:
        dead = self.quern.master
        self.assertIn("quern: started", self.supervisor.ask("restart", "quern"))
        self.adopt(self.supervisor.wait_running(without=dead).pid)

    def test_a_stop_finishes_what_is_in_flight(self) -> None:
        with RawConnection(self.quern.address, timeout=10 * TIME_SCALE) as client:
            client.send(b"POST /later?ms=1500 HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n")
            wait_until(lambda: self.in_flight() == 1, "the request in its worker")
            answer: list[str] = []
            stopping = threading.Thread(target=lambda: answer.append(self.supervisor.ask("stop", "quern")))
            stopping.start()
            self.assertEqual(client.response("POST").status, 200)
            stopping.join()
        self.assertEqual(answer, ["quern: stopped\n"])
        self.assert_ended()
        self.assertEqual(self.supervisor.state(), State("STOPPED", 0))

    def in_flight(self) -> int:
        with ControlClient(self.quern) as control:
            return sum(worker["inFlight"] for worker in control.ask("server.status")["workers"])

    def test_one_that_is_stopped_by_its_command_stays_so(self) -> None:
        self.assert_exit(self.quern.command("stop"), 0)
        self.assert_ended()
        wait_until(lambda: self.supervisor.state().name == "EXITED", "supervisord says EXITED")
        # supervisord starts anew what it does within a second or two.
        watched = time.monotonic() + 3
        while time.monotonic() < watched:
            self.assertEqual(self.supervisor.state().name, "EXITED")
        self.assertIn("quern: started", self.supervisor.ask("start", "quern"))
        self.adopt(self.supervisor.wait_running().pid)

    def test_the_end_of_supervisord_is_that_of_quern(self) -> None:
        os.kill(self.supervisor.pid, signal.SIGTERM)
        self.assert_ended()


if __name__ == "__main__":
    unittest.main()
