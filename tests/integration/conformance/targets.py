"""RFC 9112 §3.2 and RFC 3986: forms of the request target, percent-encoding, dot segments; the Host field."""

from __future__ import annotations

from .case import HOST, Answer, hello, refused, request, served


def _get(target: str) -> str:
    return request(f"GET {target} HTTP/1.1")


def _host(*fields: str, start: str = "GET /hello/bar HTTP/1.1") -> str:
    return request(start, *fields, host="")


_NOT_FOUND = Answer(404)
_BAD_FORMS = {
    "path without a slash": "hello/bar",
    "authority-form with GET": "test:80",
    "asterisk-form with GET": "*",
    "asterisk and path": "*/hello/bar",
    "query alone": "?a=b",
    "scheme without authority": "http:",
    "scheme and slash": "http:/hello/bar",
    "empty authority": "http:///hello/bar",
    "port without host": "http://:80/hello/bar",
    "port that is no number": "http://test:http/hello/bar",
    "user information": "http://user@test/hello/bar",
    "user information that hides the host": "http://test:80@evil.test/hello/bar",
    "backslash for the authority": "http:\\\\test/hello/bar",
    "unclosed IP literal": "http://[::1/hello/bar",
    "ftp": "ftp://test/hello/bar",
    "javascript": "javascript:alert(1)",
    "file": "file:///etc/passwd",
}
_BAD_BYTES = {"fragment": "#top", "NUL": "\0", "SOH": "\x01", "tab": "\t", "ESC": "\x1b", "DEL": "\x7f",
              "UTF-8": "\xc3\xa9",
              "0x80": "\x80", "0xff": "\xff", "bare CR": "\r", "bare LF": "\n"}
_BAD_ESCAPES = ("%", "%4", "%zz", "%G1", "%1G", "%-1", "%+1", "%%41", "% 41", "%u0041", "%0x41", "a%", "a%2")
_TRAVERSALS = ("/..", "/../etc/passwd", "/../../../../etc/passwd", "/hello/..", "/hello/../json",
               "/hello/bar/../../json", "/.",
               "/./hello/bar", "/hello/./bar", "/hello/.", "/%2e%2e/etc/passwd", "/hello/%2e%2e/json",
               "/hello/%2E%2e/json",
               "/hello/.%2e/json", "/hello/%2e./json", "/hello/%2e", "/hello/%2e/bar", "/hello/..%2fjson",
               "/hello/..%2Fjson", "/hello/%2e%2e%2fjson", "http://test/../etc/passwd", "http://test/hello/%2e%2e/json",
               "/hello/..?a=b")
_NAMES = {"...": "...", ".hidden": ".hidden", "a..b": "a..b", "a..": "a..", "%2e%2e%2e": "...", "a%2e%2e": "a..",
          "a+b": "a+b",
          "a%20b": "a b", "caf%C3%A9": "café", "caf%c3%a9": "café", "%41": "A", "%2541": "%41", "%252e%252e": "%2e%2e",
          "%25": "%", "%25zz": "%zz", "%23": "#", "%3F": "?", "%3f?x": "?", "a;b=c": "a;b=c", "a=b&c": "a=b&c",
          "~!$'()*,@:": "~!$'()*,@:"}

_BAD_HOSTS = ("a b", "test, test", "a/b", "test/", "user@test", "test:http", "test:-1", "test:123456", "test:80:80",
              "[::1", "::1",
              "[]", "[::1]x", "http://test", "test?x", "test#x", "te\\st", "<test>", "te\"st", "test\x7f", "test\0",
              "te\xe9st", "{test}",
              "test^", "te`st", "te|st")
_GOOD_HOSTS = ("test:80", "TEST", "test:", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80", "te_st",
               "te-st.example.org.", "t%41", "test   ",
               "\ttest")

CASES = [
    served("rfc9112-3.2.2 absolute-form", _get("http://test/hello/bar")),
    served("rfc9112-3.2.2 absolute-form of another host than Host", _get("http://other.test:8080/hello/bar")),
    served("rfc9110-4.2.3 the scheme has no case", _get("HtTp://test/hello/bar")),
    served("rfc9112-3.2.2 https in absolute-form", _get("https://test/hello/bar")),
    served("rfc9112-3.2.2 IP literal in absolute-form", _get("http://[::1]:80/hello/bar")),
    served("rfc9112-3.2.2 absolute-form without a path", _get("http://test"),
           Answer(200, fields={"content-type": "text/html.*"})),
    served("rfc9112-3.2.2 absolute-form with a query and no path", _get("http://test?a=b"),
           Answer(200, fields={"content-type": "text/html.*"})),
    refused("rfc9112-3.2 absolute-form does not replace Host", _host(start="GET http://test/hello/bar HTTP/1.1")),
    *(refused(f"rfc9112-3.2 {name}", _get(target)) for name, target in _BAD_FORMS.items()),
    refused("rfc9112-3.2.4 asterisk-form with POST", request("POST * HTTP/1.1", "Content-Length: 0")),
    *(refused(f"rfc9112-3.2 {name} in the path", _get(f"/hello/b{byte}r")) for name, byte in _BAD_BYTES.items()),
    *(refused(f"rfc9112-3.2 {name} in the query", _get(f"/hello/bar?b{byte}r")) for name, byte in _BAD_BYTES.items()),
    served("rfc3986-3.4 query", _get("/hello/bar?a=b&c=d?e/f")),
    served("rfc3986-3.4 malformed escapes, dots and NUL in the query are the handler's",
           _get("/hello/bar?a=%zz%&b=/../%00")),
    *(served(f"rfc3986-2.4 {encoded!r} is decoded once", _get(f"/hello/{encoded}"), hello(name))
      for encoded, name in _NAMES.items()),
    served("rfc3986-6.2.2 an escaped letter is that letter", _get("/%68ell%6F/bar")),
    served("rfc3986-3.3 paths have case", _get("/Hello/bar"), _NOT_FOUND),
    served("rfc9112-3.2 unknown path", _get("/no/such/path"), _NOT_FOUND),
    served("rfc3986-2.2 an escaped slash divides nothing", _get("/hello%2Fbar"), _NOT_FOUND),
    *(refused(f"rfc3986-2.1 malformed escape {escape!r}", _get(f"/hello/{escape}")) for escape in _BAD_ESCAPES),
    refused("rfc3986-2.1 malformed escape in a path that no route has", _get("/no/such/%zz")),
    refused("rfc3986-7.3 escaped NUL", _get("/hello/b%00r")),
    refused("rfc3986-7.3 escaped NUL in a path that no route has", _get("/index.php%00.txt")),
    *(refused(f"rfc3986-6.2.2.3 dot segments {target}", _get(target)) for target in _TRAVERSALS),
    refused("rfc9112-3.2 Host missing", _host(), every_split=True),
    refused("rfc9112-3.2 Host twice alike", _host("Host: test", "Host: test")),
    refused("rfc9112-3.2 Host twice unlike", _host("Host: test", "Host: evil.test")),
    refused("rfc9112-3.2 Host twice with another case", _host("Host: test", "hOST: test")),
    refused("rfc9112-3.2 Host twice with a field between", _host("Host: test", "A: b", "Host: test")),
    refused("rfc9112-3.2 Host twice in HTTP/1.0", _host("Host: a", "Host: b", start="GET /hello/bar HTTP/1.0")),
    refused("rfc9112-3.2 Host malformed in HTTP/1.0", _host("Host: a b", start="GET /hello/bar HTTP/1.0")),
    *(refused(f"rfc9112-3.2 Host {host!r}", _host(f"Host: {host}")) for host in _BAD_HOSTS),
    *(served(f"rfc9112-3.2 Host {host!r}", _host(f"Host: {host}")) for host in _GOOD_HOSTS),
    served("rfc9110-7.2 the name of Host has no case", _host("hOsT: test")),
    served("rfc9112-3.2 Host may stand anywhere", _host("A: b", "Host: test", "C: d")),
    served("rfc9112-3.2 X-Host is not Host", _host("Host: test", "X-Host: evil test")),
    refused("rfc9112-3.2 X-Host does not replace Host", _host("X-Host: test")),
    refused("rfc9112-3.2 Host in a trailer does not replace Host",
            _host("Transfer-Encoding: chunked", start="POST /echo HTTP/1.1") + f"0\r\n{HOST}\r\n"),
]
