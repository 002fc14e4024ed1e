"""RFC 9112 §9: how long a connection stays, and the order of its answers; RFC 9110 §9.3.2 HEAD and §10.1.1 Expect."""

from __future__ import annotations

from .case import (HOST, Answer, echo, echo_chunked, echo_length, echoed, get, half_closed, hello, last, refused,
                   refused_head, request,
                   served)

_CHUNKS = "5\r\nhello\r\n0\r\n\r\n"
_OLD = f"GET /hello/bar HTTP/1.0\r\n{HOST}"
_CLOSES = {"connection": "close"}
_EXPECT = "Expect: 100-continue"


def _head(target: str = "/hello/bar", *fields: str) -> str:
    return request(f"HEAD {target} HTTP/1.1", *fields)


CASES = [
    # §9.3: who keeps the connection
    last("rfc9112-9.6 Connection: close", get("bar", "Connection: close"), hello(fields=_CLOSES), every_split=True),
    last("rfc9112-9.6 options have no case", get("bar", "cONNECTION: cLOSE")),
    last("rfc9112-9.6 close in a list", get("bar", "Connection: keep-alive, close")),
    last("rfc9112-9.6 close in a list without spaces", get("bar", "Connection: foo,close,bar")),
    last("rfc9112-9.6 close in the second field", get("bar", "Connection: keep-alive", "Connection: close")),
    last("rfc9112-9.6 close behind empty elements", get("bar", "Connection: , ,\tclose,")),
    last("rfc9112-9.6 close with a body", echo_length("hello", "Connection: close"), echoed("hello", fields=_CLOSES)),
    last("rfc9112-9.6 close with a chunked body", echo_chunked(_CHUNKS, "Connection: close"),
         echoed("hello", fields=_CLOSES)),
    last("rfc9112-9.6 close of a path that no route has", request("GET /none HTTP/1.1", "Connection: close"),
         Answer(404, fields=_CLOSES)),
    last("rfc9112-9.6 close of a method that no route has", request("DELETE /hello/bar HTTP/1.1", "Connection: close"),
         Answer(405, "DELETE", fields=_CLOSES)),
    last("rfc9112-9.6 close of HEAD", _head("/hello/bar", "Connection: close"), Answer(200, "HEAD", fields=_CLOSES)),
    last("rfc9112-9.6 close behind others", get("one") + get("two", "Connection: close"), hello("one"), hello("two")),
    last("rfc9112-9.6 close of a big answer", request("GET /bytes/1000000 HTTP/1.1", "Connection: close"),
         Answer(200, body=b"q" * 1_000_000)),
    served("rfc9112-9.3 keep-alive is the default of HTTP/1.1", get("bar"), hello(fields={"connection": None})),
    served("rfc9112-9.3 Connection: keep-alive", get("bar", "Connection: keep-alive")),
    served("rfc9110-7.6.1 closed is not close", get("bar", "Connection: closed")),
    served("rfc9110-7.6.1 close in another field is none", get("bar", "Proxy-Connection: close",
                                                               "Keep-Alive: timeout=0", "X-Connection: close")),
    served("rfc9110-7.8 an upgrade that nobody knows is ignored", get("bar", "Connection: Upgrade", "Upgrade: tea/1")),
    served("rfc9110-7.8 HTTP/2 by upgrade is ignored", get("bar", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                                                           "HTTP2-Settings: AAMAAABkAAQAAP__")),
    last("rfc9112-9.3 HTTP/1.0 closes", _OLD + "\r\n", hello(version=0, fields={"transfer-encoding": None}),
         every_split=True),
    last("rfc9112-9.3 HTTP/1.0 without Host", "GET /hello/bar HTTP/1.0\r\n\r\n", hello(version=0)),
    last("rfc9112-9.3 HTTP/1.0 with close", _OLD + "Connection: close\r\n\r\n", hello(version=0)),
    last("rfc9112-9.3 HTTP/1.0 with keep-alive and close", _OLD + "Connection: keep-alive, close\r\n\r\n",
         hello(version=0)),
    last("rfc9112-9.3 HTTP/1.0 with an unknown option", _OLD + "Connection: foo\r\n\r\n", hello(version=0)),
    last("rfc9112-9.3 HTTP/1.0 with a body", request("POST /echo HTTP/1.0", "Content-Length: 5", body="hello"),
         echoed("hello", version=0)),
    last("rfc9112-9.3 HTTP/1.0 behind HTTP/1.1", get("one") + _OLD + "\r\n", hello("one"), hello(version=0)),
    served("rfc9112-9.3 HTTP/1.0 with keep-alive stays", (_OLD + "Connection: keep-alive\r\n\r\n") * 2,
           *[hello(version=0, fields={"connection": "keep-alive"})] * 2, every_split=True),
    served("rfc9112-9.3 HTTP/1.0 with Keep-Alive stays", _OLD + "Connection: Keep-Alive\r\n\r\n", hello(version=0)),
    served("rfc9112-9.3 HTTP/1.1 behind HTTP/1.0 that stays", _OLD + "Connection: keep-alive\r\n\r\n" + get("two"),
           hello(version=0), hello("two")),
    half_closed("rfc9112-9.6 a client that ends its direction is answered", get("one") + get("two"), hello("one"),
                hello("two")),
    half_closed("rfc9112-9.6 a client that ends its direction and waits is answered",
                request("GET /later?ms=60 HTTP/1.1") + get("two"),
                Answer(200), hello("two")),
    half_closed("rfc9112-9.6 a client that ends its direction in a body gets no answer to it",
                get("one") + echo("Content-Length: 5", body="hell"),
                hello("one")),
    half_closed("rfc9112-9.6 a client that ends its direction in a chunk gets no answer to it",
                get("one") + echo_chunked("5\r\nhello\r\n"),
                hello("one")),
    served("rfc9112-9.3 errors of the handler keep the connection", request("GET /throw HTTP/1.1") + get("bar"),
           Answer(500), hello()),

    # §9.3.2: pipelining
    served("rfc9112-9.3.2 fifty in order", "".join(get(str(number)) for number in range(50)),
           *(hello(str(number)) for number in range(50))),
    served("rfc9112-9.3.2 a slow one keeps its place", request("GET /later?ms=60 HTTP/1.1") + get("two")
           + request("GET /slow?ms=20 HTTP/1.1") + get("four"),
           Answer(200), hello("two"), Answer(200), hello("four")),
    served("rfc9112-9.3.2 all kinds in order",
           get("1") + _head() + echo_length("three") + echo_chunked(_CHUNKS) + request("GET /none HTTP/1.1") + _head("/none")
           + request("DELETE /echo HTTP/1.1") + request("GET /bytes/70000 HTTP/1.1") + echo() + get("10"),
           hello("1"), Answer(200, "HEAD"), echoed("three"), echoed("hello"), Answer(404), Answer(404, "HEAD"),
           Answer(405, "DELETE"),
           Answer(200, body=b"q" * 70000), echoed(""), hello("10"), every_split=True),
    refused("rfc9112-9.3.2 a bad one behind good ones", get("1") + echo_length("two") + get("bad", "A : b"),
            after=(hello("1"), echoed("two"))),
    refused("rfc9112-9.3.2 a bad one behind a slow one", request("GET /later?ms=60 HTTP/1.1") + "garbage\r\n\r\n",
            after=(Answer(200),)),
    refused("rfc9112-9.3.2 a bad chunk behind good ones", get("1") + echo_chunked("x\r\n"), after=(hello("1"),)),

    # RFC 9110 §9.3.2: HEAD
    served("rfc9110-9.3.2 HEAD has the length and no body", _head(), Answer(200, "HEAD", b"", {"content-length": "15"}),
           every_split=True),
    served("rfc9110-9.3.2 HEAD of a big answer", _head("/bytes/1000000"),
           Answer(200, "HEAD", b"", {"content-length": "1000000"})),
    served("rfc9110-9.3.2 HEAD of a path that no route has", _head("/none"), Answer(404, "HEAD", b"")),
    served("rfc9110-9.3.2 HEAD of a route that has POST only", _head("/echo"),
           Answer(405, "HEAD", b"", {"allow": ".*POST.*"})),
    served("rfc9110-9.3.2 HEAD of a handler that throws", _head("/throw"), Answer(500, "HEAD", b"")),
    refused_head("rfc9110-9.3.2 refused HEAD: no Host", request("HEAD /hello/bar HTTP/1.1", host="")),
    refused_head("rfc9110-9.3.2 refused HEAD: space before a colon", _head("/hello/bar", "A : b")),
    refused_head("rfc9110-9.3.2 refused HEAD: both lengths",
                 _head("/hello/bar", "Content-Length: 0", "Transfer-Encoding: chunked")),

    # RFC 9110 §10.1.1: Expect
    served("rfc9110-10.1.1 100-continue before the body", (echo("Content-Length: 5", _EXPECT), "hello"),
           echoed("hello", interim=(100,))),
    served("rfc9110-10.1.1 100-continue before chunks", (echo("Transfer-Encoding: chunked", _EXPECT), _CHUNKS),
           echoed("hello", interim=(100,))),
    served("rfc9110-10.1.1 the expectation has no case", (echo("Content-Length: 5", "eXPECT: 100-CONTINUE"), "hello"),
           echoed("hello", interim=(100,))),
    served("rfc9110-10.1.1 twice on one connection", (echo("Content-Length: 1", _EXPECT),
                                                      "a" + echo("Content-Length: 1", _EXPECT), "b"),
           echoed("a", interim=(100,)), echoed("b", interim=(100,))),
    last("rfc9110-10.1.1 100-continue with close", (echo("Content-Length: 5", _EXPECT, "Connection: close"), "hello"),
         echoed("hello", interim=(100,), fields=_CLOSES)),
    served("rfc9110-10.1.1 no 100 when no body comes", get("bar", _EXPECT)),
    served("rfc9110-10.1.1 no 100 for Content-Length: 0", echo_length("", _EXPECT), echoed("")),
    last("rfc9110-10.1.1 no 100 for HTTP/1.0", request("POST /echo HTTP/1.0", "Content-Length: 5", _EXPECT,
                                                       body="hello"), echoed("hello", version=0)),
    refused("rfc9110-10.1.1 no 100 for a body that is too large", echo("Content-Length: 9999999999", _EXPECT), 413),
    refused("rfc9110-10.1.1 no 100 for a malformed length", echo("Content-Length: +5", _EXPECT)),
    *(refused(f"rfc9110-15.5.18 expectation {value!r}", echo("Content-Length: 5", f"Expect: {value}", body="hello"),
              417)
      for value in ("tea", "100-continue, tea", "100", "200-ok", "100-continue;q=1")),
    refused("rfc9110-15.5.18 two expectations", echo("Content-Length: 5", _EXPECT, "Expect: tea", body="hello"), 417),
]
