"""The chat plugin: rooms that are right whichever worker is asked, and whatever happens to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import unittest
from pathlib import Path
from urllib.parse import quote

from quernserver import QUERN_BIN, TIME_SCALE, QuernTestCase, wait_until
from wsclient import WebSocketClient
from wsframes import TEXT, frame

CHAT = Path(QUERN_BIN).parents[1] / "lib/quern/plugins/libchat.so"
LONGEST = 2000
REFUSED = 4000


class Talker(WebSocketClient):
    """Somebody in a room. Each call waits for its answer."""

    def __init__(self, address: tuple[str, int], name: str, room: str = "lobby", *, welcomed: bool = True,
                 **options) -> None:
        super().__init__(address, f"/chat/{room}?name={quote(name)}", timeout=10.0 * TIME_SCALE, **options)
        if welcomed:
            assert self.is_open, self.response
            self.name = self.hear("welcome")["name"]

    def tell(self, **message) -> None:
        self.text(json.dumps(message))

    def hear(self, kind: str) -> dict:
        """The next message, which must be of this kind."""
        message = json.loads(self.read_text())
        assert message["type"] == kind, f"{message} in place of {kind}"
        return message

    def names(self, wish: str = "who") -> list[str]:
        self.tell(type=wish)
        return self.hear("here")["names"]


class Chat(QuernTestCase):
    def setUp(self) -> None:
        self.quern = self.serve(plugins=[CHAT], worker_num=3, reactor_num=2)

    def talker(self, name: str, room: str = "lobby", **options) -> Talker:
        talker = Talker(self.quern.address, name, room, **options)
        self.addCleanup(talker.drop)
        return talker

    def test_who_does_not_wait_for_the_welcome(self):
        for number in range(20):
            early = self.talker(f"Early {number}", "hurry", early=frame(TEXT, b'{"type": "who"}'))
            self.assertIsInstance(early.hear("here")["names"], list)

    def test_talking(self):
        ann, bob, eve = self.talker("Ann"), self.talker("Bob"), self.talker("Eve", "elsewhere")
        self.assertEqual(ann.names("here"), ["Ann", "Bob"])
        self.assertEqual(bob.hear("joined")["name"], "Ann")
        bob.tell(type="typing")
        self.assertEqual(ann.hear("typing")["name"], "Bob")
        bob.tell(type="say", text="  Grüße,\n<b>Ann</b>  ")
        for each in (ann, bob):
            said = each.hear("said")
            self.assertEqual((said["name"], said["text"]), ("Bob", "Grüße,\n<b>Ann</b>"))
            self.assertGreater(said["at"], 1.7e12)
        bob.reset()
        self.assertEqual(ann.hear("left")["name"], "Bob")
        self.assertEqual(ann.names(), ["Ann"])
        self.assertEqual(eve.names(), ["Eve"], "heard nothing of the other room")

    def test_everybody_learns_of_everybody(self):
        """Whoever joins at the same moment, by another thread of the server and another worker, is missed by nobody."""
        count = 24
        talkers: list[Talker] = []
        start = threading.Barrier(count)

        def join(number: int) -> None:
            start.wait(10 * TIME_SCALE)
            talker = Talker(self.quern.address, f"T{number}")
            talker.tell(type="here")
            talkers.append(talker)

        threads = [threading.Thread(target=join, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        everybody = {f"T{number}" for number in range(count)}
        self.assertEqual({talker.name for talker in talkers}, everybody)
        for talker in talkers:
            self.addCleanup(talker.drop)
            known = {talker.name}
            while known != everybody:
                message = json.loads(talker.read_text())
                known.update(message["names"] if message["type"] == "here" else [message["name"]])

    def test_two_connections_of_one_person(self):
        ann, first, second = self.talker("Ann"), self.talker("Bob"), self.talker("Bob")
        self.assertEqual(ann.names(), ["Ann", "Bob"])
        first.reset()
        wait_until(lambda: self.count() == 2, "end of the first connection")
        second.tell(type="say", text="still here")
        self.assertEqual(ann.hear("said")["text"], "still here")
        second.reset()
        self.assertEqual(ann.hear("left")["name"], "Bob")
        self.assertEqual(ann.names(), ["Ann"], "was told once")

    def count(self) -> int:
        status = json.loads(self.quern.command("status", "--json").stdout)
        return sum(reactor["connections"] for reactor in status["reactors"])

    def test_workers_come_and_go(self):
        ann, bob = self.talker("Ann"), self.talker("Bob")
        before = {worker.pid for worker in self.quern.workers()}
        self.assert_exit(self.quern.command("reload"), 0)
        self.assertEqual(ann.names(), ["Ann", "Bob"])
        second = {worker.pid for worker in self.quern.wait_workers(without=before)}
        for pid in second:
            os.kill(pid, signal.SIGKILL)
        self.quern.wait_workers(without=second)
        self.assertEqual(bob.names(), ["Ann", "Bob"])
        bob.tell(type="say", text="here we are")
        self.assertEqual(ann.hear("said")["text"], "here we are")

    def test_names(self):
        for sent, taken in [("  Ann \t Lee ", "Ann Lee"), ("A/B", "A/B"), ("Zoe\u0308", "Zo\u00eb"), ("x" * 24, "x" * 24)]:
            with self.subTest(sent):
                talker = self.talker(sent)
                self.assertEqual(talker.name, taken)
                self.assertEqual(talker.names(), [taken])
                talker.drop()
                wait_until(lambda: self.count() == 0, "end of the connection")
        for wrong, text in [("", "Tell a name"), ("  ", "Tell a name"), ("x" * 25, "too long"), ("\U0001f600" * 9, "too long"),
                            ("a\u202eb", "cannot be seen"), ("a\0b", "cannot be seen")]:
            with self.subTest(wrong):
                talker = self.talker(wrong, welcomed=False)
                self.assertIn(text, talker.hear("error")["text"])
                code, reason = talker.close_frame()
                self.assertEqual(code, REFUSED)
                self.assertIn(text, reason.decode())

    def test_wrong_messages(self):
        ann = self.talker("Ann")
        for wrong, text in [("", "JSON objects"), ("[]", "JSON objects"), ("{", "JSON objects"), ("{}", "The type"),
                            ('{"type":"shout"}', "The type"), ('{"type":7}', "The type"),
                            ('{"type":"say"}', "no text"), ('{"type":"say","text":" \\n "}', "no text"),
                            ('{"type":"say","text":7}', "no text"),
                            (json.dumps({"type": "say", "text": "x" * (LONGEST + 1)}), "too long"),
                            (json.dumps({"type": "who", "text": "x" * 20000}), "too long")]:
            with self.subTest(wrong[:40]):
                ann.text(wrong)
                self.assertIn(text, ann.hear("error")["text"])
        ann.binary(b'{"type":"who"}')
        self.assertIn("binary", ann.hear("error")["text"])
        ann.tell(type="say", text="\u00fc" * LONGEST)
        self.assertEqual(ann.hear("said")["text"], "\u00fc" * LONGEST, "the longest text, escaped")

    def test_rooms_have_a_bound(self):
        talkers = [self.talker("Ann", f"room-{number}") for number in range(100)]
        wait_until(lambda: self.count() == 100, "all rooms")
        refused = self.talker("Ann", "room-100", welcomed=False)
        self.assertIn("100 rooms already", refused.hear("error")["text"])
        self.assertEqual(refused.close_frame()[0], REFUSED)
        self.assertEqual(self.talker("Bob", "room-99").names(), ["Ann", "Bob"])
        talkers[0].reset()
        wait_until(lambda: "Bob" in self.talker("Bob", "room-100", welcomed=False).read_text(), "room for another room")

    def test_handshakes(self):
        self.assertEqual(self.talker("Ann", subprotocols="other, quern.chat").response.header("sec-websocket-protocol"),
                         "quern.chat")
        for room in ("Lobby", "x" * 25, "a.b", "a%2Fb"):
            with self.subTest(room):
                self.assertEqual(self.talker("Ann", room, welcomed=False).response.status, 404)

    def test_page(self):
        for path, kind in [("/chat", "text/html"), ("/chat/lobby", "text/html"), ("/chat/page.css", "text/css"),
                           ("/chat/page.js", "text/javascript")]:
            with self.subTest(path):
                connection = http.client.HTTPConnection(*self.quern.address, timeout=10)
                self.addCleanup(connection.close)
                connection.request("GET", path)
                response = connection.getresponse()
                body = response.read().decode()
                self.assertEqual((response.status, response.headers.get_content_type()), (200, kind))
                policy = response.headers["Content-Security-Policy"]
                self.assertIn("default-src 'none'", policy)
                self.assertNotIn("unsafe", policy)
                for forbidden in ("innerHTML", "insertAdjacentHTML", "document.write", "<style", "<script>", "onclick="):
                    self.assertFalse(forbidden in body, forbidden)
        self.assertIn(b'<li><a href="/chat"><code>', self.quern.get("/")[1])


class Origins(QuernTestCase):
    """The Host of the client is "test"."""

    def handshake(self, server, origin: str | None) -> int:
        headers = "" if origin is None else f"Origin: {origin}\r\n"
        with Talker(server.address, "Ann", welcomed=False, headers=headers) as talker:
            return talker.response.status

    def test_origins(self):
        server = self.serve(tables=f'[[plugin]]\nfile = "{CHAT}"\n[plugin.settings]\n'
                                   'origins = ["https://example.org", "http://Friends.example:8080"]')
        for origin, status in [(None, 101), ("http://test", 101), ("https://test", 101), ("http://TEST:80", 101),
                               ("https://example.org", 101), ("https://example.org:443", 101),
                               ("http://friends.example:8080", 101),
                               ("http://example.org", 403), ("https://example.org.evil", 403),
                               ("http://test:8080", 403), ("http://test.evil", 403), ("http://me@test", 403),
                               ("null", 403), ("", 403), ("test", 403), ("file://test", 403), ("http://test/x", 403)]:
            with self.subTest(origin):
                self.assertEqual(self.handshake(server, origin), status)

    def test_wrong_settings(self):
        for settings, text in [('origins = "https://example.org"', "must be a list"), ('origins = ["example.org"]', "must be a list"),
                               ("origins = [7]", "must be a list"), ('origin = ["https://example.org"]', "unknown key origin")]:
            with self.subTest(settings):
                server = self.server(tables=f'[[plugin]]\nfile = "{CHAT}"\n[plugin.settings]\n{settings}')
                result = server.command("start")
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(text, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
