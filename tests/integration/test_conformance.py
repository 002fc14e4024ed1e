"""Bytes on the wire and what they must be answered with, case by case: see conformance/."""

from __future__ import annotations

import json
import re
import unittest
from collections.abc import Iterator

from conformance import chunks, connections, fields, lengths, limits, requestline, targets
from conformance.case import Answer, Case
from quernserver import TIME_SCALE, QuernServer
from rawhttp import Closed, Malformed, RawConnection, Response, request_bytes

TABLES = {"request lines": requestline.CASES, "targets": targets.CASES, "fields": fields.CASES,
          "lengths": lengths.CASES,
          "chunks": chunks.CASES, "connections": connections.CASES, "limits": limits.CASES}
ALL = [case for cases in TABLES.values() for case in cases]
_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_LONGEST_IN_BYTES = 2000  # longer requests are not sent byte by byte
_AT_ONCE = 200  # connections


class Conformance(unittest.TestCase):
    """All cases share one server, each has a connection of its own."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.quern = QuernServer(package_max_length=limits.BODY)
        cls.addClassCleanup(cls.quern.destroy)
        cls.quern.start()

    def connect(self) -> RawConnection:
        return RawConnection(self.quern.address, timeout=5.0 * TIME_SCALE)

    def check(self, case: Case, client: RawConnection) -> None:
        """That client, which has sent the whole case, gets the answers of case and nothing else."""
        try:
            for at, answer in enumerate(case.answers):
                self.check_answer(answer, client.response(answer.method), at == len(case.answers) - 1, case)
            if case.closed:
                self.assertEqual(client.until_closed(), b"", "bytes behind the last answer")
            else:
                self.assertEqual(json.loads(client.request("GET", "/hello/probe").body), {"hello": "probe"})
        except (Closed, Malformed, TimeoutError) as error:
            self.fail(f"{type(error).__name__}: {error}")

    def check_answer(self, expected: Answer, response: Response, is_last: bool, case: Case) -> None:
        self.assertIn(response.status, expected.statuses, response.body[:200])
        self.assertEqual(tuple(response.interim), expected.interim)
        # RFC 9110 §6.6.1: whoever has a clock sends it with every answer.
        self.assertRegex(response.header("date") or "", _DATE)
        for name, pattern in expected.fields.items():
            if pattern is None:
                self.assertEqual(response.values(name), [], name)
            else:
                self.assertRegex(", ".join(response.values(name)), f"^(?:{pattern})$", name)
        if isinstance(expected.body, bytes):
            self.assertEqual(response.body[:1000], expected.body[:1000])
            self.assertTrue(response.body == expected.body, "the body differs behind its first 1,000 bytes")
        elif expected.body is not None:
            self.assertEqual(json.loads(response.body), expected.body)
        if not case.half_closed:
            announced = not response.keep_alive
            if expected.version == 0:
                announced = "keep-alive" not in (response.header("connection") or "").lower()
            self.assertEqual(announced, case.closed and is_last, f"Connection: {response.values('connection')}")

    def run_case(self, case: Case) -> None:
        with self.connect() as client:
            for at, piece in enumerate(case.pieces):
                if at > 0:
                    client.interim(at)
                client.send(piece)
            if case.half_closed:
                client.end_output()
            self.check(case, client)

    def run_table(self, name: str) -> None:
        for case in TABLES[name]:
            with self.subTest(case.name):
                self.run_case(case)

    def test_request_lines(self) -> None:
        self.run_table("request lines")

    def test_targets(self) -> None:
        self.run_table("targets")

    def test_fields(self) -> None:
        self.run_table("fields")

    def test_lengths(self) -> None:
        self.run_table("lengths")

    def test_chunks(self) -> None:
        self.run_table("chunks")

    def test_connections(self) -> None:
        self.run_table("connections")

    def test_limits(self) -> None:
        self.run_table("limits")

    def test_every_byte_in_a_write_of_its_own(self) -> None:
        for case in ALL:
            if len(case.sent) > _LONGEST_IN_BYTES or len(case.pieces) > 1 or case.half_closed:
                continue
            with self.subTest(case.name), self.connect() as client:
                for byte in case.sent:
                    client.send(bytes([byte]))
                self.check(case, client)

    def test_two_writes_divided_at_every_byte(self) -> None:
        for case in ALL:
            for divisions in self.divisions_of(case):
                self.send_divided(case, divisions)

    def divisions_of(self, case: Case) -> Iterator[range]:
        if case.every_split:
            for first in range(1, len(case.sent), _AT_ONCE):
                yield range(first, min(first + _AT_ONCE, len(case.sent)))

    def send_divided(self, case: Case, divisions: range) -> None:
        clients = [(at, self.connect()) for at in divisions]
        try:
            for at, client in clients:
                client.send(case.sent[:at])
            # The one reactor has seen every first part when it answers somebody who came later.
            with self.connect() as other:
                other.send(request_bytes("GET", "/hello/later"))
                self.assertEqual(other.response().status, 200)
            for at, client in clients:
                client.send(case.sent[at:])
            for at, client in clients:
                with self.subTest(case.name, divided_at=at):
                    self.check(case, client)
        finally:
            for _, client in clients:
                client.close()


class Table(unittest.TestCase):
    def test_names_are_unique(self) -> None:
        names = [case.name for case in ALL]
        self.assertEqual(sorted(set(names)), sorted(names))


if __name__ == "__main__":
    unittest.main()
