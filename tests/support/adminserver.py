"""A server with the management API, and clients of it: HTTP by Python's library and byte by byte, and the stream."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path

from ports import reserve_port
from quernserver import QuernServer, QuernTestCase, TIME_SCALE, toml_value
from rawhttp import RawConnection
from wsclient import WebSocketClient

ROLES = ("viewer", "operator", "admin")
STREAM = "/api/v1/stream"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def error(self) -> dict:
        return self.json["error"]


class AdminServer(QuernServer):
    """admin: the settings of [admin] by their names; enable and listen have values already."""

    def __init__(self, *, admin: dict | None = None, tables: str = "", **server) -> None:
        self.api_port = reserve_port()
        # "test" is what the clients of the other tests call every server.
        self.admin = {"enable": True, "listen": f"127.0.0.1:{self.api_port}", "hosts": ["test"], **(admin or {})}
        super().__init__(tables=tables, **server)

    def write_config(self) -> None:
        super().write_config()
        lines = ["", "[admin]"] + [f"{key} = {toml_value(value)}" for key, value in self.admin.items()]
        self.config.write_text(self.config.read_text() + "\n".join(lines) + "\n")

    @property
    def api_address(self) -> tuple[str, int]:
        return "127.0.0.1", self.api_port

    @property
    def token_file(self) -> Path:
        return self.runtime / "admin.tokens"

    def tcp_addresses(self) -> list[str]:
        return [*super().tcp_addresses(), f"127.0.0.1:{self.api_port}"]

    def token(self, role: str) -> str:
        """That of the first who has this role."""
        lines = (line.split() for line in self.token_file.read_text().splitlines() if not line.startswith("#"))
        return next(words[2] for words in lines if words and words[0] == role)

    def ask(self, method: str, path: str, role: str | None = "admin", *, token: str | None = None, body=None,
            headers: dict | None = None, timeout: float = 10.0, tls: ssl.SSLContext | None = None) -> Answer:
        """One request over a connection of its own. body: what becomes JSON."""
        fields = dict(headers or {})
        if token or role:
            fields["Authorization"] = f"Bearer {token or self.token(role)}"
        data = None if body is None else json.dumps(body)
        if data is not None:
            fields["Content-Type"] = "application/json"
        if tls:
            connection = http.client.HTTPSConnection("localhost", self.api_port, timeout=timeout * TIME_SCALE, context=tls)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.api_port, timeout=timeout * TIME_SCALE)
        try:
            connection.request(method, path, data, fields)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def raw(self, timeout: float = 10.0) -> RawConnection:
        return RawConnection(self.api_address, timeout * TIME_SCALE)

    def head(self, line: str, *fields: str, role: str | None = None) -> bytes:
        """The bytes of a request's head, with a right Host."""
        own = [f"Authorization: Bearer {self.token(role)}"] if role else []
        return "".join(f"{each}\r\n" for each in (f"{line} HTTP/1.1", "Host: localhost", *own, *fields, "")).encode()

    def stream(self, role: str = "admin", timeout: float = 10.0) -> Stream:
        return Stream(self, role, timeout)


class Stream:
    """A client of the stream."""

    def __init__(self, server: AdminServer, role: str, timeout: float = 10.0) -> None:
        self.client = WebSocketClient(server.api_address, STREAM, timeout=timeout * TIME_SCALE,
                                      subprotocols=f"quern.v1, bearer.{server.token(role)}",
                                      headers="Origin: http://test\r\n")
        assert self.client.is_open, self.client.response
        self._last = 0
        self.events: list[dict] = []  # those that came before a reply

    def send(self, method: str, params: dict | None = None) -> int:
        self._last += 1
        self.client.text(json.dumps({"id": self._last, "method": method, "params": params or {}}))
        return self._last

    def next(self) -> dict:
        return json.loads(self.client.read_text())

    def call(self, method: str, params: dict | None = None) -> dict:
        """The reply to it."""
        wanted = self.send(method, params)
        while True:
            message = self.next()
            if message.get("id") == wanted:
                return message
            self.events.append(message)

    def drop(self) -> None:
        self.client.drop()


class AdminTestCase(QuernTestCase):
    def admin_server(self, **settings) -> AdminServer:
        """A server that is not started yet."""
        server = AdminServer(**settings)
        self._servers.append(server)
        return server

    def admin_serve(self, **settings) -> AdminServer:
        return self.admin_server(**settings).start()

    def stream(self, server: AdminServer, role: str = "admin", timeout: float = 10.0) -> Stream:
        stream = server.stream(role, timeout)
        self.addCleanup(stream.drop)
        return stream

    def raw(self, server: AdminServer, timeout: float = 10.0) -> RawConnection:
        connection = server.raw(timeout)
        self.addCleanup(connection.close)
        return connection
