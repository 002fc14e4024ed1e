"""The management protocol over the control socket: one JSON object a line."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

from quernserver import TIME_SCALE


class Refused(Exception):
    """A reply that is an error."""

    def __init__(self, error: dict) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.message = error["message"]


class ControlSocket:
    def __init__(self, runtime: Path, seconds: float = 15.0) -> None:
        self._seconds = seconds * TIME_SCALE
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(self._seconds)
        try:
            self._socket.connect(str(runtime / "control.sock"))
        except OSError:
            self._socket.close()
            raise
        self._buffer = b""
        self._serial = 0
        self.events: list[dict] = []  # that have come and nobody has waited for

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> ControlSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, **params: object) -> dict:
        self._serial += 1
        message = {"id": self._serial, "method": method, "params": params}
        self._socket.sendall(json.dumps(message).encode() + b"\n")
        while True:
            reply = self._receive()
            if "event" in reply:
                self.events.append(reply)
            elif "error" in reply:
                raise Refused(reply["error"])
            else:
                assert reply["id"] == self._serial, reply
                return reply["result"]

    def wait_event(self, name: str, condition: Callable[[dict], bool] = lambda data: True) -> dict:
        """The data of the first event of that name that fits; those before it are forgotten."""
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline:
            event = self.events.pop(0) if self.events else self._receive()
            if event.get("event") == name and condition(event["data"]):
                return event["data"]
        raise AssertionError(f"no fitting event {name}")

    def wait_operation(self, reference: dict) -> dict:
        """How the operation has ended. Needs a subscription to operations."""
        number = reference["operation"]
        present = self.call("operation.read", operation=number)
        if present["state"] != "running":
            return present
        return self.wait_event("operation", lambda data: data["id"] == number and data["state"] != "running")

    def _receive(self) -> dict:
        while b"\n" not in self._buffer:
            bytes_ = self._socket.recv(1 << 16)
            if not bytes_:
                raise ConnectionError("the server has closed the control socket")
            self._buffer += bytes_
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)
