"""That a footprint shows what is left: this process stands for a master."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from footprint import Footprint, footprint_of
from quernserver import wait_until


class Surplus(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="quern-test-"))
        self.addCleanup(shutil.rmtree, self.directory)
        for name in ("generations/1/libgood.so", "tasks.db-payloads/1.task", "tasks.db", "journal"):
            self.write(name)

    def write(self, name: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    def footprint(self) -> Footprint:
        return footprint_of(os.getpid(), self.directory)

    def child(self, code: str = "", **options) -> subprocess.Popen:
        """Runs code for each line that it is sent."""
        program = f"import os, sys\nkeep = []\nprint('here')\nfor _ in sys.stdin:\n    {code or 'pass'}\n    print()"
        child = subprocess.Popen([sys.executable, "-uc", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 **options)
        self.addCleanup(child.__exit__, None, None, None)
        self.addCleanup(child.kill)
        self.assertEqual(child.stdout.readline(), "here\n")
        return child

    def test_nothing(self) -> None:
        before = self.footprint()
        self.assertEqual(self.footprint().surplus(before), "")

    def test_files_that_come_and_go(self) -> None:
        before = self.footprint()
        for name in ("tasks.db-wal", "tasks.db-shm", "run/audit.log"):
            self.write(name)
        shutil.move(self.directory / "generations/1", self.directory / "generations/2")
        shutil.move(self.directory / "tasks.db-payloads/1.task", self.directory / "tasks.db-payloads/2.task")
        self.write("run/cron.state")
        before.files["run"] = 1
        self.assertEqual(self.footprint().surplus(before), "")

    def test_files_of_which_there_are_more(self) -> None:
        for name in ("generations/2/libgood.so", "tasks.db-payloads/2.task", "upload"):
            before = self.footprint()
            self.write(name)
            self.assertIn("files", self.footprint().surplus(before), name)

    def test_descriptors_of_the_master(self) -> None:
        before = self.footprint()
        for descriptor in os.pipe():
            self.addCleanup(os.close, descriptor)
        self.assertRegex(self.footprint().surplus(before), "descriptors of .*pipe.*2")

    def test_descriptors_of_a_child_that_lives_on(self) -> None:
        child = self.child("keep += os.pipe()")
        before = self.footprint()
        child.stdin.write("\n")
        child.stdin.flush()
        child.stdout.readline()
        self.assertRegex(self.footprint().surplus(before), f"descriptors of .* {child.pid}: .*pipe.*2")

    def test_descriptors_that_a_new_child_has_inherited(self) -> None:
        first = self.child()
        before = self.footprint()
        leak = os.open(self.directory / "journal", os.O_RDONLY)
        self.addCleanup(os.close, leak)
        first.kill()
        first.wait()
        os.set_inheritable(leak, True)
        second = self.child(close_fds=False)
        self.assertRegex(self.footprint().surplus(before), f"descriptors of .* {second.pid}: .*journal")

    def test_processes(self) -> None:
        before = self.footprint()
        child = self.child()
        self.assertRegex(self.footprint().surplus(before), "processes .*program python")
        os.kill(child.pid, signal.SIGKILL)
        wait_until(lambda: "zombie" in self.footprint().processes, "its end, for which nobody has waited")
        self.assertIn("zombie", self.footprint().surplus(before))


if __name__ == "__main__":
    unittest.main()
