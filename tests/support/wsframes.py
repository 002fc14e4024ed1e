"""Frames of WebSocket: a client's, right or wrong, made by hand, and a strict reader of a server's.

It shares no code with the server: what a server must not send (RFC 6455 §5, RFC 7692) is Malformed.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from rawhttp import Malformed

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
RSV1, RSV2, RSV3 = 4, 2, 1
_KEY = b"\x37\xfa\x21\x3d"
_DEFLATE_TAIL = b"\0\0\xff\xff"
_MAX_MESSAGE = 64 * 1024 * 1024


def masked(payload: bytes, key: bytes) -> bytes:
    """payload with key applied, which also takes it away again (RFC 6455 §5.3)."""
    if not payload:
        return b""
    stream = (key * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(payload), "big")


def length_bytes(length: int, is_masked: bool, width: int | None = None) -> bytes:
    """The length field; width: 1, 3 or 9 bytes even where fewer do."""
    flag = 0x80 if is_masked else 0
    width = width or (1 if length < 126 else 3 if length < 65536 else 9)
    if width == 1:
        return bytes([flag | length])
    return struct.pack("!BH", flag | 126, length) if width == 3 else struct.pack("!BQ", flag | 127, length)


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, key: bytes | None = _KEY,
          length: int | None = None, width: int | None = None) -> bytes:
    """A client's frame. key: None for one without a mask. length: what it announces if not the length of payload."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    head += length_bytes(len(payload) if length is None else length, key is not None, width)
    return head + (payload if key is None else key + masked(payload, key))


def close_payload(code: int | None = None, reason: bytes = b"") -> bytes:
    return b"" if code is None else struct.pack("!H", code) + reason


def deflated(payload: bytes, *, level: int = 6, bits: int = 15) -> bytes:
    """The payload of a compressed message without context takeover."""
    return Deflate(bits=bits, level=level).deflate(payload)


class Deflate:
    """Both directions of permessage-deflate, RFC 7692. takeover: what is kept from one message to the next."""

    def __init__(self, *, sends_takeover: bool = False, receives_takeover: bool = False, bits: int = 15,
                 level: int = 6) -> None:
        self._bits, self._level = bits, level
        self._sends_takeover, self._receives_takeover = sends_takeover, receives_takeover
        self._deflater = self._inflater = None

    @classmethod
    def agreed(cls, field: str) -> Deflate:
        """What the server's Sec-WebSocket-Extensions says."""
        words = [word.strip() for word in field.split(";")]
        if words[0] != "permessage-deflate":
            raise Malformed(f"extension {field!r}")
        return cls(sends_takeover="client_no_context_takeover" not in words,
                   receives_takeover="server_no_context_takeover" not in words)

    def deflate(self, payload: bytes) -> bytes:
        if not self._deflater or not self._sends_takeover:
            self._deflater = zlib.compressobj(self._level, wbits=-self._bits)
        data = self._deflater.compress(payload) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
        return data.removesuffix(_DEFLATE_TAIL)

    def inflate(self, payload: bytes) -> bytes:
        if not self._inflater or not self._receives_takeover:
            self._inflater = zlib.decompressobj(-15)
        try:
            return self._inflater.decompress(payload + _DEFLATE_TAIL, _MAX_MESSAGE)
        except zlib.error as error:
            raise Malformed(f"compressed message: {error}") from error


@dataclass(frozen=True)
class Frame:
    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0


@dataclass(frozen=True)
class Message:
    opcode: int  # TEXT or BINARY
    payload: bytes
    compressed: bool = False


class FrameParser:
    """Bytes of a server in, frames out."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def next(self) -> Frame | None:
        """The next frame; None while it is incomplete."""
        data = self.buffer
        if len(data) < 2:
            return None
        opcode, fin, rsv = data[0] & 15, bool(data[0] & 0x80), data[0] >> 4 & 7
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG) or rsv & (RSV2 | RSV3):
            raise Malformed(f"first byte {data[0]:#x}")
        if data[1] & 0x80:
            raise Malformed("a server's frame with a mask")
        length, at = data[1], 2
        if opcode >= CLOSE and (length > 125 or not fin or rsv):
            raise Malformed(f"control frame {bytes(data[:2]).hex()}")
        if length > 125:
            at = 4 if length == 126 else 10
            if len(data) < at:
                return None
            length = int.from_bytes(data[2:at], "big")
            if length < (126 if at == 4 else 65536) or length > _MAX_MESSAGE:
                raise Malformed(f"length {length} in {at - 2} bytes")
        if len(data) < at + length:
            return None
        payload = bytes(data[at:at + length])
        del data[:at + length]
        return Frame(opcode, payload, fin, rsv)
