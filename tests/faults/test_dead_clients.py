"""Clients that never read, never send, stop half way or vanish, in numbers: each is let go in its time."""

from __future__ import annotations

import socket
import struct
import unittest

from faultserver import ECHO, HELLO, LONG, FaultServer, FaultTestCase
from ports import reserve_port
from quernserver import TIME_SCALE, wait_until
from rawhttp import request_bytes
from wsclient import handshake_bytes

COUNT = 2000 if LONG else 200
# At a time; the listener's backlog holds as many.
GROUP = 200
# What clients may take for anything.
PATIENCE = 1.0 * TIME_SCALE


def reset(client: socket.socket) -> None:
    """Ends with a reset, as when a machine or its network has gone."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


class DeadClients(FaultTestCase):
    def setUp(self) -> None:
        self.stream_port = reserve_port()
        self.server_ = self.fault_serve(
            reactor_num=2, max_conn=4 * COUNT, http_head_timeout=PATIENCE, http_body_timeout=PATIENCE,
            send_timeout=PATIENCE, keepalive_timeout=PATIENCE, heartbeat_idle_time=PATIENCE, http_body_buffer_size="4K",
            tables=f'[[socket]]\nname = "lines"\nhandler = "lines"\nlisten = "127.0.0.1:{self.stream_port}"\n'
                   'open_eof_split = true\npackage_eof = "\\n"\n')

    def dial(self, port: int, data: bytes, receive_buffer: int = 0) -> socket.socket:
        client = socket.socket()
        self.addCleanup(client.close)
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(20.0 * TIME_SCALE)
        client.connect(("127.0.0.1", port))
        client.sendall(data)
        return client

    def beginnings(self) -> list[tuple[int, bytes]]:
        """What a client may have sent when it falls silent, and where."""
        upload = b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n"
        form = (b"POST /upload HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                b"Content-Length: 900000\r\n\r\n--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n")
        http = self.server_.port
        return [
            (http, b""),
            (http, b"GET / HTT"),
            (http, upload),
            (http, upload + b"x" * 8000),
            (http, form + b"x" * 100_000),
            (http, b"POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
            (http, request_bytes("GET", "/hello/once")),
            (http, request_bytes("GET", "/bytes/8000000")),
            (http, request_bytes("GET", "/bytes/8000000") * 3),
            (http, request_bytes("GET", "/stream?n=100000&ms=0&size=10000")),
            (http, handshake_bytes("/echo")[:60]),
            (http, handshake_bytes("/echo")),
            (http, handshake_bytes("/echo") + b"\x81\xfe"),
            (self.stream_port, b""),
            (self.stream_port, b"half of a li"),
        ]

    def crowd(self, server: FaultServer) -> list[socket.socket]:
        kinds = self.beginnings()
        return [self.dial(*kinds[number % len(kinds)], receive_buffer=4096) for number in range(GROUP)]

    def live(self, server: FaultServer) -> int:
        return sum(reactor["connections"] for reactor in server.status()["reactors"])

    def test_those_that_stay_silent(self) -> None:
        server = self.server_
        before = server.settled_footprint()

        def be_silent() -> None:
            for _ in range(COUNT // GROUP):
                clients = self.crowd(server)
                # The load has eight, and the tasks one.
                wait_until(lambda: self.live(server) <= 12, "end of those that are silent", 30.0)
                for client in clients:
                    client.close()

        self.load(server, be_silent, [HELLO, ECHO])
        self.assert_recovered(server, before)
        self.assertEqual(list((server.runtime / "uploads").iterdir()), [])

    def test_those_that_vanish(self) -> None:
        server = self.server_
        before = server.settled_footprint()

        def vanish() -> None:
            for _ in range(COUNT // GROUP):
                for number, client in enumerate(self.crowd(server)):
                    if number % 3 == 0:
                        reset(client)
                    elif number % 3 == 1:
                        client.close()
                    else:
                        client.shutdown(socket.SHUT_WR)

        self.load(server, vanish, [HELLO, ECHO])
        wait_until(lambda: self.live(server) == 0, "end of all connections", 30.0)
        self.assert_recovered(server, before)
        self.assertEqual(list((server.runtime / "uploads").iterdir()), [])


if __name__ == "__main__":
    unittest.main()
