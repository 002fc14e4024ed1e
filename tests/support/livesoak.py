"""Many WebSocket clients at a time that account for every message: each is numbered, and comes back once and in order."""

from __future__ import annotations

import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from quernserver import TIME_SCALE, wait_until
from wsclient import handshake_bytes

_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A
# A message that has had no answer for so long has none to come: the next one is sent in its place.
_PATIENCE = 1.0 * TIME_SCALE


def masked(first: int, payload: bytes) -> bytes:
    """A frame of a client, with a mask of zeros."""
    size = len(payload)
    head = bytes([first, 0x80 | size]) if size < 126 else struct.pack("!BBH", first, 0x80 | 126, size)
    return head + bytes(4) + payload


@dataclass
class Losses:
    """What all clients have seen."""

    sent: int = 0
    answered: int = 0
    missing: int = 0
    repeated: int = 0
    closed: list[str] = field(default_factory=list)  # connections that did not stay open, and how they ended
    wrong: list[str] = field(default_factory=list)   # answers to nothing that was asked


class _Client:
    def __init__(self, number: int, address: tuple[str, int], target: str) -> None:
        self.number = number
        self.sent = 0      # number of the last message
        self.highest = 0   # the highest number that has come back
        self.answers: dict[int, int] = {}
        self.moved = time.monotonic()  # when the last answer came, or was given up
        self.end: str | None = None
        self.buffer = b""
        self.pids: list[bytes] = []
        self.socket = socket.create_connection(address, timeout=10.0 * TIME_SCALE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(handshake_bytes(target))

    def open(self) -> None:
        while b"\r\n\r\n" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise AssertionError(f"closed within the handshake: {self.buffer!r}")
            self.buffer += data
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise AssertionError(f"no WebSocket: {head!r}")
        self.socket.setblocking(False)

    def send(self) -> None:
        self.sent += 1
        self._write(masked(_TEXT, b"%d:%d" % (self.number, self.sent)))

    def _write(self, frame: bytes) -> None:
        try:
            self.socket.sendall(frame)  # a few bytes: they fit, or nobody reads them
        except OSError as error:
            self.finish(f"cannot be sent to: {error}")

    def finish(self, how: str) -> None:
        self.end = self.end or how

    def read(self, losses: Losses) -> None:
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.finish(str(error))
            return
        if not data:
            self.finish("closed without a close frame")
            return
        self.buffer += data
        place = 0
        while len(self.buffer) - place >= 2:
            first, size = self.buffer[place], self.buffer[place + 1]
            assert size < 126, f"a frame that is longer than any that was sent, or masked: {size}"
            if len(self.buffer) - place < 2 + size:
                break
            self._frame(first, self.buffer[place + 2:place + 2 + size], losses)
            place += 2 + size
        self.buffer = self.buffer[place:]

    def _frame(self, first: int, payload: bytes, losses: Losses) -> None:
        if first == _PING:
            self._write(masked(_PONG, payload))
        elif first == _CLOSE:
            self.finish(f"close frame {payload!r}")
        elif first == _TEXT:
            self._answer(payload, losses)
        else:
            losses.wrong.append(f"frame {first:#x} of connection {self.number}")

    def _answer(self, payload: bytes, losses: Losses) -> None:
        text, _, pid = payload.partition(b" ")
        number, _, message = text.partition(b":")
        if int(number) != self.number or not 0 < int(message) <= self.sent:
            losses.wrong.append(f"{payload!r} on connection {self.number}, which has sent {self.sent}")
            return
        message = int(message)
        # One that is repeated may come late; one that comes for the first time may not.
        if message < self.highest and message not in self.answers:
            losses.wrong.append(f"message {message} behind {self.highest} on connection {self.number}")
        self.answers[message] = self.answers.get(message, 0) + 1
        self.highest = max(self.highest, message)
        self.moved = time.monotonic()
        if pid and (not self.pids or self.pids[-1] != pid):
            self.pids.append(pid)


class Soak:
    """count connections to target, which sends back what comes, perhaps with a blank and something else behind it.

    Each keeps `window` messages under way, of which it sends one in `interval` seconds at most, in a thread of its own
    from start() on; finish() ends that and tells what became of them.
    """

    def __init__(self, address: tuple[str, int], target: str, count: int, *, window: int = 4,
                 interval: float = 0.02) -> None:
        self.losses = Losses()
        self._window = window
        self._interval = interval * TIME_SCALE
        self.clients: list[_Client] = []
        # In groups: the listener's backlog is bounded.
        for first in range(0, count, 100):
            group = [_Client(number, address, target) for number in range(first, min(first + 100, count))]
            for client in group:
                client.open()
            self.clients += group
        self._sending = True
        self._reading = True
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._guarded, daemon=True)

    def start(self) -> Soak:
        self._thread.start()
        return self

    def __enter__(self) -> Soak:
        return self.start()

    def __exit__(self, *_) -> None:
        self._stop()
        for client in self.clients:
            client.socket.close()

    def _stop(self) -> None:
        self._sending = self._reading = False
        if self._thread.is_alive():
            self._thread.join()

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self._failure = error

    def _run(self) -> None:
        selector = selectors.DefaultSelector()
        for client in self.clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        due = time.monotonic()
        while self._reading:
            for key, _ in selector.select(max(0.0, due - time.monotonic())):
                key.data.read(self.losses)
                if key.data.end:
                    selector.unregister(key.fileobj)
            if time.monotonic() < due:
                continue
            due = time.monotonic() + self._interval
            for client in self.clients:
                is_quiet = time.monotonic() - client.moved > _PATIENCE
                if self._sending and not client.end and (client.sent - client.highest < self._window or is_quiet):
                    client.send()
                    if is_quiet:
                        client.moved = time.monotonic()

    def pause(self) -> None:
        """Sends nothing more."""
        self._sending = False

    def wait_progress(self, messages: int = 1, what: str = "progress of every connection") -> None:
        """Waits until every connection that is open has had the answer to so many messages more."""
        goals = [(client, client.highest + messages) for client in self.clients]
        wait_until(lambda: self._failure or all(client.highest >= goal or client.end for client, goal in goals), what,
                   30.0)

    def finish(self) -> Losses:
        """To be called when all is calm: sends nothing more, waits until all is answered that will be, and sums up."""
        self.wait_progress(self._window + 1)  # what has been sent into the trouble is settled then
        self.pause()
        time.sleep(2 * self._interval)  # a round of sending that is under way
        goals = [(client, client.sent) for client in self.clients]
        wait_until(lambda: self._failure or all(client.highest >= goal or client.end for client, goal in goals),
                   "answer to the last message of each connection", 30.0)
        self._stop()
        if self._failure:
            raise self._failure
        for client in self.clients:
            self.losses.sent += client.sent
            self.losses.answered += len(client.answers)
            self.losses.missing += client.sent - len(client.answers)
            self.losses.repeated += sum(client.answers.values()) - len(client.answers)
            if client.end:
                self.losses.closed.append(f"connection {client.number}: {client.end}")
        return self.losses


def resident_bytes(pids: Iterable[int]) -> int:
    """Memory of the processes."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            total += int(file.read().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE")
