"""One exchange on the wire: the bytes that are sent, and what must come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HOST = "Host: test\r\n"
# Stands behind everything after which the server must answer no more.
SMUGGLED = f"GET /hello/smuggled HTTP/1.1\r\n{HOST}\r\n".encode()


@dataclass(frozen=True)
class Answer:
    """What one answer must be. body: its bytes, or the value that it holds as JSON."""

    status: int | tuple[int, ...]  # several only where the RFC leaves the choice, which the case then names
    method: str = "GET"  # of the request
    body: bytes | Mapping | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)  # pattern of the whole value; None: no such field
    interim: tuple[int, ...] = ()
    version: int = 1  # minor version of the request

    @property
    def statuses(self) -> tuple[int, ...]:
        return self.status if isinstance(self.status, tuple) else (self.status,)


@dataclass(frozen=True)
class Case:
    """pieces are sent in separate writes; before each but the first, the client waits for "100 Continue"."""

    name: str
    pieces: tuple[bytes, ...]
    answers: tuple[Answer, ...]
    closed: bool  # the last answer says so, and no other follows
    every_split: bool = False  # also sent in two writes, divided at every byte
    half_closed: bool = False  # the client ends its direction after the last byte
    choice: str = ""  # the sentence of the RFC that allows more than one status

    def __post_init__(self) -> None:
        has_choice = any(len(answer.statuses) > 1 for answer in self.answers)
        assert has_choice == bool(self.choice), f"{self.name}: a choice and its reason belong together"

    @property
    def sent(self) -> bytes:
        return b"".join(self.pieces)


def wire(text: str) -> bytes:
    return text.encode("latin-1")


def request(start: str = "GET /hello/bar HTTP/1.1", *fields: str, body: str = "", host: str = HOST) -> str:
    """A request with Host first and each of fields, without its CRLF, behind it."""
    return f"{start}\r\n{host}" + "".join(f"{each}\r\n" for each in fields) + "\r\n" + body


def get(name: str, *fields: str) -> str:
    return request(f"GET /hello/{name} HTTP/1.1", *fields)


def echo(*fields: str, body: str = "") -> str:
    return request("POST /echo HTTP/1.1", *fields, body=body)


def echo_length(body: str, *fields: str) -> str:
    return echo(f"Content-Length: {len(body)}", *fields, body=body)


def echo_chunked(chunks: str, *fields: str) -> str:
    return echo("Transfer-Encoding: chunked", *fields, body=chunks)


def hello(name: str = "bar", **more) -> Answer:
    """The answer to get(name)."""
    return Answer(200, body={"hello": name}, **more)


def echoed(body: str, **more) -> Answer:
    """The answer to echo()."""
    return Answer(200, "POST", wire(body), **more)


def _pieces(data: str | tuple[str, ...], tail: bytes = b"") -> tuple[bytes, ...]:
    pieces = (data,) if isinstance(data, str) else data
    return (*map(wire, pieces[:-1]), wire(pieces[-1]) + tail)


def served(name: str, data: str | tuple[str, ...], *answers: Answer, **more) -> Case:
    """All of it is answered, and the connection goes on."""
    return Case(name, _pieces(data), answers or (hello(),), closed=False, **more)


def last(name: str, data: str | tuple[str, ...], *answers: Answer, **more) -> Case:
    """All of it is answered, but nothing that follows, and the connection ends."""
    return Case(name, _pieces(data, SMUGGLED), answers or (hello(),), closed=True, **more)


def refused(name: str, data: str | tuple[str, ...], status: int | tuple[int, ...] = 400, *,
            after: tuple[Answer, ...] = (),
            **more) -> Case:
    """The last request in data is refused with status, nothing that follows is answered, and the connection ends."""
    return Case(name, _pieces(data, SMUGGLED), (*after, Answer(status)), closed=True, **more)


def refused_head(name: str, data: str) -> Case:
    """As refused(), for a HEAD whose method was plain to see: its answer has no content."""
    return Case(name, _pieces(data, SMUGGLED), (Answer(400, "HEAD"),), closed=True)


def half_closed(name: str, data: str, *answers: Answer) -> Case:
    """The client ends its direction behind data, whose whole requests are answered before the server ends the other."""
    return Case(name, _pieces(data), answers, closed=True, half_closed=True)
