"""The many clients of live connections, in a process of their own: see live_clients.c."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import proctree
from servers import BenchError


class LiveClients:
    """count clients of what a server has at target, which are open within `with`. kind: "ws", "silent" or "tcp"."""

    def __init__(self, build_dir: Path, port: int, target: str, count: int, *, kind: str = "ws") -> None:
        self._words = [str(build_dir / "tests/bench/live_clients"), kind, str(port), target, str(count)]
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> LiveClients:
        self._process = subprocess.Popen(self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         start_new_session=True, preexec_fn=proctree.die_with_parent)
        try:
            self._expect("ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def ask(self, command: str) -> dict:
        """What it answers to echo, cast or expect. The program has a deadline for each itself."""
        answer = self._say(command)
        try:
            result = json.loads(answer)
        except ValueError:
            raise BenchError(f"live clients: {answer or 'their process has ended'}") from None
        if result["closed"] or not result["messages"]:
            raise BenchError(f"live clients, {command}: {answer}")
        return result

    def assert_open(self) -> None:
        if (answer := self._say("check")) != "all open":
            raise BenchError(f"live clients: {answer or 'their process has ended'}")

    def _say(self, command: str) -> str:
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def _expect(self, line: str) -> None:
        answer = self._process.stdout.readline().strip()
        if answer != line:
            raise BenchError(f"live clients: {answer or 'their process has ended'}")

    def __exit__(self, *_) -> None:
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it has told already why it ended
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
