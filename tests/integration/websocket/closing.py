"""RFC 6455 §5.5.1 and §7: how connections close."""

from __future__ import annotations

from wsframes import CLOSE, PING, TEXT, close_payload, frame

from .case import Case, close_with, closes, fails

_RIGHT = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)
_WRONG = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)

CASES = [
    *(closes(f"rfc6455-7.4 code {code}", close_payload(code), code) for code in _RIGHT),
    *(fails(f"rfc6455-7.4 code {code}", close_with(code), 1002) for code in _WRONG),
    closes("rfc6455-5.5.1 without a code", b"", 1005),
    closes("rfc6455-5.5.1 with a reason", close_payload(1000, "schön".encode()), 1000),
    closes("rfc6455-5.5.1 with a reason of 123 bytes", close_payload(4000, b"r" * 123), 4000),
    fails("rfc6455-5.5.1 half a code", frame(CLOSE, b"\x03"), 1002),
    fails("rfc6455-7.1.6 a reason that is no UTF-8", close_with(1000, b"\xff"), 1007),
    fails("rfc6455-7.1.6 a reason cut off within a character", close_with(1000, b"\xe2\x82"), 1007),
    Case("rfc6455-5.5.1 nothing is looked at behind a close", close_with(1000) + frame(PING, b"x") + b"\xff" * 100,
         close=1000),
    Case("rfc6455-5.4 a close between fragments", frame(TEXT, b"hel", fin=False) + close_with(1001), close=1001),
    Case("rfc6455-5.5.1 two closes", close_with(1000) + close_with(1001), close=1000),
]
