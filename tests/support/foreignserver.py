"""A server of another make that a test runs in the foreground."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import proctree
from quernserver import TIME_SCALE, answer_for, wait_until

_SYSTEM_FOLDERS = ":/usr/sbin:/usr/local/sbin"


def find_program(name: str) -> str | None:
    """Its path, be it that of a daemon, which are seldom in PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + _SYSTEM_FOLDERS)


class ForeignServer:
    """Its files lie in directory; what it prints is in output."""

    # SIGKILL for one that takes its time, where nobody looks at how it ends.
    END = signal.SIGTERM

    def __init__(self, name: str) -> None:
        self.name = name
        self.directory = Path(tempfile.mkdtemp(prefix=f"quern-{name}-"))
        self.output = self.directory / "output"
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def launch(self, command: Sequence[str | Path], answers: Callable[[], object], *, account: str = "",
               environment: dict[str, str] | None = None) -> None:
        """Starts it and returns once answers() is true. account: the user and group that it runs as; "" for our own."""
        identity = {"user": account, "group": account, "extra_groups": []} if account else {}
        if account:
            shutil.chown(self.directory, account, account)
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                             env=environment, start_new_session=True,
                                             preexec_fn=proctree.die_with_parent, **identity)
        answer_for(self._process.pid)

        def is_ready() -> object:
            assert self._process.poll() is None, f"{self.name} ended with {self._process.returncode}: {self.text()}"
            return answers()

        try:
            wait_until(is_ready, f"{self.name} ready")
        except BaseException:
            self.stop()
            raise

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            below = proctree.descendants(self._process.pid)[1:]
            if self.END == signal.SIGTERM:
                self._process.terminate()
            else:
                os.killpg(self._process.pid, self.END)
            try:
                self._process.wait(10 * TIME_SCALE)
            except subprocess.TimeoutExpired:
                pass
            # Whatever of its session is left.
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._process.wait()
            for pid in below:
                try:
                    os.waitpid(pid, 0)  # what the test has inherited of it
                except ChildProcessError:
                    pass
        shutil.rmtree(self.directory, ignore_errors=True)
