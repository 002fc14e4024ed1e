"""The numbers of connections: none is ever used for another, and what is sent to one that has gone says so."""

from __future__ import annotations

import os
import signal

from liveserver import LiveTestCase
from quernserver import wait_until


class Ids(LiveTestCase):
    SETTINGS = {"reactor_num": 2}

    def number(self) -> tuple[str, object]:
        """Opens a connection; its number, and its client."""
        client = self.open("/noted")
        return client.read_text(), client

    def assert_gone(self, number: str) -> None:
        """That every way to the connection says that it has gone."""
        wait_until(lambda: not self.get_json(f"/established/{number}")["established"], f"end of connection {number}")
        for target in (f"/push/{number}", f"/send/{number}", f"/kick/{number}"):
            status, answer = self.post(target, b"hello")
            self.assertEqual(status, 404, (target, answer))
            self.assertRegex(answer["error"], "connection [0-9]+ is not there any more")

    def test_each_is_used_once(self) -> None:
        seen = []
        for _ in range(100):
            number, client = self.number()
            client.close()
            self.assertEqual(client.close_frame(), (1000, b""))
            client.drop()
            self.wait_closed(number)
            seen.append(number)
        self.assertEqual(len(set(seen)), 100)
        for number in seen[::10]:
            self.assert_gone(number)

    def test_a_push_reaches_nobody_who_came_later(self) -> None:
        old, client = self.number()
        client.drop()
        self.wait_closed(old)
        # Enough of them for one to have its place.
        others = [self.number() for _ in range(10)]
        self.assert_gone(old)
        for number, other in others:
            self.assertEqual(self.post(f"/push/{number}", b"yours")[0], 200)
            self.assertEqual(other.read_text(), "yours")

    def test_numbers_that_nobody_has_given_out(self) -> None:
        number, _ = self.number()
        for wrong in (str(int(number) + 1), str(int(number) ^ 1 << 36), str(int(number) ^ 1 << 43), "0", "x",
                      str(2 ** 63 - 1), str(2 ** 64)):
            self.assertEqual(self.post(f"/push/{wrong}", b"hello")[0], 404, wrong)

    def test_another_server_gives_others(self) -> None:
        seen = set()
        epochs = []
        for end in ("stop", "kill", "stop"):
            numbers = {self.number()[0] for _ in range(5)}
            self.assertFalse(numbers & seen)
            for number in seen:
                self.assert_gone(number)
            seen |= numbers
            epochs.append(int((self.quern.runtime / "epoch").read_text()))
            if end == "stop":
                self.quern.stop()
            else:
                os.kill(self.quern.master, signal.SIGKILL)
                wait_until(lambda: not self.quern.running() and not self.quern.leftovers(), "end of all processes")
            self.quern.start()
        self.assertEqual(len(seen), 15)
        self.assertEqual(epochs, sorted(set(epochs)), "each start has an epoch of its own")
