"""A client of the management protocol: JSON objects, one a line, over the control socket of a server."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from quernserver import TIME_SCALE, QuernServer, wait_until


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
        self._timeout = timeout * TIME_SCALE
        self._socket.settimeout(self._timeout)
        try:
            self._socket.connect(str(server.runtime / "control.sock"))
        except OSError:
            self._socket.close()
            raise
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
            message = self._receive()
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

    def wait_event(self, name: str, condition: Callable[[dict], bool] = lambda data: True) -> dict:
        """The data of the first event of that name that fits; those before it are forgotten."""
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            event = self.events.pop(0) if self.events else self._receive()
            if event.get("event") == name and condition(event["data"]):
                return event["data"]
        raise AssertionError(f"no fitting event {name}")

    def wait_operation(self, reference: dict) -> dict:
        """How the operation has ended. Needs a subscription to operations."""
        number = reference["operation"]
        present = self.ask("operation.read", operation=number)
        if present["state"] != "running":
            return present
        return self.wait_event("operation", lambda data: data["id"] == number and data["state"] != "running")

    def _receive(self) -> dict:
        line = self._input.readline()
        if not line:
            raise ConnectionError("the server has closed the control socket")
        return json.loads(line)


@contextmanager
def restart_in_its_stop(server: QuernServer, control: ControlClient) -> Iterator[socket.socket]:
    """A restart in place that waits, in its stop, for the answer to a client of 6 s: that client. Needs
    max_wait_time = 20."""
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(b"GET /slow?ms=6000 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: any(each["inFlight"] for each in control.ask("server.status")["workers"]), "its request")
        control.ask("server.restart")
        wait_until(lambda: control.ask("server.status")["state"] == "stopping", "the stop", 20)
        yield client
