"""RFC 9112 §5 and RFC 9110 §5: the header section."""

from __future__ import annotations

from .case import HOST, Answer, echo, echoed, get, hello, refused, request, served

_CONTROLS = {0x00: "NUL", 0x01: "SOH", 0x07: "BEL", 0x08: "BS", 0x0b: "VT", 0x0c: "FF", 0x0e: "SO", 0x1b: "ESC",
             0x1f: "US",
             0x7f: "DEL"}
_NO_TOKEN = "(),/;<=>?@[\\]{}\"\x00\x01\x0b\x7f\x80\xa0\xff"
_TCHAR = "!#$%&'*+-.^_`|~09AZaz"


def _typed(field: str, value: str):
    """The server's own copy of a field value: /echo returns the Content-Type that it was given."""
    return (echo(field, "Content-Length: 1", body="x"),
            Answer(200, "POST", b"x", fields={"content-type": value}))


CASES = [
    refused("rfc9112-5.1 space before the colon", get("bar", "A : b"), every_split=True),
    refused("rfc9112-5.1 tab before the colon", get("bar", "A\t: b")),
    refused("rfc9112-5.1 space before the colon of Host", request("GET /hello/bar HTTP/1.1", host="Host : test\r\n")),
    refused("rfc9112-5.1 space in the name", get("bar", "A B: c")),
    refused("rfc9112-5.2 folded with a space", get("bar", "A: b\r\n c"), every_split=True),
    refused("rfc9112-5.2 folded with a tab", get("bar", "A: b\r\n\tc")),
    refused("rfc9112-5.2 folded with white space alone", get("bar", "A: b\r\n  ")),
    refused("rfc9112-5.2 folded Host", request("GET /hello/bar HTTP/1.1", host="Host:\r\n test\r\n")),
    refused("rfc9112-5.2 folded Content-Length", echo("Content-Length:\r\n 5", body="hello")),
    refused("rfc9112-5.2 folded Transfer-Encoding", echo("Transfer-Encoding:\r\n chunked", body="0\r\n\r\n")),
    refused("rfc9112-5.2 fold that hides a field", get("bar", "A: b\r\n Content-Length: 5")),
    refused("rfc9112-2.2 space before the first field", request("GET /hello/bar HTTP/1.1", host=" Host: test\r\n")),
    refused("rfc9112-2.2 tab before the first field", request("GET /hello/bar HTTP/1.1", host="\tHost: test\r\n")),
    refused("rfc9112-2.2 line of white space before the first field",
            request("GET /hello/bar HTTP/1.1", host=" \r\n" + HOST)),
    refused("rfc9112-5 field without a colon", get("bar", "Nonsense")),
    refused("rfc9112-5 request line twice", get("bar", "GET /hello/bar HTTP/1.1")),
    refused("rfc9112-5.1 empty name", get("bar", ": b")),
    refused("rfc9112-5.1 colon alone", get("bar", ":")),
    *(refused(f"rfc9110-5.6.2 {byte!r} in the name", get("bar", f"A{byte}B: c")) for byte in _NO_TOKEN),
    refused("rfc9110-5.6.2 quoted name", get("bar", "\"A\": b")),
    *(refused(f"rfc9110-5.5 {name} in a value", get("bar", f"A: b{chr(byte)}c")) for byte, name in _CONTROLS.items()),
    refused("rfc9110-5.5 NUL behind a value", get("bar", "A: b\0")),
    refused("rfc9110-5.5 NUL in Host", request("GET /hello/bar HTTP/1.1", host="Host: te\0st\r\n")),
    refused("rfc9112-2.2 bare CR in a value", get("bar", "A: b\rc"), every_split=True),
    refused("rfc9112-2.2 bare CR that hides a field", get("bar", "A: b\rContent-Length: 5")),
    refused("rfc9112-2.2 CR CR LF behind a value", get("bar", "A: b\r")),
    refused("rfc9112-2.2 bare LF between two fields", get("bar", "A: b\nC: d")),
    refused("rfc9112-2.2 bare LF that hides a field", get("bar", "A: b\nContent-Length: 5")),
    refused("rfc9112-2.2 bare LF ends the section", f"GET /hello/bar HTTP/1.1\r\n{HOST}\n"),
    refused("rfc9112-2.2 CR LF CR ends the section", f"GET /hello/bar HTTP/1.1\r\n{HOST}\r"),
    refused("rfc9112-2.2 CR CR LF ends the section", f"GET /hello/bar HTTP/1.1\r\n{HOST}\r\r\n"),
    refused("rfc9112-2.2 white space in the last line", f"GET /hello/bar HTTP/1.1\r\n{HOST} \r\n\r\n"),
    served("rfc9112-5 no white space behind the colon", get("bar", "A:b"), every_split=True),
    served("rfc9112-5 tabs and spaces around the value", get("bar", "A: \t b \t ")),
    served("rfc9110-5.5 empty value", get("bar", "A:")),
    served("rfc9110-5.5 value of white space", get("bar", "A: \t ")),
    served("rfc9110-5.5 tab in a value", get("bar", "A: b\tc")),
    served("rfc9110-5.5 bytes over 0x7f in a value", get("bar", "A: \x80\xa0\xe9\xff")),
    served("rfc9110-5.5 colons and quotes in a value", get("bar", "A: b: c\"d\" , (e) \\ :")),
    served("rfc9110-5.6.2 every byte of a token in a name", get("bar", f"{_TCHAR}: b")),
    served("rfc9110-5.3 the same field many times", get("bar", *["A: b"] * 50)),
    served("rfc9110-5.1 name of one digit", get("bar", "1: b")),
    served("rfc9112-5 value of 8,000 bytes", get("bar", "A: " + "b" * 8000)),
    served("rfc9112-5.1 the value reaches the handler without white space",
           *_typed("Content-Type: \t text/x-test \t", "text/x-test")),
    served("rfc9112-5.1 the value needs no space", *_typed("Content-Type:text/x-test", "text/x-test")),
    served("rfc9110-5.1 names have no case", *_typed("cOnTeNt-TyPe: text/x-test", "text/x-test")),
    served("rfc9110-5.6.4 a quoted string stays whole", *_typed("Content-Type: text/x-test; a=\"b,; c\"",
                                                                "text/x-test; a=\"b,; c\"")),
    served("unknown: underscores are no hyphens",
           echo("Content-Length: 1", "Content_Type: text/x-test", body="x") + get("bar", "Content_Length: 50"),
           echoed("x", fields={"content-type": "(?!text/x-test).*"}), hello()),
]
