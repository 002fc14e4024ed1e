"""What goes through sockets: packages, streams and datagrams."""

from __future__ import annotations

import json
import re
import struct
import unittest

from ports import has_ipv6, reserve_port
from quernserver import wait_until
from socketclients import DatagramClient
from socketsserver import SocketsTestCase

# The letters of package_length_type, and the same for Python's struct.
LENGTH_TYPES = {"c": "b", "C": "B", "n": ">H", "v": "<H", "s": "=h", "S": "=H", "N": ">I", "V": "<I", "l": "=i",
                "L": "=I", "J": ">Q", "P": "<Q", "q": "=q", "Q": "=Q"}


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


if __name__ == "__main__":
    unittest.main()
