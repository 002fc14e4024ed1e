"""RFC 9112 §7.1: the chunked transfer coding."""

from __future__ import annotations

from .case import echo_chunked, echoed, get, hello, refused, served

_END = "0\r\n\r\n"
_HELLO = "5\r\nhello\r\n"
_BAD_SIZES = ("", " 5", "5 ", "\t5", "5\t", "+5", "-5", "0x5", "0X5", "5h", "g", "x", "5,", "5.0", "\"5\"", "5 5",
              "5\x00", "5\x0b", "\xb5",
              "00000000000000005", "fffffffffffffffff", "10000000000000005")
_HUGE_SIZES = ("ffffffffffffffff", "8000000000000000", "7fffffffffffffff", "100000000", "ffffffff", "fffffffffffffffb")
_BAD_TRAILERS = {
    "space before the colon": "A : b\r\n",
    "folded": "A: b\r\n c\r\n",
    "space before the name": " A: b\r\n",
    "no colon": "Nonsense\r\n",
    "empty name": ": b\r\n",
    "NUL in the name": "A\0: b\r\n",
    "NUL in the value": "A: b\0c\r\n",
    "bare CR in the value": "A: b\rc\r\n",
    "bare LF behind it": "A: b\n",
    "a request in its place": "GET /hello/smuggled HTTP/1.1\r\n",
}

CASES = [
    served("rfc9112-7.1 one chunk", echo_chunked(_HELLO + _END), echoed("hello")),
    served("rfc9112-7.1 no data", echo_chunked(_END), echoed(""), every_split=True),
    served("rfc9112-7.1 many chunks", echo_chunked("1\r\nh\r\n" * 300 + _END), echoed("h" * 300)),
    served("rfc9112-7.1 sizes in both cases", echo_chunked("a\r\n0123456789\r\nB\r\n0123456789A\r\n" + _END),
           echoed("01234567890123456789A")),
    served("rfc9112-7.1 leading zeros in a size", echo_chunked("0005\r\nhello\r\n000\r\n\r\n"), echoed("hello")),
    served("rfc9112-7.1 data that looks like chunks", echo_chunked("a\r\n\r\n0\r\n\r\n\r\n0\r\n" + _END),
           echoed("\r\n0\r\n\r\n\r\n0")),
    served("rfc9112-7.1 nothing behind the last chunk is taken for a body", echo_chunked(_HELLO + _END) + get("bar"),
           echoed("hello"), hello(),
           every_split=True),
    served("rfc9112-7.1.1 extension without a value", echo_chunked("5;note\r\nhello\r\n" + _END), echoed("hello")),
    served("rfc9112-7.1.1 extension with a value", echo_chunked("5;note=x;more=y\r\nhello\r\n0;last\r\n\r\n"),
           echoed("hello"), every_split=True),
    served("rfc9112-7.1.1 extension in quotes", echo_chunked("5;note=\"a;b=\\\"c\"\r\nhello\r\n" + _END),
           echoed("hello")),
    served("rfc9112-7.1.2 trailers", echo_chunked(_HELLO + "0\r\nA: b\r\nC: d\r\n\r\n"), echoed("hello"),
           every_split=True),
    served("rfc9112-7.1.2 empty trailer", echo_chunked(_HELLO + "0\r\nA:\r\n\r\n"), echoed("hello")),
    served("rfc9110-6.5.1 Content-Length in a trailer frames nothing",
           echo_chunked(_HELLO + "0\r\nContent-Length: 50\r\n\r\n") + get("bar"),
           echoed("hello"), hello()),
    served("rfc9110-6.5.1 Transfer-Encoding in a trailer frames nothing",
           echo_chunked(_HELLO + "0\r\nTransfer-Encoding: chunked\r\n\r\n") + get("bar"), echoed("hello"), hello()),
    served("rfc9110-6.5.1 Connection in a trailer closes nothing",
           echo_chunked(_HELLO + "0\r\nConnection: close\r\n\r\n"), echoed("hello")),
    served("rfc9110-6.5.1 Content-Type in a trailer is none",
           echo_chunked(_HELLO + "0\r\nContent-Type: text/x-test\r\n\r\n"),
           echoed("hello", fields={"content-type": "(?!text/x-test).*"})),
    *(refused(f"rfc9112-7.1 size {size!r}", echo_chunked(f"{size}\r\nhello\r\n" + _END)) for size in _BAD_SIZES),
    *(refused(f"rfc9112-7.1 size {size} is no body that anyone could send", echo_chunked(f"{size}\r\nhello\r\n" + _END),
              413)
      for size in _HUGE_SIZES),
    refused("rfc9112-7.1 bad size behind a good chunk", echo_chunked(_HELLO + "x\r\n" + _END), every_split=True),
    refused("rfc9112-7.1.1 space between size and extension", echo_chunked("5 ;note\r\nhello\r\n" + _END)),
    refused("rfc9112-7.1.1 NUL in an extension", echo_chunked("5;no\0te\r\nhello\r\n" + _END)),
    refused("rfc9112-7.1.1 bare CR in an extension", echo_chunked("5;no\rte\r\nhello\r\n" + _END)),
    refused("rfc9112-7.1.1 bare LF in an extension", echo_chunked("5;no\nte\r\nhello\r\n" + _END), every_split=True),
    refused("rfc9112-7.1.1 bare LF in a quoted extension", echo_chunked("5;n=\"\n0\"\r\nhello\r\n" + _END)),
    refused("rfc9112-7.1.1 endless extension", echo_chunked("5;" + "a" * 2000 + "\r\nhello\r\n" + _END)),
    refused("rfc9112-7.1 bare LF behind a size", echo_chunked("5\nhello\r\n" + _END)),
    refused("rfc9112-7.1 bare CR behind a size", echo_chunked("5\rhello\r\n" + _END)),
    refused("rfc9112-7.1 CR CR LF behind a size", echo_chunked("5\r\r\nhello\r\n" + _END)),
    refused("rfc9112-7.1 bare LF behind the data", echo_chunked("5\r\nhello\n" + _END)),
    refused("rfc9112-7.1 bare CR behind the data", echo_chunked("5\r\nhello\r" + _END)),
    refused("rfc9112-7.1 two bytes other than CRLF behind the data", echo_chunked("5\r\nhelloXX" + _END)),
    refused("rfc9112-7.1 nothing behind the data", echo_chunked("5\r\nhello" + _END)),
    refused("rfc9112-7.1 data longer than its size", echo_chunked("4\r\nhello\r\n" + _END), every_split=True),
    refused("rfc9112-7.1 data shorter than its size", echo_chunked("6\r\nhello\r\n" + _END)),
    refused("rfc9112-7.1 empty line before the first chunk", echo_chunked("\r\n" + _HELLO + _END)),
    refused("rfc9112-7.1 bare LF behind the last chunk", echo_chunked(_HELLO + "0\n\n")),
    refused("rfc9112-7.1 bare LF ends the body", echo_chunked(_HELLO + "0\r\n\n")),
    refused("rfc9112-7.1 bare CR ends the body", echo_chunked(_HELLO + "0\r\n\r")),
    *(refused(f"rfc9112-7.1.2 trailer: {name}", echo_chunked(_HELLO + f"0\r\n{trailer}\r\n"))
      for name, trailer in _BAD_TRAILERS.items()),
]
