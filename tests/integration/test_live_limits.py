"""What live connections may take: memory for clients that do not read, time for those that say nothing, and no more of
a worker than others need."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
import zlib

from livesoak import masked, resident_bytes
from liveserver import LiveTestCase
from ports import reserve_port
from quernserver import TIME_SCALE, QuernServer, wait_until
from rawhttp import Closed
from wsclient import handshake_bytes
from wsframes import PING, TEXT

KIB, MIB = 1024, 1024 * 1024
BINARY = 0x82
SLOW = r"reads too slowly"


class LimitsCase(LiveTestCase):
    def setUp(self) -> None:
        self.quern = None

    def start(self, sockets: str = "", **settings) -> QuernServer:
        """sockets: [[socket]] entries."""
        self.quern = self.live(**settings)
        with self.quern.config.open("a", encoding="utf-8") as file:
            file.write(sockets)
        return self.quern.start()

    def memory(self) -> int:
        return resident_bytes([self.quern.master])

    def assert_little_more(self, grown: int, limit: int) -> None:
        """That memory has grown by less than that; a sanitizer keeps what has been given back, to see if it is used."""
        if TIME_SCALE == 1:
            self.assertLess(grown, limit, "memory")

    def connect_silent(self, target: str = "/noted") -> socket.socket:
        """A WebSocket of a client that never reads, not even the answer to its handshake."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
        client.settimeout(10.0 * TIME_SCALE)
        client.connect(self.quern.address)
        client.sendall(handshake_bytes(target))
        self.addCleanup(client.close)
        return client

    def live_connections(self) -> int:
        return self.get_json("/stats")["liveConnections"]

    def wait_live(self, count: int, seconds: float = 20.0) -> None:
        wait_until(lambda: self.live_connections() == count, f"{count} live connections", seconds)


class SlowReaders(LimitsCase):
    """Clients that do not read, while there are broadcasts for all."""

    SILENT = 500
    READERS = 5
    MESSAGE = b"m" * 32 * KIB

    def broadcast(self, times: int, until) -> int:
        """Broadcasts to readers and others until that is so, times at most, and has all readers read each."""
        readers = [self.open("/echo") for _ in range(self.READERS)]
        for number in range(times):
            if until():
                return number
            body = b"%06d" % number + self.MESSAGE
            self.assertEqual(self.post("/broadcast", body)[0], 200)
            for reader in readers:
                self.assertEqual(reader.message().payload, body)
        return times

    def check(self, reason: str, bound: int, rounds: int, **settings) -> None:
        """bound: of the output that waits, in bytes."""
        self.start(package_max_length=64 * KIB, buffer_high_watermark=64 * KIB, buffer_low_watermark=32 * KIB,
                   **settings)
        silent = [self.connect_silent() for _ in range(self.SILENT)]
        self.wait_live(len(silent))
        before = self.memory()
        grown = 0

        def all_closed() -> bool:
            nonlocal grown
            grown = max(grown, self.memory() - before)
            return self.live_connections() == self.READERS

        self.broadcast(rounds, all_closed)
        self.wait_live(self.READERS)
        # Of the blocks that stand between others some room is lost for a while.
        self.assert_little_more(grown, 2 * bound + 8 * MIB)
        self.assertRegex(self.quern.log(), r'the connection of 127\.0\.0\.1:\d+ to port "main" is closed: it '
                                           f"{SLOW}: {reason}")
        end = self.get_json("/closed/last")
        self.assertEqual((end["code"], end["by"]), (1008, "server"))
        self.assertRegex(end["reason"], reason)
        for client in silent[::50]:
            with self.assertRaises(ConnectionResetError):
                while client.recv(MIB):
                    pass
        self.assertTrue(self.quern.running())

    def test_each_has_its_bound(self) -> None:
        self.check(r"\d+ bytes waited, more than socket_buffer_size", self.SILENT * 128 * KIB, 60,
                   socket_buffer_size=128 * KIB, output_buffer_total="512M")

    def test_all_together_have_one_and_those_who_read_are_spared(self) -> None:
        self.check("the memory for waiting output, output_buffer_total, is used up", 16 * MIB, 2000,
                   socket_buffer_size="64M", output_buffer_total="16M", send_timeout=600)

    def test_one_who_reads_nothing_is_closed_by_send_timeout(self) -> None:
        self.start(send_timeout=1)
        silent = self.connect_silent()
        self.wait_live(1)
        for _ in range(8):
            self.post("/broadcast", b"m" * MIB)
        self.wait_live(0)
        self.assertEqual(self.get_json("/closed/last")["reason"],
                         "it has read nothing for as long as send_timeout says")
        self.assertIsNotNone(silent)


class Backpressure(LimitsCase):
    SETTINGS = {"buffer_high_watermark": 256 * KIB, "buffer_low_watermark": 64 * KIB}

    def test_the_handler_hears_that_the_buffer_is_full_and_empty(self) -> None:
        self.start(**self.SETTINGS)
        with self.open("/flood") as client:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB)  # which stays so
            for _ in range(2):
                client.text("100 40000")
                wait_until(lambda: self.get_json("/buffers")["full"] > self.get_json("/buffers")["empty"], "full")
                for _ in range(100):
                    self.assertEqual(len(client.message().payload), 40000)
                wait_until(lambda: self.get_json("/buffers")["full"] == self.get_json("/buffers")["empty"], "empty")

    def test_a_client_that_sends_and_does_not_read_is_not_read(self) -> None:
        self.start(**self.SETTINGS)
        before = self.memory()
        client = self.open("/echo")
        payload = os.urandom(16 * KIB)
        client.socket.settimeout(1.5 * TIME_SCALE)
        sent, frames = 0, masked(BINARY, payload)
        rest = b""
        try:
            while sent < 4000:
                rest = frames
                while rest:
                    rest = rest[client.socket.send(rest):]
                sent += 1
        except TimeoutError:
            pass
        self.assertLess(sent, 2000, "32 MiB have been taken from a client that reads nothing")
        self.assert_little_more(self.memory() - before, 8 * MIB)
        # It loses nothing by it: what it has sent comes back once it reads.
        client.socket.settimeout(10.0 * TIME_SCALE)
        answered = 0
        for _ in range(sent):
            self.assertEqual(client.message().payload, payload)
            answered += 1
        client.send(rest)
        self.assertEqual(client.message().payload, payload)

    def test_pings_of_one_who_does_not_read(self) -> None:
        self.start(**self.SETTINGS)
        before = self.memory()
        client = self.open("/echo")
        client.socket.settimeout(1.0 * TIME_SCALE)
        with self.assertRaises((TimeoutError, ConnectionError)):
            for _ in range(20_000):
                client.send(masked(0x80 | PING, b"p" * 125) * 100)
        self.assert_little_more(self.memory() - before, 8 * MIB)


class Heartbeat(LimitsCase):
    def test_who_says_nothing_is_closed_and_nobody_else(self) -> None:
        port = reserve_port()
        self.start(f'[[socket]]\nname = "lines"\nhandler = "lines"\nlisten = "127.0.0.1:{port}"\n',
                   heartbeat_idle_time=1, heartbeat_check_interval=0.1, websocket_ping_interval=0)
        idle = self.open("/noted")
        number = idle.read_text()
        busy = self.open("/echo")
        idle_stream = socket.create_connection(("127.0.0.1", port), timeout=10.0 * TIME_SCALE)
        busy_stream = socket.create_connection(("127.0.0.1", port), timeout=10.0 * TIME_SCALE)
        self.addCleanup(idle_stream.close)
        self.addCleanup(busy_stream.close)
        began = time.monotonic()
        closed = False
        while not closed or time.monotonic() - began < 2.5 * TIME_SCALE:
            busy.text("x")
            self.assertEqual(busy.read_text(), "x")
            busy_stream.sendall(b"x")
            self.assertEqual(busy_stream.recv(10), b"x")
            closed = closed or self.quern.get(f"/closed/{number}")[0] == 200
            self.assertLess(time.monotonic() - began, 10.0 * TIME_SCALE)
            time.sleep(0.1)  # the silence between two messages, shorter than what is allowed
        self.assertEqual(idle.close_frame(), (1001, b"idle for longer than heartbeat_idle_time"))
        self.assertEqual(idle_stream.recv(10), b"")
        self.assertEqual(self.wait_closed(number),
                         {"code": 1001, "reason": "idle for longer than heartbeat_idle_time", "by": "server"})

    def test_who_is_silent_is_pinged_and_has_to_answer(self) -> None:
        self.start(websocket_ping_interval=1, websocket_pong_timeout=1, heartbeat_check_interval=0.1)
        mute = self.open("/noted")
        number = mute.read_text()
        polite, busy = self.open("/echo"), self.open("/echo")
        began = time.monotonic()
        pings = 0
        polite.socket.settimeout(0.1)
        while self.quern.get(f"/closed/{number}")[0] != 200 or pings < 2:
            busy.text("x")
            self.assertEqual(busy.next_frame().opcode, TEXT, "one who is busy is not pinged")
            try:
                polite._timeout = 0.1
                found = polite.next_frame()
                self.assertEqual(found.opcode, PING)
                polite.send_frame(0xA, found.payload)
                pings += 1
            except TimeoutError:
                pass
            self.assertLess(time.monotonic() - began, 15.0 * TIME_SCALE)
        self.assertEqual(self.wait_closed(number), {"code": 1006, "reason": "no pong within 1 s", "by": "server"})
        self.assertEqual(mute.next_frame().opcode, PING)
        with self.assertRaises(Closed):
            mute.next_frame()

    def test_a_port_has_its_own(self) -> None:
        strict, patient = reserve_port(), reserve_port()
        self.start("".join(
            f'[[socket]]\nname = "{name}"\nhandler = "raw"\nlisten = "127.0.0.1:{port}"\nheartbeat_idle_time = {idle}\n'
            for name, port, idle in (("strict", strict, 1), ("patient", patient, 0))),
            heartbeat_idle_time=60, heartbeat_check_interval=0.1)
        first = socket.create_connection(("127.0.0.1", strict), timeout=10.0 * TIME_SCALE)
        second = socket.create_connection(("127.0.0.1", patient), timeout=10.0 * TIME_SCALE)
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        self.assertTrue(first.recv(100) and second.recv(100))
        self.assertEqual(first.recv(100), b"")
        second.sendall(b"four")
        self.assertEqual(second.recv(100), b"4\n")

    def test_one_that_is_not_read_from_is_not_called_silent(self) -> None:
        self.start(worker_num=1, websocket_ping_interval=1, websocket_pong_timeout=1, heartbeat_check_interval=0.1)
        client = self.open("/slow/400")
        part = bytes(100 * KIB)
        for _ in range(10):  # more than may be under way: its pongs would lie in the kernel unread
            client.binary(part)
        for _ in range(10):
            self.assertEqual(len(client.message().payload), len(part))

    def test_a_reload_switches_it_off_and_on_for_those_who_are_there(self) -> None:
        port = reserve_port()
        self.start(f'[[socket]]\nhandler = "raw"\nlisten = "127.0.0.1:{port}"\n',
                   heartbeat_idle_time=600, heartbeat_check_interval=0.1, websocket_ping_interval=0)
        idle = self.open("/noted")
        number = idle.read_text()
        stream = socket.create_connection(("127.0.0.1", port), timeout=10.0 * TIME_SCALE)
        self.addCleanup(stream.close)
        self.assertTrue(stream.recv(100))
        self.reload_with("heartbeat_idle_time", "600", "0")
        began = time.monotonic()
        while time.monotonic() - began < 1.0:  # several looks at who is idle
            self.assertEqual(self.quern.get(f"/closed/{number}")[0], 404)
            time.sleep(0.1)
        stream.sendall(b"four")
        self.assertEqual(stream.recv(100), b"4\n")
        self.reload_with("heartbeat_idle_time", "0", "1")
        self.assertEqual(self.wait_closed(number)["reason"], "idle for longer than heartbeat_idle_time")
        self.assertEqual(stream.recv(100), b"")

    def reload_with(self, key: str, before: str, after: str) -> None:
        text = self.quern.config.read_text(encoding="utf-8")
        self.assertIn(f"{key} = {before}\n", text)
        self.quern.config.write_text(text.replace(f"{key} = {before}\n", f"{key} = {after}\n"), encoding="utf-8")
        self.assert_exit(self.quern.command("reload"), 0)


class Stopping(LimitsCase):
    def test_waits_for_no_event_that_has_been_handled(self) -> None:
        self.start(max_wait_time=20)
        clients = [self.open("/noted") for _ in range(50)]
        for client in clients:
            client.read_text()
        began = time.monotonic()
        stopping = threading.Thread(target=self.quern.stop)
        stopping.start()
        for client in clients:
            self.assertEqual(client.close_frame(), (1001, b"the server is stopping"))
            client.close(1001)
        stopping.join()
        self.assertLess(time.monotonic() - began, 10.0 * TIME_SCALE, "half of what it may wait")
        self.assertNotIn("not everything had finished", self.quern.log())


class Sizes(LimitsCase):
    def test_a_message_that_is_too_large_costs_no_memory(self) -> None:
        self.start(package_max_length=MIB)
        before = self.memory()
        for announced in (MIB + 1, 1 << 40, (1 << 63) - 1):
            with self.open("/echo") as client:
                client.send(b"\x82\xff" + announced.to_bytes(8, "big") + bytes(4) + bytes(1000))
                self.assertEqual(client.close_frame()[0], 1009)
        with self.open("/echo") as client:
            for _ in range(15):  # fragments that are too much together
                client.send(masked(0x02 if _ == 0 else 0x00, bytes(60_000)))
            client.send(masked(0x00, bytes(60_000)) * 3)
            self.assertEqual(client.close_frame()[0], 1009)
        self.assert_little_more(self.memory() - before, 8 * MIB)

    def test_bombs_stay_packed(self) -> None:
        self.start(package_max_length=MIB)
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        bomb = deflate.compress(bytes(256 * MIB)) + deflate.flush(zlib.Z_SYNC_FLUSH)
        bomb = bomb[:-4]
        before = self.memory()
        clients = [self.open("/echo", extensions="permessage-deflate") for _ in range(20)]
        for client in clients:
            head = b"\xc2\xff" + len(bomb).to_bytes(8, "big") + bytes(4)
            try:
                client.send(head + bomb)
            except ConnectionError:
                pass  # it has been closed before it had sent all
        for client in clients:
            try:
                self.assertEqual(client.close_frame()[0], 1009)
            except Closed:
                pass
        self.assert_little_more(self.memory() - before, 16 * MIB)
        with self.open("/echo") as client:
            client.text("well")
            self.assertEqual(client.read_text(), "well")

    def test_live_connections_count_for_max_conn(self) -> None:
        self.start(max_conn=10)
        clients = []
        while len(clients) < 12:
            client = self.connect("/noted")
            if not client.is_open:
                self.assertEqual(client.response.status, 503)
                break
            clients.append(client)
        self.assertEqual(len(clients), 10)
        clients[0].read_text()
        clients[0].close()
        clients[0].close_frame()
        clients[0].drop()

        def one_more() -> bool:
            client = self.connect("/echo")
            return client.is_open

        wait_until(one_more, "room for another one")


class Fairness(LimitsCase):
    def test_a_flood_of_tiny_messages_does_not_starve_others(self) -> None:
        self.start()
        flood = self.open("/echo")
        stop = threading.Event()

        def send() -> None:
            frames = masked(0x80 | TEXT, b"x") * 2000
            while not stop.is_set():
                try:
                    flood.send(frames)
                except OSError:
                    return

        def read() -> None:
            while not stop.is_set():
                try:
                    if not flood.socket.recv(MIB):
                        return
                except OSError:
                    return

        threads = [threading.Thread(target=task, daemon=True) for task in (send, read)]
        for thread in threads:
            thread.start()
        try:
            worst = 0.0
            with self.open("/echo") as client:
                for number in range(50):
                    began = time.monotonic()
                    client.text(str(number))
                    self.assertEqual(client.read_text(), str(number))
                    worst = max(worst, time.monotonic() - began)
            self.assertLess(worst, 1.0 * TIME_SCALE)
        finally:
            stop.set()
            flood.socket.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(10.0)

    def test_while_there_is_no_worker_reading_pauses_and_nothing_is_lost(self) -> None:
        self.start()
        self.quern.wait_workers()
        clients = [self.open("/echo") for _ in range(10)]
        before = self.memory()
        payload = bytes(20_000)
        stopped = self.quern.workers()[0].pid
        # One that is stopped takes nothing and begins nothing: as if there was none.
        os.kill(stopped, signal.SIGSTOP)
        sent = {}
        for client in clients:
            client.socket.settimeout(0.3)
            count, rest = 0, b""
            try:
                while count < 1000:
                    rest = masked(BINARY, b"%08d" % count + payload)
                    while rest:
                        rest = rest[client.socket.send(rest):]
                    count += 1
            except TimeoutError:
                pass
            sent[client] = (count, rest)
            self.assertLess(count, 1000, "20 MB have been taken for nobody")
        self.assert_little_more(self.memory() - before, 32 * MIB)
        os.kill(stopped, signal.SIGKILL)
        for client, (count, rest) in sent.items():
            client.socket.settimeout(10.0 * TIME_SCALE)
            first = int(client.message().payload[:8])
            for number in range(first + 1, count):
                self.assertEqual(client.message().payload[:8], b"%08d" % number)
            client.send(rest)
            self.assertEqual(client.message().payload[:8], b"%08d" % count)
            # What the stopped one had begun and nothing else is missing.
            self.assertLessEqual(first, self.dropped())

    def dropped(self) -> int:
        return sum(int(count) for count in re.findall(r"died with (\d+) events? of connections", self.quern.log()))
