"""What clients cost that take or give their bytes too slowly: the memory of all processes, while others are served.

QUERN_SOAK=1 runs the long form.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
import unittest
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import proctree
from accounting import Probe, account
from quernserver import TIME_SCALE, QuernTestCase
from rawhttp import RawConnection, request_bytes

SOAK = os.environ.get("QUERN_SOAK") == "1"
SECONDS = 60.0 if SOAK else 5.0
CLIENTS = 500
MEBIBYTE = 1024 * 1024
ANSWER = 10 * MEBIBYTE
BODY = 4 * MEBIBYTE
GROWTH = 64 * MEBIBYTE
PROBES = [Probe.parse("GET /hello/{token}"), Probe.parse("POST /echo {token}")]


class SlowClients(QuernTestCase):
    def setUp(self) -> None:
        self.quern = self.serve(worker_num=2, package_max_length="8M", send_timeout=120, http_body_timeout=120)
        self.sockets: list[socket.socket] = []
        self.addCleanup(lambda: [each.close() for each in self.sockets])

    def connect(self) -> socket.socket:
        """A client whose kernel takes as little as possible on its behalf."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(10.0 * TIME_SCALE)
        client.connect(self.quern.address)
        self.sockets.append(client)
        return client

    def warm_up(self, method: str, data: bytes) -> None:
        """Lets every process take what it needs for requests of this kind, and no more: freed memory hides growth."""

        def ask(_) -> int:
            with RawConnection(self.quern.address, timeout=30.0 * TIME_SCALE) as client:
                client.send(data)
                return client.response(method).status

        with ThreadPoolExecutor(4) as pool:
            self.assertEqual(set(pool.map(ask, range(8))), {200})

    def assert_bounded(self, attack: Callable[[], Awaitable]) -> None:
        """That attack, and SECONDS after it, cost less than GROWTH, and that nobody else is harmed by it."""
        before = proctree.pss_bytes(self.quern.master)
        largest = before

        async def watch() -> None:
            nonlocal largest
            attacking = asyncio.create_task(attack())
            end = time.monotonic() + SECONDS
            while not attacking.done() or time.monotonic() < end:
                largest = max(largest, await asyncio.to_thread(proctree.pss_bytes, self.quern.master))
                await asyncio.sleep(0.2)
            await attacking

        report = account(self.quern.port, PROBES, watch, connections=4, pause=0.01, deadline=3.0 * TIME_SCALE)
        grown = f"{before / MEBIBYTE:.1f} MiB before, at most {(largest - before) / MEBIBYTE:.1f} MiB more; {report}"
        print(grown)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)
        self.assertLess(largest - before, GROWTH, grown)

    def test_a_few_answers_that_nobody_reads_keep_no_worker_from_others(self) -> None:
        for number in range(1, 17):
            self.connect().sendall(request_bytes("GET", f"/bytes/{ANSWER}"))
            with RawConnection(self.quern.address, timeout=3.0 * TIME_SCALE) as other:
                try:
                    self.assertEqual(other.request("GET", "/hello/bar").status, 200)
                except TimeoutError:
                    self.fail(f"nobody is answered while {number} clients do not read")

    def never_read(self, target: str) -> None:
        request = request_bytes("GET", target)
        self.warm_up("GET", request)

        async def attack() -> None:
            for _ in range(CLIENTS):
                client = self.connect()
                client.sendall(request)
                await asyncio.sleep(0)

        self.assert_bounded(attack)
        for client in self.sockets:
            self.assertEqual(client.recv(12, socket.MSG_PEEK | socket.MSG_WAITALL), b"HTTP/1.1 200", "it is answered")

    def test_answers_that_nobody_reads(self) -> None:
        self.never_read(f"/bytes/{ANSWER}")

    def test_files_that_nobody_reads(self) -> None:
        self.never_read(f"/file?size={ANSWER}")

    def test_streams_that_nobody_reads(self) -> None:
        self.never_read(f"/stream?n={ANSWER // 1024}&ms=0&size=1024")

    def test_an_answer_that_is_read_at_last_is_whole(self) -> None:
        client = self.connect()
        client.sendall(request_bytes("GET", f"/bytes/{ANSWER}", headers="Connection: close\r\n"))
        time.sleep(1.0)
        received = bytearray()
        while piece := client.recv(256 * 1024):
            received += piece
        self.assertEqual(len(received.partition(b"\r\n\r\n")[2]), ANSWER)

    def give(self, at_once: int, clients: int) -> None:
        """Each of clients sends so many bytes of BODY at once and one more each second."""
        self.warm_up("POST", request_bytes("POST", "/echo", bytes(BODY)))
        head = f"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {BODY}\r\n\r\n".encode()
        start = head + bytes(at_once)

        async def attack() -> None:
            for _ in range(clients):
                await asyncio.to_thread(self.connect().sendall, start)
            for _ in range(int(SECONDS)):
                await asyncio.sleep(1)
                for client in self.sockets:
                    client.sendall(b"x")

        self.assert_bounded(attack)
        last = self.sockets[-1]
        last.sendall(bytes(BODY - at_once - int(SECONDS)))
        self.assertEqual(last.recv(12, socket.MSG_WAITALL), b"HTTP/1.1 200", "a slow body is taken all the same")

    def test_bodies_of_one_byte_a_second(self) -> None:
        self.give(at_once=1, clients=CLIENTS)

    def test_bodies_that_stop_half_way(self) -> None:
        self.give(at_once=BODY // 2, clients=CLIENTS // 4)


if __name__ == "__main__":
    unittest.main()
