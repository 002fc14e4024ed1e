"""The telnet plugin: lines over TCP and Unix sockets, datagrams over UDP."""

from __future__ import annotations

import fcntl
import re
import socket
import struct
import termios
import unittest
from pathlib import Path

from ports import reserve_port
from quernserver import QUERN_BIN, TIME_SCALE, QuernTestCase, wait_until

TELNET = Path(QUERN_BIN).parents[1] / "lib/quern/plugins/libtelnet.so"
TIMEOUT = 10.0 * TIME_SCALE
BANNER = "This is Quern. Type help for what it understands."
IAC_DO, IAC_WILL, IAC_SB, IAC_SE, IAC_IP = b"\xff\xfd", b"\xff\xfb", b"\xff\xfa", b"\xff\xf0", b"\xff\xf4"


class Line:
    """A client that has read the banner."""

    def __init__(self, address: tuple[str, int] | str, receive_buffer: int = 0) -> None:
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.settimeout(TIMEOUT)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(address)
        self.file = self.socket.makefile("rb")
        banner = self.read()
        assert banner == BANNER, banner

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data if isinstance(data, bytes) else data.encode() + b"\r\n")

    def read(self) -> str:
        line = self.file.readline()
        assert line.endswith(b"\r\n"), f"{line!r} is no whole line"
        return line[:-2].decode()

    def ask(self, line: bytes | str) -> str:
        self.send(line)
        return self.read()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Telnet(QuernTestCase):
    def setUp(self) -> None:
        self.port = reserve_port()
        self.address = ("127.0.0.1", self.port)
        server = self.server(plugins=[TELNET], reactor_num=2, tables=f"""
[[socket]]
name = "lines"
listen = ["127.0.0.1:{self.port}", "unix:telnet.sock"]
handler = "telnet"
open_eof_split = true
package_eof = "\\n"
socket_buffer_size = "2M"
buffer_high_watermark = "256K"
buffer_low_watermark = "64K"

[[socket]]
name = "narrow"
listen = "unix:narrow.sock"
handler = "telnet"
open_eof_split = true
package_eof = "\\n"
package_max_length = "64K"
socket_buffer_size = "64K"
buffer_high_watermark = "64K"
buffer_low_watermark = "16K"

[[socket]]
name = "datagrams"
type = "udp"
listen = "127.0.0.1:{self.port}"
handler = "telnet"
""")
        self.unix = str(server.directory / "telnet.sock")
        self.quern = server.start()

    def line(self, address=None, **options) -> Line:
        line = Line(address or self.address, **options)
        self.addCleanup(line.close)
        return line

    def datagrams(self) -> socket.socket:
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(TIMEOUT)
        client.connect(self.address)
        return client

    def test_lines(self):
        line = self.line()
        for sent, answer in [
                ("echo Grüße an alle", "Grüße an alle"), (b"ECHO nc sends LF\n", "nc sends LF"), ("echo", ""),
                (b"echo \xff\xff\xff\xf1twice\n", "twice"),
                (IAC_DO + b"\x01" + IAC_WILL + b"\x1fec" + IAC_IP + b"ho in " + IAC_SB + b"\x18\x00xterm" + IAC_SE
                 + b"between\r\n", "in between"),
                (IAC_SB + b"never ended\r\necho next\n", "next"), (b"echo cut off\xff\n", "cut off"),
                ("echo \x1b[2J\x07\u009b\u202etab\tend", "[2Jtab end"),
                ("flood 0", "? how many lines: flood N, with N from 1 to 1000000"),
                ("flood 1000001", "? how many lines: flood N, with N from 1 to 1000000"),
                ("flood x", "? how many lines: flood N, with N from 1 to 1000000"),
                ("say", "? say what: say TEXT"), ("sing", "? unknown command: try help"),
                ("echo " + "x" * 496, "x" * 496), ("echo " + "x" * 497, "? that is too long: 500 signs are the most")]:
            with self.subTest(sent):
                self.assertEqual(line.ask(sent), answer)
        self.assertRegex(line.ask("time"), r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        line.send("help")
        words = [line.read().split()[0] for _ in range(7)]
        self.assertEqual(words, ["help", "time", "who", "say", "echo", "flood", "quit"])
        line.send(b"ec")
        line.send(b"ho in two pieces\r\necho at")
        line.send(b" once\r\n\r\n")
        self.assertEqual([line.read(), line.read()], ["in two pieces", "at once"])

    def test_who_and_say(self):
        ann, bob, joe = self.line(), self.line(), self.line(self.unix)
        self.assertRegex(ann.ask("who"), r"^3 connections here, \d+ of the whole server$")
        name = "127.0.0.1:%d" % ann.socket.getsockname()[1]
        self.assertEqual(ann.ask("say hello"), "said")
        self.assertEqual([bob.read(), joe.read()], [f"{name}: hello"] * 2)
        self.assertEqual(joe.ask("say and hello"), "said")
        self.assertEqual([ann.read(), bob.read()], ["a Unix socket: and hello"] * 2)
        for each in (bob, joe):
            self.assertEqual(each.ask("quit"), "Goodbye.")
            self.assertEqual(each.file.read(), b"")
        wait_until(lambda: ann.ask("who").startswith("1 connection here"), "end of two connections")

    def test_datagrams(self):
        line, client = self.line(), self.datagrams()
        for sent, answer in [(b"echo hi\r\n", r"hi"), (b"who", r"1 connection here, \d+ of the whole server"),
                             (b"say hi", r"said"), (b"flood 9", r"\? flood is for connections: come by TCP"),
                             (b"quit", r"\? quit is for connections: come by TCP"),
                             (b"", r"\? unknown command: try help"), (b"time", r"20\d\d-.*Z"),
                             (b"help", r"help .*echo TEXT    to you")]:
            with self.subTest(sent):
                client.send(sent)
                self.assertTrue(re.fullmatch(answer + "\r\n", client.recv(4096).decode(), re.DOTALL))
        self.assertEqual(line.read(), "127.0.0.1:%d: hi" % client.getsockname()[1])

    def test_complaints_are_not_answered(self):
        """Else two servers could be set on each other."""
        client = self.datagrams()
        client.send(b"? unknown command: try help\r\n")
        client.send(b"echo next")
        self.assertEqual(client.recv(4096), b"next\r\n")

    def test_flood_waits_for_its_reader(self):
        """22 MB for a client that does not read at first, of which the server may hold 2 MiB."""
        lines = 1_000_000
        slow, quick = self.line(receive_buffer=64 * 1024), self.line()
        self.assertEqual(slow.ask(f"flood {lines}"), f"{lines} lines:")
        self.wait_stalled(slow.socket)
        self.assertEqual(quick.ask("echo others do not wait"), "others do not wait")
        slow.send(b"flood 1\n")
        expected = 1
        while expected <= lines:
            line = slow.read()
            if line != "? a flood is under way":
                self.assertEqual(line, f"line {expected} of {lines}")
                expected += 1
        self.assertNotIn("slow", self.quern.log())

    def wait_stalled(self, client: socket.socket) -> None:
        """Until nothing more arrives: all buffers on the way are full."""
        seen: list[int] = []

        def stalled() -> bool:
            waiting = struct.unpack("i", fcntl.ioctl(client, termios.FIONREAD, b"\0" * 4))[0]
            seen.append(waiting)
            return waiting > 0 and seen[-15:] == [waiting] * 15

        wait_until(stalled, "end of what arrives")

    def test_who_asks_and_asks_and_does_not_read_is_let_go(self):
        slow = self.line(str(Path(self.unix).with_name("narrow.sock")))
        slow.send(b"help\n" * 10_000)
        self.wait_stalled(slow.socket)
        slow.file.read()  # to the end
        self.assertNotIn("threw", self.quern.log())

    def test_quit_ends_a_flood(self):
        line = self.line()
        line.send(b"flood 1000000\nquit\n")
        text = line.file.read()
        self.assertTrue(text.endswith(b"\r\nGoodbye.\r\n"), text[-80:])
        self.assertLess(len(text), 10_000_000)


if __name__ == "__main__":
    unittest.main()
