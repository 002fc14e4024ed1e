"""The stream of the management API: the protocol's own messages over a WebSocket."""

from __future__ import annotations

import json
import os
import re
import threading
import unittest
from pathlib import Path

import wspeers
from adminserver import ROLES, STREAM, AdminServer, AdminTestCase, Stream
from quernserver import TIME_SCALE, wait_until
from rawhttp import Closed, RawConnection
from wsclient import WebSocketClient
from wsframes import BINARY, TEXT, frame

MEBIBYTE = 1 << 20


ROOT = Path(__file__).resolve().parents[2]


class Guide(AdminTestCase):
    """resources/docs/management.md, as far as it is a reference."""

    @staticmethod
    def rows() -> list[tuple[str, str, dict]]:
        """The methods with their roles and parameters."""
        rows = []
        for line in (ROOT / "resources/docs/management.md").read_text().splitlines():
            cells = [cell.strip(" `") for cell in line.strip("|").split(" |")]
            if len(cells) >= 3 and re.fullmatch(r"[a-z]+\.[A-Za-z]+", cells[0]):
                rows.append((cells[0], cells[1], json.loads(cells[2].replace("?:", ":") or "{}")))
        return rows

    def test_it_lists_every_method_and_event(self) -> None:
        header = (ROOT / "core/admin/protocol/methods.h").read_text()
        methods, events = (re.findall(r' = "([A-Za-z.]+)"_L1', part)
                           for part in header.split("namespace Quern::admin::Events {"))
        self.assertEqual(sorted(method for method, _, _ in self.rows()), sorted(methods))
        guide = (ROOT / "resources/docs/management.md").read_text()
        self.assertEqual([event for event in events if f"\n| `{event}` | who" not in guide], [])

    def test_it_is_right_about_roles_and_parameters(self) -> None:
        quern = self.admin_serve()
        streams = {role: self.stream(quern, role) for role in ROLES}
        for method, role, parameters in self.rows():
            with self.subTest(method):
                for lower in ROLES[:ROLES.index(role)]:
                    self.assertEqual(streams[lower].call(method, parameters)["error"]["code"], "permission")
                if method in ("server.restart", "server.stop"):
                    continue
                # What it names need not be there.
                reply = streams[role].call(method, parameters)
                self.assertIn(reply.get("error", {}).get("code"), (None, "not-found", "unavailable", "busy"), reply)


class Messages(AdminTestCase):
    def test_requests_replies_and_events(self) -> None:
        quern = self.admin_serve()
        stream = self.stream(quern)
        self.assertEqual(stream.client.response.header("sec-websocket-protocol"), "quern.v1")
        self.assertEqual(stream.call("server.status")["result"]["state"], "running")
        # Several at once are answered each.
        ids = {stream.send(method) for method in ("server.health", "plugin.list", "server.status", "server.health")}
        self.assertEqual({stream.next()["id"] for _ in ids}, ids)
        # Its old workers are there until this is answered: so long it goes on.
        slow = RawConnection(("127.0.0.1", quern.port))
        self.addCleanup(slow.close)
        slow.send(f"GET /slow?ms={int(1000 * TIME_SCALE)} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        wait_until(lambda: any(each["inFlight"] for each in stream.call("process.list")["result"]["processes"]),
                   "the slow request")
        operation = stream.call("server.reload")["result"]["operation"]
        watched = stream.call("operation.watch", {"operation": operation, "patienceMs": 0})["result"]
        self.assertEqual((watched["id"], watched["state"]), (operation, "running"))
        while not any(event["data"].get("state") == "succeeded" for event in stream.events):
            stream.events.append(stream.next())
        self.assertEqual({event["event"] for event in stream.events}, {"operation"})

    def test_roles_hold_for_each_method(self) -> None:
        quern = self.admin_serve()
        for role in ROLES:
            stream = self.stream(quern, role)
            for method, needed in (("server.status", "viewer"), ("log.setLevel", "operator"), ("cron.run", "operator"),
                                   ("task.drop", "operator"), ("audit.read", "operator"), ("server.stop", "admin")):
                if role == "admin" and method == "server.stop":
                    continue
                code = stream.call(method).get("error", {}).get("code")
                self.assertEqual(code == "permission", ROLES.index(role) < ROLES.index(needed), (role, method, code))

    def test_what_is_no_request_is_told_so(self) -> None:
        quern = self.admin_serve()
        stream = self.stream(quern)
        for text in ("{", "[]", "1", '{"id": 0, "method": "x"}', '{"id": 1}', '{"id": "a", "method": "x"}'):
            stream.client.text(text)
            reply = stream.next()
            self.assertEqual((reply["id"], reply["error"]["code"]), (0, "protocol"), text)
        self.assertEqual(stream.call("no.such")["error"]["code"], "not-found")
        self.assertIn("result", stream.call("server.health"))

    def test_following_the_log(self) -> None:
        quern = self.admin_serve()
        stream = self.stream(quern)
        stream.call("log.follow", {"lines": 1, "level": "info", "role": "master", "before": 0})
        quern.ask("PUT", "/api/v1/log-levels", body={"levels": "shop=debug"})
        seen = ""
        while "the log's levels are now info,shop=debug" not in seen:
            seen += json.dumps(stream.next())

    def test_who_comes_in(self) -> None:
        quern = self.admin_serve(admin={"origins": "https://dash.example.org"})
        token = quern.token("viewer")
        header = f"Authorization: Bearer {token}\r\n"
        for name, protocols, headers, status in (
                ("a token in a header", "", header, 101),
                ("and the protocol", "quern.v1", header, 101),
                ("a token of a browser", f"quern.v1, bearer.{token}", "", 101),
                ("a page of its own", f"quern.v1, bearer.{token}", "Origin: http://test\r\n", 101),
                ("a page that may", f"quern.v1, bearer.{token}", "Origin: https://dash.example.org\r\n", 101),
                ("a page from elsewhere", f"quern.v1, bearer.{token}", "Origin: https://evil.example\r\n", 403),
                ("no token", "quern.v1", "", 401),
                ("a wrong token", "quern.v1, bearer.nonsense", "", 401),
                ("another protocol", "soap", header, 400)):
            with self.subTest(name):
                client = WebSocketClient(quern.api_address, STREAM, subprotocols=protocols, headers=headers)
                self.addCleanup(client.drop)
                self.assertEqual(client.response.status, status)
                agreed = client.response.header("sec-websocket-protocol")
                self.assertEqual(agreed, "quern.v1" if status == 101 and protocols else None)
                if status != 101:
                    self.assertTrue(client.until_closed() is not None)
        elsewhere = WebSocketClient(quern.api_address, "/api/v1/status", headers=header)
        self.addCleanup(elsewhere.drop)
        self.assertEqual(elsewhere.response.status, 400)
        early = WebSocketClient(quern.api_address, STREAM, headers=header, early=b"\x81\x80\0\0\0\0")
        self.addCleanup(early.drop)
        self.assertEqual(early.response.status, 400)  # RFC 6455 §4.1: it waits for the answer

    def test_a_client_of_another_make(self) -> None:
        if reason := wspeers.missing("python3-websockets"):
            raise unittest.SkipTest(reason)
        quern = self.admin_serve()
        url = f"ws://127.0.0.1:{quern.api_port}{STREAM}"
        request = json.dumps({"id": 3, "method": "cron.run", "params": {}})
        reply = ('{"error":{"code":"permission","message":"cron.run is for the role operator and above, and this token '
                 'has the role viewer"},"id":3}')
        answer = wspeers.run("python3-websockets", url, [["ping", "hello"], ["send", request], ["expect", reply],
                                                         ["close", 1000, "bye"]],
                             subprotocols=["quern.v1", f"bearer.{quern.token('viewer')}"])
        self.assertEqual((answer["subprotocol"], answer["deflate"], answer["code"]), ("quern.v1", False, 1000))


class Bounds(AdminTestCase):
    def memory(self, quern: AdminServer) -> int:
        status = Path(f"/proc/{quern.master}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def test_as_many_as_there_may_be(self) -> None:
        quern = self.admin_serve(admin={"max_connections": 4})
        streams = [self.stream(quern, "viewer") for _ in range(64)]
        one_more = WebSocketClient(quern.api_address, STREAM, subprotocols=f"quern.v1, bearer.{quern.token('viewer')}")
        self.addCleanup(one_more.drop)
        self.assertEqual(one_more.response.status, 503)
        # They take no place of the requests'.
        for _ in range(8):
            self.assertEqual(quern.ask("GET", "/api/v1/status").status, 200)
        for stream in streams:
            self.assertIn("result", stream.call("server.health"))
        streams[0].drop()
        wait_until(lambda: self.comes_in(quern), "room for another")

    def comes_in(self, quern: AdminServer) -> bool:
        client = WebSocketClient(quern.api_address, STREAM, subprotocols=f"quern.v1, bearer.{quern.token('viewer')}")
        client.drop()
        return client.is_open

    def test_those_who_never_read_harm_nobody(self) -> None:
        quern = self.admin_serve()
        readers = [self.stream(quern) for _ in range(30)]
        deaf = [self.stream(quern) for _ in range(20)]
        for stream in readers + deaf:
            stream.call("log.follow", {"lines": 0, "level": "debug", "role": "", "before": 0})
            stream.call("server.subscribe", {"status": True, "intervalMs": 200, "operations": True, "processes": True})
        before = self.memory(quern)
        request = json.dumps({"id": 1, "method": "log.read",
                              "params": {"lines": 2000, "level": "debug", "role": "", "before": 0}}).encode()

        done = threading.Event()

        def flood(stream: Stream) -> None:
            stream.client.socket.settimeout(0.5)
            while not done.is_set():
                try:
                    stream.client.text(request)
                except TimeoutError:
                    pass  # it takes no more from who does not read
                except OSError:
                    return  # it has been cut off

        threads = [threading.Thread(target=flood, args=[stream]) for stream in deaf]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                for stream in readers:
                    self.assertIn("result", stream.call("server.health"))
                    stream.events.clear()
                self.assertEqual(quern.ask("GET", "/api/v1/status").status, 200)
        finally:
            done.set()
            for thread in threads:
                thread.join(60)
        # 4 MiB for each of them, and what the allocator keeps; a sanitizer keeps all of it for a while.
        if TIME_SCALE == 1:
            self.assertLess(self.memory(quern) - before, 200 * MEBIBYTE)

    def test_too_many_requests_at_once_are_refused(self) -> None:
        quern = self.admin_serve()
        stream = self.stream(quern)
        text = b"".join(frame(TEXT, json.dumps({"id": number, "method": "server.status"}).encode()) for number in range(1, 1001))
        stream.client.send(text)
        codes = [stream.next().get("error", {}).get("code") for _ in range(1000)]
        self.assertLessEqual(set(codes), {None, "busy"})
        self.assertGreaterEqual(codes.count(None), 16)

    def test_messages_have_a_size(self) -> None:
        quern = self.admin_serve()
        largest = json.dumps({"id": 7, "method": "server.health", "params": {"x": ""}})
        largest = largest.replace('""', '"' + "x" * (MEBIBYTE - len(largest)) + '"')
        stream = self.stream(quern)
        stream.client.text(largest)
        self.assertEqual(stream.next()["id"], 7)
        half = largest[:MEBIBYTE // 2]
        stream.client.send_frame(TEXT, half.encode(), fin=False)
        stream.client.send_frame(0, largest[MEBIBYTE // 2:].encode())
        self.assertEqual(stream.next()["id"], 7)
        for send in (lambda client: client.text(largest + " "),
                     lambda client: (client.send_frame(TEXT, largest.encode(), fin=False), client.send_frame(0, b" "))):
            stream = self.stream(quern)
            try:
                send(stream.client)
            except ConnectionError:
                pass
            self.assertEqual(stream.client.close_frame()[0], 1009)
        stream = self.stream(quern)
        stream.client.send_frame(BINARY, b"{}")
        self.assertEqual(stream.client.close_frame()[0], 1003)
        stream = self.stream(quern)
        stream.client.send_frame(TEXT, b"\xff\xfe")
        self.assertEqual(stream.client.close_frame()[0], 1007)
        self.assertEqual(quern.ask("GET", "/healthz", None).status, 200)

    def test_a_stop_closes_them(self) -> None:
        quern = self.admin_serve()
        streams = [self.stream(quern, "viewer") for _ in range(5)]
        half = WebSocketClient(quern.api_address, STREAM, subprotocols=f"quern.v1, bearer.{quern.token('viewer')}")
        self.addCleanup(half.drop)
        half.send(b"\x81\xfe")
        silent = self.raw(quern)
        waiting = self.raw(quern)
        waiting.send(quern.head("GET /api/v1/status", "Authorization: Bearer " + "x" * 40))
        quern.stop()
        for stream in streams:
            self.assertEqual(stream.client.close_frame(), (1001, b"the server stops"))
        self.assertTrue(silent.is_closed())

    def test_those_who_go_are_forgotten(self) -> None:
        quern = self.admin_serve()
        descriptors = Path(f"/proc/{quern.master}/fd")
        before = len(os.listdir(descriptors))
        for number in range(100):
            stream = quern.stream("admin")
            stream.send("log.follow", {"lines": 10, "level": "debug", "role": "", "before": 0})
            if number % 3 == 0:
                stream.client.reset()
            elif number % 3 == 1:
                stream.client.close()
                try:
                    stream.client.until_closed()
                except Closed:
                    pass
                stream.drop()
            else:
                stream.drop()
        wait_until(lambda: len(os.listdir(descriptors)) <= before, "descriptors as before")
        self.assertIn("result", self.stream(quern).call("server.health"))
