"""Runs the tests of one file, as `python3 -m unittest -v` does, and tells what could not be tested here.

    python3 -m runtests test_kills

The exit status is 0 if all that could run has passed, 77 if it has but a means was lacking for some, which ctest shows
as skipped, and 1 if any has failed, or there was none. What is left out BY_DESIGN lacks nothing.
"""

from __future__ import annotations

import sys
import unittest

from quernserver import BY_DESIGN

SKIPPED = 77


def status_of(result: unittest.TestResult) -> int:
    if not result.wasSuccessful() or (result.testsRun == 0 and not result.skipped):
        return 1
    return SKIPPED if lacking(result) else 0


def lacking(result: unittest.TestResult) -> list[str]:
    return sorted({reason for _, reason in result.skipped if not reason.startswith(BY_DESIGN)})


if __name__ == "__main__":
    outcome = unittest.main(module=None, exit=False, verbosity=2).result
    for missing in lacking(outcome):
        print(f"not tested here: {missing}", file=sys.stderr)
    sys.exit(status_of(outcome))
