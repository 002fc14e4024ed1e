#!/usr/bin/env python3
"""Fails if clang-format would change any source file of the tree; prints which, and how to mend them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "app", "admin-gui", "plugins", "tests")


def main() -> int:
    sources = sorted(path for folder in FOLDERS for suffix in ("*.h", "*.cpp", "*.c")
                     for path in (ROOT / folder).rglob(suffix))
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, sources)],
                            capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return 0
    places = sorted({line.split(":")[0] for line in result.stderr.splitlines() if ": error: " in line})
    print("not formatted:\n  " + "\n  ".join(places) + "\nmend: clang-format -i " + " ".join(places), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
