"""WebSocket clients of other makes, as witnesses that nobody of this project has written: python3-websockets and ws."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import proctree
from quernserver import QUERN_BIN, TIME_SCALE

_SCRIPTS = Path(__file__).with_name("peers")
# Where ws is installed, once for each build folder.
_MODULES = Path(QUERN_BIN).parents[1] / "tests/peers"
_WS = "ws@8.18.0"


class PeerError(Exception):
    """The peer has seen something that it should not."""


def missing(peer: str) -> str:
    """Why there is no such peer, "python3-websockets" or "ws", on this machine; empty if there is one."""
    if peer == "ws":
        return _install_ws()
    return "" if _python() else "no Python with websockets (Debian package python3-websockets)"


@functools.cache
def _python() -> str | None:
    """The Python that CMake has found need not be the one that Debian's packages are for."""
    for program in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(program) and subprocess.run([program, "-c", "import websockets"], capture_output=True,
                                                      timeout=60).returncode == 0:
            return program
    return None


@functools.cache
def _install_ws() -> str:
    if not shutil.which("node") or not shutil.which("npm"):
        return "no node and npm (Debian packages nodejs and npm)"
    _MODULES.mkdir(parents=True, exist_ok=True)
    with (_MODULES / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = _MODULES / "node_modules/ws/package.json"
        if installed.exists() and f"ws@{json.loads(installed.read_text())['version']}" == _WS:
            return ""
        result = subprocess.run(["npm", "install", "--prefix", str(_MODULES), "--no-audit", "--no-fund", "--no-save",
                                 _WS], capture_output=True, text=True, timeout=120)
        return "" if result.returncode == 0 else f"npm install {_WS}: {result.stderr.strip()[-500:]}"


def run(peer: str, url: str, steps: Sequence[Sequence], *, deflate: bool = False,
        subprotocols: Sequence[str] = ()) -> dict:
    """Has the peer connect and take one step after the other:

    ["echo", kind, bytes], ["fragments", kind, bytes of each, number]: sends, and compares what comes back;
    ["ping", text]; ["send", text]; ["expect", text];
    ["close", code, reason]: closes; ["closed"]: waits until the server has closed.

    Returns "subprotocol", "deflate" (whether it was agreed), "code" and "reason" as the peer has them.
    """
    task = {"url": url, "deflate": deflate, "subprotocols": list(subprotocols), "steps": [list(step) for step in steps]}
    if peer == "ws":
        command, environment = ["node", str(_SCRIPTS / "peer.js")], {"NODE_PATH": str(_MODULES / "node_modules")}
    else:
        command, environment = [_python(), "-B", str(_SCRIPTS / "peer.py")], {}
    result = subprocess.run(command, input=json.dumps(task), capture_output=True, text=True, timeout=100 * TIME_SCALE,
                            env={**os.environ, **environment}, preexec_fn=proctree.die_with_parent)
    try:
        answer = json.loads(result.stdout)
    except ValueError:
        raise PeerError(f"{peer}: exit {result.returncode}: {result.stdout}{result.stderr}") from None
    if "error" in answer:
        raise PeerError(f"{peer}: {answer['error']}\n{result.stderr}")
    return answer
