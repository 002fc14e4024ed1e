"""Further ports of one server: TCP, UDP and Unix sockets, and HTTP with routes and settings of its own."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import stat
import struct
import subprocess
import textwrap
import unittest
from pathlib import Path

from ports import has_ipv6, reserve_port
from quernserver import FIXTURES, QuernServer, QuernTestCase, wait_until
from socketclients import DatagramClient, StreamClient
from wsclient import WebSocketClient

SOCKETS = FIXTURES / "libsockets.so"
README = Path(__file__).resolve().parents[2] / "README.md"

# The letters of package_length_type, and the same for Python's struct.
LENGTH_TYPES = {"c": "b", "C": "B", "n": ">H", "v": "<H", "s": "=h", "S": "=H", "N": ">I", "V": "<I", "l": "=i",
                "L": "=I", "J": ">Q", "P": "<Q", "q": "=q", "Q": "=Q"}


class SocketsTestCase(QuernTestCase):
    """One worker, so that the journal has everything."""

    def sockets(self, *entries: dict, **settings) -> QuernServer:
        """A server with these [[socket]]s that is not started yet; without a listen they get 127.0.0.1; "@" stands
        for the folder of the server."""
        filled = [{"listen": f"127.0.0.1:{reserve_port()}", **entry} for entry in entries]
        for entry in filled:
            if entry.get("type") != "http":
                entry.setdefault("handler", "cut")
        quern = self.server(**{"plugins": [SOCKETS], "worker_num": 1, "sockets": filled, **settings})
        for entry in quern.sockets:
            if "@" in entry["listen"]:
                entry["listen"] = entry["listen"].replace("@", str(quern.directory))
        quern.write_config()
        return quern

    def address(self, quern: QuernServer, index: int = 0) -> str:
        return quern.sockets[index]["listen"].removeprefix("tls:")

    def client(self, quern: QuernServer, index: int = 0, **options) -> StreamClient:
        client = StreamClient(self.address(quern, index), **options)
        self.addCleanup(client.socket.close)
        return client

    def packets(self, quern: QuernServer, index: int = 0, **options) -> DatagramClient:
        client = DatagramClient(self.address(quern, index), **options)
        self.addCleanup(client.vanish)
        return client

    def journal(self, quern: QuernServer) -> list[str]:
        return json.loads(quern.get("/journal")[1])["journal"]

    def ports(self, quern: QuernServer) -> dict[str, dict]:
        return {port["name"]: port for port in json.loads(quern.get("/ports")[1])["ports"]}

    def wait_noted(self, quern: QuernServer, line: str, count: int = 1) -> None:
        wait_until(lambda: self.journal(quern).count(line) >= count, f"note {line!r}")

    def assert_alive(self, quern: QuernServer, index: int = 0) -> None:
        with StreamClient(self.address(quern, index)) as client:
            self.assertEqual(client.ask(b"alive", 7), b"<alive>")


class TestEveryKind(SocketsTestCase):
    def test_all_kinds_are_served_by_one_server(self) -> None:
        for reactors in (1, 2):
            with self.subTest(reactors=reactors):
                self.serve_all_kinds(reactors)

    def serve_all_kinds(self, reactors: int) -> None:
        quern = self.sockets(
            {"name": "tcp4", "type": "tcp"}, {"name": "udp4", "type": "udp"},
            {"name": "stream", "listen": "unix:@/stream.sock", "type": "unix_stream"},
            {"name": "dgram", "listen": "unix:@/dgram.sock", "type": "unix_dgram"},
            {"name": "inner", "type": "http", "handler": "inner", "package_max_length": 1024},
            *([{"name": "tcp6", "listen": f"[::1]:{reserve_port()}", "type": "tcp6"},
               {"name": "udp6", "listen": f"[::1]:{reserve_port()}", "type": "udp6"}] if has_ipv6() else []),
            reactor_num=reactors)
        quern.start()
        names = {entry["name"]: index for index, entry in enumerate(quern.sockets)}
        streams = [name for name in ("tcp4", "tcp6", "stream") if name in names]
        for name in streams:
            with self.subTest(name=name), self.client(quern, names[name]) as client:
                self.assertEqual(client.ask(b"hello", 7), b"<hello>")
                self.wait_noted(quern, f"connect {name}")
                self.assertEqual(client.ask(b"later", 7), b"<later>")
                self.assertEqual(client.ask(b"bye", 4), b"bye")
                self.assertEqual(client.receive_all(), b"")
        self.wait_noted(quern, "close application: ", len(streams))
        for name in [name for name in ("udp4", "udp6", "dgram") if name in names]:
            with self.subTest(name=name), self.packets(quern, names[name]) as client:
                self.assertEqual(client.ask(b"hello"), b"<hello>")
                self.assertEqual(client.ask(b""), b"<>")
                self.assertEqual(client.ask(b"later"), b"<later>")
        self.check_http(quern, names["inner"])
        self.check_status(quern)
        wait_until(lambda: self.ports(quern)["tcp4"]["connections"] == 0, "end of the connection")
        ports = self.ports(quern)
        self.assertEqual((ports["tcp4"]["received"], ports["tcp4"]["sent"]), (3, 3))
        dgram = ports["dgram"]
        self.assertEqual((dgram["kind"], dgram["received"], dgram["sent"]), ("datagram", 3, 3))
        quern.stop()

    def check_http(self, quern: QuernServer, index: int) -> None:
        """Its own routes, and its own package_max_length."""
        connection = http.client.HTTPConnection(self.address(quern, index), timeout=10)
        self.addCleanup(connection.close)

        def ask(method: str, target: str, body: bytes | None = None) -> tuple[int, bytes]:
            connection.request(method, target, body)
            response = connection.getresponse()
            return response.status, response.read()

        self.assertEqual(ask("GET", "/inner"), (200, b"inner"))
        self.assertEqual(ask("GET", "/hello/x")[0], 404)
        self.assertEqual(quern.get("/inner")[0], 404)
        self.assertEqual(ask("POST", "/inner", b"x" * 1024), (200, b"1024"))
        self.assertEqual(ask("POST", "/inner", b"x" * 1025)[0], 413)

    def check_status(self, quern: QuernServer) -> None:
        words = {"http": "http://{}/", "tcp": "tcp {}", "tcp6": "tcp {}", "udp": "udp {}", "udp6": "udp {}",
                 "unix_stream": "unix_stream {}", "unix_dgram": "unix_dgram {}"}
        listeners = [f"http://127.0.0.1:{quern.port}/"]
        listeners += [words[entry["type"]].format(entry["listen"]) for entry in quern.sockets]
        self.assertIn(f"ms: {', '.join(listeners)} with 1 worker", quern.log())
        self.assertEqual(json.loads(quern.command("status", "--json").stdout)["listeners"], listeners)
        self.assertIn(f"Listening on {', '.join(listeners)}\n", quern.command("status").stdout)


class TestFraming(SocketsTestCase):
    def test_marks_are_found_wherever_the_network_cuts(self) -> None:
        quern = self.sockets({"open_eof_split": True, "package_eof": "\r\n", "name": "split"},
                             {"open_eof_check": True, "package_eof": "END", "name": "check"}, {"name": "plain"}).start()
        with self.client(quern) as split:
            for piece in (b"one\r", b"\ntw", b"o\r\n\r", b"\nthree\r\n"):
                split.send(piece)
                self.assertEqual(self.journal(quern)[:1], ["connect split"])  # a turn of the server
            self.assertEqual(split.receive(24), b"<one\r\n><two\r\n><\r\n><three\r\n>"[:24])
        with self.client(quern, 1) as check:
            check.send(b"aENDbEN")
            self.journal(quern)
            self.assertEqual(check.ask(b"D", 10), b"<aENDbEND>")
        with self.client(quern, 2) as plain:
            self.assertEqual(plain.ask(b"a\r\nb", 6), b"<a\r\nb>")

    def test_each_letter_of_a_length(self) -> None:
        quern = self.sockets(*[{"open_length_check": True, "package_length_type": letter, "name": f"{letter}{index}",
                                "package_body_offset": struct.calcsize(code)}
                               for index, (letter, code) in enumerate(LENGTH_TYPES.items())]).start()
        for index, (letter, code) in enumerate(LENGTH_TYPES.items()):
            with self.subTest(letter=letter), self.client(quern, index) as client:
                packages = [struct.pack(code, len(body)) + body for body in (b"first", b"", b"z" * 100)]
                expected = b"".join(b"<%s>" % package for package in packages)
                data = b"".join(packages)
                client.send(data[:1])
                self.journal(quern)
                client.send(data[1:])
                self.assertEqual(client.receive(len(expected)), expected)

    def test_a_length_in_the_middle_that_counts_the_whole(self) -> None:
        quern = self.sockets({"open_length_check": True, "package_length_type": "n", "package_length_offset": 2,
                              "package_body_offset": 0}).start()
        with self.client(quern) as client:
            package = b"ID" + struct.pack(">H", 8) + b"body"
            self.assertEqual(client.ask(package * 2, 20), (b"<%s>" % package) * 2)

    def test_a_package_that_is_too_long_closes_with_the_reason(self) -> None:
        quern = self.sockets({"open_eof_split": True, "package_max_length": 1024, "name": "split"},
                             {"open_length_check": True, "package_max_length": 1024, "name": "length"},
                             log_categories=["quern.http=debug"]).start()
        for index, data in enumerate((b"x" * 1025, struct.pack(">I", 1021))):
            with self.subTest(index=index), self.client(quern, index) as client:
                self.assertEqual(client.ask(data, 1), b"")
        closed = wait_until(lambda: [line for line in self.journal(quern) if line.startswith("close server")][1:],
                            "two closed by the server")
        self.assertRegex(closed[0], "package_max_length")
        for name in ("split", "length"):
            quern.wait_log(f"debug .* to port {name} is closed: .*package_max_length")
        for index, data in enumerate((b"x" * 1020 + b"\r\n", struct.pack(">I", 1018) + b"x" * 1018)):
            with self.subTest(most=index), self.client(quern, index) as client:
                self.assertEqual(client.ask(data, 1024), b"<%s>" % data)


class TestStreams(SocketsTestCase):
    def test_who_has_closed(self) -> None:
        quern = self.sockets({}, {"name": "idle", "heartbeat_idle_time": 0.2, "heartbeat_check_interval": 0.1}).start()
        with self.client(quern) as client:
            self.assertEqual(client.ask(b"x", 3), b"<x>")
        self.wait_noted(quern, "close peer: ")
        with self.client(quern, 1) as silent:
            self.assertEqual(silent.receive_all(), b"")
        wait_until(lambda: any(line.startswith("close server: ") for line in self.journal(quern)),
                   "closed by the server")

    def test_one_who_has_said_all_gets_its_answer(self) -> None:
        quern = self.sockets({}, {"open_eof_split": True, "name": "split"}).start()
        for index, (data, answer) in enumerate(((b"x", b"<x>"), (b"a\r\nb\r\n", b"<a\r\n><b\r\n>"))):
            with self.subTest(data=data), self.client(quern, index) as client:
                client.send(data)
                client.end()
                self.assertEqual(client.receive_all(), answer)

    def test_a_full_buffer_is_told_and_an_empty_one(self) -> None:
        quern = self.sockets({"buffer_high_watermark": "64K", "buffer_low_watermark": "16K"}).start()
        size = 6 << 20
        with self.client(quern, receive_buffer=4096) as client:
            client.send(b"flood %d" % size)
            self.wait_noted(quern, "full")
            self.assertNotIn("empty", self.journal(quern))
            self.assertEqual(client.receive(size), b"f" * size)
            self.wait_noted(quern, "empty")

    def test_who_waits_after_a_refusal_hears_of_room_and_loses_no_client(self) -> None:
        """Whether the watermark was seen in between or not."""
        quern = self.sockets({"socket_buffer_size": "2M", "package_max_length": "1M"}).start()
        for size, piece, buffer in ((24 << 20, 64 << 10, None), (24 << 20, 1 << 20, None), (24 << 20, 1 << 20, 4096)):
            for turn in range(5):
                with self.subTest(piece=piece, buffer=buffer, turn=turn):
                    with self.client(quern, **({"receive_buffer": buffer} if buffer else {})) as client:
                        client.send(b"pour %d %d" % (size, piece))
                        self.assertEqual(len(client.receive(size)), size)
        self.wait_noted(quern, "pour Busy")
        self.assertNotIn("slow", quern.log())

    def test_what_a_client_does_not_read_is_refused_to_the_sender_and_then_it_is_closed(self) -> None:
        quern = self.sockets({"socket_buffer_size": "2M", "package_max_length": "1M", "send_timeout": 1}).start()
        with self.client(quern, receive_buffer=4096) as client:
            client.send(b"flood %d" % (32 << 20))
            self.wait_noted(quern, "flood Busy")
            self.wait_noted(quern, "close server: it has read nothing for as long as send_timeout says")
        self.assert_alive(quern)


class TestDatagrams(SocketsTestCase):
    def test_packets_of_one_sender_stay_in_order(self) -> None:
        for settings in ({}, {"reactor_num": 2, "worker_num": 2}):
            with self.subTest(settings=settings):
                quern = self.sockets({"type": "udp"}, **settings).start()
                with self.packets(quern) as client:
                    for start in range(0, 2000, 100):
                        for number in range(start, start + 100):
                            client.send(b"%d" % number)
                        answers = [client.receive() for _ in range(100)]
                        self.assertEqual(answers, [b"<%d>" % number for number in range(start, start + 100)])
                quern.stop()

    def test_sending_by_the_name_of_a_port(self) -> None:
        quern = self.sockets({"type": "udp", "name": "out"},
                             {"type": "unix_dgram", "name": "file", "listen": "unix:@/d.sock"}).start()
        with self.packets(quern) as asking, self.packets(quern) as other, self.packets(quern, 1) as file:
            host, port = other.socket.getsockname()
            for words, outcome in ((f"to out {host} {port}", b"ok"), (f"to nobody {host} {port}", b"NotFound"),
                                   ("to out example.org 1", b"Invalid"), (f"to out ::1 {port}", b"Invalid"),
                                   (f"to out {host} 0", b"Invalid"), (f"to file {file.path} 0", b"ok")):
                with self.subTest(words=words):
                    self.assertEqual(asking.ask(words.encode()), outcome)
            self.assertEqual(other.receive(), b"<sent>")
            self.assertEqual(other.socket.getsockname(), (host, port))
            self.assertEqual(file.receive(), b"<sent>")

    def test_packets_that_are_too_long_are_told_and_counted(self) -> None:
        quern = self.sockets({"type": "udp", "name": "short", "package_max_length": "2K"}).start()
        with self.packets(quern) as client:
            for size in (2049, 60000, 2046):
                client.send(b"x" * size)
            self.assertEqual(client.receive(), b"<" + b"x" * 2046 + b">")
        wait_until(lambda: re.search(r'port "short" has dropped (a datagram|2 datagrams): longer than the 2048 bytes of '
                                     "package_max_length", quern.log()), "a line of the log")
        wait_until(lambda: json.loads(quern.command("status", "--json").stdout)["totals"]["eventsLost"] == 2,
                   "two events that are lost")

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_the_address_of_an_entry_that_fits_is_sent_from(self) -> None:
        port = reserve_port()
        addresses = [f"127.0.0.1:{port}", f"[::1]:{port}"]
        self.sockets({"type": "udp", "name": "out", "listen": addresses}).start()
        with DatagramClient(addresses[0]) as asking, DatagramClient(addresses[1]) as six:
            words = b"to out ::1 %d" % six.socket.getsockname()[1]
            self.assertEqual(asking.ask(words), b"ok")
            self.assertEqual(six.socket.recvfrom(100), (b"<sent>", ("::1", port, 0, 0)))

    def test_a_peer_that_is_gone_or_has_no_name(self) -> None:
        quern = self.sockets({"type": "unix_dgram", "listen": "unix:@/d.sock"}).start()
        with self.packets(quern) as gone:
            gone.send(b"later")
        with self.packets(quern, nameless=True) as nobody:
            nobody.send(b"psst")
        self.wait_noted(quern, "packet of nobody: psst")
        with self.packets(quern) as client:
            self.assertEqual(client.ask(b"x"), b"<x>")
        self.assertTrue(quern.running())

    def test_answers_that_no_datagram_holds(self) -> None:
        quern = self.sockets({"type": "udp"}).start()
        with self.packets(quern) as client:
            for size, answer in ((60000, b"b" * 60000), (65507, b"b" * 65507), (65508, b"TooLarge"),
                                 (10 << 20, b"TooLarge")):
                with self.subTest(size=size):
                    self.assertEqual(client.ask(b"big %d" % size), answer)


class TestStarting(SocketsTestCase):
    def refused(self, quern: QuernServer, *texts: str) -> None:
        """That a start ends with a message that has these patterns, and leaves nothing behind."""
        self.assert_exit(quern.command("start"), 1, *texts)
        self.assertFalse(list(quern.directory.rglob("*.sock")))
        self.assertFalse(list(quern.directory.rglob("*.pid")))

    def test_what_cannot_be_bound_is_named_with_its_place(self) -> None:
        with PortHolder("tcp") as tcp, PortHolder("udp") as udp:
            place = r"quern\.toml:\d+: "
            cases = [({"listen": tcp.address}, place + "socket.listen: .*" + tcp.address),
                     ({"listen": udp.address, "type": "udp"}, place + "socket.listen: .*" + udp.address),
                     ({"listen": "unix:/tmp/" + "x" * 120}, place + ".*107"),
                     ({"listen": "unix:nowhere/a.sock"}, place + ".*nowhere"),
                     ({"listen": "127.0.0.1:5200", "type": "tcp6"}, place + ".*tcp6"),
                     ({"listen": "203.0.113.1:5200"}, place + ".*203.0.113.1")]
            for entry, text in cases:
                with self.subTest(entry=entry):
                    # The first is bound before, and given back.
                    quern = self.sockets({"listen": "unix:first.sock", "name": "first"}, {"name": "x", **entry})
                    self.refused(quern, text)

    @unittest.skipIf(has_ipv6(), "this host has IPv6")
    def test_ipv6_where_there_is_none(self) -> None:
        self.refused(self.sockets({"listen": f"[::1]:{reserve_port()}"}), r"quern\.toml:\d+: socket.listen: .*::1")

    def test_a_handler_that_nobody_registers(self) -> None:
        for kind in ("tcp", "udp", "http"):
            with self.subTest(kind=kind):
                self.refused(self.sockets({"handler": "nobody", "type": kind}), r"quern\.toml:\d+.*nobody")

    def test_stop_closes_all_and_start_takes_the_same_addresses(self) -> None:
        quern = self.sockets({"name": "s"}, {"name": "u", "type": "udp"}, {"name": "f", "listen": "unix:@/s.sock"},
                             {"name": "d", "type": "unix_dgram", "listen": "unix:@/d.sock"}).start()
        clients = [self.client(quern, index) for index in (0, 2)]
        for client in clients:
            self.assertEqual(client.ask(b"x", 3), b"<x>")
        quern.stop()
        for client in clients:
            self.assertEqual(client.receive_all(), b"")
        quern.start()
        for index in (0, 2):
            self.assert_alive(quern, index)
        master = quern.master
        self.assert_exit(quern.command("restart", "-d"), 0)
        wait_until(lambda: not quern.running(), "end of the first master")
        self.assertNotEqual(quern.adopt_daemon(), master)
        self.assert_alive(quern)
        with self.packets(quern, 3) as client:
            self.assertEqual(client.ask(b"x"), b"<x>")
        quern.stop()


    def test_what_a_killed_server_has_left_is_no_hindrance(self) -> None:
        quern = self.sockets({"name": "s", "listen": "unix:@/s.sock"}, {"name": "u", "type": "udp"},
                             {"name": "d", "type": "unix_dgram", "listen": "unix:@/d.sock"}).start()
        os.kill(quern.master, signal.SIGKILL)
        wait_until(lambda: not quern.running() and not quern.leftovers(), "end of the server")
        self.assertEqual(len(list(quern.directory.glob("*.sock"))), 2)
        quern.start()
        self.assert_alive(quern)
        for index in (1, 2):
            with self.packets(quern, index) as client:
                self.assertEqual(client.ask(b"x"), b"<x>")
        quern.stop()


class TestModes(SocketsTestCase):
    def modes(self, quern: QuernServer) -> list[int]:
        return [stat.S_IMODE((quern.directory / name).stat().st_mode) for name in ("own.sock", "a.sock", "b.sock")]

    def test_the_files_of_unix_sockets_have_the_modes_of_their_ports(self) -> None:
        self.addCleanup(os.umask, os.umask(0o027))
        quern = self.sockets({"name": "a", "listen": "unix:@/a.sock", "unix_socket_mode": "0666"},
                             {"name": "b", "listen": "unix:@/b.sock", "type": "udp"}, unix_socket_mode="0660",
                             reactor_num=2)
        quern.settings["listen"].append("unix:own.sock")
        quern.write_config()
        quern.start()
        self.assertEqual(self.modes(quern), [0o660, 0o666, 0o660])
        self.assert_alive(quern)
        quern.sockets[0]["unix_socket_mode"] = "0600"
        quern.write_config()
        self.assert_exit(quern.command("reload"), 0, "only a restart changes socket a: unix_socket_mode")
        self.assertEqual(self.modes(quern), [0o660, 0o666, 0o660])
        quern.stop()
        del quern.settings["unix_socket_mode"]
        quern.write_config()
        quern.start()
        self.assertEqual(self.modes(quern), [0o750, 0o600, 0o750])


class TestReload(SocketsTestCase):
    def test_what_a_reload_changes_and_what_it_lists(self) -> None:
        quern = self.sockets({"name": "cut", "open_eof_split": True, "package_max_length": "1K"}).start()
        with self.client(quern) as client:
            self.assertEqual(client.ask(b"x\r\n", 5), b"<x\r\n>")
            quern.sockets[0]["package_max_length"] = "2K"
            quern.sockets[0]["package_eof"] = ";"
            quern.write_config()
            self.assert_exit(quern.command("reload"), 0, r"only a restart changes socket.*package_eof")
            # The connection goes on, and the new limit is there for whoever comes now.
            self.assertEqual(client.ask(b"y\r\n", 5), b"<y\r\n>")
        data = b"z" * 1500 + b"\r\n"
        with self.client(quern) as client:
            self.assertEqual(client.ask(data, 1504), b"<%s>" % data)

    def test_a_socket_more_or_less_waits_for_a_restart(self) -> None:
        quern = self.sockets({"name": "one"}, {"name": "two"}).start()
        quern.sockets[0]["listen"] = f"127.0.0.1:{reserve_port()}"
        old = self.address(quern, 1)
        del quern.sockets[1]
        quern.sockets.append({"name": "three", "handler": "cut", "listen": f"127.0.0.1:{reserve_port()}"})
        quern.write_config()
        result = quern.command("reload")
        self.assert_exit(result, 0, "only a restart changes .*socket one: listen", "socket two", "socket three")
        with StreamClient(old) as client:
            self.assertEqual(client.ask(b"x", 3), b"<x>")
        with self.assertRaises(ConnectionRefusedError):
            self.client(quern)

    def test_a_handler_that_goes_by_a_reload_fails_it(self) -> None:
        quern = self.sockets({"name": "cut"}).start()
        quern.plugins.clear()
        quern.write_config()
        self.assert_exit(quern.command("reload"), 1, "cut")
        self.assert_alive(quern)


class TestWebSockets(SocketsTestCase):
    def test_a_port_of_its_own_routes_and_the_end_by_a_stop(self) -> None:
        quern = self.sockets({"name": "inner", "type": "http", "handler": "inner"},
                             {"name": "more", "type": "http"}).start()
        clients = []
        for address, answer in (((f"127.0.0.1:{quern.port}"), b"x"), (self.address(quern), b"<x>"),
                                (self.address(quern, 1), b"x")):
            host, _, port = address.rpartition(":")
            client = WebSocketClient((host, int(port)), "/ws", timeout=10.0)
            self.addCleanup(client.drop)
            self.assertTrue(client.is_open, client.response)
            client.text("x")
            self.assertEqual(client.message().payload, answer)
            clients.append(client)
        quern.stop()
        for client in clients:
            self.assertEqual(client.close_frame()[0], 1001)


class TestReadme(SocketsTestCase):
    """The settings that README.md shows are right, and do what it says."""

    def section(self, title: str) -> str:
        text = README.read_text()
        return text.split(f"\n### {title}\n", 1)[1].split("\n### ", 1)[0]

    def settings(self, title: str, quern: QuernServer) -> str:
        """Those of a section, with ports that are free."""
        blocks = re.findall(r"(?:^(?:    .*)?\n)+", self.section(title), re.MULTILINE)
        text = next(textwrap.dedent(block) for block in blocks if "[[socket]]" in block)
        numbers = {"5200": quern.port, **{number: reserve_port() for number in ("5201", "5202", "5443", "5444")}}
        return re.sub(r"127\.0\.0\.1:(\d+)", lambda match: f"127.0.0.1:{numbers[match[1]]}", text)

    def test_sockets(self) -> None:
        quern = self.server()
        text = self.settings("Sockets", quern)
        quern.config.write_text(f'[server]\nlisten = "127.0.0.1:{quern.port}"\nruntime_dir = "run"\n{text}')
        quern.start()
        address = re.search(r"127\.0\.0\.1:\d+", text)[0]
        with StreamClient(address) as client:
            client.send(b"echo hello\r\nquit\r\n")
            self.assertIn(b"hello\r\n", client.receive_all())
        with DatagramClient(address) as client:
            self.assertIn(b"hello", client.ask(b"echo hello"))
        self.assertIn(f"tcp {address}", quern.log())

    def test_tls(self) -> None:
        quern = self.server()
        text = self.settings("TLS", quern)
        make = shlex.split(re.search(r"^    (openssl req .*)$", self.section("TLS"), re.MULTILINE)[1])
        subprocess.run(make, cwd=quern.directory, check=True, capture_output=True)
        for name in ("example.pem", "example.key", "partners.pem"):
            shutil.copy(quern.directory / f"server{Path(name).suffix}", quern.directory / name)
        quern.config.write_text(text.replace("[server]\n", '[server]\nruntime_dir = "run"\n', 1))
        self.assert_exit(quern.command("config", "--check"), 0)
        quern.start()
        port = re.search(r"tls:127\.0\.0\.1:(\d+)", text)[1]
        result = subprocess.run(["curl", "-sS", "--cacert", "server.pem", f"https://localhost:{port}/hello/you"],
                                cwd=quern.directory, capture_output=True, text=True, timeout=30)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("you", result.stdout)


class PortHolder:
    """Somebody else who has a port."""

    def __init__(self, kind: str) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        port = reserve_port()
        self.socket.bind(("127.0.0.1", port))
        if kind == "tcp":
            self.socket.listen()
        self.address = f"127.0.0.1:{port}"

    def __enter__(self) -> PortHolder:
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()


if __name__ == "__main__":
    unittest.main()
