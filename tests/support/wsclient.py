"""A blocking WebSocket client that sends exactly the bytes given, and believes nothing that it is sent."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct
import time

from rawhttp import Closed, Malformed, Response, ResponseParser
from wsframes import (BINARY, CLOSE, CONTINUATION, PING, PONG, RSV1, TEXT, Deflate, Frame, FrameParser, Message,
                      close_payload, frame)

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class WebSocketClient:
    """A blocking client that sends exactly the bytes given. Every wait ends within timeout seconds.

    The handshake is made at once; its answer is in `response`, and is no WebSocket unless `is_open`.
    extensions: what is offered; a compression that is agreed is used by message() and by the sends that ask for it.
    """

    def __init__(self, address: tuple[str, int] | str, target: str = "/echo", *, timeout: float = 10.0,
                 extensions: str = "", subprotocols: str = "", headers: str = "", early: bytes = b"") -> None:
        """headers: further fields, each ended by CRLF. early: bytes that are sent with the handshake."""
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self._timeout = timeout
        self._frames = FrameParser()
        self.deflate: Deflate | None = None
        self.is_open = False
        try:
            self.socket.connect(address)
            if family == socket.AF_INET:
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open(target, extensions, subprotocols, headers, early)
        except BaseException:
            self.socket.close()
            raise

    def _open(self, target: str, extensions: str, subprotocols: str, headers: str, early: bytes) -> None:
        key = base64.b64encode(os.urandom(16))
        head = handshake_bytes(target, key.decode(), extensions=extensions, subprotocols=subprotocols, headers=headers)
        self.socket.sendall(head + early)
        self.response = self._response()
        if self.response.status != 101:
            return
        check_handshake(self.response, key, extensions, subprotocols)
        if agreed := self.response.header("sec-websocket-extensions"):
            self.deflate = Deflate.agreed(agreed)
        self.is_open = True

    def _response(self) -> Response:
        parser = ResponseParser()
        deadline = time.monotonic() + self._timeout
        while True:
            response = parser.next("GET")
            if response is not None:
                self._frames.buffer += parser.pending
                return response
            data = self._read(deadline)
            if data:
                parser.feed(data)
                continue
            if not parser.inside:
                raise Closed("no answer to the handshake")
            parser.end()

    def __enter__(self) -> WebSocketClient:
        return self

    def __exit__(self, *_) -> None:
        self.drop()

    def drop(self) -> None:
        """Closes the connection without a close frame."""
        self.socket.close()

    def reset(self) -> None:
        """Closes with a reset: the client has gone for good."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # Sending

    def send(self, data: bytes) -> None:
        """Raw bytes."""
        self.socket.sendall(data)

    def send_frame(self, opcode: int, payload: bytes = b"", **options) -> None:
        self.send(frame(opcode, payload, **options))

    def text(self, text: str | bytes, *, compressed: bool = False) -> None:
        self._message(TEXT, text.encode() if isinstance(text, str) else text, compressed)

    def binary(self, payload: bytes, *, compressed: bool = False) -> None:
        self._message(BINARY, payload, compressed)

    def _message(self, opcode: int, payload: bytes, compressed: bool) -> None:
        if compressed:
            self.send_frame(opcode, self.deflate.deflate(payload), rsv=RSV1)
        else:
            self.send_frame(opcode, payload)

    def ping(self, payload: bytes = b"") -> None:
        self.send_frame(PING, payload)

    def close(self, code: int | None = 1000, reason: bytes = b"") -> None:
        """Sends a close frame."""
        self.send_frame(CLOSE, close_payload(code, reason))

    # Receiving

    def next_frame(self) -> Frame:
        """Raises TimeoutError, Closed (also for a reset) or Malformed."""
        deadline = time.monotonic() + self._timeout
        while True:
            found = self._frames.next()
            if found is not None:
                return found
            data = self._read(deadline)
            if not data:
                raise Closed(f"closed after {bytes(self._frames.buffer[:100])!r}")
            self._frames.buffer += data

    def message(self) -> Message:
        """The next message, joined and inflated. Pings on the way are answered, pongs skipped."""
        opcode, compressed, parts = None, False, []
        while True:
            found = self.next_frame()
            if found.opcode == PING:
                self.send_frame(PONG, found.payload)
                continue
            if found.opcode == PONG:
                continue
            if found.opcode == CLOSE:
                raise Closed(f"close frame {found.payload!r}")
            if (found.opcode == CONTINUATION) != (opcode is not None):
                raise Malformed(f"fragments out of order: {found.opcode} within {opcode}")
            if opcode is None:
                opcode, compressed = found.opcode, bool(found.rsv)
            elif found.rsv:
                raise Malformed("a reserved bit on a continuation")
            parts.append(found.payload)
            if found.fin:
                break
        payload = b"".join(parts)
        if compressed:
            if not self.deflate:
                raise Malformed("compressed, and not agreed")
            payload = self.deflate.inflate(payload)
        if opcode == TEXT:
            try:
                payload.decode()
            except UnicodeDecodeError as error:
                raise Malformed(f"text that is no UTF-8: {payload[:80]!r}") from error
        return Message(opcode, payload, compressed)

    def read_text(self) -> str:
        message = self.message()
        if message.opcode != TEXT:
            raise Malformed(f"binary in place of text: {message.payload[:80]!r}")
        return message.payload.decode()

    def close_frame(self) -> tuple[int | None, bytes]:
        """Code and reason of the close frame that comes next, pings and pongs aside."""
        while True:
            found = self.next_frame()
            if found.opcode in (PING, PONG):
                continue
            if found.opcode != CLOSE:
                raise Malformed(f"{found} in place of a close frame")
            if len(found.payload) == 1:
                raise Malformed("a close frame of one byte")
            reason = found.payload[2:]
            reason.decode()
            return (int.from_bytes(found.payload[:2], "big") if found.payload else None), reason

    def until_closed(self) -> bytes:
        """What comes behind the frames taken so far, to the end. Raises TimeoutError if the server does not close."""
        deadline = time.monotonic() + self._timeout
        try:
            while data := self._read(deadline):
                self._frames.buffer += data
        except Closed:
            pass
        return bytes(self._frames.buffer)

    def _read(self, deadline: float) -> bytes:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("no answer")
        self.socket.settimeout(remaining)
        try:
            return self.socket.recv(256 * 1024)
        except ConnectionResetError as error:
            raise Closed("reset") from error
        finally:
            self.socket.settimeout(self._timeout)


def handshake_bytes(target: str, key: str = "dGhlIHNhbXBsZSBub25jZQ==", *, extensions: str = "", subprotocols: str = "",
                    headers: str = "") -> bytes:
    """An opening handshake, RFC 6455 §1.2."""
    fields = f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
    fields += f"Sec-WebSocket-Protocol: {subprotocols}\r\n" if subprotocols else ""
    return (f"GET {target} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{fields}{headers}\r\n").encode()


def check_handshake(response: Response, key: bytes, extensions: str, subprotocols: str) -> None:
    """What RFC 6455 §4.1 has a client look at."""
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()
    if response.values("sec-websocket-accept") != [accept]:
        raise Malformed(f"Sec-WebSocket-Accept: {response.values('sec-websocket-accept')}")
    if [value.lower() for value in response.values("upgrade")] != ["websocket"]:
        raise Malformed(f"Upgrade: {response.values('upgrade')}")
    if "upgrade" not in (response.header("connection") or "").lower():
        raise Malformed(f"Connection: {response.values('connection')}")
    if response.values("sec-websocket-extensions") and not extensions:
        raise Malformed("an extension that was not offered")
    offered = [word.strip() for word in subprotocols.split(",")]
    for value in response.values("sec-websocket-protocol"):
        if value not in offered:
            raise Malformed(f"the subprotocol {value!r} was not offered")
