"""RFC 6455 §5: frames, masks, lengths, fragments and control frames."""

from __future__ import annotations

from wsframes import BINARY, CLOSE, CONTINUATION, PING, PONG, RSV1, RSV2, RSV3, TEXT, frame

from .case import MESSAGE_MAX, Case, binary, close_with, echoed, fails, text

_SIZES = (0, 1, 2, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537, MESSAGE_MAX)
_KEYS = {"zero": b"\0\0\0\0", "all ones": b"\xff\xff\xff\xff", "ascending": b"\x01\x02\x03\x04"}
_RESERVED_OPCODES = (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
_CONTROLS = {"ping": PING, "pong": PONG, "close": CLOSE}
_HELLO = (TEXT, b"hello")
_CONTENT = bytes(range(256)) * 2


def _in_fragments(opcode: int, parts: list[bytes]) -> bytes:
    frames = [frame(opcode if at == 0 else CONTINUATION, part, fin=at == len(parts) - 1)
              for at, part in enumerate(parts)]
    return b"".join(frames)


def _begun(payload: bytes = b"hel", opcode: int = TEXT) -> bytes:
    return frame(opcode, payload, fin=False)


SIZES = [make(f"rfc6455-5.2 {kind} of {size} bytes", b"s" * size) for size in _SIZES
         for kind, make in (("text", text), ("binary", binary))]

MASKS = [
    *(echoed(f"rfc6455-5.3 key {name}", frame(BINARY, _CONTENT, key=key), (BINARY, _CONTENT))
      for name, key in _KEYS.items()),
    echoed("rfc6455-5.3 another key for each fragment",
           frame(TEXT, b"hel", fin=False, key=b"abcd") + frame(CONTINUATION, b"lo", key=b"wxyz"), _HELLO),
    echoed("rfc6455-5.3 payloads of 0 to 40 bytes",
           b"".join(frame(BINARY, _CONTENT[:size]) for size in range(41)),
           *((BINARY, _CONTENT[:size]) for size in range(41))),
    fails("rfc6455-5.1 text without a mask", frame(TEXT, b"hello", key=None), 1002),
    fails("rfc6455-5.1 empty text without a mask", frame(TEXT, key=None), 1002),
    fails("rfc6455-5.1 ping without a mask", frame(PING, key=None), 1002),
    fails("rfc6455-5.1 close without a mask", frame(CLOSE, key=None), 1002),
    fails("rfc6455-5.1 a continuation without a mask", _begun() + frame(CONTINUATION, b"lo", key=None), 1002),
]

FIRST_BYTES = [
    *(fails(f"rfc6455-5.2 opcode {opcode}", frame(opcode, b"x"), 1002) for opcode in _RESERVED_OPCODES),
    *(fails(f"rfc6455-5.2 opcode {opcode} within a message", _begun() + frame(opcode, b"x"), 1002)
      for opcode in (3, 11)),
    *(fails(f"rfc6455-5.2 reserved bit {number} in {kind}", frame(opcode, b"x", rsv=bit), 1002)
      for number, bit in ((1, RSV1), (2, RSV2), (3, RSV3))
      for kind, opcode in (("a text", TEXT), ("a ping", PING))),
    fails("rfc6455-5.2 a reserved bit in a continuation", _begun() + frame(CONTINUATION, b"lo", rsv=RSV2), 1002),
    fails("rfc6455-5.2 a reserved bit in a close", frame(CLOSE, rsv=RSV3), 1002),
]

LENGTHS = [
    *(fails(f"rfc6455-5.2 length {length} in {width} bytes", frame(BINARY, b"l" * length, width=width), 1002)
      for length, width in ((0, 3), (125, 3), (0, 9), (125, 9), (126, 9), (65535, 9))),
    fails("rfc6455-5.2 length with its highest bit", frame(BINARY, b"x", length=1 << 63), 1002),
    fails("rfc6455-5.2 length of nothing but ones", frame(BINARY, b"x", length=(1 << 64) - 1), 1002),
    fails("limit: one byte too many", frame(BINARY, b"m" * (MESSAGE_MAX + 1)), 1009),
    fails("limit: told by the header alone", frame(TEXT, b"", length=MESSAGE_MAX + 1), 1009),
    fails("limit: of 63 bits", frame(TEXT, b"", length=(1 << 63) - 1), 1009),
    fails("limit: of fragments together", frame(BINARY, b"m" * MESSAGE_MAX, fin=False) + frame(CONTINUATION, b"m"),
          1009),
    echoed("limit: reached by fragments", frame(BINARY, b"m" * (MESSAGE_MAX - 1), fin=False) +
           frame(CONTINUATION, b"m"), (BINARY, b"m" * MESSAGE_MAX)),
    fails("limit: endless empty fragments", _begun(b"") + frame(CONTINUATION, fin=False) * 1100, 1008),
]

FRAGMENTS = [
    echoed("rfc6455-5.4 two", _in_fragments(TEXT, [b"hel", b"lo"]), _HELLO),
    echoed("rfc6455-5.4 three", _in_fragments(TEXT, [b"h", b"ell", b"o"]), _HELLO),
    echoed("rfc6455-5.4 an empty one first", _in_fragments(TEXT, [b"", b"hello"]), _HELLO),
    echoed("rfc6455-5.4 an empty one between", _in_fragments(TEXT, [b"hel", b"", b"lo"]), _HELLO),
    echoed("rfc6455-5.4 an empty one last", _in_fragments(TEXT, [b"hello", b""]), _HELLO),
    echoed("rfc6455-5.4 nothing but empty ones", _in_fragments(TEXT, [b""] * 3), (TEXT, b"")),
    echoed("rfc6455-5.4 one for each byte", _in_fragments(BINARY, [bytes([byte]) for byte in _CONTENT]),
           (BINARY, _CONTENT)),
    echoed("rfc6455-5.4 a thousand", _in_fragments(BINARY, [b"f"] * 1000), (BINARY, b"f" * 1000)),
    echoed("rfc6455-5.4 two messages one behind the other",
           _in_fragments(TEXT, [b"hel", b"lo"]) + _in_fragments(BINARY, [b"\xff", b"\xfe"]),
           _HELLO, (BINARY, b"\xff\xfe")),
    echoed("rfc6455-5.4 large ones", _in_fragments(BINARY, [b"l" * 65536] * 3), (BINARY, b"l" * 65536 * 3)),
    fails("rfc6455-5.4 continuation of nothing", frame(CONTINUATION, b"x"), 1002),
    fails("rfc6455-5.4 continuation of nothing, to be continued", frame(CONTINUATION, b"x", fin=False), 1002),
    fails("rfc6455-5.4 text within a text", _begun() + frame(TEXT, b"lo"), 1002),
    fails("rfc6455-5.4 binary within a text", _begun() + frame(BINARY, b"lo"), 1002),
    fails("rfc6455-5.4 text within a binary", _begun(opcode=BINARY) + frame(TEXT, b"lo", fin=False), 1002),
]

CONTROL = [
    *(fails(f"rfc6455-5.5 {name} in fragments", frame(opcode, b"", fin=False), 1002)
      for name, opcode in _CONTROLS.items()),
    *(fails(f"rfc6455-5.5 {name} of 126 bytes", frame(opcode, b"\3\xe8" + b"c" * 124), 1002)
      for name, opcode in _CONTROLS.items()),
    fails("rfc6455-5.5 ping with a length of 8 bytes", frame(PING, b"", width=9), 1002),
    Case("rfc6455-5.5.2 empty ping", frame(PING), pongs=(b"",)),
    Case("rfc6455-5.5.2 ping of 125 bytes", frame(PING, b"p" * 125), pongs=(b"p" * 125,)),
    Case("rfc6455-5.5.2 ping that is no UTF-8", frame(PING, b"\xff\xfe\0"), pongs=(b"\xff\xfe\0",)),
    Case("rfc6455-5.5.2 a hundred pings", b"".join(frame(PING, b"%d" % number) for number in range(100)),
         pongs=tuple(b"%d" % number for number in range(100))),
    Case("rfc6455-5.5.3 pong that nobody asked for", frame(PONG, b"unasked") + frame(PONG)),
    Case("rfc6455-5.4 ping between fragments", _begun() + frame(PING, b"now") + frame(CONTINUATION, b"lo"),
         (_HELLO,), (b"now",)),
    Case("rfc6455-5.4 pings and pongs between fragments",
         _begun(b"h") + frame(PING, b"1") + frame(PONG, b"2") + frame(CONTINUATION, b"ell", fin=False) +
         frame(PING, b"3") + frame(CONTINUATION, b"o"), (_HELLO,), (b"1", b"3")),
    Case("rfc6455-5.4 ping within a message that never ends", _begun() + frame(PING, b"x") + close_with(1000),
         pongs=(b"x",), close=1000),
    fails("rfc6455-5.4 a wrong ping between fragments", _begun() + frame(PING, b"x", fin=False), 1002),
    echoed("rfc6455-5.6 binary that is no UTF-8", frame(BINARY, b"\xff\xc0\x80"), (BINARY, b"\xff\xc0\x80")),
    echoed("rfc6455-5.6 fifty messages at once", b"".join(frame(TEXT, b"%d" % number) for number in range(50)),
           *((TEXT, b"%d" % number) for number in range(50))),
]
