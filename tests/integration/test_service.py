"""What a service manager is told, and when its watchdog is fed: sd_notify(3)."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import time
import unittest
from pathlib import Path

import proctree
from quernserver import FIXTURES, TIME_SCALE, QuernServer, QuernTestCase, wait_until

VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Manager:
    """The manager's end: what has come, each message as its fields."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.messages: list[dict[str, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def close(self) -> None:
        self._socket.close()

    def read(self) -> list[dict[str, str]]:
        while True:
            try:
                text = self._socket.recv(4096).decode()
            except BlockingIOError:
                return self.messages
            self.messages.append(dict(line.split("=", 1) for line in text.splitlines()))

    def states(self) -> list[str]:
        """READY, RELOADING and STOPPING, in the order in which they came."""
        return [name for message in self.read() for name in ("READY", "RELOADING", "STOPPING") if message.get(name) == "1"]

    def wait_states(self, *expected: str, seconds: float = 10.0) -> None:
        wait_until(lambda: self.states() == list(expected), f"{expected}, not {self.states()}", seconds)

    def fed(self) -> int:
        return sum(message.get("WATCHDOG") == "1" for message in self.read())

    def last(self, name: str) -> dict[str, str]:
        return next(message for message in reversed(self.read()) if name in message)


class Service(QuernTestCase):
    def managed(self, *, watchdog: float = 0.0, address: str = "", **settings) -> tuple[QuernServer, Manager]:
        quern = self.server(**settings)
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="quern-notify-"))
        manager = Manager(address or f"{folder}/socket")
        self.addCleanup(manager.close)
        quern.environment = {"NOTIFY_SOCKET": manager.address}
        if watchdog:
            quern.environment["WATCHDOG_USEC"] = str(int(watchdog * 1_000_000))
        return quern, manager

    def test_start_reload_and_stop(self) -> None:
        quern, manager = self.managed(worker_start_timeout=7)
        quern.start()
        manager.wait_states("READY")
        self.assertEqual(manager.messages[0]["EXTEND_TIMEOUT_USEC"], "37000000")
        self.assertEqual(manager.last("READY")["MAINPID"], str(quern.master))
        self.assertRegex(manager.last("READY")["STATUS"], "workers")

        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assert_exit(quern.command("reload"), 0)
        manager.wait_states("READY", "RELOADING", "READY")
        began = int(manager.last("MONOTONIC_USEC")["MONOTONIC_USEC"])
        self.assertTrue(before <= began <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)

        quern.stop()
        self.assertEqual(manager.states(), ["READY", "RELOADING", "READY", "STOPPING"])
        self.assertGreater(int(manager.last("STOPPING")["EXTEND_TIMEOUT_USEC"]), 3_000_000)

    def test_a_reload_that_fails_ends_as_well(self) -> None:
        quern, manager = self.managed()
        quern.start()
        quern.plugins = [FIXTURES / "libthrowing.so"]
        quern.write_config()
        self.assert_exit(quern.command("reload"), 1, "the database is locked")
        manager.wait_states("READY", "RELOADING", "READY")

    def test_a_mistake_in_the_settings_begins_no_reload(self) -> None:
        quern, manager = self.managed()
        quern.start()
        quern.settings["worker_num"] = 0
        quern.write_config()
        self.assert_exit(quern.command("reload"), 1)
        self.assertEqual(manager.states(), ["READY"])

    def test_a_restart_is_no_stop(self) -> None:
        quern, manager = self.managed(watchdog=0.4)
        quern.start()
        master = quern.master
        self.assert_exit(quern.command("restart"), 0)
        # The manager follows it to the process that takes over, and hears nothing from the one that leaves.
        self.assertEqual(quern.adopt_successor(), master)
        wait_until(lambda: not proctree.alive(master), "the end of the one before")
        self.assertEqual(manager.states(), ["READY", "READY"])
        self.assertEqual(manager.last("READY")["MAINPID"], str(quern.master))
        fed = manager.fed()
        wait_until(lambda: manager.fed() > fed, "food for the watchdog, from the one that has taken over")

    def test_a_restart_that_fails_is_no_news(self) -> None:
        quern, manager = self.managed()
        quern.start()
        quern.plugins = [FIXTURES / "libthrowing.so"]
        quern.write_config()
        self.assert_exit(quern.command("restart"), 1, "the database is locked")
        self.assertEqual(manager.states(), ["READY"])
        self.assertFalse([each for each in manager.messages if "cannot start" in each.get("STATUS", "")])

    def test_a_failing_start_tells_why(self) -> None:
        quern, manager = self.managed()
        quern.plugins = [FIXTURES / "libthrowing.so"]
        quern.write_config()
        self.assertEqual(quern.launch().wait(timeout=20 * TIME_SCALE), 1)
        self.assertEqual(manager.states(), [])
        self.assertRegex(manager.last("STATUS")["STATUS"], "cannot start: .*the database is locked")
        quern.settings["worker_num"] = 0
        quern.write_config()
        self.assertEqual(quern.launch().wait(timeout=20 * TIME_SCALE), 1)
        self.assertRegex(manager.last("STATUS")["STATUS"], "cannot start: .*server.worker_num")

    def test_a_daemon_names_itself_before_its_command_ends(self) -> None:
        quern, manager = self.managed()
        result = quern.command("start", "-d")
        self.assert_exit(result, 0)
        self.assertEqual(manager.states(), ["READY"])
        self.assertEqual(manager.last("READY")["MAINPID"], str(quern.adopt_daemon()))
        quern.stop()

    def test_an_abstract_address(self) -> None:
        quern, manager = self.managed(address=f"@quern-test-{os.getpid()}-{time.monotonic_ns()}")
        quern.start()
        manager.wait_states("READY")

    def test_nothing_of_it_reaches_the_children(self) -> None:
        quern, _ = self.managed(watchdog=60.0, plugins=[FIXTURES / "libenvironment.so"])
        quern.environment["OTHER"] = "here"
        quern.start()
        self.assertEqual(quern.get("/environment/OTHER"), (200, b"here"))
        for name in VARIABLES:
            self.assertEqual(quern.get(f"/environment/{name}"), (200, b""), name)

    def test_a_manager_that_has_gone_harms_nothing(self) -> None:
        quern, manager = self.managed(watchdog=0.2)
        manager.close()
        quern.start()
        quern.wait_log("service manager cannot be told how the server is: .*Connection refused")
        self.assert_exit(quern.command("reload"), 0)
        quern.stop()
        self.assertEqual(quern.log().count("cannot be told"), 1)

    def test_the_watchdog_is_fed_while_the_master_runs(self) -> None:
        quern, manager = self.managed(watchdog=0.4)
        quern.start()
        fed = manager.fed()
        wait_until(lambda: manager.fed() >= fed + 4, "food for the watchdog")
        os.kill(quern.master, signal.SIGSTOP)
        try:
            wait_until(lambda: Path(f"/proc/{quern.master}/stat").read_text().split(") ")[1][0] == "T", "a stopped master")
            fed = manager.fed()
            deadline = time.monotonic() + 1.2
            while time.monotonic() < deadline:
                self.assertEqual(manager.fed(), fed)
                time.sleep(0.05)
        finally:
            os.kill(quern.master, signal.SIGCONT)
        wait_until(lambda: manager.fed() > fed, "food for the watchdog")
        self.assertEqual(quern.get("/hello/again")[0], 200)

    def test_a_watchdog_that_is_meant_for_another_process_is_not_fed(self) -> None:
        quern, manager = self.managed(watchdog=0.1)
        quern.environment["WATCHDOG_PID"] = "1"
        quern.start()
        self.assert_exit(quern.command("reload"), 0)
        manager.wait_states("READY", "RELOADING", "READY")
        self.assertEqual(manager.fed(), 0)


if __name__ == "__main__":
    unittest.main()
