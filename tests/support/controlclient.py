"""A client of the management protocol: JSON objects, one a line, over the control socket of a server."""

from __future__ import annotations

import json
import socket

from quernserver import TIME_SCALE, QuernServer


class Refused(Exception):
    """An error that the server has replied with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class ControlClient:
    """Every wait ends within timeout seconds."""

    def __init__(self, server: QuernServer, *, timeout: float = 10.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout * TIME_SCALE)
        self._socket.connect(str(server.runtime / "control.sock"))
        self._input = self._socket.makefile("rb")
        self._serial = 0
        self.events: list[dict] = []  # that have come meanwhile

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._input.close()
        self._socket.close()

    def ask(self, method: str, **params) -> dict:
        """The result; Refused if the server replies with an error."""
        self._serial += 1
        request = {"id": self._serial, "method": method, "params": params}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            line = self._input.readline()
            if not line:
                raise ConnectionError(f"no reply to {method}")
            message = json.loads(line)
            if "event" in message:
                self.events.append(message)
                continue
            assert message["id"] == self._serial, message
            if "error" in message:
                raise Refused(message["error"]["code"], message["error"]["message"])
            return message["result"]

    def pages(self, method: str, member: str, **params) -> list[dict]:
        """What stands in the member of all pages, up to the last."""
        found = []
        after = ""
        for _ in range(100_000):
            page = self.ask(method, after=after, **params)
            found += page[member]
            after = page["next"]
            if not after:
                return found
        raise AssertionError(f"{method} has pages without an end")
