"""How `quern` comes by its console, and does without: the program as a user starts it, on a real display."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import proctree
from accounting import Probe, account
from quernserver import QUERN_BIN, TIME_SCALE, QuernServer, QuernTestCase, wait_until

PREFIX = Path(QUERN_BIN).parents[1]
MODULE = Path("lib/quern/quern-console.so")
HELLO = Probe.parse("GET /hello/{token}")
WIDGETS = re.compile(r"libQt6(Widgets|Gui|Charts|Svg)\.so")


def without_display(**more: str) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return {**environment, **more}


def windows(title: str) -> list[str]:
    """Those to be seen whose title matches."""
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", title], capture_output=True, text=True,
                           timeout=20 * TIME_SCALE, check=False)
    return found.stdout.split()


class ConsoleTestCase(QuernTestCase):
    def setUp(self) -> None:
        self._programs: list[subprocess.Popen] = []
        self.addCleanup(self.end_programs)

    def program(self, *words: str, environment: dict[str, str] | None = None, program: str = QUERN_BIN,
                directory: Path | None = None) -> subprocess.Popen:
        started = subprocess.Popen([program, *words], env=environment, cwd=directory, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   preexec_fn=proctree.die_with_parent)
        self._programs.append(started)
        return started

    def end_programs(self) -> None:
        for program in self._programs:
            if program.poll() is None:
                program.kill()
            program.wait()
            program.stdout.close()

    def window(self, title: str) -> str:
        return wait_until(lambda: windows(title), f"a window {title!r}", 20)[0]

    def close(self, window: str) -> None:
        subprocess.run(["xdotool", "windowactivate", "--sync", window, "key", "ctrl+q"], check=True,
                       timeout=20 * TIME_SCALE)

    def answers(self, server: QuernServer) -> bool:
        try:
            return server.get("/hello/x", timeout=2.0)[0] == 200
        except OSError:
            return False

    def wait_answers(self, server: QuernServer) -> None:
        wait_until(lambda: self.answers(server), "an answer", 20)


class ServiceMode(ConsoleTestCase):
    """Where no console can be shown the server runs in the terminal, and says so in one line."""

    def serve_in_terminal(self, server: QuernServer, line: str, *words: str, **how) -> None:
        started = self.program(*words, "-c", str(server.config), **how)
        self.wait_answers(server)
        children = proctree.descendants(started.pid)
        self.assertGreater(len(children), 1)
        for pid in (started.pid, *children):
            self.assertFalse(WIDGETS.search(Path(f"/proc/{pid}/maps").read_text()), proctree.title(pid))
        started.send_signal(signal.SIGTERM)
        output, _ = started.communicate(timeout=20 * TIME_SCALE)
        self.assertEqual(started.returncode, 0, output)
        first = output.splitlines()[0]
        self.assertRegex(first, line)
        self.assertEqual(output.count("without the console"), 1, output)

    def test_no_display(self) -> None:
        self.serve_in_terminal(self.server(), "service mode, without the console: there is no display",
                               environment=without_display())

    def test_a_display_that_is_not_there(self) -> None:
        self.serve_in_terminal(self.server(), "without the console: the display cannot be reached",
                               environment=without_display(DISPLAY=":987"))

    def test_no_gui(self) -> None:
        self.serve_in_terminal(self.server(), "without the console: --no-gui", "--no-gui")

    def test_start_says_nothing_of_it(self) -> None:
        server = self.serve()
        self.assertNotIn("console", server.log())
        server.stop()

    def test_without_the_module(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="quern-bare-"))
        self.addCleanup(shutil.rmtree, folder)
        for name in ("bin/quern", "libexec/quern", "lib/quern/plugins", *self.libraries()):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (PREFIX / name).is_dir():
                shutil.copytree(PREFIX / name, target)
            else:
                shutil.copy2(PREFIX / name, target)
        self.assertTrue((PREFIX / MODULE).exists())
        bare = str(folder / "bin/quern")
        self.serve_in_terminal(self.server(), "without the console: --no-gui", "--no-gui", program=bare)
        self.serve_in_terminal(self.server(), "without the console: the console is not installed", program=bare)
        result = subprocess.run([bare, "admin", "http://127.0.0.1:1"], capture_output=True, text=True, check=False,
                                timeout=20 * TIME_SCALE)
        self.assert_exit(result, 1, "no console can be shown: the console is not installed")
        result = subprocess.run([bare, "info", "--json"], capture_output=True, text=True, check=True,
                                timeout=20 * TIME_SCALE)
        info = json.loads(result.stdout)
        self.assertEqual((info["components"]["console"], info["paths"]["console"]), (False, None))

    def libraries(self) -> list[str]:
        return [str(path.relative_to(PREFIX)) for path in (PREFIX / "lib").glob("libQuern.so*")]

    def test_the_programs_need_no_widgets(self) -> None:
        for name in ("bin/quern", "libexec/quern/quern-worker"):
            libraries = subprocess.run(["ldd", str(PREFIX / name)], capture_output=True, text=True, check=True).stdout
            self.assertIn("libQt6Core", libraries)
            self.assertNotRegex(libraries, WIDGETS)


class OnADisplay(ConsoleTestCase):
    def test_quern_alone_starts_the_server_and_opens_the_console(self) -> None:
        server = self.server()
        started = self.program("-c", str(server.config))
        window = self.window(f"{server.directory.name} – Quern")
        server.adopt_daemon()
        self.assertTrue(self.answers(server))
        self.close(window)
        output, _ = started.communicate(timeout=20 * TIME_SCALE)
        self.assertEqual(started.returncode, 0, output)
        self.assertIn("goes on when the console is closed", output)
        self.assertTrue(self.answers(server))
        server.stop()

    def test_in_the_folder_of_the_settings(self) -> None:
        server = self.serve()
        started = self.program(directory=server.directory)
        self.close(self.window(f"{server.directory.name} – Quern"))
        output, _ = started.communicate(timeout=20 * TIME_SCALE)
        self.assertEqual(started.returncode, 0, output)
        self.assertNotIn("is running with pid", output)
        server.stop()

    def test_settings_that_are_wrong_are_told(self) -> None:
        server = self.server(worker_num=0)
        result = subprocess.run([QUERN_BIN, "-c", str(server.config)], capture_output=True, text=True, check=False,
                                timeout=30 * TIME_SCALE)
        self.assert_exit(result, 1, "worker_num")

    def test_the_console_alone_waits_for_its_server(self) -> None:
        server = self.server()
        self.program("admin", "-c", str(server.config))
        self.window("control.sock – Quern")
        server.start()
        self.window(f"{server.directory.name} – Quern")
        self.end_programs()
        server.stop()

    def test_where_no_server_is_it_goes_to_the_last_one(self) -> None:
        """As the desktop starts it: in a folder without settings, of which nobody has a server."""
        server = self.serve()
        elsewhere = Path(tempfile.mkdtemp(prefix="quern-elsewhere-"))
        self.addCleanup(shutil.rmtree, elsewhere)
        home = {**os.environ, "XDG_CONFIG_HOME": str(elsewhere / "config")}
        first = self.program("admin", directory=elsewhere, environment=home)
        self.window("Connect to a server")
        first.kill()
        first.wait()
        wait_until(lambda: not windows("Connect to a server"), "its end", 20)
        second = self.program("admin", str(server.runtime), directory=elsewhere, environment=home)
        self.close(self.window(f"{server.directory.name} – Quern"))
        second.wait(20 * TIME_SCALE)
        self.program("admin", directory=elsewhere, environment=home)
        self.window(f"{server.directory.name} – Quern")
        self.end_programs()
        server.stop()

    def test_an_address_that_is_none(self) -> None:
        result = subprocess.run([QUERN_BIN, "admin", "ftp://nowhere"], capture_output=True, text=True, check=False,
                                timeout=30 * TIME_SCALE)
        self.assert_exit(result, 2, "is no address of a server: write http://HOST:PORT")

    def test_killed_consoles_are_nothing_to_the_server(self) -> None:
        server = self.serve()

        async def kill_some() -> None:
            for number in range(3):
                console = self.program("admin", "-c", str(server.config))
                window = await asyncio.to_thread(self.window, f"{server.directory.name} – Quern")
                console.send_signal(signal.SIGSTOP if number == 1 else signal.SIGKILL)
                if number == 1:  # it reads nothing any more, and then it is gone
                    await asyncio.sleep(1.5)
                    console.kill()
                console.wait(20 * TIME_SCALE)
                await asyncio.to_thread(wait_until, lambda gone=window: gone not in windows("Quern"), "its end", 20)

        report = account(server.port, [HELLO], kill_some, deadline=3.0 * TIME_SCALE)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)
        pids = {worker.pid for worker in server.workers()}
        self.assertEqual({worker.pid for worker in server.wait_workers()}, pids)
        self.assertNotRegex(server.log(), r"(?i)\berror\b")
        server.stop()


if __name__ == "__main__":
    unittest.main()
