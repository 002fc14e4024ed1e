"""Free TCP ports for tests that run side by side."""

from __future__ import annotations

import functools
import random
import socket

# Below the range from which the kernel takes the ports of outgoing connections: no client can be given one of these.
_FIRST, _LAST = 20000, 32000
_reserved: dict[int, socket.socket] = {}


@functools.cache
def has_ipv6() -> bool:
    """Whether this host has the loopback address of IPv6. Many containers don't, and some kernels know no IPv6 at all."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def reserve_port() -> int:
    """A port that nobody listens on. No other test process is given it until this process ends."""
    while True:
        port = random.randint(_FIRST, _LAST)
        # An abstract Unix socket as the lock: it belongs to the network name space, as ports do, and goes with its owner.
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            lock.bind(f"\0quern-test-port-{port}")
            _probe(socket.AF_INET, ("127.0.0.1", port))
            if has_ipv6():
                _probe(socket.AF_INET6, ("::1", port))
        except OSError:
            lock.close()
            continue
        _reserved[port] = lock
        return port


def _probe(family: int, address: tuple[str, int]) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
