"""Tables, atomics, connections and listeners, looked at and changed by the management protocol while the server works."""

from __future__ import annotations

import json
import threading
import unittest

from controlclient import ControlClient, Refused
from liveserver import LiveTestCase
from ports import reserve_port
from quernserver import FIXTURES, QuernTestCase, wait_until
from socketsserver import SocketsTestCase
from wsclient import WebSocketClient
from wsframes import Message, TEXT

TABLES = """
[[table]]
name = "goods"
size = 65536
columns = { stock = "int", price = "float", title = "string:16" }

[[table]]
name = "small"
size = 2
columns = { count = "int:1" }

[[atomic]]
name = "visits"
value = 100
"""


class ControlTestCase(QuernTestCase):
    def control(self, quern=None) -> ControlClient:
        client = ControlClient(quern or self.quern)
        self.addCleanup(client.close)
        return client

    def assert_refused(self, control: ControlClient, code: str, message: str, method: str, /, **params) -> None:
        with self.assertRaises(Refused, msg=(method, params)) as caught:
            control.ask(method, **params)
        self.assertEqual((caught.exception.code, caught.exception.message), (code, message))


class Tables(ControlTestCase):
    def setUp(self) -> None:
        self.quern = self.serve(plugins=[FIXTURES / "libshelves.so"], tables=TABLES, worker_num=3,
                                dispatch_mode="round-robin")

    def read_by_workers(self, key: str) -> list:
        """What three workers in turn have of the row."""
        answers = [self.quern.get(f"/goods/{key}") for _ in range(3)]
        return [json.loads(body) if status == 200 else status for status, body in answers]

    def test_a_change_is_seen_by_all_workers_at_once(self) -> None:
        control = self.control()
        values = {"stock": 7, "price": 2.5, "title": "Grüner Tee"}
        self.assertEqual(control.ask("table.set", table="goods", key="tea", values=values), {})
        self.assertEqual(self.read_by_workers("tea"), 3 * [values])
        control.ask("table.set", table="goods", key="tea", values={"stock": "9007199254740993"})
        self.assertEqual(self.read_by_workers("tea"), 3 * [{**values, "stock": 9007199254740993}])
        [row] = control.ask("table.rows", table="goods")["rows"]
        self.assertEqual(row, {"key": "tea", "values": {**values, "stock": "9007199254740993"}})
        self.assertEqual(control.ask("table.delete", table="goods", key="tea"), {})
        self.assertEqual(self.read_by_workers("tea"), 3 * [404])
        self.assert_refused(control, "not-found", 'there is no row "tea" in table "goods"', "table.delete",
                            table="goods", key="tea")

    def test_atomics(self) -> None:
        control = self.control()
        self.assertEqual(control.ask("atomic.list"), {"atomics": [{"name": "visits", "value": 100}]})
        # Somebody who waits for a change hears of this one.
        answers = []
        waiter = threading.Thread(target=lambda: answers.append(self.quern.get("/visits/100", timeout=30.0)))
        waiter.start()
        wait_until(lambda: sum(worker["inFlight"] for worker in control.ask("server.status")["workers"]) == 1,
                   "the waiter's request")
        self.assertEqual(control.ask("atomic.set", name="visits", value=-5), {"name": "visits", "value": 100})
        waiter.join(30)
        self.assertEqual(answers, [(200, b"-5")])

    def test_pages_through_many_rows_while_workers_write(self) -> None:
        control = self.control()
        writer = self.control()
        for number in range(50_000):
            writer.ask("table.set", table="goods", key=f"row {number}", values={"stock": number})
        [goods, small] = control.ask("table.list")["tables"]
        self.assertEqual((goods["name"], goods["rows"], goods["size"]), ("goods", 50_000, 65536))
        self.assertEqual(goods["columns"], [{"name": "price", "type": "float", "bytes": 8},
                                            {"name": "stock", "type": "int", "bytes": 8},
                                            {"name": "title", "type": "string", "bytes": 16}])
        self.assertEqual(small["columns"], [{"name": "count", "type": "int", "bytes": 1}])
        is_over = threading.Event()

        def churn() -> None:
            while not is_over.is_set():
                self.quern.get("/churn", timeout=30.0)  # changes rows of its own for a second

        churner = threading.Thread(target=churn)
        churner.start()
        try:
            wait_until(lambda: control.ask("table.rows", table="goods", filter="key:churn*")["rows"] or
                       control.pages("table.rows", "rows", table="goods", filter="key:churn*"), "the workers' rows")
            rows = control.pages("table.rows", "rows", table="goods", limit=1000)
        finally:
            is_over.set()
            churner.join(30)
        kept = [row for row in rows if row["key"].startswith("row ")]
        self.assertEqual(len(kept), 50_000)
        self.assertEqual({row["key"]: row["values"]["stock"] for row in kept},
                         {f"row {number}": number for number in range(50_000)})
        for row in rows:
            if row["key"].startswith("churn "):
                self.assertEqual(row["values"]["stock"], row["values"]["price"], row)
        found = control.pages("table.rows", "rows", table="goods", filter="stock>=100 stock<110 key:row*")
        self.assertEqual(sorted(row["values"]["stock"] for row in found), list(range(100, 110)))
        # A page is never so much work that the server stands still.
        page = control.ask("table.rows", table="goods", filter="nothing")
        self.assertEqual(page["rows"], [])
        self.assertNotEqual(page["next"], "")

    def test_what_is_refused(self) -> None:
        control = self.control()
        for key in ("a", "b"):
            control.ask("table.set", table="small", key=key, values={})
        self.assert_refused(control, "busy", 'table "small" is full: it holds 2 rows; raise its size in [[table]]',
                            "table.set", table="small", key="c", values={})
        self.assert_refused(control, "too-large", '128 does not fit into column "count" of table "small", an integer '
                            'of 1 bytes', "table.set", table="small", key="a", values={"count": 128})
        self.assert_refused(control, "not-found", 'there is no table "prices"; there is: goods, small', "table.rows",
                            table="prices")
        self.assert_refused(control, "not-found", 'there is no atomic "visit"; there is: visits', "atomic.set",
                            name="visit", value=1)
        self.assert_refused(control, "protocol", "table: is missing", "table.rows")


class Connections(LiveTestCase, ControlTestCase):
    SETTINGS = {"reactor_num": 2}

    def opened(self) -> tuple[str, WebSocketClient]:
        """A connection that tells its own number, and its client."""
        client = self.open("/noted")
        return client.read_text(), client

    def test_a_client_gets_what_is_pushed_and_is_closed(self) -> None:
        control = self.control()
        number, client = self.opened()
        [found] = control.ask("connection.list")["connections"]
        self.assertEqual((found["id"], found["kind"], found["port"], found["remoteAddress"], found["user"]),
                         (number, "websocket", "main", "127.0.0.1", ""))
        self.assertEqual(found["remotePort"], client.socket.getsockname()[1])
        self.assertEqual(control.ask("connection.push", id=number, text="Grüße"), {})
        self.assertEqual(client.message(), Message(TEXT, "Grüße".encode()))
        self.assertEqual(control.ask("connection.close", id=number, code=4001, reason="maintenance"), {})
        self.assertEqual(client.close_frame(), (4001, b"maintenance"))
        client.close(4001)
        ended = self.wait_closed(number)
        self.assertEqual((ended["code"], ended["by"]), (4001, "application"), ended)
        for method, more in (("connection.close", {}), ("connection.push", {"text": "late"})):
            self.assert_refused(control, "not-found", f"connection {number} is not there any more", method,
                                id=number, **more)
        self.assertEqual(control.ask("connection.list")["connections"], [])

    def test_the_usual_code_is_going_away(self) -> None:
        number, client = self.opened()
        self.control().ask("connection.close", id=number)
        self.assertEqual(client.close_frame(), (1001, b""))

    def test_lists_in_pages_and_by_choice(self) -> None:
        control = self.control()
        numbers = {}
        for user in range(30):
            client = self.open("/pinned")
            client.text(f"bind user {user % 3}")
            client.read_text()
            numbers[client.socket.getsockname()[1]] = client
        listed = control.pages("connection.list", "connections", limit=7)
        self.assertEqual({each["remotePort"] for each in listed}, set(numbers))
        self.assertEqual(len({each["id"] for each in listed}), 30)
        self.assertEqual(len(control.pages("connection.list", "connections", user="user 1")), 10)
        self.assertEqual(len(control.pages("connection.list", "connections", address="127.", kind="websocket")), 30)
        for none in ({"user": "user"}, {"address": "10."}, {"kind": "stream"}):
            self.assertEqual(control.pages("connection.list", "connections", **none), [], none)

    def test_what_is_refused(self) -> None:
        control = self.control()
        number, _ = self.opened()
        self.assert_refused(control, "invalid", "close code 1005 cannot be sent: use 1000, or one of your own from "
                            "4000 to 4999 (RFC 6455 §7.4)", "connection.close", id=number, code=1005)
        self.assert_refused(control, "invalid", "close code 66537 cannot be sent: use 1000, or one of your own from "
                            "4000 to 4999 (RFC 6455 §7.4)", "connection.close", id=number, code=66537)
        self.assert_refused(control, "invalid", "a connection id is a positive number in decimal digits",
                            "connection.close", id="x")
        for other in (int(number) + 1, int(number) ^ 1 << 36, 2 ** 63 - 1):
            self.assert_refused(control, "not-found", f"connection {other} is not there any more", "connection.push",
                                id=str(other), text="lost")
        self.assert_refused(control, "not-found", 'there is no port "x"; there is: main', "connection.list", port="x")
        self.assert_refused(control, "not-found", "there is no method connection.dance", "connection.dance")


class Listeners(SocketsTestCase, ControlTestCase):
    def test_all_kinds_with_what_they_have_carried(self) -> None:
        quern = self.sockets({"name": "tcp4", "type": "tcp"}, {"name": "udp4", "type": "udp"},
                             {"name": "inner", "type": "http", "handler": "inner"}, reactor_num=2)
        quern.settings["listen"].append(f"127.0.0.1:{reserve_port()}")
        quern.write_config()
        quern.start()
        control = self.control(quern)
        stream = self.client(quern)
        self.assertEqual(stream.ask(b"hello", 7), b"<hello>")
        packets = self.packets(quern, 1)
        self.assertEqual(packets.ask(b"hi"), b"<hi>")
        listed = control.ask("listener.list")["listeners"]
        main, second = quern.settings["listen"]
        tcp, udp, inner = (self.address(quern, index) for index in range(3))
        self.assertEqual([(each["name"], each["address"], each["kind"], each["handler"], each["tls"]) for each in listed],
                         [("main", f"http://{main}/", "http", "", False), ("main", f"http://{second}/", "http", "", False),
                          ("tcp4", f"tcp {tcp}", "stream", "cut", False), ("udp4", f"udp {udp}", "datagram", "cut", False),
                          ("inner", f"http://{inner}/", "http", "inner", False)])
        counted = {each["address"]: each for each in listed}
        carried = {key: counted[f"tcp {tcp}"][key] for key in
                   ("connections", "accepted", "messagesReceived", "messagesSent", "bytesReceived", "bytesSent")}
        self.assertEqual(carried, {"connections": 1, "accepted": 1, "messagesReceived": 1, "messagesSent": 1,
                                   "bytesReceived": 5, "bytesSent": 7})
        self.assertEqual((counted[f"udp {udp}"]["bytesReceived"], counted[f"udp {udp}"]["bytesSent"]), (2, 4))
        self.assertGreater(counted[f"http://{main}/"]["accepted"], 0)
        self.assertEqual(counted[f"http://{second}/"]["accepted"], 0)
        # A stream is listed, pushed to and closed as a WebSocket is.
        [found] = control.ask("connection.list", port="tcp4")["connections"]
        self.assertEqual((found["kind"], found["port"]), ("stream", "tcp4"))
        control.ask("connection.push", id=found["id"], text="news")
        self.assertEqual(stream.receive(4), b"news")
        control.ask("connection.close", id=found["id"])
        self.assertEqual(stream.receive_all(), b"")
        wait_until(lambda: control.ask("listener.list")["listeners"][2]["connections"] == 0, "end of the stream")


if __name__ == "__main__":
    unittest.main()
