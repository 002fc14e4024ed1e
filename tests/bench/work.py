"""Background tasks: round trips from the deliverer over broker and task worker and back, and durable ones accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import proctree
import throughput
from servers import BenchError, Limit, Quern, get

_HELLO = "/hello/bar"


@dataclass(frozen=True)
class Case:
    name: str
    target: str  # of the worklab plugin, with room for the number of tasks
    tasks: int


ROUND_TRIPS = Case("tasks", "/lab/race/echo?count={}&window=256", 400_000)
ROUND_TRIP_BAR = 1.4  # at least so many times the limit's requests per second
DURABLE = Case("durable", "/lab/race/echo?count={}&window=256&durable=true&until=accepted", 60_000)
DURABLE_BAR = 20_000  # accepted per second, at least


def plugin(build_dir: Path) -> Path:
    return build_dir / "lib/quern/plugins/libworklab.so"


def race(quern: Quern, case: Case, tasks: int) -> dict:
    before = proctree.cpu_seconds(quern.pid)
    status, body = get(quern.port, case.target.format(tasks))
    used = proctree.cpu_seconds(quern.pid) - before
    result = json.loads(body) if status == 200 else {}
    if result.get("failed") != 0 or result.get("count") != tasks:
        raise BenchError(f"{case.name}: {status} {body!r}")
    return {"per_second": result["perSecond"], "cpu_us": used / tasks * 1e6}


def server(build_dir: Path) -> Quern:
    # Without a limit of time for the request that measures.
    return Quern(build_dir, plugin=plugin(build_dir), worker_num=1, task_worker_num=2, max_request_execution_time=0)


def measure_round_trips(build_dir: Path, seconds: float, repeats: int) -> dict:
    """In turn with the limit, so that a drift of the machine meets both."""
    request = throughput.Case(ROUND_TRIPS.name, _HELLO, 64, ROUND_TRIP_BAR)
    tasks = max(10_000, int(ROUND_TRIPS.tasks * min(1.0, seconds / 2)))
    limits, rounds = [], []
    with server(build_dir) as quern:
        body_size = len(quern.wait_for(_HELLO))
        with Limit(build_dir, body_size) as limit:
            race(quern, ROUND_TRIPS, 10_000)
            for _ in range(repeats):
                limits.append(throughput.drive(limit, request, seconds))
                rounds.append(race(quern, ROUND_TRIPS, tasks))
    per_second = median(each["per_second"] for each in rounds)
    ratio = per_second / median(load.per_second for load in limits)
    return {"case": ROUND_TRIPS.name, "per_second": per_second, "cpu_us": median(each["cpu_us"] for each in rounds),
            "limit_per_second": median(load.per_second for load in limits), "ratio": ratio, "bar": ROUND_TRIP_BAR,
            "passed": ratio >= ROUND_TRIP_BAR}


def measure_durable(build_dir: Path, repeats: int, quick: bool) -> dict:
    tasks = DURABLE.tasks // 10 if quick else DURABLE.tasks
    with server(build_dir) as quern:
        runs = [race(quern, DURABLE, tasks) for _ in range(repeats)]
    per_second = median(each["per_second"] for each in runs)
    return {"case": DURABLE.name, "per_second": per_second, "cpu_us": median(each["cpu_us"] for each in runs),
            "bar": DURABLE_BAR, "passed": per_second >= DURABLE_BAR}
