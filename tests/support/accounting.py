#!/usr/bin/env python3
"""The accounting client: sends requests over many connections and accounts for every one of them.

It is written against RFC 9112 alone and shares nothing with the server, so that a fault which the server does not notice
still shows here: an answer that never comes, comes twice, comes to the wrong request or stops half way.

From the command line:

    accounting.py --port 5200 --connections 32 --seconds 10 'GET /hello/{token}' 'POST /echo {token}'
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import socket
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from rawhttp import Malformed, Response, ResponseParser, request_bytes

_EXAMPLES_KEPT = 20


@dataclass(frozen=True)
class Probe:
    """A kind of request. "{token}" in target and body is replaced by a text that no other request has."""

    method: str
    target: str
    body: str | None = None
    token_comes_back: bool = False  # a 2xx answer must hold the token, whole

    @staticmethod
    def parse(text: str) -> Probe:
        """From "METHOD target [body]"; the answer must hold the token unless it is asked of /slow, /later or /json."""
        method, target, *body = text.split(maxsplit=2)
        silent = target.startswith(("/slow", "/later", "/json"))
        holds_token = "{token}" in target + "".join(body)
        return Probe(method, target, body[0] if body else None, holds_token and not silent and method != "HEAD")


@dataclass
class Report:
    """What became of the requests. Every request sent is in exactly one of: answered, hung, reset, malformed."""

    statuses: Counter[int] = field(default_factory=Counter)  # whole answers, by status
    hung: int = 0  # no whole answer within the deadline
    reset: int = 0  # the connection ended before the answer or in the middle of it
    malformed: int = 0  # the answer was no HTTP/1.1
    wrong: int = 0  # answered, but with the answer to something else
    duplicated: int = 0  # bytes came to which no request was open
    unconnected: int = 0  # connection attempts that failed
    closed_idle: int = 0  # closed between two requests without announcement
    announced_closes: int = 0
    sent: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)  # of whole answers, in seconds
    examples: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return self.statuses.total()

    @property
    def slowest(self) -> float:
        return max(self.latencies, default=0.0)

    def percentile(self, share: float) -> float:
        """share: from 0 to 1."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    @property
    def losses(self) -> int:
        """Everything that no client may see, whatever happens to the workers. A status such as 502 is no loss."""
        return (self.hung + self.reset + self.malformed + self.wrong + self.duplicated + self.unconnected
                + self.closed_idle + abs(self.sent - self.answered - self.hung - self.reset - self.malformed))

    def note(self, text: str) -> None:
        if len(self.examples) < _EXAMPLES_KEPT:
            self.examples.append(text)

    def __str__(self) -> str:
        statuses = " ".join(f"{status}:{count}" for status, count in sorted(self.statuses.items())) or "none"
        lines = [
            f"{self.sent} sent in {self.seconds:.1f} s, answered {statuses}, slowest {self.slowest * 1000:.1f} ms",
            f"hung {self.hung}, reset {self.reset}, malformed {self.malformed}, wrong {self.wrong}, "
            f"duplicated {self.duplicated}, unconnected {self.unconnected}, closed idle {self.closed_idle}, "
            f"announced closes {self.announced_closes}",
        ]
        return "\n".join(lines + [f"  {example}" for example in self.examples])


class _Wire(asyncio.Protocol):
    """One connection. Resolves the future of the one open request, and notices what comes without one."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._parser = ResponseParser()
        self._answer: asyncio.Future[Response] | None = None
        self._method = ""
        self._transport: asyncio.Transport | None = None
        self._leaving = False  # closed by us, or announced by the server
        self.lost = False

    def connection_made(self, transport) -> None:
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method: str, data: bytes) -> asyncio.Future[Response]:
        self._method = method
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._parser.feed(data)
        self._advance()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if self._answer:
            self._parser.end()
            self._advance()
        if self._answer:
            self._answer.set_exception(ConnectionResetError(f"with {len(self._parser.pending)} bytes of an answer"))
            self._answer = None
        elif not self._leaving:
            self._report.closed_idle += 1
            self._report.note("closed between two requests")

    def _advance(self) -> None:
        if self._answer:
            try:
                response = self._parser.next(self._method)
            except Malformed as malformed:
                self._leaving = True
                self._answer.set_exception(malformed)
                self._answer = None
                self._transport.abort()
                return
            if response is None:
                return
            if not response.keep_alive:
                self._leaving = True
                self._report.announced_closes += 1
            self._answer.set_result(response)
            self._answer = None
        if self._parser.pending:
            self._report.duplicated += 1
            self._report.note(f"unasked: {self._parser.pending[:80]!r}")
            self.leave()

    def leave(self) -> None:
        self._leaving = True
        self._answer = None
        self._transport.abort()
        self.lost = True

    @property
    def usable(self) -> bool:
        return not self.lost and not self._leaving


class Accounting:
    """Keeps connections open to one address, each sending one request after the other."""

    def __init__(self, port: int, probes: Sequence[Probe], *, host: str = "127.0.0.1", connections: int = 32,
                 deadline: float = 3.0, pause: float = 0.0) -> None:
        """deadline: seconds for one answer. pause: seconds between an answer and the next request of a connection."""
        self.report = Report()
        self._host, self._port = host, port
        self._probes = itertools.cycle(probes)
        self._connections = connections
        self._deadline = deadline
        self._pause = pause
        self._tokens = itertools.count(1)
        self._stopping = False

    async def run_during(self, what: Awaitable) -> Report:
        """Sends until what ends, then waits for the open answers. An exception of what is passed on at the end."""
        started = time.monotonic()
        clients = [asyncio.create_task(self._client()) for _ in range(self._connections)]
        try:
            await what
        finally:
            self._stopping = True
            await asyncio.gather(*clients)
            self.report.seconds = time.monotonic() - started
        return self.report

    async def _client(self) -> None:
        wire: _Wire | None = None
        while not self._stopping:
            if wire is None or not wire.usable:
                wire = await self._connect()
                if wire is None:
                    continue
            await self._exchange(wire, next(self._probes))
            if self._pause:
                await asyncio.sleep(self._pause)
        if wire and wire.usable:
            wire.leave()

    async def _connect(self) -> _Wire | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._deadline):
                _, wire = await loop.create_connection(lambda: _Wire(self.report), self._host, self._port)
            return wire
        except (OSError, TimeoutError) as error:
            self.report.unconnected += 1
            self.report.note(f"cannot connect: {error}")
            # A refused connection fails at once: without a pause the attempts would keep the machine busy.
            await asyncio.sleep(0.05)
            return None

    async def _exchange(self, wire: _Wire, probe: Probe) -> None:
        # Digits alone, with an end mark, so that one token is never part of another.
        token = f"t{next(self._tokens)}e"
        target = probe.target.replace("{token}", token)
        body = probe.body.replace("{token}", token).encode() if probe.body is not None else None
        report = self.report
        report.sent += 1
        started = time.monotonic()
        answer = wire.ask(probe.method, request_bytes(probe.method, target, body))
        deadline = asyncio.get_running_loop().call_later(self._deadline, _expire, answer)
        try:
            response = await answer
        except TimeoutError:
            report.hung += 1
            report.note(f"hung: {probe.method} {target}")
            wire.leave()
            return
        except ConnectionResetError as error:
            report.reset += 1
            report.note(f"reset: {probe.method} {target} {error}")
            return
        except Malformed as error:
            report.malformed += 1
            report.note(f"malformed: {probe.method} {target}: {error}")
            return
        finally:
            deadline.cancel()
        report.latencies.append(time.monotonic() - started)
        report.statuses[response.status] += 1
        if probe.token_comes_back and response.status < 300 and token.encode() not in response.body:
            report.wrong += 1
            report.note(f"wrong: {probe.method} {target} got {response.body[:80]!r}")


def _expire(answer: asyncio.Future) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())


def account(port: int, probes: Sequence[Probe], during: Callable[[], Awaitable], **options) -> Report:
    """Runs an Accounting to its end, as long as during() takes."""

    async def run() -> Report:
        return await Accounting(port, probes, **options).run_during(during())

    return asyncio.run(run())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5200)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--deadline", type=float, default=3.0, help="seconds for one answer")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two requests of one connection")
    parser.add_argument("probe", nargs="*", default=["GET /hello/{token}"],
                        help='"METHOD target [body]"; {token} is replaced in each request')
    options = parser.parse_args()
    report = account(options.port, [Probe.parse(text) for text in options.probe],
                     lambda: asyncio.sleep(options.seconds), host=options.host, connections=options.connections,
                     deadline=options.deadline, pause=options.pause)
    print(report)
    return 1 if report.losses or not report.answered else 0


if __name__ == "__main__":
    sys.exit(main())
