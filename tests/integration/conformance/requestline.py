"""RFC 9112 §2.2, §2.3 and §3, RFC 9110 §9: what stands before the header section, and methods."""

from __future__ import annotations

from .case import HOST, Answer, get, hello, refused, request, served

UNKNOWN_METHOD = "RFC 9110 §9.1: 501 if the server does not know the method, 405 if it knows and does not allow it"
OLD_VERSION = "HTTP/0.9 has no version in its request line: one that names it is malformed and unsupported at once"

_BAD_STARTS = {
    "method missing": " /hello/bar HTTP/1.1",
    "target missing": "GET HTTP/1.1",
    "target and version missing": "GET",
    "version missing, as HTTP/0.9": "GET /hello/bar",
    "version missing behind a space": "GET /hello/bar ",
    "two spaces before the target": "GET  /hello/bar HTTP/1.1",
    "two spaces before the version": "GET /hello/bar  HTTP/1.1",
    "space behind the version": "GET /hello/bar HTTP/1.1 ",
    "tab behind the version": "GET /hello/bar HTTP/1.1\t",
    "tab before the target": "GET\t/hello/bar HTTP/1.1",
    "tab before the version": "GET /hello/bar\tHTTP/1.1",
    "vertical tab before the target": "GET\x0b/hello/bar HTTP/1.1",
    "form feed before the version": "GET /hello/bar\x0cHTTP/1.1",
    "leading tab": "\tGET /hello/bar HTTP/1.1",
    "space in the target": "GET /hello/b r HTTP/1.1",
    "request line and a field in one": "GET /hello/bar HTTP/1.1 Host: test",
    "NUL before the method": "\0GET /hello/bar HTTP/1.1",
    "NUL in the method": "G\0T /hello/bar HTTP/1.1",
    "byte order mark": "\xef\xbb\xbfGET /hello/bar HTTP/1.1",
    "bare CR before the version": "GET /hello/bar\rHTTP/1.1",
    "bare CR behind the version": "GET /hello/bar HTTP/1.1\r",
    "parenthesis in the method": "G(T /hello/bar HTTP/1.1",
    "colon in the method": "GET: /hello/bar HTTP/1.1",
    "slash in the method": "G/T /hello/bar HTTP/1.1",
    "quote in the method": "\"GET\" /hello/bar HTTP/1.1",
    "at sign in the method": "G@T /hello/bar HTTP/1.1",
    "byte over 0x7f in the method": "G\xcbT /hello/bar HTTP/1.1",
    "status line of an answer": "HTTP/1.1 200 OK",
}

_BAD_VERSIONS = ("HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/1.10", "HTTP/11.1", "HTTP/01.1", "HTTP/1,1", "HTTP/1.x",
                 "HTTP/x.1",
                 "HTTP/-1.1", "HTTP/1.1.1", "HTTP1.1", "HTTP /1.1", "HTTP/ 1.1", "http/1.1", "Http/1.1", "HTTPS/1.1",
                 "XTTP/1.1", "HTTP\\1.1", "HTTP/1.\xb9", "1.1", "HTTP/1.1HTTP/1.1")

_NOT_HTTP = {
    "TLS ClientHello": "\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + "\x00" * 40,
    "SSH banner": "SSH-2.0-OpenSSH_9.2\r\n",
    "SMTP greeting": "HELO example.org\r\n",
    "Redis command": "*1\r\n$4\r\nPING\r\n",
    "SOCKS4 connect": "\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
    "PROXY protocol version 2": "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + "\x00" * 12,
    "PROXY protocol version 1": "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",
    "noise": "\x00\xff" * 20 + "\r\n\r\n",
}

CASES = [
    served("rfc9112-3 plain request", get("bar"), every_split=True),
    served("rfc9112-2.2 empty line before the request", "\r\n" + get("bar"), every_split=True),
    served("rfc9112-2.2 empty line between two requests", get("one") + "\r\n" + get("two"), hello("one"), hello("two")),
    refused("rfc9112-2.2 endless empty lines", "\r\n" * 20 + get("bar")),
    refused("rfc9112-2.2 CR before the request", "\r" + get("bar")),
    refused("rfc9112-2.2 LF before the request", "\n" + get("bar")),
    refused("rfc9112-2.2 space before the request", " " + get("bar")),
    refused("rfc9112-2.2 bare LF ends every line", f"GET /hello/bar HTTP/1.1\nHost: test\n\n"),
    refused("rfc9112-2.2 bare LF ends the request line", f"GET /hello/bar HTTP/1.1\n{HOST}\r\n", every_split=True),
    refused("rfc9112-2.2 LF CR ends the request line", f"GET /hello/bar HTTP/1.1\n\r{HOST}\r\n"),
    refused("rfc9112-2.2 CR CR LF ends the request line", f"GET /hello/bar HTTP/1.1\r\r\n{HOST}\r\n"),
    *(refused(f"rfc9112-3 {name}", request(start)) for name, start in _BAD_STARTS.items()),
    *(refused(f"rfc9112-2.3 version {version!r}", request(f"GET /hello/bar {version}")) for version in _BAD_VERSIONS),
    *(refused(f"rfc9110-15.6.6 version {version}", request(f"GET /hello/bar HTTP/{version}"), 505)
      for version in ("1.2", "1.9", "2.0", "3.0", "9.9")),
    refused("rfc9112-2.3 version HTTP/0.9", request("GET /hello/bar HTTP/0.9"), (400, 505), choice=OLD_VERSION),
    refused("rfc9113-3.4 preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    *(refused(f"not HTTP: {name}", data) for name, data in _NOT_HTTP.items()),
    refused("rfc9110-9.1 unknown method", request("BREW /hello/bar HTTP/1.1"), 501),
    refused("rfc9110-9.1 unknown method with every byte of a token", request("!#$%&'*+-.^_`|~09Az /hello/bar HTTP/1.1"),
            501),
    refused("rfc9110-9.1 methods are case-sensitive", request("get /hello/bar HTTP/1.1"), 501),
    refused("rfc9110-9.1 GETS is not GET", request("GETS /hello/bar HTTP/1.1"), 501),
    refused("rfc9110-9.1 method of 4,000 bytes", request("G" * 4000 + " /hello/bar HTTP/1.1"), 501),
    refused("rfc9110-9.3.6 CONNECT", request("CONNECT test:80 HTTP/1.1"), (405, 501), choice=UNKNOWN_METHOD),
    *(served(f"rfc9110-15.5.6 {method} where only GET is", request(f"{method} /hello/bar HTTP/1.1",
                                                                   "Content-Length: 0"),
             Answer(405, method, fields={"allow": ".*GET.*"})) for method in ("DELETE", "PUT", "PATCH", "POST",
                                                                              "TRACE")),
    served("rfc9110-15.5.6 GET where only POST is", request("GET /echo HTTP/1.1"),
           Answer(405, fields={"allow": ".*POST.*"})),
    served("rfc9110-9.3.7 OPTIONS of a path names its methods", request("OPTIONS /hello/bar HTTP/1.1"),
           Answer((200, 204, 405), "OPTIONS", fields={"allow": ".*GET.*"}),
           choice="RFC 9110 §9.3.7: OPTIONS is optional; whoever lacks it answers 405, with the same Allow"),
    served("rfc9110-9.3.7 OPTIONS * is answered by the server itself", request("OPTIONS * HTTP/1.1"),
           Answer((200, 204), "OPTIONS", body=b""),
           choice="RFC 9110 §9.3.7: an answer without content may be 204, or 200 with Content-Length: 0"),
]
