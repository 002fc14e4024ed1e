"""RFC 9112 §6: where a body ends. Two servers that differ here can be made to see two different requests."""

from __future__ import annotations

from .case import HOST, Answer, echo, echo_chunked, echo_length, echoed, get, hello, refused, request, served

_CHUNKS = "5\r\nhello\r\n0\r\n\r\n"
# What is not 1*DIGIT, or is more than one of them (RFC 9110 §8.6).
_BAD_LENGTHS = ("", "+5", "-5", "-0", "5,5", "5, 5", "5,6", ",5", "5,", "5 5", "5;5", "5.0", "5e0", "0x5", "05h", "5a",
                "a", "\"5\"", "5\t5", "5_0",
                "\xb5", "\xd9\xa5", "5\xa0", "18446744073709551616", "18446744073709551621",
                "99999999999999999999999999", "5 \x0b")
_BAD_CODINGS = ("gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "chunked, identity",
                "identity, chunked", "xchunked",
                "chunkedx", "chunked;q=1", "chunked;", "chunked,", ",chunked", "\"chunked\"", "'chunked'", "chunked x",
                "chunk", "",
                "chunked\x0b", "\x0bchunked", "chunked\x00", "\xa0chunked", "deflate", "trailers", "chunked\r\n ",
                "ch\xfcnked")
_BAD_NAMES = ("Transfer-Encoding ", "Transfer-Encoding\t", " Transfer-Encoding", "Transfer Encoding",
              "Transfer-Encoding\x0b", "Transfer-Encoding\x00",
              "Content-Length ", "Content-Length\t", " Content-Length", "Content-Length\x0c")

CASES = [
    served("rfc9112-6.2 Content-Length", echo_length("hello"), echoed("hello"), every_split=True),
    served("rfc9112-6.2 Content-Length: 0", echo_length(""), echoed("")),
    served("rfc9112-6.3 no length is no body", echo(), echoed("")),
    served("rfc9110-8.6 leading zeros", echo("Content-Length: 0005", body="hello"), echoed("hello")),
    served("rfc9112-5.1 spaces around Content-Length", echo("Content-Length:   5  ", body="hello"), echoed("hello")),
    # RFC 9110 §5.6.3 allows tabs, but no client sends them, and nginx and llhttp refuse them as well.
    refused("rfc9112-5.1 a tab behind Content-Length", echo("Content-Length: 5 \t", body="hello")),
    served("rfc9112-6.2 a body that looks like requests", echo_length(get("one") + get("two")),
           echoed(get("one") + get("two"))),
    served("rfc9112-6.2 a body of every byte", echo_length("".join(map(chr, range(256)))),
           echoed("".join(map(chr, range(256))))),
    served("rfc9112-6.3 nothing of a body is taken for a request", echo_length("hello") + get("bar"), echoed("hello"),
           hello()),
    served("rfc9110-9.3.1 GET with a body", request("GET /hello/bar HTTP/1.1", "Content-Length: 5", body="hello")
           + get("two"),
           hello(), hello("two")),
    served("rfc9110-9.3.2 HEAD with a body", request("HEAD /hello/bar HTTP/1.1", "Content-Length: 5", body="hello")
           + get("two"),
           Answer(200, "HEAD"), hello("two")),
    served("rfc9110-9.3.5 DELETE with a body that nobody wants",
           request("DELETE /hello/bar HTTP/1.1", "Content-Length: 5", body="hello") + get("two"), Answer(405, "DELETE"),
           hello("two")),
    served("rfc9112-6.3 body of a path that no route has",
           request("POST /no/such/path HTTP/1.1", "Content-Length: 5", body="hello") + get("two"), Answer(404, "POST"),
           hello("two")),
    *(refused(f"rfc9112-6.3 Content-Length {length!r}", echo(f"Content-Length: {length}", body="hello"))
      for length in _BAD_LENGTHS),
    refused("rfc9112-6.3 Content-Length twice alike", echo("Content-Length: 5", "Content-Length: 5", body="hello"),
            every_split=True),
    refused("rfc9112-6.3 Content-Length twice unlike", echo("Content-Length: 5", "Content-Length: 6", body="hello!")),
    refused("rfc9112-6.3 Content-Length 0 and another", echo("Content-Length: 0", "Content-Length: 5", body="hello")),
    refused("rfc9112-6.3 Content-Length twice with another case",
            echo("Content-Length: 5", "cONTENT-lENGTH: 5", body="hello")),
    refused("rfc9112-6.3 Content-Length twice with fields between",
            echo("Content-Length: 5", "A: b", "Content-Length: 5", body="hello")),
    refused("rfc9112-6.3 Content-Length twice with GET", get("bar", "Content-Length: 0", "Content-Length: 0")),
    refused("rfc9112-6.3 bad Content-Length with HTTP/1.0",
            request("POST /echo HTTP/1.0", "Content-Length: +5", body="hello")),
    refused("rfc9112-6.3 both CL and TE", echo("Content-Length: 5", "Transfer-Encoding: chunked", body=_CHUNKS),
            every_split=True),
    refused("rfc9112-6.3 both TE and CL", echo("Transfer-Encoding: chunked", "Content-Length: 5", body=_CHUNKS)),
    refused("rfc9112-6.3 both TE and CL of the chunks", echo("Transfer-Encoding: chunked",
                                                             f"Content-Length: {len(_CHUNKS)}", body=_CHUNKS)),
    refused("rfc9112-6.3 both CL 0 and TE", echo("Content-Length: 0", "Transfer-Encoding: chunked", body=_CHUNKS)),
    refused("rfc9112-6.3 both TE identity and CL", echo("Transfer-Encoding: identity", "Content-Length: 5",
                                                        body="hello")),
    refused("rfc9112-6.3 both CL and TE with fields between",
            echo("Content-Length: 5", "A: b", "tRANSFER-eNCODING: CHUNKED", body=_CHUNKS)),
    refused("rfc9112-6.3 both CL and TE with GET", get("bar", "Content-Length: 0", "Transfer-Encoding: chunked")
            + "0\r\n\r\n"),
    served("rfc9112-6.1 chunked", echo_chunked(_CHUNKS), echoed("hello"), every_split=True),
    served("rfc9112-6.1 codings have no case", echo("Transfer-Encoding: ChUnKeD", body=_CHUNKS), echoed("hello")),
    served("rfc9112-5.1 white space around the coding", echo("Transfer-Encoding: \t chunked \t", body=_CHUNKS),
           echoed("hello")),
    served("rfc9112-5.1 no white space before the coding", echo("Transfer-Encoding:chunked", body=_CHUNKS),
           echoed("hello")),
    served("rfc9112-6.1 GET with a chunked body", get("bar", "Transfer-Encoding: chunked") + _CHUNKS + get("two"),
           hello(), hello("two")),
    *(refused(f"rfc9112-6.1 coding {coding!r}", echo(f"Transfer-Encoding: {coding}", body=_CHUNKS))
      for coding in _BAD_CODINGS),
    refused("rfc9112-6.1 chunked twice in two fields", echo("Transfer-Encoding: chunked", "Transfer-Encoding: chunked",
                                                            body=_CHUNKS)),
    refused("rfc9112-6.1 chunked and identity in two fields",
            echo("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=_CHUNKS)),
    refused("rfc9112-6.1 gzip and chunked in two fields", echo("Transfer-Encoding: gzip", "Transfer-Encoding: chunked",
                                                               body=_CHUNKS)),
    refused("rfc9112-6.1 empty and chunked in two fields", echo("Transfer-Encoding:", "Transfer-Encoding: chunked",
                                                                body=_CHUNKS)),
    refused("rfc9112-6.1 chunked in HTTP/1.0", request("POST /echo HTTP/1.0", "Transfer-Encoding: chunked",
                                                       body=_CHUNKS)),
    refused("rfc9112-6.1 chunked in HTTP/1.0 that stays",
            request("POST /echo HTTP/1.0", "Connection: keep-alive", "Transfer-Encoding: chunked", body=_CHUNKS)),
    *(refused(f"rfc9112-5.1 {name!r} is not let through", echo(f"{name}: {'chunked' if 'T' in name else '5'}",
                                                               body=_CHUNKS))
      for name in _BAD_NAMES),
    refused("rfc9112-6 Transfer_Encoding is no Transfer-Encoding: its chunks are no request",
            get("bar", "Transfer_Encoding: chunked") + _CHUNKS, after=(hello(),)),
    served("rfc9112-6 TE is no Transfer-Encoding", get("bar", "TE: chunked, gzip")),
    served("rfc9112-6 X-Transfer-Encoding is no Transfer-Encoding", get("bar", "X-Transfer-Encoding: gzip")),
    served("rfc9110-8.4 a content coding changes no framing", echo_length("hello", "Content-Encoding: gzip"),
           Answer((200, 415), "POST"), choice="RFC 9110 §8.4: a server may refuse an unwanted content coding with 415"),
    served("rfc9112-6.3 an answer to HTTP/1.0 has no transfer coding",
           f"GET /bytes/100000 HTTP/1.0\r\n{HOST}Connection: keep-alive\r\n\r\n",
           Answer(200, body=b"q" * 100000, version=0, fields={"transfer-encoding": None, "content-length": "100000"})),
]
