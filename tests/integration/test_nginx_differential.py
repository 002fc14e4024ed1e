"""The cases of conformance/ sent to Quern and to nginx: they must be answered alike, or the difference is explained.

Whoever stands behind another server is attacked with bytes that the two read in two ways. nginx is the server that
most often stands in front.
"""

from __future__ import annotations

import unittest
from dataclasses import dataclass

import nginxserver
from conformance import limits
from conformance.case import Case
from conformance.differences import EXPLAINED
from nginxserver import NginxServer
from quernserver import TIME_SCALE, QuernServer
from rawhttp import Closed, Malformed, RawConnection, request_bytes
from test_conformance import ALL


# Behind each case: a connection that is still open serves it, and closes then.
_END = request_bytes("GET", "/hello/end", headers="Connection: close\r\n")
# What takes _END for a part of an unfinished message waits for more of it; so long are both given to say something.
_PATIENCE = 1.0 * TIME_SCALE


@dataclass(frozen=True)
class Outcome:
    """What a client can tell apart without looking into the answers."""

    classes: tuple[str, ...]  # "2xx" … of each answer; "no HTTP" for bytes that are none
    after: str  # "open", "closed", or "waiting" for the rest of a message

    def __str__(self) -> str:
        return f"{' '.join(self.classes) or 'nothing'}, {self.after}"


def observe(address: tuple[str, int], case: Case) -> Outcome:
    methods = [answer.method for answer in case.answers]
    classes: list[str] = []
    with RawConnection(address, timeout=10.0 * TIME_SCALE if case.half_closed else _PATIENCE) as client:
        try:
            client.send(case.sent if case.half_closed else case.sent + _END)
            if case.half_closed:
                client.end_output()
        except OSError:
            pass  # refused and closed half way: its answer may have come all the same
        while True:
            try:
                response = client.response(methods[len(classes)] if len(classes) < len(methods) else "GET")
            except Closed:
                return Outcome(tuple(classes), "closed")
            except Malformed:
                return Outcome((*classes, "no HTTP"), "closed")
            except TimeoutError:
                return Outcome(tuple(classes), "waiting")
            if not response.keep_alive and b"end" in response.body:
                return Outcome(tuple(classes), "open")
            classes.append(f"{response.status // 100}xx")


@unittest.skipUnless(nginxserver.NGINX_BIN, "nginx is not installed (Debian: nginx-light)")
class Differential(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.nginx = NginxServer(body=limits.BODY)
        cls.addClassCleanup(cls.nginx.stop)
        cls.quern = QuernServer(package_max_length=limits.BODY)
        cls.addClassCleanup(cls.quern.destroy)
        cls.quern.start()

    def test_every_difference_is_explained_and_every_explanation_needed(self) -> None:
        names = {case.name for case in ALL}
        self.assertEqual(sorted(EXPLAINED.keys() - names), [], "explained, but there is no such case")
        for case in ALL:
            with self.subTest(case.name):
                ours, theirs = observe(self.quern.address, case), observe(self.nginx.address, case)
                difference = f"Quern: {ours}; nginx: {theirs}"
                if case.name in EXPLAINED:
                    self.assertNotEqual(ours, theirs, f"no longer different ({difference}): {EXPLAINED[case.name]}")
                else:
                    self.assertEqual(ours, theirs, difference)


if __name__ == "__main__":
    unittest.main()
