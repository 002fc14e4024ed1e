"""Settings that change while the server runs: what a reload takes over, and what a restart asks before it stops."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest
from pathlib import Path

from quernserver import FIXTURES, QUERN_BIN, TIME_SCALE, QuernServer, QuernTestCase, wait_until


class ReloadedSettings(QuernTestCase):
    def reload(self, quern: QuernServer, *texts: str, status: int = 0) -> None:
        quern.write_config()
        self.assert_exit(quern.command("reload"), status, *texts)

    def header(self, quern: QuernServer, name: str) -> str:
        result = subprocess.run(["curl", "-si", f"http://127.0.0.1:{quern.port}/hello/x"], capture_output=True,
                                text=True, timeout=10 * TIME_SCALE, check=True)
        found = re.search(rf"(?im)^{name}: (.*?)\r?$", result.stdout)
        return found[1] if found else ""

    def test_what_workers_and_reactors_use_changes(self) -> None:
        quern = self.serve(server="First", worker_num=1)
        quern.settings.update(server="Second", worker_num=3, package_max_length="1K")
        self.reload(quern)
        self.assertEqual(self.header(quern, "Server"), "Second")
        self.assertEqual(len(quern.wait_workers()), 3)
        result = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-d", "x" * 2000,
                                 f"http://127.0.0.1:{quern.port}/echo"], capture_output=True, text=True, check=True)
        self.assertEqual(result.stdout, "413")
        quern.settings.update(worker_num=1)
        self.reload(quern)
        self.assertEqual(len(quern.wait_workers()), 1)
        quern.stop()

    def test_connections_stay_through_it(self) -> None:
        quern = self.serve(server="First")
        with socket.create_connection(quern.address, timeout=10 * TIME_SCALE) as client:
            def ask() -> bytes:
                client.sendall(b"GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = b""
                while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
                    answer += client.recv(4096)
                return answer

            self.assertIn(b"Server: First\r\n", ask())
            quern.settings.update(server="Second")
            self.reload(quern)
            self.assertIn(b"Server: Second\r\n", ask())
        quern.stop()

    def test_workers_by_address_are_shared_out_anew(self) -> None:
        quern = self.serve(dispatch_mode="by-address", worker_num=1)
        for workers in (4, 2, 1):
            quern.settings.update(worker_num=workers)
            self.reload(quern)
            self.assertEqual([quern.get("/hello/x")[0] for _ in range(5)], [200] * 5)
        quern.stop()

    def test_what_needs_a_restart_is_named_and_stays(self) -> None:
        quern = self.serve()
        quern.settings.update(backlog=9, server="Second")
        self.reload(quern, r"only a restart changes server\.backlog\n")
        self.assertEqual(self.header(quern, "Server"), "Second")
        self.assertIn("backlog = 512", (quern.runtime / "effective.toml").read_text())
        quern.stop()

    def test_settings_that_are_wrong_change_nothing(self) -> None:
        quern = self.serve(server="First")
        before = quern.wait_workers()
        quern.settings.update(server="Second", worker_num=0)
        self.reload(quern, r"reload failed: .*quern\.toml:\d+: server\.worker_num: must be an integer from 1", status=1)
        quern.wait_log(r"cannot reload: .*quern\.toml:\d+: server\.worker_num: must be an integer from 1")
        self.assertEqual(self.header(quern, "Server"), "First")
        self.assertEqual(quern.workers(), before)
        # Neither does a plugin that cannot be loaded.
        quern.settings.update(worker_num=2)
        quern.plugins = [Path("/nowhere/libgone.so")]
        self.reload(quern, r"reload failed: .*libgone\.so", status=1)
        self.assertEqual(self.header(quern, "Server"), "First")
        quern.plugins = []
        self.reload(quern)
        self.assertEqual(self.header(quern, "Server"), "Second")
        quern.stop()

    def test_variables_are_read_anew(self) -> None:
        quern = self.server(server="${NAME:-Nobody}", plugins=[FIXTURES / "libenvironment.so"])
        environment_file = quern.directory / ".env"
        environment_file.write_text("NAME=First\n")
        quern.start()
        self.assertEqual(self.header(quern, "Server"), "First")
        environment_file.write_text("NAME=Second\nONLY_FOR_CHILDREN=yes\n")
        self.reload(quern)
        self.assertEqual(self.header(quern, "Server"), "Second")
        self.assertEqual(quern.get("/environment/ONLY_FOR_CHILDREN"), (200, b"yes"))
        quern.stop()


    def test_limits_hold_for_connections_that_are_open(self) -> None:
        quern = self.serve(package_max_length="1K")
        with socket.create_connection(quern.address, timeout=10 * TIME_SCALE) as client:
            def post(size: int) -> bytes:
                client.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
                answer = b""
                while answer.count(b"x") < size and b" 413 " not in answer:
                    answer += client.recv(65536)
                return answer

            self.assertIn(b" 200 ", post(1000))
            quern.settings.update(package_max_length="64K")
            self.reload(quern)
            self.assertIn(b" 200 ", post(2000))
            quern.settings.update(package_max_length="1K")
            self.reload(quern)
            self.assertIn(b" 413 ", post(2000))
        quern.stop()

    def test_concurrency_of_the_new_workers(self) -> None:
        quern = self.serve(worker_num=1)
        quern.settings.update(worker_max_concurrency=1)
        self.reload(quern)
        begun = time.monotonic()
        command = ["curl", "-s", f"http://127.0.0.1:{quern.port}/later?ms=300"]
        waits = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
        self.assertEqual([wait.wait(30 * TIME_SCALE) for wait in waits], [0, 0, 0])
        self.assertGreaterEqual(time.monotonic() - begun, 0.9, "they waited side by side")
        quern.stop()

    def test_a_settings_file_that_has_gone_changes_nothing(self) -> None:
        quern = self.server(server="First", plugins=[FIXTURES / "libenvironment.so"])
        with quern.log_file.open("ab") as log:
            quern._started = subprocess.Popen([QUERN_BIN, "start"], cwd=quern.directory, stdin=subprocess.DEVNULL,
                                              stdout=log, stderr=log, start_new_session=True)
        quern.master = quern._started.pid
        quern.wait_ready()
        text = quern.config.read_text()
        quern.config.unlink()
        os.kill(quern.master, signal.SIGUSR1)
        quern.wait_log(r"cannot reload: quern\.toml: cannot be read: No such file or directory")
        self.assertEqual(quern.get("/environment/HOME")[0], 200)
        quern.config.write_text(text)
        self.reload(quern)
        quern.stop()


class Restarts(QuernTestCase):
    def assert_goes_on(self, quern: QuernServer, *texts: str) -> None:
        """That a restart is refused, and the old server serves."""
        quern.write_config()
        self.assert_exit(quern.command("restart"), 1, *texts)
        self.assertEqual(quern.get("/hello/x")[0], 200)

    def test_the_old_server_goes_on_if_the_new_one_could_not_start(self) -> None:
        quern = self.serve()
        address = f"127.0.0.1:{quern.port}"
        with socket.create_server(("127.0.0.1", 0)) as taken:
            quern.settings["listen"] = [address, f"127.0.0.1:{taken.getsockname()[1]}"]
            self.assert_goes_on(quern, r"quern\.toml:2: server\.listen: .* in use")
        quern.settings["listen"] = [address]
        quern.plugins = [FIXTURES / "libcrashing.so"]
        self.assert_goes_on(quern, r'quern\.toml:\d+: plugin "crashing" .*: the worker that loaded it ended with')
        quern.plugins = []
        quern.write_config()
        self.assert_exit(quern.command("restart"), 0)
        quern.wait_ready()
        quern.stop()

    def test_a_settings_file_that_has_gone_is_no_reason_for_the_defaults(self) -> None:
        quern = self.serve()
        (quern.directory / "quern.toml").rename(quern.directory / "moved.toml")
        # Without -c, and with the runtime directory that the defaults have.
        default = quern.directory / ".quern"
        default.symlink_to(quern.runtime)
        result = subprocess.run([QUERN_BIN, "restart"], cwd=quern.directory, capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=30 * TIME_SCALE)
        self.assert_exit(result, 1, r"restart failed: .*quern\.toml: cannot be read: No such file")
        self.assertEqual(quern.get("/hello/x")[0], 200)
        (quern.directory / "moved.toml").rename(quern.directory / "quern.toml")
        quern.stop()

    def test_a_restart_waits_as_long_as_the_old_server_may_take(self) -> None:
        quern = self.serve(max_wait_time=60)
        busy = subprocess.Popen(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                                 f"http://127.0.0.1:{quern.port}/later?ms=3000"], stdout=subprocess.PIPE, text=True)

        def is_under_way() -> bool:
            status = json.loads(quern.command("status", "--json").stdout)
            return any(worker["inFlight"] for worker in status["workers"])

        wait_until(is_under_way, "request under way")
        quern.settings.update(max_wait_time=0.05)
        quern.write_config()
        self.assert_exit(quern.command("stop"), 0, "has stopped")
        self.assertEqual(busy.communicate(timeout=10)[0], "200")
        quern.wait_gone()


if __name__ == "__main__":
    unittest.main()
