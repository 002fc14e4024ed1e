"""How many rows of a shared table one process sets, gets and counts up, by handles of the columns."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from servers import BenchError

# Operations in a second, with 1000 rows of an integer and a string of 64 bytes.
BARS = {"get": 7.0e6, "set": 4.2e6, "increment": 5.2e6}
ROWS = (1000, 100_000)


def measure(build_dir: Path, seconds: float) -> dict:
    rates = {}
    for rows in ROWS:
        result = subprocess.run([build_dir / "tests/bench/table_bench", str(rows), str(seconds)],
                                capture_output=True, text=True, timeout=60 + 10 * seconds)
        if result.returncode != 0:
            raise BenchError(f"table_bench has failed: {result.stderr.strip()}")
        figures = json.loads(result.stdout)
        rates[rows] = {name: figures[name] for name in BARS}
    return {"case": "tables", "rates": rates, "bars": BARS,
            "passed": all(rates[ROWS[0]][name] >= bar for name, bar in BARS.items())}
