"""Processor time for one request under load, beside the limit's."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import proctree
from servers import BenchError, Limit, Quern, Server

_LATENCY_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


@dataclass(frozen=True)
class Case:
    name: str
    target: str
    connections: int
    bar: float  # at most so many times the limit's processor time


CASES = (
    Case("hello64", "/hello/bar", 64, 1.7),
    Case("hello1000", "/hello/bar", 1000, 1.9),
    Case("bytes64", "/bytes/16384", 64, 2.0),
)


@dataclass(frozen=True)
class Load:
    cpu_us: float  # for one request, of the whole process tree
    per_second: float
    p99_ms: float


def drive(server: Server, case: Case, seconds: float) -> Load:
    wrk = shutil.which("wrk")
    if not wrk:
        raise BenchError("wrk is not installed (Debian package wrk)")
    command = [wrk, "-t1", f"-c{case.connections}", f"-d{seconds:g}s", "--latency",
               f"http://127.0.0.1:{server.port}{case.target}"]
    before = proctree.cpu_seconds(server.pid)
    result = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30,
                            start_new_session=True, preexec_fn=proctree.die_with_parent)
    used = proctree.cpu_seconds(server.pid) - before
    if result.returncode != 0:
        raise BenchError(f"wrk: {result.stdout}{result.stderr}")
    for flaw in ("Non-2xx", "Socket errors"):
        if flaw in result.stdout:
            raise BenchError(f"{server.name}, {case.name}: wrk saw faults:\n{result.stdout}")
    requests = int(re.search(r"(\d+) requests in", result.stdout)[1])
    if requests == 0:
        raise BenchError(f"{server.name}, {case.name}: no request was answered")
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", result.stdout)
    return Load(cpu_us=used / requests * 1e6,
                per_second=float(re.search(r"Requests/sec:\s+([\d.]+)", result.stdout)[1]),
                p99_ms=float(p99[1]) * _LATENCY_UNITS[p99[2]])


def middle(loads: list[Load]) -> Load:
    return Load(median(load.cpu_us for load in loads), median(load.per_second for load in loads),
                median(load.p99_ms for load in loads))


def compare(case: Case, rival: Server, quern: Server, body_size: int, seconds: float, repeats: int) -> dict:
    """Both servers in turn, so that a drift of the machine meets both."""
    loads: dict[str, list[Load]] = {rival.name: [], quern.name: []}
    for server in (rival, quern):
        drive(server, case, min(1.0, seconds))
    for _ in range(repeats):
        for server in (rival, quern):
            loads[server.name].append(drive(server, case, seconds))
            # Connections that have just closed are still being cleaned up, at the next one's expense.
            time.sleep(0.1)
    rival_load, quern_load = middle(loads[rival.name]), middle(loads[quern.name])
    ratio = quern_load.cpu_us / rival_load.cpu_us
    return {"case": case.name, "target": case.target, "connections": case.connections, "body_bytes": body_size,
            rival.name: vars(rival_load), quern.name: vars(quern_load), "ratio": ratio, "bar": case.bar,
            "runs": {name: [load.cpu_us for load in each] for name, each in loads.items()},
            "passed": ratio <= case.bar}


def measure(case: Case, build_dir: Path, seconds: float, repeats: int, all_on: bool = False) -> dict:
    with Quern.with_all_on(build_dir) if all_on else Quern(build_dir) as quern:
        body_size = len(quern.wait_for(case.target))
        with Limit(build_dir, body_size) as limit:
            return compare(case, limit, quern, body_size, seconds, repeats)
