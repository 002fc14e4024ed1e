"""Processor time for a static file, beside nginx's on the same file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import throughput
from servers import BenchError, Nginx, Quern

CASE = throughput.Case("static1m", "/file.bin", 16, 1.3)
_SIZE = 1024 * 1024


def measure(build_dir: Path, seconds: float, repeats: int) -> dict:
    """What throughput.compare() gives; {"skipped": reason} in place of the figures where there is no nginx."""
    if not Nginx.program():
        return {"case": CASE.name, "skipped": "nginx is not installed (Debian package nginx-light)", "passed": True}
    with tempfile.TemporaryDirectory(prefix="quern-bench-files-") as root:
        content = os.urandom(_SIZE)
        (Path(root) / CASE.target.lstrip("/")).write_bytes(content)
        with Nginx(Path(root), CASE.target) as nginx, \
                Quern(build_dir, handle_static="true", document_root=f'"{root}"') as quern:
            for server in (nginx, quern):
                if server.wait_for(CASE.target) != content:
                    raise BenchError(f"{server.name} does not give the bytes of the file")
            return throughput.compare(CASE, nginx, quern, _SIZE, seconds, repeats)
