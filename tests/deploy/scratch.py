"""Folders of tests in the build folder, for what is too big for /tmp, or must not lie there."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """One that goes at the end; those of tests that were killed go now."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "scratch.lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        for lock in folder.glob("run-*.lock"):
            with lock.open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue  # its test runs
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink()
        path = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        lock = path.with_name(f"{path.name}.lock")
        file = lock.open("w")
        fcntl.flock(file, fcntl.LOCK_EX)
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        lock.unlink()
        file.close()
