"""RFC 7692: permessage-deflate."""

from __future__ import annotations

import zlib

from wsframes import BINARY, CONTINUATION, PING, RSV1, RSV2, TEXT, deflated, frame

from .case import COMPRESSION_MIN, DEFLATE, MESSAGE_MAX, Case, echoed, fails

_LONG = b"a message that is worth compressing, as it says the same again and again. " * 40
_RANDOM_LIKE = b"".join(zlib.crc32(b"%d" % number).to_bytes(4, "big") for number in range(5000))
_HELLO = (TEXT, b"Hello")
# RFC 7692 §7.2.3.1 to §7.2.3.4, byte for byte.
_RFC_HELLO = bytes.fromhex("f248cdc9c90700")
_RFC_HELLO_STORED = bytes.fromhex("000500faff48656c6c6f00")
_RFC_HELLO_FINAL = bytes.fromhex("f348cdc9c9070000")
_RFC_HELLO_TWO_BLOCKS = bytes.fromhex("f248050000 00ffffcac9c90700".replace(" ", ""))


def _compressed(payload: bytes, opcode: int = TEXT, **options) -> bytes:
    return frame(opcode, payload, rsv=RSV1, **options)


def _agreed(name: str, sent: bytes, *messages: tuple[int, bytes], **more) -> Case:
    return echoed(name, sent, *messages, extensions=DEFLATE, **more)


def _fails(name: str, sent: bytes, code: int) -> Case:
    return fails(name, sent, code, extensions=DEFLATE)


def _zeros(size: int) -> bytes:
    """Compressed, about a thousandth of it."""
    return deflated(b"\0" * size, level=9)


CASES = [
    _agreed("rfc7692-7.2.3.1 Hello", _compressed(_RFC_HELLO), _HELLO),
    _agreed("rfc7692-7.2.3.1 Hello in fragments",
            _compressed(_RFC_HELLO[:3], fin=False) + frame(CONTINUATION, _RFC_HELLO[3:]), _HELLO),
    _agreed("rfc7692-7.2.3.3 Hello in a stored block", _compressed(_RFC_HELLO_STORED), _HELLO),
    _agreed("rfc7692-7.2.3.4 Hello in a final block", _compressed(_RFC_HELLO_FINAL), _HELLO),
    _agreed("rfc7692-7.2.3.5 Hello in two blocks", _compressed(_RFC_HELLO_TWO_BLOCKS), _HELLO),
    _agreed("rfc7692-7.2.3.6 nothing", _compressed(b"\0"), (TEXT, b"")),
    _agreed("rfc7692-7.2.3.6 nothing, binary", _compressed(b"\0", BINARY), (BINARY, b"")),
    _agreed("rfc7692-6 not compressed", frame(TEXT, b"Hello"), _HELLO, compressed=False),
    _agreed("rfc7692-6 in turns", frame(TEXT, b"Hello") + _compressed(_RFC_HELLO) + frame(TEXT, b"Hello"),
            _HELLO, _HELLO, _HELLO),
    _agreed("rfc7692-7.2.2 each message anew", _compressed(_RFC_HELLO) * 3, *[_HELLO] * 3),
    _agreed("long text", _compressed(deflated(_LONG)), (TEXT, _LONG), compressed=True),
    _agreed("long text, sent as it is", frame(TEXT, _LONG), (TEXT, _LONG), compressed=True),
    _agreed("long binary", _compressed(deflated(_LONG), BINARY), (BINARY, _LONG), compressed=True),
    _agreed("what cannot be compressed", _compressed(deflated(_RANDOM_LIKE), BINARY), (BINARY, _RANDOM_LIKE)),
    _agreed("what is not worth it is sent as it is", _compressed(deflated(b"s" * (COMPRESSION_MIN - 1))),
            (TEXT, b"s" * (COMPRESSION_MIN - 1)), compressed=False),
    _agreed("what is just worth it", _compressed(deflated(b"s" * COMPRESSION_MIN)), (TEXT, b"s" * COMPRESSION_MIN),
            compressed=True),
    _agreed("a window of 512 bytes", _compressed(deflated(_LONG, bits=9)), (TEXT, _LONG)),
    _agreed("the longest message", _compressed(_zeros(MESSAGE_MAX), BINARY), (BINARY, b"\0" * MESSAGE_MAX)),
    _agreed("a character across two blocks",
            _compressed(deflated("€".encode()[:1]) + b"\0\0\xff\xff" + deflated("€".encode()[1:])),
            (TEXT, "€".encode())),
    Case("rfc7692-6 a ping between fragments",
         _compressed(_RFC_HELLO[:3], fin=False) + frame(PING, b"p") + frame(CONTINUATION, _RFC_HELLO[3:]),
         (_HELLO,), (b"p",), extensions=DEFLATE),
    Case("rfc7692-6 fragments of one byte",
         _compressed(_RFC_HELLO[:1], fin=False) +
         b"".join(frame(CONTINUATION, _RFC_HELLO[at:at + 1], fin=at == len(_RFC_HELLO) - 1)
                  for at in range(1, len(_RFC_HELLO))), (_HELLO,), extensions=DEFLATE),
    _fails("rfc7692-6.1 the bit on a continuation",
           _compressed(_RFC_HELLO[:3], fin=False) + frame(CONTINUATION, _RFC_HELLO[3:], rsv=RSV1), 1002),
    _fails("rfc7692-6.1 the bit on a ping", frame(PING, _RFC_HELLO, rsv=RSV1), 1002),
    _fails("rfc7692-6 another reserved bit", frame(TEXT, _RFC_HELLO, rsv=RSV1 | RSV2), 1002),
    fails("rfc7692-6 the bit without agreement", _compressed(_RFC_HELLO), 1002),
    _fails("no DEFLATE", _compressed(b"\xff\xff\xff\xff"), 1007),
    _fails("DEFLATE cut off", _compressed(deflated(_RANDOM_LIKE)[:-100], BINARY), 1007),
    _fails("text that is no UTF-8", _compressed(deflated(b"ab\xff" * 200)), 1007),
    _fails("text cut off within a character", _compressed(deflated(b"x" * 300 + b"\xe2\x82")), 1007),
    _fails("limit: one byte too many, inflated", _compressed(_zeros(MESSAGE_MAX + 1), BINARY), 1009),
    _fails("limit: a bomb of 50 MB", _compressed(_zeros(50_000_000), BINARY), 1009),
    _fails("limit: a bomb in fragments",
           _compressed(_zeros(50_000_000)[:100], BINARY, fin=False) +
           frame(CONTINUATION, _zeros(50_000_000)[100:]), 1009),
    _fails("limit: compressed bytes", _compressed(b"", BINARY, length=2 * MESSAGE_MAX), 1009),
]

_PLAIN = r"permessage-deflate; server_no_context_takeover; client_no_context_takeover"
# What the client offers, and a pattern of what a server that takes over no context answers; None: nothing is agreed.
OFFERS = {
    "permessage-deflate": _PLAIN,
    "PerMessage-Deflate": _PLAIN,
    "permessage-deflate; server_no_context_takeover": _PLAIN,
    "permessage-deflate; client_no_context_takeover": _PLAIN,
    "permessage-deflate; client_max_window_bits": _PLAIN,
    "permessage-deflate; client_max_window_bits=15": _PLAIN + "(; client_max_window_bits=15)?",
    "permessage-deflate; client_max_window_bits=9": _PLAIN + "(; client_max_window_bits=(9|1[0-5]))?",
    "permessage-deflate; server_max_window_bits=15": _PLAIN + "; server_max_window_bits=15",
    "permessage-deflate; server_max_window_bits=10": _PLAIN + "; server_max_window_bits=10",
    "permessage-deflate; server_max_window_bits=\"12\"": _PLAIN + "; server_max_window_bits=12",
    "permessage-deflate ;  client_max_window_bits  ;server_no_context_takeover": _PLAIN,
    "x-other, permessage-deflate": _PLAIN,
    "permessage-deflate; unknown=1, permessage-deflate": _PLAIN,
    "permessage-deflate; server_max_window_bits=7, permessage-deflate": _PLAIN,
    "permessage-deflate, permessage-deflate; server_max_window_bits=10": _PLAIN,
    "permessage-deflate; unknown": None,
    "permessage-deflate; server_max_window_bits": None,
    "permessage-deflate; server_max_window_bits=7": None,
    "permessage-deflate; server_max_window_bits=16": None,
    "permessage-deflate; server_max_window_bits=08": None,
    "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10": None,
    "permessage-deflate; client_max_window_bits=7": None,
    "permessage-deflate; client_max_window_bits=x": None,
    "permessage-deflate; server_no_context_takeover=1": None,
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover": None,
    "x-webkit-deflate-frame": None,
    "x-other; a=1; b=\"c\"": None,
}
