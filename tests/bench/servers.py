"""The servers that the bench compares, each with a port, a root process and a certain end."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import proctree
from ports import reserve_port


class BenchError(Exception):
    """The measurement could not be made, or what it measured is not what it should be."""


class Server:
    """A program in the foreground; within `with` it runs, afterwards neither it nor a descendant does."""

    name = ""
    probe = "/hello/bar"  # what is answered with 200 once it runs

    def __init__(self) -> None:
        self.port = reserve_port()
        self._process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def log_path(self) -> str:
        return os.devnull

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self):
        try:
            self.start()
            self.wait_for(self.probe)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.kill()

    def start(self) -> None:
        with open(self.log_path(), "ab") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             start_new_session=True, preexec_fn=proctree.die_with_parent)

    def wait_for(self, target: str, seconds: float = 20.0) -> bytes:
        """The body of the first 200."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BenchError(f"{self.name} ended with {self._process.returncode}:\n{self.log()}")
            try:
                status, body = get(self.port, target)
                if status == 200:
                    return body
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.002)
        raise BenchError(f"{self.name} gives no 200 for {target}:\n{self.log()}")

    def log(self) -> str:
        return Path(self.log_path()).read_text(errors="replace") if os.path.isfile(self.log_path()) else ""

    def kill(self) -> None:
        if self._process is None:
            return
        family = [proctree.process(pid) for pid in proctree.descendants(self._process.pid)]
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        for process in family:
            if process and process.alive():
                os.kill(process.pid, signal.SIGKILL)
        self._process = None


class Limit(Server):
    name = "limit"

    def __init__(self, build_dir: Path, body_size: int) -> None:
        super().__init__()
        self._program = build_dir / "tests/bench/limit_server"
        self._body_size = body_size

    def command(self) -> list[str]:
        return [str(self._program), str(self.port), str(self._body_size)]


class Quern(Server):
    name = "quern"

    def __init__(self, build_dir: Path, *, plugin: Path | None = None, listen: Sequence[str] = (), **settings) -> None:
        """plugin: a file that is loaded besides the welcome plugin. listen: further addresses."""
        super().__init__()
        self.program = str(build_dir / "bin/quern")
        self._directory = Path(tempfile.mkdtemp(prefix="quern-bench-"))
        self.config = self._directory / "quern.toml"
        addresses = ", ".join(f'"{address}"' for address in (f"127.0.0.1:{self.port}", *listen))
        lines = ["[server]", f"listen = [{addresses}]", 'runtime_dir = "run"']
        lines += [f"{key} = {value}" for key, value in {"worker_num": 2, **settings}.items()]
        lines += ["", "[[plugin]]", 'name = "welcome"']
        if plugin:
            lines += ["", "[[plugin]]", f'file = "{plugin}"']
        self.config.write_text("\n".join(lines) + "\n")

    @classmethod
    def with_all_on(cls, build_dir: Path) -> Quern:
        """With what a server in production has on: an access log, static files, the log of slow requests, proxies."""
        quern = cls(build_dir, access_log='"access.log"', handle_static="true", document_root='"public"',
                    request_slowlog_timeout=1, trusted_proxies='["10.0.0.0/8"]', max_conn_per_ip=5000)
        public = quern._directory / "public"
        public.mkdir()
        (public / "index.html").write_text("a front page\n")
        return quern

    def command(self) -> list[str]:
        return [self.program, "start", "-c", str(self.config)]

    def log_path(self) -> str:
        return str(self._directory / "server.log")

    def stop(self) -> float:
        """Seconds from the start of `quern stop` until no process is left."""
        family = [process for pid in proctree.descendants(self.pid) if (process := proctree.process(pid))]
        started = time.monotonic()
        stopping = subprocess.Popen([self.program, "stop", "-c", str(self.config)], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            while any(process.alive() for process in family):
                if time.monotonic() > started + 20:
                    raise BenchError("quern stop: processes are left after 20 s")
                time.sleep(0.001)
            took = time.monotonic() - started
            _, errors = stopping.communicate(timeout=20)
        finally:
            if stopping.poll() is None:
                stopping.kill()
                stopping.wait()
        if stopping.returncode != 0:
            raise BenchError(f"quern stop: exit {stopping.returncode}: {errors.decode(errors='replace')}")
        self._process.wait()
        self._process = None
        return took

    def __exit__(self, *_) -> None:
        self.kill()
        shutil.rmtree(self._directory, ignore_errors=True)


class Nginx(Server):
    """Serves the files below root by sendfile."""

    def __init__(self, root: Path, probe: str, *, nopush: bool) -> None:
        """nopush: with head and file in one packet, as Debian sets it up, and as Quern does."""
        super().__init__()
        self.name = "nginx" if nopush else "nginx, no nopush"
        self.probe = probe
        self._directory = Path(tempfile.mkdtemp(prefix="quern-bench-nginx-"))
        paths = "".join(f"    {kind}_temp_path {self._directory}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # As root it would change to a user who may not enter the folders of this test.
        user = "user root;\n" if os.geteuid() == 0 else ""
        (self._directory / "nginx.conf").write_text(
            f"{user}worker_processes 2;\ndaemon off;\npid {self._directory}/pid;\n"
            "events {\n    worker_connections 1024;\n}\n"
            f"http {{\n    sendfile on;\n    tcp_nopush {'on' if nopush else 'off'};\n    access_log off;\n"
            "    keepalive_requests 1000000000;\n"
            f"{paths}    server {{\n        listen 127.0.0.1:{self.port};\n        root {root};\n    }}\n}}\n")

    @staticmethod
    def program() -> str | None:
        """Its path; Debian keeps it where an ordinary user's PATH does not look."""
        return shutil.which("nginx", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")

    def command(self) -> list[str]:
        return [self.program(), "-e", self.log_path(), "-p", str(self._directory), "-c",
                str(self._directory / "nginx.conf")]

    def log_path(self) -> str:
        return str(self._directory / "error.log")

    def __exit__(self, *_) -> None:
        self.kill()
        shutil.rmtree(self._directory, ignore_errors=True)


def get(port: int, target: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
