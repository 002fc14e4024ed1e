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
    """What throughput.compare() gives for each way to set nginx up, as "rivals"; {"skipped": reason} in place of the
    figures where there is no nginx.

    The bar is for the way Debian sets it up. Without tcp_nopush the client reads while nginx still writes, so that on
    one machine the client does a part of the server's work, and gets half as many files a second."""
    if not Nginx.program():
        return {"case": CASE.name, "skipped": "nginx is not installed (Debian package nginx-light)", "passed": True}
    with tempfile.TemporaryDirectory(prefix="quern-bench-files-") as root:
        content = os.urandom(_SIZE)
        (Path(root) / CASE.target.lstrip("/")).write_bytes(content)
        rivals = {}
        with Quern(build_dir, handle_static="true", document_root=f'"{root}"') as quern:
            for nopush in (True, False):
                with Nginx(Path(root), CASE.target, nopush=nopush) as nginx:
                    for server in (nginx, quern):
                        if server.wait_for(CASE.target) != content:
                            raise BenchError(f"{server.name} does not give the bytes of the file")
                    rivals[nginx.name] = throughput.compare(CASE, nginx, quern, _SIZE, seconds, repeats)
    return {"case": CASE.name, "rivals": rivals, "passed": next(iter(rivals.values()))["passed"]}
