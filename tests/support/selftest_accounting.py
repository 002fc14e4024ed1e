"""Each fault that the accounting client is there to find, committed by a small server on purpose."""

from __future__ import annotations

import asyncio
import unittest

from accounting import Accounting, Probe, Report
from rawhttp import Malformed, ResponseParser

HELLO = Probe.parse("GET /hello/{token}")
ECHO = Probe.parse("POST /echo begin{token}end")


def answer(body: bytes, extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), extra, body)


async def read_request(reader: asyncio.StreamReader) -> bytes | None:
    """What a faithful echo answers: the target and the body."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), 0)
    return head.split()[1] + await reader.readexactly(length)


async def account_for(behave, probe: Probe = HELLO, requests: int = 8,
                      pause: float = 0.0) -> Report:
    """Two connections against a server that answers by behave(number of the request, echo, writer)."""
    count = 0
    enough = asyncio.Event()

    async def serve(reader, writer) -> None:
        nonlocal count
        while (echo := await read_request(reader)) is not None and not writer.is_closing():
            count += 1
            await behave(count, echo, writer)
            if count >= requests:
                enough.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await Accounting(port, [probe], connections=2, deadline=0.3, pause=pause).run_during(enough.wait())


class FaultsAreFound(unittest.TestCase):
    def run_with(self, behave, probe: Probe = HELLO) -> Report:
        return asyncio.run(account_for(behave, probe))

    def assert_losses(self, report: Report, **expected: int) -> None:
        found = {name: getattr(report, name) for name in
                 ("hung", "reset", "malformed", "wrong", "duplicated", "unconnected", "closed_idle")}
        self.assertEqual({name: count for name, count in found.items() if count}, expected, report)
        self.assertEqual(report.losses, sum(expected.values()), report)

    def once(self, fault):
        """Faithful but for the third request."""

        async def behave(number, echo, writer) -> None:
            if number == 3:
                await fault(echo, writer)
            else:
                writer.write(answer(echo))

        return behave

    def test_a_faithful_server_has_no_losses(self) -> None:
        async def behave(number, echo, writer) -> None:
            writer.write(answer(echo))

        for probe in (HELLO, ECHO):
            report = self.run_with(behave, probe)
            self.assert_losses(report)
            self.assertGreaterEqual(report.statuses[200], 6)
            self.assertEqual(report.answered, report.sent)

    def test_chunks_and_interim_answers_are_read(self) -> None:
        async def behave(number, echo, writer) -> None:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for at in range(0, len(echo), 5):
                piece = echo[at:at + 5]
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            writer.write(b"0\r\n\r\n")

        self.assert_losses(self.run_with(behave))

    def test_no_answer_is_hung(self) -> None:
        async def fault(echo, writer) -> None:
            pass

        self.assert_losses(self.run_with(self.once(fault)), hung=1)

    def test_half_an_answer_is_hung(self) -> None:
        async def fault(echo, writer) -> None:
            writer.write(answer(echo)[:-1])

        self.assert_losses(self.run_with(self.once(fault)), hung=1)

    def test_a_close_before_the_answer_is_reset(self) -> None:
        async def fault(echo, writer) -> None:
            writer.close()

        self.assert_losses(self.run_with(self.once(fault)), reset=1)

    def test_a_close_within_the_answer_is_reset(self) -> None:
        async def fault(echo, writer) -> None:
            writer.write(answer(echo)[:-1])
            writer.close()

        self.assert_losses(self.run_with(self.once(fault)), reset=1)

    def test_another_requests_answer_is_wrong(self) -> None:
        async def fault(echo, writer) -> None:
            writer.write(answer(b"/hello/t0e"))

        self.assert_losses(self.run_with(self.once(fault)), wrong=1)

    def test_an_answer_sent_twice_is_duplicated(self) -> None:
        async def fault(echo, writer) -> None:
            writer.write(answer(echo) * 2)

        self.assert_losses(self.run_with(self.once(fault)), duplicated=1)

    def test_two_lengths_are_malformed(self) -> None:
        async def fault(echo, writer) -> None:
            writer.write(answer(echo, b"Content-Length: %d\r\n" % len(echo)))

        self.assert_losses(self.run_with(self.once(fault)), malformed=1)

    def test_an_announced_close_is_no_loss(self) -> None:
        async def fault(echo, writer) -> None:
            writer.write(answer(echo, b"Connection: close\r\n"))
            writer.close()

        report = self.run_with(self.once(fault))
        self.assert_losses(report)
        self.assertEqual(report.announced_closes, 1)

    def test_an_unannounced_close_between_requests_is_counted(self) -> None:
        async def fault(echo, writer) -> None:
            writer.write(answer(echo))
            writer.close()

        # The pause lets the close arrive while no request is open; one that is sent into it would be reset instead.
        self.assert_losses(asyncio.run(account_for(self.once(fault), pause=0.05)), closed_idle=1)

    def test_a_refused_connection_is_counted(self) -> None:
        async def run() -> Report:
            server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            server.close()
            await server.wait_closed()
            accounting = Accounting(port, [HELLO], connections=1, deadline=0.3)

            async def until_refused() -> None:
                while not accounting.report.unconnected:
                    await asyncio.sleep(0)

            return await accounting.run_during(until_refused())

        report = asyncio.run(run())
        self.assertGreaterEqual(report.unconnected, 1)
        self.assertEqual(report.sent, 0)


class ResponsesAreReadStrictly(unittest.TestCase):
    MALFORMED = {
        "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
        "no version": b"200 OK\r\n\r\n",
        "space before colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        "NUL in a value": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: \0\r\n\r\n",
        "folded field": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n c\r\n\r\n",
        "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
        "no length, stays open": b"HTTP/1.1 200 OK\r\n\r\n",
        "204 with a length": b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        "bad chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        "chunk without its end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    }

    def test_malformed_responses_are_refused(self) -> None:
        for name, data in self.MALFORMED.items():
            with self.subTest(name), self.assertRaises(Malformed):
                parser = ResponseParser()
                parser.feed(data)
                parser.next("GET")

    def test_every_split_gives_the_same(self) -> None:
        data = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n"
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")
        for at in range(len(data)):
            parser = ResponseParser()
            answers = []
            for part in (data[:at], data[at:]):
                parser.feed(part)
                while (response := parser.next("GET")) is not None:
                    answers.append((response.status, response.body))
            self.assertEqual(answers, [(200, b"abc"), (404, b"no")], at)
            self.assertEqual(parser.pending, b"")

    def test_a_head_answer_has_no_body(self) -> None:
        parser = ResponseParser()
        parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        response = parser.next("HEAD")
        self.assertEqual((response.status, response.body, response.header("content-length")), (200, b"", "9"))


if __name__ == "__main__":
    unittest.main()
