"""A real server of a test's own: its configuration, its processes, its log, and proof that nothing of it is left."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import resource
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import proctree
from ports import reserve_port

QUERN_BIN = os.environ.get("QUERN_BIN", str(Path(__file__).resolve().parents[2] / "build/dev/bin/quern"))
# Where the fixture plugins are built.
FIXTURES = Path(os.environ.get("QUERN_FIXTURES", str(Path(QUERN_BIN).parents[1] / "tests/fixtures/plugins")))
# Deadlines are multiplied by this: builds with sanitizers are slower.
TIME_SCALE = float(os.environ.get("QUERN_TIME_SCALE", "1"))
# A test whose skip begins with this is not for this build or machine: nothing that could be installed is lacking.
BY_DESIGN = "by design: "
_WORKER_TITLE = re.compile(r"quern: worker (\d+)\b")
# Masters that a QuernServer answers for, and what else answer_for() names; every other child of the test is a leftover.
_masters: set[int] = set()


def answer_for(pid: int) -> None:
    """This child is another's, who ends it: it is no leftover of a server."""
    _masters.add(pid)


@dataclass(frozen=True)
class Worker:
    number: int
    pid: int


def wait_until(condition: Callable[[], object], what: str, seconds: float = 10.0):
    """The first true value of condition; AssertionError when it does not come in time."""
    deadline = time.monotonic() + seconds * TIME_SCALE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds * TIME_SCALE:g} s")
        time.sleep(0.02)


def toml_value(value) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)  # strings, numbers and booleans are written alike in JSON and TOML


class QuernServer:
    """Server settings are given by their names in [server]; listen, worker_num and runtime_dir have values already.

    plugins: files of plugins that are loaded behind the welcome plugin.
    sockets: the settings of each [[socket]]; enabled ones are asked for when nothing is to be left.
    tables: what else stands in the settings, in TOML.
    open_files: how many files each of its processes may open.
    """

    def __init__(self, *, plugin_settings: dict | None = None, plugins: Sequence[Path] = (),
                 sockets: Sequence[dict] = (), tables: str = "", open_files: int | None = None, **server) -> None:
        proctree.adopt_orphans()
        self.directory = Path(tempfile.mkdtemp(prefix="quern-test-"))
        self.config = self.directory / "quern.toml"
        self.log_file = self.directory / "server.log"
        self.runtime = self.directory / "run"
        self.port = reserve_port()
        self.settings = {"listen": [f"127.0.0.1:{self.port}"], "worker_num": 2, "reactor_num": 1,
                         "runtime_dir": "run", **server}
        self.open_files = open_files
        self.prefix: list[str] = []  # a command that becomes the server in the end, under the same pid
        self.plugin_settings = {"allow_crash": True, **(plugin_settings or {})}
        self.plugins = list(plugins)
        self.sockets = [dict(entry) for entry in sockets]
        self.tables = tables
        self.environment: dict[str, str] = {}  # of the server and of commands, besides that of the test
        self.master: int | None = None
        self._started: subprocess.Popen | None = None
        self._seen: set[proctree.Process] = set()
        self.write_config()

    def write_config(self) -> None:
        lines = ["[server]"] + [f"{key} = {toml_value(value)}" for key, value in self.settings.items()]
        for entry in self.sockets:
            lines += ["", "[[socket]]"] + [f"{key} = {toml_value(value)}" for key, value in entry.items()]
        lines += ["", "[[plugin]]", 'name = "welcome"', "[plugin.settings]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in self.plugin_settings.items()]
        for plugin in self.plugins:
            lines += ["", "[[plugin]]", f"file = {toml_value(str(plugin))}"]
        self.config.write_text("\n".join([*lines, "", self.tables]) + "\n")

    # Starting and stopping

    def start(self) -> QuernServer:
        """Starts in the foreground and returns when the server answers."""
        self.launch()
        self.wait_ready()
        return self

    def launch(self) -> subprocess.Popen:
        with self.log_file.open("ab") as log:
            self._started = subprocess.Popen([*self.prefix, QUERN_BIN, "start", "-c", str(self.config)],
                                             cwd=self.directory, env={**os.environ, **self.environment},
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                             preexec_fn=self._prepare)
        self.adopt(self._started.pid)
        return self._started

    def adopt(self, master: int) -> None:
        self.master = master
        _masters.add(master)

    def _prepare(self) -> None:
        proctree.die_with_parent()
        self._limit()

    def _limit(self) -> None:
        if self.open_files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.open_files, self.open_files))

    def wait_ready(self, seconds: float = 10.0) -> None:
        def answers() -> bool:
            if self._started and self._started.poll() is not None:
                raise AssertionError(f"the server ended with {self._started.returncode} before it was ready")
            try:
                return self.get("/hello/ready", timeout=1.0)[0] == 200
            except (OSError, http.client.HTTPException):
                return False

        wait_until(answers, "server ready", seconds)
        self.see_processes()

    def adopt_daemon(self) -> int:
        """Takes charge of the master that `start -d` has left in the background."""
        found = [pid for pid in proctree.children_of(os.getpid())
                 if pid not in _masters and "quern: master" in proctree.title(pid)]
        assert len(found) == 1, f"masters in the background: {found}"
        self.adopt(found[0])
        self._started = None
        self.see_processes()
        return self.master

    def start_daemon(self) -> QuernServer:
        """Starts in the background."""
        result = self.command("start", "-d")
        assert result.returncode == 0, f"start -d: exit {result.returncode}: {result.stdout}{result.stderr}"
        self.adopt_daemon()
        return self

    def adopt_successor(self) -> int:
        """Takes charge of the master that has taken the place of this one, and returns the pid of this one."""
        before = self.master
        self.see_processes()
        self.master = int((self.runtime / "quern.pid").read_text())
        assert self.master != before, "the same master"
        self._started = None
        _masters.add(self.master)
        self.see_processes()
        return before

    def stop(self, seconds: float = 15.0) -> subprocess.CompletedProcess:
        """Stops by the command line, waits for the end and asserts that nothing is left."""
        self.see_processes()
        result = self.command("stop", timeout=seconds * TIME_SCALE)
        assert result.returncode == 0, f"stop: exit {result.returncode}: {result.stdout}{result.stderr}"
        self.wait_gone()
        return result

    def wait_gone(self, seconds: float = 5.0) -> int | None:
        """Waits until the master has ended and asserts that nothing is left; its exit status, unless a daemon."""
        wait_until(lambda: not self.running(), "end of the master", seconds)
        status = self._started.wait() if self._started else None
        self.assert_nothing_left()
        return status

    def running(self) -> bool:
        if self._started:
            return self._started.poll() is None
        return self.master is not None and proctree.alive(self.master)

    def destroy(self) -> None:
        """Ends whatever is left, by force if need be, and removes the files."""
        if self.running():
            self.see_processes()
            os.kill(self.master, signal.SIGTERM)
            try:
                wait_until(lambda: not self.running(), "end of the master")
            except AssertionError:
                os.kill(self.master, signal.SIGKILL)
        for process in self._seen:
            if process.alive():
                os.kill(process.pid, signal.SIGKILL)
        if self._started:
            self._started.wait()
        _masters.discard(self.master)
        shutil.rmtree(self.directory, ignore_errors=True)

    def see_processes(self) -> None:
        """Remembers the processes of now, so that those which outlive the master are found."""
        if self.running():
            found = (proctree.process(pid) for pid in proctree.descendants(self.master))
            self._seen.update(process for process in found if process)

    def assert_nothing_left(self) -> None:
        """No process, listening port, socket file or pid file."""
        wait_until(lambda: not self.leftovers(), "end of every child", 2.0)
        for address in self.tcp_addresses():
            host, _, port = address.rpartition(":")
            with socket.socket(socket.AF_INET6 if "[" in host else socket.AF_INET) as probe:
                assert probe.connect_ex((host.strip("[]"), int(port))) != 0, f"{address} is still open"
        files = [path for path in self.directory.rglob("*")
                 if stat.S_ISSOCK(path.lstat().st_mode) or "pid" in path.suffix]
        assert not files, f"left behind: {files}"

    def tcp_addresses(self) -> list[str]:
        """Where it listens for TCP: "127.0.0.1:5200", without "tls:"."""
        addresses = list(self.settings["listen"])
        for entry in self.sockets:
            if not str(entry.get("type", "tcp")).startswith(("udp", "unix")):
                addresses += [entry["listen"]] if isinstance(entry["listen"], str) else entry["listen"]
        addresses = [address.removeprefix("tls:") for address in addresses]
        return [address for address in addresses if not address.startswith("unix:")]

    def leftovers(self) -> list[str]:
        orphans = [pid for pid in proctree.children_of(os.getpid()) if pid not in _masters]
        pids = {process.pid for process in self._seen if process.alive()} | set(orphans)
        return [f"{pid} {proctree.title(pid)}" for pid in sorted(pids)]

    # Talking to it

    def command(self, *words: str, timeout: float = 30.0, demote: str | None = None) -> subprocess.CompletedProcess:
        """Runs `quern <words> -c <config>` to its end, as the user that demote names."""
        return subprocess.run([QUERN_BIN, *words, "-c", str(self.config)], cwd=self.directory, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=timeout * TIME_SCALE,
                              env={**os.environ, **self.environment}, user=demote,
                              group=pwd.getpwnam(demote).pw_gid if demote else None,
                              extra_groups=[] if demote else None,
                              preexec_fn=self._limit)

    def get(self, target: str, timeout: float = 10.0) -> tuple[int, bytes]:
        """Status and body, over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def workers(self) -> list[Worker]:
        """The living workers, found by their process titles."""
        if not self.running():
            return []
        titles = ((pid, _WORKER_TITLE.search(proctree.title(pid))) for pid in proctree.descendants(self.master))
        return sorted((Worker(int(match[1]), pid) for pid, match in titles if match), key=lambda worker: worker.number)

    def wait_workers(self, without: set[int] = frozenset(), seconds: float = 10.0) -> list[Worker]:
        """Waits for the full number of workers, none of which has a pid in without."""

        def complete() -> list[Worker] | None:
            workers = self.workers()
            full = len(workers) == self.settings["worker_num"]
            return workers if full and not without & {worker.pid for worker in workers} else None

        workers = wait_until(complete, "full number of workers", seconds)
        self.see_processes()
        return workers

    def log(self) -> str:
        """What the server has logged: the foreground's output and the log file of a daemon."""
        files = [self.log_file, *sorted(set(self.runtime.glob("*.log")) - {self.runtime / "audit.log"})]
        return "".join(path.read_text(errors="replace") for path in files if path.exists())

    def wait_log(self, pattern: str, seconds: float = 5.0) -> re.Match:
        return wait_until(lambda: re.search(pattern, self.log()), f"log line /{pattern}/", seconds)


class QuernTestCase(unittest.TestCase):
    """Servers made by server() are stopped after each test, and their logs are shown when it has failed."""

    def run(self, result=None):
        self._servers: list[QuernServer] = []
        result = result if result is not None else self.defaultTestResult()
        before = len(result.failures) + len(result.errors)
        try:
            return super().run(result)
        finally:
            if len(result.failures) + len(result.errors) > before:
                for server in self._servers:
                    print(f"---- log of the server in {self.id()}\n{server.log()}----", file=sys.stderr)
            for server in self._servers:
                server.destroy()

    def server(self, **settings) -> QuernServer:
        """A server that is not started yet."""
        server = QuernServer(**settings)
        self._servers.append(server)
        return server

    def serve(self, **settings) -> QuernServer:
        """A server that answers."""
        return self.server(**settings).start()

    def assert_exit(self, result: subprocess.CompletedProcess, status: int, *texts: str) -> None:
        """That a command has ended with status and printed something that each of texts, patterns, matches."""
        output = result.stdout + result.stderr
        self.assertEqual(result.returncode, status, output)
        for text in texts:
            self.assertRegex(output, text)

    def assert_no_loss(self, report) -> None:
        self.assertGreater(report.answered, 0, report)
        self.assertEqual(report.losses, 0, report)
