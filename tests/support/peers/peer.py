"""A WebSocket client of another make, python3-websockets, that does what wspeers.run() writes to its input."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import websockets

_WAIT = 60  # seconds for each step


def content(kind: str, size: int) -> str | bytes:
    """Text of characters of 1 to 4 bytes, or bytes of which half cannot be compressed; size bytes of either."""
    if kind == "text":
        return "aé€𝄞" * (size // 10) + "z" * (size % 10)
    return os.urandom(size - size // 2) + b"\xff" * (size // 2)


async def take(socket, step: list) -> None:
    name, words = step[0], step[1:]
    if name == "echo":
        sent = content(*words)
        await socket.send(sent)
        received = await socket.recv()
        if received != sent:
            raise AssertionError(f"{words}: {len(received)} other units came back, {received[:40]!r}")
    elif name == "fragments":
        parts = [content(words[0], words[1])] * words[2]
        await socket.send(parts)
        received = await socket.recv()
        if received != parts[0] * words[2]:
            raise AssertionError(f"{words}: {len(received)} other units came back, {received[:40]!r}")
    elif name == "ping":
        await (await socket.ping(words[0]))
    elif name == "send":
        await socket.send(words[0])
    elif name == "expect":
        received = await socket.recv()
        if received != words[0]:
            raise AssertionError(f"{received!r} in place of {words[0]!r}")
    elif name == "close":
        await socket.close(*words)
    elif name == "closed":
        await socket.wait_closed()
    else:
        raise AssertionError(f"no such step: {step}")


async def main() -> dict:
    task = json.load(sys.stdin)
    socket = await websockets.connect(task["url"], compression="deflate" if task["deflate"] else None, max_size=None,
                                      subprotocols=task["subprotocols"] or None, ping_interval=None)
    for step in task["steps"]:
        await asyncio.wait_for(take(socket, step), _WAIT)
    result = {"subprotocol": socket.subprotocol, "deflate": bool(socket.extensions), "code": socket.close_code,
              "reason": socket.close_reason}
    await socket.close()
    return result


try:
    print(json.dumps(asyncio.run(main())))
except Exception as error:
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
