"""That a skip for want of something is told, and hides no failure."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

_PASSES = "def test_passes(self): pass"
_FAILS = "def test_fails(self): self.fail()"
_LACKS = "def test_lacks(self): self.skipTest('no means')"
_LEFT_OUT = "def test_left_out(self): self.skipTest('by design: not for this build')"


class Status(unittest.TestCase):
    def run_tests(self, *tests: str) -> tuple[int, str]:
        """Exit status and output for a file with these tests."""
        with tempfile.TemporaryDirectory(prefix="quern-test-") as folder:
            lines = ["import unittest", "class Case(unittest.TestCase):"]
            lines += [f"    {test}" for test in tests or ["pass"]]
            Path(folder, "test_some.py").write_text("\n".join(lines) + "\n")
            outcome = subprocess.run([sys.executable, "-B", "-m", "runtests", "test_some"], cwd=folder,
                                     capture_output=True, text=True,
                                     env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)})
            return outcome.returncode, outcome.stdout + outcome.stderr

    def test_all_pass(self) -> None:
        self.assertEqual(self.run_tests(_PASSES)[0], 0)

    def test_some_could_not_run(self) -> None:
        status, output = self.run_tests(_PASSES, _LACKS)
        self.assertEqual(status, 77, output)
        self.assertIn("not tested here: no means", output)

    def test_a_failure_is_one_whatever_was_skipped(self) -> None:
        self.assertEqual(self.run_tests(_LACKS, _FAILS)[0], 1)

    def test_what_is_left_out_by_design_lacks_nothing(self) -> None:
        self.assertEqual(self.run_tests(_PASSES, _LEFT_OUT)[0], 0)

    def test_no_test_at_all(self) -> None:
        self.assertEqual(self.run_tests()[0], 1)


if __name__ == "__main__":
    unittest.main()
