"""How long the server takes to answer after its start, and to be gone after `quern stop`."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from servers import Quern

GOAL = 0.3  # seconds
GATE = 5 * GOAL  # start-up hangs on the disk and on what else runs: only a gross regression fails


def measure(build_dir: Path, repeats: int) -> dict:
    starts: list[float] = []
    stops: list[float] = []
    for _ in range(repeats):
        quern = Quern(build_dir)
        try:
            started = time.monotonic()
            quern.start()
            quern.wait_for("/hello/bar")
            starts.append(time.monotonic() - started)
            stops.append(quern.stop())
        finally:
            quern.__exit__()
    start, stop = median(starts), median(stops)
    return {"case": "lifetime", "start_s": start, "stop_s": stop, "goal_s": GOAL, "gate_s": GATE,
            "passed": start <= GATE and stop <= GATE}
