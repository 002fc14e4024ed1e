"""RFC 6455 §8.1: text is UTF-8, and is known not to be as soon as its bytes show it."""

from __future__ import annotations

from wsframes import CONTINUATION, PING, TEXT, frame

from .case import Case, echoed, fails, text

_RIGHT = {
    "two bytes": "é",
    "three bytes": "€",
    "four bytes": "𝄞",
    "a word of Greek": "κόσμε",
    "U+0000": "\0",
    "U+007F and U+0080": "\x7f\x80",
    "U+07FF and U+0800": "\u07ff\u0800",
    "U+D7FF and U+E000": "\ud7ff\ue000",
    "U+FFFF and U+10000": "\uffff\U00010000",
    "U+10FFFF": "\U0010ffff",
    "a byte order mark": "\ufeffx",
    "a noncharacter": "\ufdd0",
}
_WRONG = {
    "a continuation byte": b"\x80",
    "a continuation byte behind text": b"abc\xbf",
    "one too many": b"\xc3\xa9\xa9",
    "overlong in two bytes": b"\xc0\x80",
    "overlong slash": b"\xc1\xaf",
    "overlong in three bytes": b"\xe0\x80\x80",
    "overlong in four bytes": b"\xf0\x80\x80\x80",
    "first surrogate": b"\xed\xa0\x80",
    "last surrogate": b"\xed\xbf\xbf",
    "a pair of surrogates": b"\xed\xa0\x80\xed\xb0\x80",
    "U+110000": b"\xf4\x90\x80\x80",
    "a lead of five bytes": b"\xf8\x88\x80\x80\x80",
    "0xFE": b"\xfe",
    "0xFF": b"\xff",
    "a lead followed by text": b"\xe2(\xa1",
}
_CUT = {"two bytes": b"\xc3", "three bytes": b"\xe2\x82", "four bytes": b"\xf0\x9d\x84"}
_MIXED = "Hé€𝄞!".encode()


def _divided(payload: bytes, at: int) -> bytes:
    return frame(TEXT, payload[:at], fin=False) + frame(CONTINUATION, payload[at:])


CASES = [
    *(text(f"rfc6455-8.1 {name}", payload.encode()) for name, payload in _RIGHT.items()),
    *(fails(f"rfc6455-8.1 {name}", frame(TEXT, payload), 1007) for name, payload in _WRONG.items()),
    *(fails(f"rfc6455-8.1 cut off within {name}", frame(TEXT, b"x" + payload), 1007)
      for name, payload in _CUT.items()),
    *(echoed(f"rfc6455-8.1 divided at byte {at}", _divided(_MIXED, at), (TEXT, _MIXED))
      for at in range(1, len(_MIXED))),
    echoed("rfc6455-8.1 each byte a fragment",
           b"".join(frame(CONTINUATION if at else TEXT, _MIXED[at:at + 1], fin=at == len(_MIXED) - 1)
                    for at in range(len(_MIXED))), (TEXT, _MIXED)),
    Case("rfc6455-8.1 a ping within a character",
         frame(TEXT, _MIXED[:2], fin=False) + frame(PING, b"\xff") + frame(CONTINUATION, _MIXED[2:]),
         ((TEXT, _MIXED),), (b"\xff",)),
    fails("rfc6455-8.1 cut off at the end of the last fragment", _divided(b"ab\xe2\x82", 2), 1007),
    fails("rfc6455-8.1 wrong in the second fragment", _divided(b"ab\xe2\xff", 3), 1007),
    # What is to come could not make it right.
    fails("rfc6455-8.1 wrong in a message that goes on", frame(TEXT, b"ab\xff", fin=False), 1007),
    Case("rfc6455-8.1 wrong in a frame that goes on", frame(TEXT, b"ab\xff", length=1000), close=1007),
    Case("rfc6455-8.1 wrong across fragments, in a frame that goes on",
         frame(TEXT, b"\xed", fin=False) + frame(CONTINUATION, b"\xa0", length=1000), close=1007),
]
