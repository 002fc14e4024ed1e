"""RFC 6455 §4: the opening handshake, and what is no such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_ACCEPT = r"s3pPLMBiTxaQ9kYGzzhZRbK\+xOo="  # RFC 6455 §1.3
_DEFAULTS = {"Host": "test", "Upgrade": "websocket", "Connection": "Upgrade",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
_CHUNKED = "5\r\nhello\r\n0\r\n\r\n"


@dataclass(frozen=True)
class Handshake:
    name: str
    sent: bytes
    status: int
    fields: Mapping[str, str | None] = field(default_factory=dict)  # pattern of the whole value; None: no such field
    body: bytes | None = None
    closed: bool = False  # whether the connection is closed; a WebSocket and one that goes on are not
    method: str = "GET"


def _request(start: str = "GET /echo HTTP/1.1", *more: str, body: str = "", **replaced: str | None) -> bytes:
    """replaced: fields by their names with '_' for '-'; None leaves one out. more: further fields."""
    fields = dict(_DEFAULTS)
    for name, value in replaced.items():
        fields[name.replace("_", "-")] = value
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return ("\r\n".join([start, *lines, *more]) + "\r\n\r\n" + body).encode("latin-1")


def _opens(name: str, sent: bytes, **fields: str | None) -> Handshake:
    expected = {"upgrade": "(?i:websocket)", "connection": "(?i:upgrade)", "sec-websocket-accept": _ACCEPT,
                "sec-websocket-protocol": None, "sec-websocket-extensions": None, "content-length": None,
                "transfer-encoding": None}
    expected |= {key.replace("_", "-"): value for key, value in fields.items()}
    return Handshake(name, sent, 101, expected)


def _refused(name: str, sent: bytes, status: int = 400, **options) -> Handshake:
    return Handshake(name, sent, status, {"sec-websocket-accept": None}, closed=True, **options)


def _wants_upgrade(name: str, sent: bytes, **options) -> Handshake:
    """RFC 9110 §15.5.22: says what to upgrade to."""
    fields = {"upgrade": "(?i:websocket)", "connection": "(?i:.*upgrade.*)", "sec-websocket-accept": None}
    return Handshake(name, sent, 426, fields, **options)


def _other_version(name: str, sent: bytes) -> Handshake:
    return Handshake(name, sent, 426, {"sec-websocket-version": "13"}, closed=True)


ACCEPTED = [
    _opens("rfc6455-1.3 the example", _request()),
    _opens("rfc6455-4.2.1 values in another case", _request(Upgrade="WebSocket", Connection="upgrade")),
    _opens("rfc6455-4.2.1 among other options", _request(Connection="keep-alive, Upgrade")),
    _opens("rfc6455-4.2.1 options in two fields", _request("GET /echo HTTP/1.1", "Connection: keep-alive")),
    _opens("rfc9110-7.8 among other protocols", _request(Upgrade="h2c, websocket")),
    _opens("rfc6455-4.2.1 with an origin", _request("GET /echo HTTP/1.1", "Origin: http://example.org")),
    _opens("rfc6455-4.2.1 with a query", _request("GET /echo?x=1&y=%20 HTTP/1.1")),
    _opens("rfc6455-4.2.1 names in lower case", _request().replace(b"Sec-WebSocket-", b"sec-websocket-")),
    _opens("rfc6455-9.1 an extension that nobody knows",
           _request("GET /echo HTTP/1.1", "Sec-WebSocket-Extensions: x-unknown; y=1")),
    _opens("rfc6455-4.2.2 subprotocols where none is spoken",
           _request("GET /echo HTTP/1.1", "Sec-WebSocket-Protocol: chat")),
    _opens("rfc6455-4.2.2 the subprotocol that the server wants most",
           _request("GET /proto HTTP/1.1", "Sec-WebSocket-Protocol: v1.chat, v2.chat"),
           sec_websocket_protocol=r"v2\.chat"),
    _opens("rfc6455-4.2.2 the subprotocol that both know",
           _request("GET /proto HTTP/1.1", "Sec-WebSocket-Protocol: v3.chat, v1.chat"),
           sec_websocket_protocol=r"v1\.chat"),
    _opens("rfc6455-11.3.4 subprotocols in two fields",
           _request("GET /proto HTTP/1.1", "Sec-WebSocket-Protocol: v3.chat", "Sec-WebSocket-Protocol: v2.chat"),
           sec_websocket_protocol=r"v2\.chat"),
    _opens("rfc6455-4.2.2 no subprotocol that both know",
           _request("GET /proto HTTP/1.1", "Sec-WebSocket-Protocol: V2.chat")),
    _opens("rfc6455-4.2.2 no subprotocol is offered", _request("GET /proto HTTP/1.1")),
    _opens("a subprotocol that is required, and known to the handler",
           _request("GET /strict HTTP/1.1", "Sec-WebSocket-Protocol: v3.chat, v1.chat"),
           sec_websocket_protocol=r"v1\.chat", x_agreed=r"v1\.chat"),
    _opens("a page and a WebSocket with one path", _request("GET /both HTTP/1.1")),
    _opens("fields and cookies of the handler", _request("GET /handshake?cookie=c HTTP/1.1"),
           x_live="handshake", set_cookie="live=c.*"),
    _opens("a handler that takes its time", _request("GET /handshake?ms=50 HTTP/1.1"), x_live="handshake"),
    _opens("middleware that lets pass", _request("GET /guarded?token=x&name=me HTTP/1.1")),
    _opens("rfc9110-8.6 an empty body", _request("GET /echo HTTP/1.1", "Content-Length: 0")),
]

REFUSED = [
    _refused("rfc6455-4.2.1 no key", _request(Sec_WebSocket_Key=None)),
    _refused("rfc6455-4.2.1 an empty key", _request(Sec_WebSocket_Key="")),
    _refused("rfc6455-4.2.1 a key of 15 bytes", _request(Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAA")),
    _refused("rfc6455-4.2.1 a key of 17 bytes", _request(Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAAA=")),
    _refused("rfc6455-4.2.1 a key that is not base64", _request(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25j*Q==")),
    _refused("rfc6455-4.2.1 a key without its padding", _request(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ")),
    _refused("rfc6455-11.3.1 two keys",
             _request("GET /echo HTTP/1.1", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")),
    _refused("rfc6455-11.3.5 two versions", _request("GET /echo HTTP/1.1", "Sec-WebSocket-Version: 13")),
    _refused("rfc6455-11.3.4 a subprotocol that is no token",
             _request("GET /echo HTTP/1.1", "Sec-WebSocket-Protocol: a b")),
    _refused("rfc6455-4.1 a subprotocol twice", _request("GET /echo HTTP/1.1", "Sec-WebSocket-Protocol: a, a")),
    _refused("rfc6455-9.1 extensions without a name", _request("GET /echo HTTP/1.1", "Sec-WebSocket-Extensions: ;a")),
    _refused("rfc6455-9.1 a parameter without a name",
             _request("GET /echo HTTP/1.1", "Sec-WebSocket-Extensions: permessage-deflate; =1")),
    _refused("rfc6455-9.1 quotes without an end",
             _request("GET /echo HTTP/1.1", "Sec-WebSocket-Extensions: a; b=\"c")),
    _refused("rfc6455-4.2.1 POST", _request("POST /echo HTTP/1.1", "Content-Length: 0"), method="POST"),
    _refused("rfc6455-4.2.1 a body", _request("GET /echo HTTP/1.1", "Content-Length: 5", body="hello")),
    _refused("rfc6455-4.2.1 a body in chunks",
             _request("GET /echo HTTP/1.1", "Transfer-Encoding: chunked", body=_CHUNKED)),
    _other_version("rfc6455-4.4 version 8", _request(Sec_WebSocket_Version="8")),
    _other_version("rfc6455-4.4 version 14", _request(Sec_WebSocket_Version="14")),
    _other_version("rfc6455-4.4 version 013", _request(Sec_WebSocket_Version="013")),
    _other_version("rfc6455-4.4 a list of versions", _request(Sec_WebSocket_Version="13, 8")),
    _other_version("rfc6455-4.4 no version", _request(Sec_WebSocket_Version=None)),
    _wants_upgrade("rfc9110-15.5.22 a plain GET", _request(Upgrade=None, Connection=None)),
    _wants_upgrade("rfc9110-7.8 Upgrade without Connection", _request(Connection=None)),
    _wants_upgrade("rfc9110-7.8 Connection without Upgrade", _request(Upgrade=None)),
    _wants_upgrade("rfc9110-7.8 another protocol", _request(Upgrade="h2c")),
    Handshake("a page where a WebSocket is as well", _request("GET /both HTTP/1.1", Upgrade=None, Connection=None),
              200, body=b"a page\n"),
    Handshake("no such path", _request("GET /nowhere HTTP/1.1"), 404, {"sec-websocket-accept": None}),
    Handshake("none of the subprotocols that are required", _request("GET /strict HTTP/1.1", "Sec-WebSocket-Protocol: x"),
              400, {"sec-websocket-accept": None, "sec-websocket-protocol": None, "x-agreed": None},
              body=b"this WebSocket wants its subprotocol agreed on: offer one of v2.chat, v1.chat in "
                   b"Sec-WebSocket-Protocol\n"),
    Handshake("no subprotocol where one is required", _request("GET /strict HTTP/1.1"), 400,
              {"sec-websocket-accept": None}),
    Handshake("middleware that refuses", _request("GET /guarded HTTP/1.1"), 403, {"sec-websocket-accept": None},
              body=b"no token\n"),
    Handshake("a handler that refuses", _request("GET /handshake?status=401 HTTP/1.1"), 401,
              {"sec-websocket-accept": None, "x-live": "handshake"}, body=b"refused by the handler\n"),
    Handshake("a handler that refuses late", _request("GET /handshake?status=503&ms=50 HTTP/1.1"), 503,
              {"sec-websocket-accept": None}, body=b"refused by the handler\n"),
    Handshake("a handler that sends elsewhere", _request("GET /handshake?status=302 HTTP/1.1"), 302,
              {"sec-websocket-accept": None}),
]
