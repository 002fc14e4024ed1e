"""One exchange on an open WebSocket: the bytes that a client sends, and what an echo must make of them."""

from __future__ import annotations

from dataclasses import dataclass

from wsframes import BINARY, CLOSE, TEXT, close_payload, frame

# Of the server that all cases share.
MESSAGE_MAX = 256 * 1024
COMPRESSION_MIN = 256
DEFLATE = "permessage-deflate"
# Is sent behind everything after which the server must look at nothing more.
UNSEEN = frame(TEXT, b"unseen")


@dataclass(frozen=True)
class Case:
    """messages come back in this order, and so do pongs; how the two mix is left open, as RFC 6455 does."""

    name: str
    sent: bytes
    messages: tuple[tuple[int, bytes], ...] = ()  # opcode and payload
    pongs: tuple[bytes, ...] = ()
    close: int | None = None  # code that the server closes with; 1005: a close frame without one; None: it stays open
    extensions: str = ""  # that the client offers
    compressed: bool | None = None  # whether the answers are; None: not looked at
    trailer: bytes = b""  # follows in a second run alone: it could be what makes the server notice


def echoed(name: str, sent: bytes, *messages: tuple[int, bytes], **more) -> Case:
    return Case(name, sent, messages, **more)


def text(name: str, payload: bytes, **more) -> Case:
    return echoed(name, frame(TEXT, payload), (TEXT, payload), **more)


def binary(name: str, payload: bytes, **more) -> Case:
    return echoed(name, frame(BINARY, payload), (BINARY, payload), **more)


def fails(name: str, sent: bytes, code: int, **more) -> Case:
    """The server closes with code, and nothing that follows is looked at."""
    return Case(name, sent, close=code, trailer=UNSEEN, **more)


def closes(name: str, payload: bytes, code: int) -> Case:
    """The client closes, and gets code back."""
    return Case(name, frame(CLOSE, payload), close=code, trailer=UNSEEN)


def close_with(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, close_payload(code, reason))
