"""Open WebSockets while workers are killed, stopped, blocked and replaced: none closes, and every message is accounted
for.

QUERN_SOAK=1 runs the long form.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import time

from livesoak import Soak, masked, resident_bytes
from liveserver import LIVE
from quernserver import QUERN_BIN, TIME_SCALE, QuernServer, QuernTestCase, wait_until
from wsclient import WebSocketClient, handshake_bytes

SOAK = os.environ.get("QUERN_SOAK") == "1"
CONNECTIONS = 1000 if SOAK else 200
KILLS = 60 if SOAK else 8
RELOADS = 10 if SOAK else 3


def dropped_events(log: str) -> int:
    """Events that dying workers had begun, as the log counts them."""
    return sum(int(count) for count in re.findall(r"died with (\d+) events? of connections", log))


def text_frame(text: str) -> bytes:
    return masked(0x81, text.encode())


class LiveSoakCase(QuernTestCase):
    def soak(self, quern: QuernServer, target: str = "/echo", count: int = CONNECTIONS) -> Soak:
        # As much as a busy machine can do: 2000 messages a second.
        return Soak(quern.address, target, count, interval=count / 2000)

    def live(self, **settings) -> QuernServer:
        quern = self.serve(**{"plugins": [LIVE], "worker_num": 3, "reactor_num": 2, **settings})
        quern.wait_workers()
        return quern

    def assert_nothing_lost(self, soak: Soak) -> None:
        losses = soak.finish()
        self.assertEqual((losses.closed, losses.wrong, losses.missing, losses.repeated), ([], [], 0, 0), losses)
        self.assertGreater(losses.answered, len(soak.clients))

    def reload(self, quern: QuernServer) -> None:
        self.assert_exit(quern.command("reload", timeout=60.0), 0)


class KillsAndReloads(LiveSoakCase):
    def shake(self, quern: QuernServer, soak: Soak) -> int:
        """Kills a worker each half second, with reloads in between; how many."""
        reload: subprocess.Popen | None = None
        kills, begun = 0, 0
        while kills < KILLS:
            # Those of a generation that is about to begin are left alone: the reload would fail, and say so.
            if reload is None or reload.poll() is not None:
                if reload is not None:
                    self.assert_done(reload)
                    reload = None
                victims = quern.wait_workers()
                if begun * KILLS < kills * RELOADS:
                    begun += 1
                    reload = subprocess.Popen([QUERN_BIN, "reload", "-c", str(quern.config)], text=True,
                                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                os.kill(random.choice(victims).pid, signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
            time.sleep(0.5)
        if reload is not None:
            self.assert_done(reload)
        self.assertEqual(begun, RELOADS)
        return kills

    def assert_done(self, reload: subprocess.Popen) -> None:
        output, _ = reload.communicate(timeout=60.0)
        self.assertEqual(reload.returncode, 0, output)

    def check(self, redeliver: bool) -> None:
        quern = self.live(redeliver_messages=redeliver)
        with self.soak(quern, "/busy") as soak:
            soak.wait_progress()
            before = resident_bytes([quern.master])
            kills = self.shake(quern, soak)
            quern.wait_workers()
            losses = soak.finish()
            after = resident_bytes([quern.master])
        dropped = dropped_events(quern.log())
        print(f"{kills} kills, {RELOADS} reloads: {losses}; {dropped} dropped; master {before} → {after} bytes")
        self.assertEqual((losses.closed, losses.wrong), ([], []), losses)
        self.assertGreater(losses.answered, losses.sent / 2)
        if redeliver:
            self.assertEqual((losses.missing, dropped), (0, 0), losses)
        else:
            self.assertLessEqual(losses.missing, dropped, losses)
            self.assertEqual(losses.repeated, 0, losses)
        if TIME_SCALE == 1:  # a sanitizer keeps what has been given back, to see whether it is used
            self.assertLess(after - before, 16 * 1024 * 1024)
        wait_until(lambda: b'"liveConnections":0' in quern.get("/stats")[1], "end of all connections")

    def test_what_was_begun_is_counted_and_all_else_answered_once(self) -> None:
        self.check(redeliver=False)

    def test_with_redelivery_nothing_is_missing(self) -> None:
        self.check(redeliver=True)

    def test_all_workers_killed_at_once(self) -> None:
        quern = self.live()
        with self.soak(quern) as soak:
            for _ in range(3):
                victims = {worker.pid for worker in quern.workers()}
                for pid in victims:
                    os.kill(pid, signal.SIGKILL)
                quern.wait_workers(without=victims)
                soak.wait_progress()
            losses = soak.finish()
        self.assertEqual((losses.closed, losses.wrong, losses.repeated), ([], [], 0), losses)
        self.assertLessEqual(losses.missing, dropped_events(quern.log()), losses)


class Workers(LiveSoakCase):
    def test_their_number_changes(self) -> None:
        quern = self.live(worker_num=2)
        with self.soak(quern, "/pinned") as soak:
            for number in (4, 1, 3):
                quern.settings["worker_num"] = number
                quern.write_config()
                self.reload(quern)
                workers = {str(worker.pid).encode() for worker in quern.wait_workers()}
                soak.wait_progress(10)
                serving = {client.pids[-1] for client in soak.clients}
                self.assertEqual(serving, workers, "each worker has its share of the connections")
            self.assert_nothing_lost(soak)

    def test_a_connection_stays_with_the_worker_that_has_opened_it(self) -> None:
        quern = self.live()
        with self.soak(quern, "/pinned") as soak:
            soak.wait_progress(20)
            self.assertEqual([client.pids for client in soak.clients if len(client.pids) > 1], [])
            self.assertEqual(len({client.pids[0] for client in soak.clients}), 3)
            self.assert_nothing_lost(soak)

    def test_one_that_is_stopped_goes_on(self) -> None:
        quern = self.live()
        with self.soak(quern, "/pinned") as soak:
            soak.wait_progress()
            stopped = quern.workers()[0].pid
            os.kill(stopped, signal.SIGSTOP)
            try:
                others = [client for client in soak.clients if client.pids[-1] != str(stopped).encode()]
                goals = [client.highest + 10 for client in others]
                wait_until(lambda: all(client.highest >= goal for client, goal in zip(others, goals)),
                           "answers of the other workers")
            finally:
                os.kill(stopped, signal.SIGCONT)
            soak.wait_progress()
            self.assert_nothing_lost(soak)
        self.assertIn(stopped, [worker.pid for worker in quern.workers()])

    def test_who_goes_while_the_handshake_waits_for_its_worker_is_closed_behind_it(self) -> None:
        quern = self.live(worker_num=1, reactor_num=1)
        worker = quern.workers()[0].pid
        os.kill(worker, signal.SIGSTOP)
        try:
            client = socket.create_connection(quern.address, timeout=10 * TIME_SCALE)
            self.addCleanup(client.close)
            client.sendall(handshake_bytes("/echo", "AAAAAAAAAAAAAAAAAAAAAA=="))
            client.shutdown(socket.SHUT_WR)
            quern.command("status")  # by then the reactor has read that
        finally:
            os.kill(worker, signal.SIGCONT)
        answer = b"".join(iter(lambda: client.recv(4096), b""))
        self.assertTrue(answer.startswith(b"HTTP/1.1 101 "), answer)

    def test_one_that_stays_stopped_is_replaced(self) -> None:
        quern = self.live(max_request_execution_time=1)
        with self.soak(quern) as soak:
            soak.wait_progress()
            stopped = quern.workers()[0].pid
            os.kill(stopped, signal.SIGSTOP)
            quern.wait_workers(without={stopped})
            soak.wait_progress(10)
            losses = soak.finish()
        self.assertEqual((losses.closed, losses.wrong, losses.repeated), ([], [], 0), losses)
        self.assertLessEqual(losses.missing, dropped_events(quern.log()))
        self.assertRegex(quern.log(), r"its event loop has not turned for 1 s")

    def test_a_handler_that_blocks_is_ended_and_its_connections_go_on(self) -> None:
        quern = self.live(max_request_execution_time=1)
        with self.soak(quern) as soak, WebSocketClient(quern.address, "/slow/60000") as blocking:
            soak.wait_progress()
            blocking.text("block")
            quern.wait_log(r"handler .*/slow/:ms.* has been running for longer than 1 s, for connection \d+")
            soak.wait_progress(10)
            losses = soak.finish()
            blocking.ping(b"there")
            self.assertEqual(blocking.next_frame().payload, b"there")
        self.assertEqual((losses.closed, losses.wrong, losses.repeated), ([], [], 0), losses)
        # The events that the blocking one's worker had begun: itself, and what was not yet reported before it.
        self.assertLess(losses.missing, max(dropped_events(quern.log()), 1), losses)


class Reloads(LiveSoakCase):
    def test_lose_nothing(self) -> None:
        quern = self.live()
        with self.soak(quern) as soak:
            for _ in range(RELOADS):
                self.reload(quern)
                soak.wait_progress()
            self.assert_nothing_lost(soak)

    def test_one_that_removes_a_route_closes_its_connections(self) -> None:
        quern = self.live()
        with self.soak(quern) as busy, self.soak(quern, count=20) as quiet:
            quiet.wait_progress()
            quiet.pause()
            busy.wait_progress()
            quern.plugins = []
            quern.write_config()
            self.reload(quern)
            for soak in (busy, quiet):
                wait_until(lambda soak=soak: all(client.end for client in soak.clients), "end of all connections")
                self.assertEqual({client.end for client in soak.clients},
                                 {"close frame b'\\x03\\xe9its handler is gone'"})
        self.assertEqual(quern.get("/hello/bar")[0], 200)
        self.assertTrue(quern.running())


class Users(LiveSoakCase):
    def test_all_connections_of_one_end_in_one_worker_and_in_order(self) -> None:
        quern = self.live(dispatch_mode="by-user")
        clients = [WebSocketClient(quern.address, "/pinned") for _ in range(30)]
        for client in clients:
            self.addCleanup(client.drop)
        for round_number in range(3):
            for client in clients:
                # At one go, so that messages of before and after are under way together.
                client.send(b"".join(text_frame(f"{round_number}:{number}") for number in range(20))
                            + text_frame(f"bind user-{round_number}")
                            + b"".join(text_frame(f"{round_number}:{number}") for number in range(20, 60)))
            last = set()
            for client in clients:
                answers = [client.read_text().rpartition(" ") for _ in range(61)]
                texts = [text for text, _, _ in answers]
                wanted = [f"{round_number}:{number}" for number in range(60)]
                wanted.insert(20, f"bind user-{round_number}")
                self.assertEqual(texts, wanted)
                client.text("where")
                last.add(client.read_text())
            self.assertEqual(len(last), 1, "workers that serve one user")
