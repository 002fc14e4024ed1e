"""HTTP/1.1 from the client's side, byte by byte: a strict parser of responses and a blocking connection.

It shares no code with the server, nor with a tolerant library: what is not exactly a response is Malformed.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from dataclasses import dataclass, field

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*"
                    rb"[\x21-\x7e\x80-\xff])?)?[ \t]*")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e]*)?")
_MAX_HEAD = 64 * 1024


class Malformed(Exception):
    """The server sent bytes that are no HTTP/1.1 response."""


class Closed(Exception):
    """The connection ended before a whole response had come."""


@dataclass
class Response:
    status: int
    minor_version: int
    fields: list[tuple[str, str]] = field(default_factory=list)  # names in lower case
    body: bytes = b""
    interim: list[int] = field(default_factory=list)  # 1xx answers that came before it
    trailers: list[tuple[str, str]] = field(default_factory=list)  # names in lower case
    to_end: bool = False  # the body ends where the connection ends

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def header(self, name: str) -> str | None:
        values = self.values(name)
        return values[0] if values else None

    @property
    def keep_alive(self) -> bool:
        options = {word.strip().lower() for value in self.values("connection") for word in value.split(",")}
        return not self.to_end and "close" not in options and (self.minor_version == 1 or "keep-alive" in options)


class ResponseParser:
    """Bytes in, responses out. feed() what arrives, then ask next() with the method of the request that is due."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Response | None = None
        self._interim: list[int] = []
        self._ended = False

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def end(self) -> None:
        """The server has closed the connection."""
        self._ended = True

    @property
    def pending(self) -> bytes:
        """Bytes that belong to no response taken so far."""
        return bytes(self._buffer)

    @property
    def inside(self) -> bool:
        """True when part of a response has come."""
        return bool(self._head or self._buffer)

    def next(self, method: str) -> Response | None:
        """The answer to a request with this method; None while it is incomplete."""
        while self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _MAX_HEAD:
                    raise Malformed("endless head")
                return None
            head = _parse_head(bytes(self._buffer[:end]))
            del self._buffer[:end + 4]
            if head.status < 200 and head.status != 101:
                self._interim.append(head.status)
                continue
            self._head = head
        body = self._body(self._head, method)
        if body is None:
            return None
        response, self._head = self._head, None
        response.body = body
        response.interim, self._interim = self._interim, []
        return response

    def _body(self, head: Response, method: str) -> bytes | None:
        codings = head.values("transfer-encoding")
        lengths = head.values("content-length")
        if codings and (lengths or [value.lower() for value in codings] != ["chunked"] or head.minor_version == 0):
            raise Malformed(f"framing: {head.fields}")
        if len(lengths) > 1 or (lengths and not re.fullmatch("[0-9]{1,18}", lengths[0])):
            raise Malformed(f"content-length: {lengths}")
        if head.status in (101, 204) and (lengths or codings):
            raise Malformed(f"{head.status} with a body")
        if method == "HEAD" or head.status in (101, 204, 304):
            return b""
        if codings:
            return self._chunks(head)
        if lengths:
            return self._take(int(lengths[0]))
        head.to_end = True
        if head.minor_version == 1 and "close" not in (head.header("connection") or "").lower():
            raise Malformed("a body without length on a connection that stays open")
        return self._take(len(self._buffer)) if self._ended else None

    def _take(self, count: int) -> bytes | None:
        if len(self._buffer) < count:
            return None
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _chunks(self, head: Response) -> bytes | None:
        body = bytearray()
        at = 0
        while True:
            end = self._buffer.find(b"\r\n", at)
            if end < 0:
                return None
            match = _CHUNK_SIZE.fullmatch(self._buffer, at, end)
            if not match:
                raise Malformed(f"chunk size {bytes(self._buffer[at:end])!r}")
            size = int(match[1], 16)
            at = end + 2
            if size == 0:
                break
            if len(self._buffer) < at + size + 2:
                return None
            if self._buffer[at + size:at + size + 2] != b"\r\n":
                raise Malformed("chunk without its end")
            body += self._buffer[at:at + size]
            at += size + 2
        trailers = []
        while True:
            end = self._buffer.find(b"\r\n", at)
            if end < 0:
                return None
            if end == at:
                del self._buffer[:at + 2]
                head.trailers = trailers
                return bytes(body)
            trailers.append(_parse_field(bytes(self._buffer[at:end])))
            at = end + 2


def _parse_head(head: bytes) -> Response:
    lines = head.split(b"\r\n")
    status = _STATUS_LINE.fullmatch(lines[0])
    if not status:
        raise Malformed(f"status line {lines[0]!r}")
    response = Response(status=int(status[2]), minor_version=int(status[1]))
    response.fields = [_parse_field(line) for line in lines[1:]]
    return response


def _parse_field(line: bytes) -> tuple[str, str]:
    match = _FIELD.fullmatch(line)
    if not match:
        raise Malformed(f"field {line!r}")
    return match[1].decode().lower(), (match[2] or b"").decode("latin-1")


class RawConnection:
    """A blocking client connection that sends exactly the bytes given."""

    def __init__(self, address: tuple[str, int] | str, timeout: float = 10.0, *, source: str = "") -> None:
        """address: (host, port), or the path of a Unix socket. source: the client's own IP address."""
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout, (source, 0) if source else None)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._timeout = timeout
        self._parser = ResponseParser()

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Closes with a reset: the client has gone for good."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def end_output(self) -> None:
        """Nothing more is sent; the server sees the end of its input."""
        self.socket.shutdown(socket.SHUT_WR)

    def request(self, method: str, target: str, body: bytes | None = None, headers: str = "") -> Response:
        self.send(request_bytes(method, target, body, headers))
        return self.response(method)

    def response(self, method: str = "GET") -> Response:
        """The next answer. Raises TimeoutError, Closed (also for a reset) or Malformed."""
        deadline = time.monotonic() + self._timeout
        while True:
            response = self._parser.next(method)
            if response is not None:
                return response
            self._read_some(deadline)

    def interim(self, count: int = 1) -> bytes:
        """Raw bytes as they come, up to the end of the head of the count-th 1xx answer."""
        deadline = time.monotonic() + self._timeout
        while len(re.findall(rb"HTTP/1\.1 1\d\d [^\n]*\r\n(?:[^\n]+\r\n)*\r\n", self._parser.pending)) < count:
            self._read_some(deadline)
        return self._parser.pending

    def until(self, pattern: bytes) -> bytes:
        """Raw bytes behind the answers taken so far, once pattern is found in them. They stay for response()."""
        deadline = time.monotonic() + self._timeout
        while not re.search(pattern, self._parser.pending, re.DOTALL):
            self._read_some(deadline)
        return self._parser.pending

    def is_closed(self) -> bool:
        """Waits for the server to close; False if it sends more or keeps the connection until the time is up."""
        if self._parser.pending:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def until_closed(self) -> bytes:
        """What comes behind the answers taken so far, to the end. Raises TimeoutError if the server does not close."""
        deadline = time.monotonic() + self._timeout
        try:
            while True:
                self._read_some(deadline)
        except Closed:
            return self._parser.pending

    def _read_some(self, deadline: float) -> None:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("no answer")
        self.socket.settimeout(remaining)
        try:
            data = self.socket.recv(256 * 1024)
        except ConnectionResetError as error:
            raise Closed("reset") from error
        finally:
            self.socket.settimeout(self._timeout)
        if data:
            self._parser.feed(data)
            return
        if self._parser._ended:
            raise Closed(f"closed after {self._parser.pending[:200]!r} and {len(self._parser.pending)} bytes in all")
        self._parser.end()


def request_bytes(method: str, target: str, body: bytes | None = None, headers: str = "") -> bytes:
    """headers: further fields, each ended by CRLF."""
    length = f"Content-Length: {len(body)}\r\n" if body is not None else ""
    return f"{method} {target} HTTP/1.1\r\nHost: test\r\n{length}{headers}\r\n".encode() + (body or b"")
