"""What a WebSocket client sends and what must come of it, case by case: see websocket/."""

from __future__ import annotations

import unittest

from liveserver import LIVE
from quernserver import TIME_SCALE, QuernServer
from rawhttp import Closed, Malformed, RawConnection, request_bytes
from websocket import closing, compression, framing, handshakes, texts
from websocket.case import COMPRESSION_MIN, MESSAGE_MAX, Case
from wsclient import WebSocketClient
from wsframes import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Message, frame

TABLES = {"sizes": framing.SIZES, "masks": framing.MASKS, "first bytes": framing.FIRST_BYTES,
          "lengths": framing.LENGTHS, "fragments": framing.FRAGMENTS, "control": framing.CONTROL,
          "texts": texts.CASES, "closing": closing.CASES, "compression": compression.CASES}
HANDSHAKES = handshakes.ACCEPTED + handshakes.REFUSED
ALL = [case for cases in TABLES.values() for case in cases]
_LONGEST_IN_BYTES = 700  # what is longer is not sent byte by byte
_PROBE = b"are you there?"


class Collector:
    """Sorts the frames that come into messages, pongs and the close frame."""

    def __init__(self, client: WebSocketClient) -> None:
        self.client = client
        self.messages: list[Message] = []
        self.pongs: list[bytes] = []
        self.close: int | None = None
        self._parts: list = []

    def take(self) -> None:
        found = self.client.next_frame()
        if found.opcode == PONG:
            self.pongs.append(found.payload)
        elif found.opcode == PING:
            raise Malformed("a ping so early")
        elif found.opcode == CLOSE:
            self.close = int.from_bytes(found.payload[:2], "big") if found.payload else 1005
            found.payload[2:].decode()
        else:
            self._take_part(found)

    def _take_part(self, found) -> None:
        if (found.opcode == CONTINUATION) != bool(self._parts):
            raise Malformed("fragments out of order")
        self._parts.append(found)
        if not found.fin:
            return
        first, payload = self._parts[0], b"".join(part.payload for part in self._parts)
        self._parts = []
        if first.rsv:
            payload = self.client.deflate.inflate(payload)
        self.messages.append(Message(first.opcode, payload, bool(first.rsv)))


class Conformance(unittest.TestCase):
    """All cases share one server, each has a connection of its own."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.quern = QuernServer(plugins=[LIVE], package_max_length=MESSAGE_MAX,
                                websocket_compression_min_length=COMPRESSION_MIN)
        cls.addClassCleanup(cls.quern.destroy)
        cls.quern.start()

    def open(self, **options) -> WebSocketClient:
        return WebSocketClient(self.quern.address, timeout=5.0 * TIME_SCALE, **options)

    def run_case(self, case: Case, pieces: list[bytes], **options) -> None:
        try:
            with self.open(extensions=case.extensions, **options) as client:
                self.assertEqual(bool(client.deflate), bool(case.extensions))
                for piece in pieces:
                    client.send(piece)
                self.check(case, client)
        except (Closed, Malformed, TimeoutError) as error:
            self.fail(f"{type(error).__name__}: {error}")

    def check(self, case: Case, client: WebSocketClient) -> None:
        """That client, which has sent the whole case, gets what case says and nothing else."""
        collector = Collector(client)
        if case.close is not None:
            while collector.close is None:
                collector.take()
            self.assertEqual(collector.close, case.close)
            self.assertEqual(client.until_closed(), b"", "bytes behind the close frame")
        else:
            client.send(frame(TEXT, _PROBE))
            while len(collector.messages) <= len(case.messages) or len(collector.pongs) < len(case.pongs):
                collector.take()
                self.assertIsNone(collector.close, "closed")
            probe = collector.messages.pop()
            self.assertEqual((probe.opcode, probe.payload), (TEXT, _PROBE))
            if case.compressed is not None:
                self.assertEqual({message.compressed for message in collector.messages}, {case.compressed})
        self.assertEqual(tuple(collector.pongs), case.pongs)
        found = tuple((message.opcode, message.payload) for message in collector.messages)
        self.assertTrue(found == case.messages, f"{str(found)[:500]} in place of {str(case.messages)[:500]}")

    def run_table(self, name: str) -> None:
        for case in TABLES[name]:
            with self.subTest(case.name):
                self.run_case(case, [case.sent])
            if case.trailer:
                with self.subTest(case.name, more=True):
                    self.run_case(case, [case.sent + case.trailer])

    def test_sizes(self) -> None:
        self.run_table("sizes")

    def test_masks(self) -> None:
        self.run_table("masks")

    def test_first_bytes(self) -> None:
        self.run_table("first bytes")

    def test_lengths(self) -> None:
        self.run_table("lengths")

    def test_fragments(self) -> None:
        self.run_table("fragments")

    def test_control_frames(self) -> None:
        self.run_table("control")

    def test_texts(self) -> None:
        self.run_table("texts")

    def test_closing(self) -> None:
        self.run_table("closing")

    def test_compression(self) -> None:
        self.run_table("compression")

    def test_every_byte_in_a_write_of_its_own(self) -> None:
        for case in ALL:
            if len(case.sent) <= _LONGEST_IN_BYTES:
                with self.subTest(case.name):
                    self.run_case(case, [bytes([byte]) for byte in case.sent])

    def test_with_the_handshake_in_one_write(self) -> None:
        for case in ALL:
            if len(case.sent) <= _LONGEST_IN_BYTES:
                with self.subTest(case.name):
                    self.run_case(case, [], early=case.sent + case.trailer)

    def test_offers_of_compression(self) -> None:
        for offer, agreed in compression.OFFERS.items():
            with self.subTest(offer), self.open(extensions=offer) as client:
                self.assertTrue(client.is_open, client.response)
                found = client.response.header("sec-websocket-extensions")
                if agreed is None:
                    self.assertIsNone(found)
                    continue
                self.assertRegex(found or "", f"^(?:{agreed})$")
                payload = b"twice the same " * 1000
                for opcode in (TEXT, BINARY):
                    client.send_frame(opcode, client.deflate.deflate(payload), rsv=4)
                    self.assertEqual(client.message(), Message(opcode, payload, True))

    # Handshakes

    def check_handshake(self, case: handshakes.Handshake, client: RawConnection) -> None:
        try:
            response = client.response(case.method)
            self.assertEqual(response.status, case.status, response)
            for name, pattern in case.fields.items():
                if pattern is None:
                    self.assertEqual(response.values(name), [], name)
                else:
                    self.assertRegex(", ".join(response.values(name)), f"^(?:{pattern})$", name)
            if case.body is not None:
                self.assertEqual(response.body, case.body)
            if case.status == 101:
                client.send(frame(CLOSE, b"\x03\xe8"))
                self.assertRegex(client.until_closed(), rb"\x88\x02\x03\xe8$")
            elif case.closed:
                self.assertFalse(response.keep_alive)
                self.assertEqual(client.until_closed(), b"")
            else:
                self.assertTrue(response.keep_alive)
                self.assertEqual(client.request("GET", "/hello/probe").status, 200)
        except (Closed, Malformed, TimeoutError) as error:
            self.fail(f"{type(error).__name__}: {error}")

    def connect(self) -> RawConnection:
        return RawConnection(self.quern.address, timeout=5.0 * TIME_SCALE)

    def test_handshakes(self) -> None:
        for case in HANDSHAKES:
            with self.subTest(case.name), self.connect() as client:
                client.send(case.sent)
                self.check_handshake(case, client)

    def test_the_subprotocol_in_on_open(self) -> None:
        for offered, agreed in (("v1.chat", b"v1.chat"), ("v1.chat, v2.chat", b"v2.chat")):
            with self.subTest(offered), self.open(target="/strict", subprotocols=offered) as client:
                self.assertTrue(client.is_open, client.response)
                self.assertEqual(client.message(), Message(TEXT, agreed))

    def test_handshakes_byte_by_byte(self) -> None:
        for case in HANDSHAKES:
            with self.subTest(case.name), self.connect() as client:
                for byte in case.sent:
                    client.send(bytes([byte]))
                self.check_handshake(case, client)

    def test_handshakes_behind_other_requests(self) -> None:
        for case in HANDSHAKES:
            with self.subTest(case.name), self.connect() as client:
                client.send(request_bytes("GET", "/hello/first") + request_bytes("GET", "/hello/second") + case.sent)
                for _ in range(2):
                    self.assertEqual(client.response().status, 200)
                self.check_handshake(case, client)


class Tables(unittest.TestCase):
    def test_names_are_unique(self) -> None:
        names = [case.name for case in ALL + HANDSHAKES]
        self.assertEqual(sorted(set(names)), sorted(names))

    def test_there_are_more_than_a_hundred(self) -> None:
        self.assertGreater(len(ALL) + len(HANDSHAKES), 100)

    def test_every_case_names_what_it_rests_on(self) -> None:
        for case in framing.MASKS + framing.FRAGMENTS + texts.CASES + closing.CASES:
            self.assertRegex(case.name, r"^rfc6455-[\d.]+ ")


if __name__ == "__main__":
    unittest.main()
