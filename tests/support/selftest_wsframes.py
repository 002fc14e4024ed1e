"""The reader of a server's frames takes what is right, byte by byte as well, and nothing that is wrong."""

from __future__ import annotations

import unittest

from rawhttp import Malformed
from wsframes import (BINARY, CLOSE, CONTINUATION, PING, RSV1, TEXT, Deflate, Frame, FrameParser, deflated, frame,
                      length_bytes, masked)

_RIGHT = {
    b"\x81\x00": Frame(TEXT, b""),
    b"\x01\x02hi": Frame(TEXT, b"hi", fin=False),
    b"\x80\x01x": Frame(CONTINUATION, b"x"),
    b"\xc1\x01x": Frame(TEXT, b"x", rsv=RSV1),
    b"\x82\x7e\x00\x7e" + b"b" * 126: Frame(BINARY, b"b" * 126),
    b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + b"b" * 65536: Frame(BINARY, b"b" * 65536),
    b"\x88\x02\x03\xe8": Frame(CLOSE, b"\x03\xe8"),
    b"\x89\x7d" + b"p" * 125: Frame(PING, b"p" * 125),
}
_WRONG = {
    "a mask": b"\x81\x81abcdx",
    "an opcode that is reserved": b"\x83\x00",
    "the second reserved bit": b"\xa1\x00",
    "the third reserved bit": b"\x91\x00",
    "a ping with the first reserved bit": b"\xc9\x00",
    "a fragmented close": b"\x08\x00",
    "a ping of 126 bytes": b"\x89\x7e\x00\x7e" + b"p" * 126,
    "125 in two bytes": b"\x81\x7e\x00\x7d" + b"x" * 125,
    "65535 in eight bytes": b"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
    "endless": b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
}


class Frames(unittest.TestCase):
    def test_right_ones(self) -> None:
        for sent, expected in _RIGHT.items():
            with self.subTest(sent[:12]):
                parser = FrameParser()
                for byte in sent[:min(len(sent) - 1, 300)]:
                    self.assertIsNone(parser.next())
                    parser.buffer.append(byte)
                parser.buffer[:] = sent + b"next"
                self.assertEqual(parser.next(), expected)
                self.assertEqual(bytes(parser.buffer), b"next")

    def test_wrong_ones(self) -> None:
        for name, sent in _WRONG.items():
            parser = FrameParser()
            parser.buffer += sent
            with self.subTest(name), self.assertRaises(Malformed):
                parser.next()

    def test_what_a_client_sends(self) -> None:
        # RFC 6455 §5.7
        self.assertEqual(frame(TEXT, b"Hello"), bytes.fromhex("818537fa213d7f9f4d5158"))
        self.assertEqual(frame(TEXT, b"Hel", fin=False, key=None), bytes.fromhex("010348656c"))
        self.assertEqual(length_bytes(256, True), b"\xfe\x01\x00")
        self.assertEqual(length_bytes(65536, False), b"\x7f\x00\x00\x00\x00\x00\x01\x00\x00")
        self.assertEqual(masked(masked(b"abcdefg", b"key!"), b"key!"), b"abcdefg")

    def test_compression(self) -> None:
        # RFC 7692 §7.2.3.1
        self.assertEqual(deflated(b"Hello"), bytes.fromhex("f248cdc9c90700"))
        for takeover in (False, True):
            ends = Deflate(sends_takeover=takeover, receives_takeover=takeover)
            sizes = []
            for _ in range(2):
                sent = ends.deflate(b"the same again")
                sizes.append(len(sent))
                self.assertEqual(ends.inflate(sent), b"the same again")
            self.assertEqual(sizes[1] < sizes[0], takeover)
        with self.assertRaises(Malformed):
            Deflate().inflate(b"\xff\xff\xff")
        with self.assertRaises(Malformed):
            Deflate.agreed("x-other")


if __name__ == "__main__":
    unittest.main()
