"""How long a well-behaved client waits for its answers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rawhttp import RawConnection


@dataclass(frozen=True)
class Latencies:
    seconds: tuple[float, ...]  # of each request, sorted

    def percentile(self, share: float) -> float:
        """share: from 0 to 1."""
        return self.seconds[min(int(len(self.seconds) * share), len(self.seconds) - 1)]

    def __str__(self) -> str:
        points = ", ".join(f"{name} {self.percentile(share) * 1000:.1f} ms"
                           for name, share in (("p50", 0.5), ("p99", 0.99), ("slowest", 1.0)))
        return f"{len(self.seconds)} requests: {points}"


def measure(address: tuple[str, int], target: str, during: float, *, rate: float = 300.0,
            timeout: float = 5.0) -> Latencies:
    """Asks for target rate times a second, for during seconds; every other time over a connection of its own.

    A request that is late because the one before it took long is measured from the time at which it was due: else one
    long halt would count as one slow request. Raises AssertionError, Closed or TimeoutError when one is not answered 200.
    """
    taken = []
    begin = time.perf_counter()
    with RawConnection(address, timeout) as kept:
        for number in range(int(during * rate)):
            due = begin + number / rate
            time.sleep(max(due - time.perf_counter(), 0))
            if number % 2 == 0:
                status = kept.request("GET", target).status
            else:
                with RawConnection(address, timeout) as own:
                    status = own.request("GET", target).status
            taken.append(time.perf_counter() - due)
            assert status == 200, f"answered {status}"
    return Latencies(tuple(sorted(taken)))
