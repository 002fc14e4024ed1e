"""A server whose clients use up its descriptors: it can be asked and steered, and answers again once they go."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import socket
import unittest

from faultserver import HELLO, LONG, FaultServer, FaultTestCase
from quernserver import TIME_SCALE, wait_until
from rawhttp import RawConnection, request_bytes

# Enough for the server itself with two workers, and some hundred clients.
OPEN_FILES = 400
CLIENTS = 2000 if LONG else 500


class Descriptors(FaultTestCase):
    def setUp(self) -> None:
        self.open_files_here(CLIENTS + 500)

    def crowd(self, server: FaultServer, first: bytes = b"", count: int = CLIENTS) -> list[socket.socket]:
        """Clients that stay, each of which has sent so much; the later ones wait in the kernel's line."""
        clients = []
        for _ in range(count):
            client = socket.socket()
            self.addCleanup(client.close)
            client.settimeout(5.0 * TIME_SCALE)
            client.setblocking(False)
            client.connect_ex(server.address)
            clients.append(client)
        for client in clients:
            try:
                client.send(first)
            except OSError:
                continue
        return clients

    def serve_few(self, **settings) -> FaultServer:
        server = self.fault_serve(open_files=OPEN_FILES, http_head_timeout=60, http_body_timeout=60, backlog=CLIENTS,
                                  **settings)
        server.wait_log("max_conn is 10000, but")
        return server

    def assert_steerable(self, server: FaultServer) -> None:
        """That commands reach it, and that it can start processes."""
        self.assert_exit(server.command("status"), 0)
        victim = server.workers()[0].pid
        os.kill(victim, signal.SIGKILL)
        server.wait_workers(without={victim})
        self.assert_exit(server.command("reload"), 0)
        # Of those who send or fetch a file, some are told that there is none left for them; nobody else is.
        self.assertNotRegex(server.log(), "(?m)^(?!.*(answered 500|with a file)).*Too many open files")

    def test_connections(self) -> None:
        server = self.serve_few()
        before = server.settled_footprint()
        with RawConnection(server.address, timeout=10.0 * TIME_SCALE) as early:
            self.assertEqual(early.request("GET", "/hello/early").status, 200)
            crowd = self.crowd(server, b"GET / HTT")
            wait_until(lambda: server.status()["totals"]["refused"] > 0, "refusals")
            self.assertEqual(early.request("GET", "/hello/early").status, 200)
            self.assert_steerable(server)
            self.assertEqual(early.request("GET", "/hello/early").status, 200)
        server.wait_log("max_conn is reached, .*: more are answered 503")
        for client in crowd:
            client.close()
        self.assert_recovered(server, before)

    def test_uploads_that_need_a_file_each(self) -> None:
        server = self.serve_few(http_body_buffer_size="4K")
        before = server.settled_footprint()
        head = b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n"
        crowd = self.crowd(server, head + b"x" * 8000)
        wait_until(lambda: server.status()["totals"]["refused"] > 0, "refusals")
        self.assert_steerable(server)
        for client in crowd:
            client.close()
        self.assert_recovered(server, before)
        uploads = server.runtime / "uploads"
        self.assertEqual(list(uploads.iterdir()) if uploads.exists() else [], [])

    def test_files_that_are_sent(self) -> None:
        server = self.fault_server(open_files=OPEN_FILES, backlog=CLIENTS, handle_static=True, document_root="www",
                                   send_timeout=60)
        www = server.directory / "www"
        www.mkdir()
        (www / "large.bin").write_bytes(b"x" * 20_000_000)
        server.start()
        server.wait_workers()
        self.assert_exit(server.command("reload"), 0)  # one has the folder open once more
        before = server.settled_footprint()
        crowd = self.crowd(server, request_bytes("GET", "/large.bin"))
        wait_until(lambda: server.status()["totals"]["refused"] > 0, "refusals")
        self.assert_steerable(server)
        for client in crowd:
            client.close()
        self.assert_recovered(server, before)

    def test_none_left_at_all(self) -> None:
        """Somebody takes away those that were kept back: accepting rests, and goes on by itself."""
        server = self.fault_serve()
        before = server.settled_footprint()
        limit = self.limit_now(server)
        with RawConnection(server.address, timeout=10.0 * TIME_SCALE) as early:
            self.assertEqual(early.request("GET", "/hello/early").status, 200)
            used = {int(name) for name in os.listdir(f"/proc/{server.master}/fd")}
            self.limit_now(server, (next(number for number in itertools.count() if number not in used), limit[1]))
            with RawConnection(server.address, timeout=20.0 * TIME_SCALE) as late:
                late.send(request_bytes("GET", "/hello/late"))
                server.wait_log("cannot accept connections for the moment: Too many open files")
                self.assertEqual(early.request("GET", "/hello/early").status, 200)
                self.limit_now(server, limit)
                self.assertEqual(late.response().status, 200)
        self.load(server, lambda: None, [HELLO])
        self.assert_recovered(server, before)
        # It is tried ten times a second, and told less often.
        self.assertLess(server.log().count("cannot accept connections"), 30)

    def limit_now(self, server: FaultServer, limit: tuple[int, int] | None = None) -> tuple[int, int]:
        if limit:
            return resource.prlimit(server.master, resource.RLIMIT_NOFILE, limit)
        return resource.prlimit(server.master, resource.RLIMIT_NOFILE)


if __name__ == "__main__":
    unittest.main()
