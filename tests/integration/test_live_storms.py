"""Clients that vanish by the thousand, at every moment of a live connection: nothing of them stays."""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
from collections.abc import Callable

import proctree
from livesoak import masked, resident_bytes
from liveserver import LiveTestCase
from ports import reserve_port
from quernserver import TIME_SCALE, wait_until
from wsclient import handshake_bytes

COUNT = 2000
# At a time; the listener's backlog holds as many.
GROUP = 200
MIB = 1024 * 1024
# What may be left of one storm: less than half a KiB of each client.
MEMORY = MIB
# At the most, until one leaves no more than that.
STORMS = 15


def reset(client: socket.socket) -> None:
    """Ends with a reset, as when a machine or its network has gone."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def vanish(client: socket.socket) -> None:
    client.close()


def read_head(client: socket.socket) -> bytes:
    """What follows the answer to the handshake."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(4096)
        if not part:
            raise AssertionError(f"closed within the handshake: {data!r}")
        data += part
    return data.partition(b"\r\n\r\n")[2]


def left(grown: list[int]) -> float:
    """By the last storm, and by each on average but for the first: whatever is more."""
    later = grown[1:]
    return max(grown[-1], sum(later) / len(later)) if later else grown[-1]


class Storms(LiveTestCase):
    def setUp(self) -> None:
        self.tls_port, self.stream_port = reserve_port(), reserve_port()
        self.quern = self.live(worker_num=2, reactor_num=2, max_conn=2 * COUNT)
        self.quern.settings["listen"].append(f"tls:127.0.0.1:{self.tls_port}")
        certificate, key = self.quern.directory / "cert.pem", self.quern.directory / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=localhost", "-days", "60"],
                       check=True, capture_output=True, timeout=60)
        self.quern.settings |= {"ssl_cert_file": str(certificate), "ssl_key_file": str(key)}
        self.quern.write_config()
        with self.quern.config.open("a", encoding="utf-8") as file:
            file.write(f'[[socket]]\nname = "lines"\nhandler = "lines"\nlisten = "127.0.0.1:{self.stream_port}"\n'
                       'open_eof_split = true\npackage_eof = "\\n"\n')
        self.quern.start()
        self.quern.wait_workers()

    def dial(self, port: int | None = None) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port or self.quern.port), timeout=20.0 * TIME_SCALE)

    def storm(self, begin: Callable[[int], socket.socket], end: Callable[[socket.socket], None] = reset,
              count: int = COUNT) -> None:
        """That nothing of count clients is left, each of which has begun and ended like this."""
        descriptors = proctree.open_descriptors(self.quern.master)
        # The first storms leave what the allocator keeps for the next one, and what it keeps goes up and down by some MiB;
        # a leak grows with each.
        grown: list[int] = []
        while len(grown) < STORMS and (not grown or left(grown) >= MEMORY):
            before = self.memory()
            self.run_storm(begin, end, count)
            wait_until(lambda: self.live_connections() == 0, "end of all live connections", 30.0)
            wait_until(lambda: proctree.open_descriptors(self.quern.master) <= descriptors, "end of descriptors", 30.0)
            grown.append(self.memory() - before)
        if TIME_SCALE == 1:  # a sanitizer keeps what has been given back, to see whether it is used
            self.assertLess(left(grown), MEMORY, grown)
        self.assertTrue(self.quern.running())
        self.assertNotRegex(self.quern.log(), r"(?i)sanitizer|crash|died|assert")
        with self.open("/echo") as client:
            client.text("well")
            self.assertEqual(client.read_text(), "well")

    def run_storm(self, begin: Callable[[int], socket.socket], end: Callable[[socket.socket], None],
                  count: int) -> None:
        for first in range(0, count, GROUP):
            clients = [begin(number) for number in range(first, min(first + GROUP, count))]
            for client in clients:
                end(client)

    def live_connections(self) -> int:
        return self.get_json("/stats")["liveConnections"]

    def memory(self) -> int:
        """Of master and workers."""
        return resident_bytes([self.quern.master, *(worker.pid for worker in self.quern.workers())])

    def test_within_the_handshake(self) -> None:
        head = handshake_bytes("/echo")

        def begin(number: int) -> socket.socket:
            client = self.dial()
            client.sendall(head[:number % len(head)])
            return client

        self.storm(begin)

    def test_behind_the_handshake(self) -> None:
        def begin(number: int) -> socket.socket:
            client = self.dial()
            # Some are gone before their handler has been asked, some before it has answered.
            client.sendall(handshake_bytes("/handshake?ms=20" if number % 2 else "/noted"))
            return client

        self.storm(begin)

    def test_within_a_frame(self) -> None:
        message = masked(0x82, bytes(30_000))

        def begin(number: int) -> socket.socket:
            client = self.dial()
            client.sendall(handshake_bytes("/noted") + masked(0x81, b"whole") + message[:1 + number * 37 % 30_000])
            if number % 4 == 0:
                read_head(client)
            return client

        self.storm(begin, vanish)

    def test_within_fragments_and_compression(self) -> None:
        def begin(number: int) -> socket.socket:
            client = self.dial()
            extensions = "permessage-deflate; client_max_window_bits" if number % 2 else ""
            client.sendall(handshake_bytes("/echo", extensions=extensions))
            if number % 3 == 0:
                read_head(client)
            # The second fragment of a compressed message that never ends.
            client.sendall(masked(0x41 if number % 2 else 0x01, b"\xf2H\xcd\xc9") + masked(0x00, b"\xc9\x07"))
            return client

        self.storm(begin)

    def test_within_an_answer(self) -> None:
        def begin(number: int) -> socket.socket:
            client = self.dial()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(handshake_bytes("/flood") + masked(0x81, b"20 20000"))
            if number % 2:
                read_head(client)
            return client

        self.storm(begin)

    def test_within_the_closing_handshake(self) -> None:
        def begin(number: int) -> socket.socket:
            client = self.dial()
            client.sendall(handshake_bytes("/close/4000") + masked(0x81, b"bye"))
            read_head(client)
            if number % 2:
                client.sendall(masked(0x88, b"\x03\xe8"))
            return client

        self.storm(begin)

    def test_streams(self) -> None:
        def begin(number: int) -> socket.socket:
            client = self.dial(self.stream_port)
            client.sendall((b"line\n" * (number % 20) + b"half")[:number % 100])
            return client

        self.storm(begin)
        self.storm(begin, vanish)

    def test_within_the_handshake_of_tls(self) -> None:
        hello = ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        session = context.wrap_bio(ssl.MemoryBIO(), hello)
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            pass
        record = hello.read()

        def begin(number: int) -> socket.socket:
            client = self.dial(self.tls_port)
            client.sendall(record if number % 2 else record[:number % len(record)])
            return client

        self.storm(begin)

    def test_over_tls(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

        def begin(number: int) -> socket.socket:
            client = context.wrap_socket(self.dial(self.tls_port))
            client.sendall(handshake_bytes("/flood") + masked(0x81, b"20 20000") + masked(0x81, b"half")[:number % 10])
            return client

        self.storm(begin, count=COUNT // 4)
