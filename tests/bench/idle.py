"""What idle keep-alive connections cost: memory, processor time, and the latency of a request among them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles

import proctree
from servers import BenchError, Quern

MEMORY_BAR = 2048.0  # bytes for one connection
CPU_BAR = 0.01  # of one processor
LATENCY_BAR = 1.5  # times the latency without idle connections
_REQUEST = b"GET /hello/bar HTTP/1.1\r\nHost: bench\r\n\r\n"


def latencies(port: int, count: int) -> list[float]:
    """Milliseconds of each of count requests, one after the other on one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        samples = []
        for _ in range(count):
            started = time.perf_counter_ns()
            client.sendall(_REQUEST)
            answer = b""
            while not _is_whole(answer):
                data = client.recv(4096)
                if not data:
                    raise BenchError(f"the connection ended within an answer: {answer!r}")
                answer += data
            samples.append((time.perf_counter_ns() - started) / 1e6)
        return samples


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith(b"HTTP/1.1 200 "):
        raise BenchError(f"not a 200: {head!r}")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(body) >= int(lengths[0])


class IdleClients:
    """The connections, held by a process of their own: each of the two sides needs a descriptor for each."""

    def __init__(self, port: int, count: int, *, tls: bool = False) -> None:
        self._count = count
        words = [str(port), str(count)] + (["tls"] if tls else [])
        self._process = subprocess.Popen([sys.executable, "-B", str(Path(__file__).with_name("idleclients.py")),
                                          *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, start_new_session=True, preexec_fn=proctree.die_with_parent)

    def __enter__(self) -> IdleClients:
        try:
            self._expect("ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def assert_open(self) -> None:
        self._process.stdin.write("check\n")
        self._process.stdin.flush()
        self._expect("all open")

    def _expect(self, line: str) -> None:
        answer = self._process.stdout.readline().strip()
        if answer != line:
            raise BenchError(f"idle connections: {answer or 'their process has ended'}")

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def wait_for_descriptors(quern: Quern, at_most: int) -> None:
    deadline = time.monotonic() + 20
    while proctree.open_descriptors(quern.pid) > at_most:
        if time.monotonic() > deadline:
            raise BenchError("the server keeps descriptors of closed connections")
        time.sleep(0.02)


def measure(build_dir: Path, connections: int, seconds: float, rounds: int) -> dict:
    """Latency is measured without and with the idle connections in turn, for as many rounds."""
    alone: list[float] = []
    among: list[float] = []
    growth = cpu = 0.0
    with Quern(build_dir, max_conn=connections + 1000, keepalive_timeout=600) as quern:
        latencies(quern.port, 2000)
        descriptors = proctree.open_descriptors(quern.pid)
        for turn in range(rounds):
            alone += latencies(quern.port, 500)
            memory = proctree.pss_bytes(quern.pid)
            with IdleClients(quern.port, connections) as clients:
                if turn == 0:
                    growth = (proctree.pss_bytes(quern.pid) - memory) / connections
                    before = proctree.cpu_seconds(quern.pid)
                    time.sleep(seconds)
                    cpu = (proctree.cpu_seconds(quern.pid) - before) / seconds
                among += latencies(quern.port, 500)
                clients.assert_open()
            wait_for_descriptors(quern, descriptors + 10)
    ratio = median(among) / median(alone)
    return {"case": "idle", "connections": connections, "bytes_per_connection": growth, "cpu": cpu,
            "alone_ms": {"median": median(alone), "p99": quantiles(alone, n=100)[98]},
            "among_ms": {"median": median(among), "p99": quantiles(among, n=100)[98]}, "latency_ratio": ratio,
            "passed": growth <= MEMORY_BAR and cpu < CPU_BAR and ratio <= LATENCY_BAR}
