"""Sizes at their bound and one beyond it; the server of these cases has the defaults, and a package_max_length of BODY."""

from __future__ import annotations

from .case import Answer, echo, echo_chunked, echo_length, echoed, get, hello, refused, request, served

BODY = 100_000
TARGET = 8 * 1024
HEAD = 16 * 1024
FIELDS = 100


def _target(length: int) -> str:
    return "/hello/" + "a" * (length - len("/hello/"))


def _head_of(length: int) -> str:
    """A request of this many bytes whose target stays short; Host counts as one of its fields."""
    filler = length - len(get("bar", *["A: "] * 3))
    return get("bar", "A: " + "a" * (filler // 3), "A: " + "a" * (filler // 3),
               "A: " + "a" * (filler - 2 * (filler // 3)))


CASES = [
    served("limits target at its bound", request(f"GET {_target(TARGET)} HTTP/1.1"), hello("a" * (TARGET - 7))),
    refused("limits target one over", request(f"GET {_target(TARGET + 1)} HTTP/1.1"), 414),
    refused("limits target without an end", "GET /" + "a" * (2 * TARGET), 414),
    refused("limits query over", request("GET /hello/bar?" + "a" * TARGET + " HTTP/1.1"), 414),
    refused("limits absolute-form over", request("GET http://test" + _target(TARGET) + " HTTP/1.1"), 414),
    served("limits head at its bound", _head_of(HEAD)),
    refused("limits head one over", _head_of(HEAD + 1), 431),
    refused("limits field without an end", get("bar", "A: " + "a" * (2 * HEAD)), 431),
    refused("limits name without an end", get("bar", "a" * (2 * HEAD)), 431),
    served("limits fields at their bound", get("bar", *["A: b"] * (FIELDS - 1))),
    refused("limits fields one over", get("bar", *["A: b"] * FIELDS), 431),
    refused("limits fields without an end", get("bar", *["A: b"] * 1000), 431),
    served("limits body at its bound", echo_length("a" * BODY), echoed("a" * BODY)),
    refused("limits body one over, before any of it has come", echo(f"Content-Length: {BODY + 1}"), 413),
    refused("limits body one over", echo_length("a" * (BODY + 1)), 413),
    refused("limits largest length that there is", echo("Content-Length: 18446744073709551615"), 413),
    refused("limits body over of a path that no route has",
            request("POST /none HTTP/1.1", f"Content-Length: {BODY + 1}"), 413),
    served("limits chunks at their bound", echo_chunked(f"{BODY:x}\r\n" + "a" * BODY + "\r\n0\r\n\r\n"),
           echoed("a" * BODY)),
    served("limits many chunks at their bound",
           echo_chunked(("a\r\n" + "a" * 10 + "\r\n") * (BODY // 10) + "0\r\n\r\n"), echoed("a" * BODY)),
    refused("limits chunk one over", echo_chunked(f"{BODY + 1:x}\r\n"), 413),
    refused("limits chunks one over", echo_chunked(f"{BODY:x}\r\n" + "a" * BODY + "\r\n1\r\na\r\n0\r\n\r\n"), 413),
    refused("limits trailers over", echo_chunked("0\r\n" + "A: b\r\n" * (FIELDS + 1) + "\r\n"), 431),
    refused("limits trailer without an end", echo_chunked("0\r\nA: " + "b" * (2 * HEAD) + "\r\n\r\n"), 431),
    refused("limits extensions over",
            echo_chunked("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\na\r\n" * 1000 + "0\r\n\r\n"), 400),
    refused("limits behind good ones", get("bar") + request(f"GET {_target(TARGET + 1)} HTTP/1.1"), 414,
            after=(hello(),)),
    served("limits are each request's own", get("bar", *["A: b"] * 90) * 3, *[hello()] * 3),
    served("limits big answers are no matter of theirs", request("GET /bytes/3000000 HTTP/1.1"),
           Answer(200, body=b"q" * 3_000_000)),
]
