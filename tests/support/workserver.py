"""A server with the worklab plugin: its routes, and the journal of what has run."""

from __future__ import annotations

import http.client
import json
import os
import signal
from collections import Counter

import proctree
from quernserver import TIME_SCALE, QuernServer, QuernTestCase, toml_value, wait_until


class WorkServer(QuernServer):
    """tables: what else stands in the settings, in TOML; worklab: the plugin's settings."""

    def __init__(self, *, tables: str = "", worklab: dict | None = None, **server) -> None:
        super().__init__(**{"task_worker_num": 2, **server})
        self.journal = self.directory / "journal"
        settings = {"journal": str(self.journal), **(worklab or {})}
        lines = ["[[plugin]]", 'name = "worklab"', "[plugin.settings]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in settings.items()]
        self.tables = "\n".join([*lines, "", tables])
        self.write_config()

    def lines(self) -> list[str]:
        """What has run so far."""
        return self.journal.read_text().splitlines() if self.journal.exists() else []

    def work_lines(self) -> list[str]:
        """The same without the life-cycle hooks."""
        return [line for line in self.lines() if not line.startswith("hook ")]

    def count(self, start: str) -> int:
        return sum(line.startswith(start) for line in self.lines())

    def numbers(self, task: str = "note") -> Counter:
        """How often each number was in a task of that name."""
        return Counter(int(line.split()[2]) for line in self.lines() if line.startswith(f"task {task} "))

    def wait_lines(self, start: str, count: int, seconds: float = 10.0) -> None:
        wait_until(lambda: self.count(start) >= count, f"{count} lines {start!r} in the journal", seconds)

    def ask(self, method: str, target: str, body: bytes | dict | None = None, timeout: float = 20.0):
        """Status and JSON of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout * TIME_SCALE)
        try:
            connection.request(method, target, json.dumps(body) if isinstance(body, dict) else body)
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text.startswith(b"{") else text
        finally:
            connection.close()

    def deliver(self, task: str, body: bytes | dict | None = None, *, until: str = "", **options):
        """The JSON of the answer; options are those of the route: delay, tries, timeout, priority, key, durable."""
        query = "&".join([f"{name}={value}" for name, value in options.items()] + ([f"until={until}"] if until else []))
        return self.ask("POST", f"/lab/tasks/{task}?{query}", body)[1]

    def task_workers(self) -> list[int]:
        """Pids of the living task workers."""
        if not self.running():
            return []
        return [pid for pid in proctree.descendants(self.master) if "quern: task worker" in proctree.title(pid)]

    def status(self) -> dict:
        return json.loads(self.command("status", "--json").stdout)

    def kill_master(self) -> None:
        """kill -9 of the master, and waits for the end of its children."""
        self.see_processes()
        os.kill(self.master, signal.SIGKILL)
        self._started.wait()
        wait_until(lambda: not self.leftovers(), "end of the children")


class WorkTestCase(QuernTestCase):
    def work(self, **settings) -> WorkServer:
        """A server with worklab that answers."""
        server = WorkServer(**settings)
        self._servers.append(server)
        server.start()
        return server


