"""What a WebSocket message costs, beside the limit's HTTP request, and what idle live connections cost."""

from __future__ import annotations

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import proctree
import throughput
from idle import IdleClients, wait_for_descriptors
from liveclients import LiveClients
from ports import reserve_port
from servers import BenchError, Limit, Quern
from throughput import Load

_SIZE = 32  # bytes of a message
_HELLO = "/hello/bar"  # what the limit answers in the place of it


@dataclass(frozen=True)
class Case:
    name: str
    target: str
    connections: int
    limit_connections: int
    bar: float  # at most so many times the limit's processor time for one request
    casts: int = 0  # messages that are sent to all; 0: each client gets back what it sends


CASES = (
    Case("ws_echo64", "/echo", 64, 64, 1.8),
    Case("ws_echo1000", "/echo", 1000, 1000, 2.2),
    Case("ws_broadcast", "/broadcast", 5000, 5000, 1.0, casts=40),
)


@dataclass(frozen=True)
class IdleCase:
    name: str
    connections: int
    memory_bar: float  # bytes for one connection, of the whole process tree
    cpu_bar: float | None = None  # of one processor


WEBSOCKETS = IdleCase("ws_idle", 10_000, 3 * 1024, 0.02)
TLS = IdleCase("tls_idle", 2000, 45 * 1024)


def plugin(build_dir: Path) -> Path:
    return build_dir / "tests/fixtures/plugins/liblive.so"


def drive(quern: Quern, case: Case, build_dir: Path, seconds: float) -> Load:
    with LiveClients(build_dir, quern.port, case.target, case.connections) as clients:
        before = proctree.cpu_seconds(quern.pid)
        if case.casts:
            result = clients.ask(f"cast {max(1, int(case.casts * min(1.0, seconds)))} {_SIZE} 60")
        else:
            result = clients.ask(f"echo {seconds:g} {_SIZE}")
        used = proctree.cpu_seconds(quern.pid) - before
        clients.assert_open()
    return Load(used / result["messages"] * 1e6, result["messages"] / result["seconds"], result["p99_ms"])


def measure(case: Case, build_dir: Path, seconds: float, repeats: int) -> dict:
    """Both servers in turn, so that a drift of the machine meets both."""
    settings = {"max_conn": case.connections + 1000}
    request = throughput.Case(case.name, _HELLO, case.limit_connections, case.bar)
    loads: dict[str, list[Load]] = {"limit": [], "quern": []}
    with Quern(build_dir, plugin=plugin(build_dir), **settings) as quern:
        body_size = len(quern.wait_for(_HELLO))
        with Limit(build_dir, body_size) as limit:
            throughput.drive(limit, request, min(1.0, seconds))
            drive(quern, case, build_dir, min(1.0, seconds) / 2)
            for _ in range(repeats):
                loads["limit"].append(throughput.drive(limit, request, seconds))
                loads["quern"].append(drive(quern, case, build_dir, seconds))
                time.sleep(0.1)  # see throughput.compare()
    limit_load, quern_load = throughput.middle(loads["limit"]), throughput.middle(loads["quern"])
    ratio = quern_load.cpu_us / limit_load.cpu_us
    return {"case": case.name, "target": case.target, "connections": case.connections, "limit": vars(limit_load),
            "quern": vars(quern_load), "ratio": ratio, "bar": case.bar,
            "runs": {name: [load.cpu_us for load in each] for name, each in loads.items()},
            "passed": ratio <= case.bar}


def _idle_result(case: IdleCase, connections: int, growth: float, cpu: float) -> dict:
    passed = growth <= case.memory_bar and (case.cpu_bar is None or cpu < case.cpu_bar)
    return {"case": case.name, "connections": connections, "bytes_per_connection": growth, "cpu": cpu,
            "memory_bar": case.memory_bar, "cpu_bar": case.cpu_bar, "passed": passed}


def measure_websockets(build_dir: Path, connections: int, seconds: float, ping_interval: int) -> dict:
    """Idle but for the pings, each of which comes within seconds."""
    if ping_interval > seconds:
        raise BenchError("no ping would come")
    with Quern(build_dir, plugin=plugin(build_dir), max_conn=connections + 1000,
               websocket_ping_interval=ping_interval) as quern:
        with LiveClients(build_dir, quern.port, "/echo", 10) as clients:
            clients.ask(f"echo 0.2 {_SIZE}")
        descriptors = proctree.open_descriptors(quern.pid)
        memory = proctree.pss_bytes(quern.pid)
        with LiveClients(build_dir, quern.port, "/echo", connections) as clients:
            growth = (proctree.pss_bytes(quern.pid) - memory) / connections
            before = proctree.cpu_seconds(quern.pid)
            time.sleep(seconds)
            cpu = (proctree.cpu_seconds(quern.pid) - before) / seconds
            clients.assert_open()
        wait_for_descriptors(quern, descriptors + 10)
    return _idle_result(WEBSOCKETS, connections, growth, cpu)


def make_certificate(directory: Path) -> dict[str, str]:
    """The settings that name it."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True, timeout=60)
    return {"ssl_cert_file": f'"{certificate}"', "ssl_key_file": f'"{key}"'}


def measure_tls(build_dir: Path, connections: int, seconds: float) -> dict:
    with tempfile.TemporaryDirectory(prefix="quern-bench-tls-") as directory:
        port = reserve_port()
        with Quern(build_dir, listen=[f"tls:127.0.0.1:{port}"], max_conn=connections + 1000, keepalive_timeout=600,
                   **make_certificate(Path(directory))) as quern:
            with IdleClients(port, 20, tls=True) as clients:
                clients.assert_open()
            descriptors = proctree.open_descriptors(quern.pid)
            memory = proctree.pss_bytes(quern.pid)
            with IdleClients(port, connections, tls=True) as clients:
                growth = (proctree.pss_bytes(quern.pid) - memory) / connections
                before = proctree.cpu_seconds(quern.pid)
                time.sleep(seconds)
                cpu = (proctree.cpu_seconds(quern.pid) - before) / seconds
                clients.assert_open()
            wait_for_descriptors(quern, descriptors + 10)
    return _idle_result(TLS, connections, growth, cpu)
