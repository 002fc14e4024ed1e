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
import subprocess
import textwrap
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ports import has_ipv6, reserve_port
from quernserver import BY_DESIGN, QuernServer, wait_until
from socketclients import DatagramClient, StreamClient
from socketsserver import SocketsTestCase
from wsclient import WebSocketClient

README = Path(__file__).resolve().parents[2] / "README.md"


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

    @unittest.skipIf(has_ipv6(), f"{BY_DESIGN}this host has IPv6")
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
        self.assert_exit(quern.command("restart"), 0)
        self.assert_alive(quern)
        with self.packets(quern, 3) as client:
            self.assertEqual(client.ask(b"x"), b"<x>")
        quern.stop()

    def test_a_stop_does_not_wait_for_clients_that_have_closed(self) -> None:
        """One that does not close has two seconds."""
        times = []
        for _ in range(3):
            quern = self.sockets({}).start()
            with self.client(quern) as client, ThreadPoolExecutor() as pool:
                self.assertEqual(client.ask(b"x", 3), b"<x>")
                pool.submit(lambda: (client.receive_all(), client.socket.close()))
                start = time.monotonic()
                quern.command("stop")
                times.append(time.monotonic() - start)
        self.assertLess(min(times), 1.5)

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
