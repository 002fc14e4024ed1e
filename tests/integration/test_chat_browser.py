"""The page of the chat in a real browser: headless Chromium, driven by tests/browser/chat.js."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import unittest
from pathlib import Path

from quernserver import QUERN_BIN, TIME_SCALE, QuernTestCase, wait_until

SOURCES = Path(__file__).resolve().parents[1] / "browser"
# In the build folder: what npm installs, and the screenshots, which are there to be looked at.
FOLDER = Path(QUERN_BIN).parents[1] / "tests/browser"
CHAT = Path(QUERN_BIN).parents[1] / "lib/quern/plugins/libchat.so"
INSTALL_SECONDS = 120
SCRIPT_SECONDS = 120 * TIME_SCALE


def program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    raise AssertionError(f"this test needs {names[0]}: `./quickstart install-deps` installs it")


def installed_version(package: Path) -> str | None:
    try:
        return json.loads((package / "package.json").read_text())["version"]
    except (OSError, ValueError):
        return None


def playwright() -> Path:
    """Where playwright-core of the version that package.json asks for lies; installed if it is not there yet."""
    package = FOLDER / "node_modules/playwright-core"
    wanted = json.loads((SOURCES / "package.json").read_text())["dependencies"]["playwright-core"]
    if installed_version(package) != wanted:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCES / name, FOLDER)
        result = subprocess.run([program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER,
                                capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=INSTALL_SECONDS)
        if result.returncode != 0:
            raise AssertionError(f"playwright-core {wanted} cannot be installed into {FOLDER}. Without a network, copy "
                                 f"node_modules there from a machine that has one.\n{result.stdout}{result.stderr}")
    return package


class ChatBrowser(QuernTestCase):
    def setUp(self) -> None:
        self.quern = self.serve(plugins=[CHAT])
        self.screenshots = FOLDER / "screenshots"
        shutil.rmtree(self.screenshots, ignore_errors=True)
        self.screenshots.mkdir(parents=True)

    def reload(self) -> None:
        before = {worker.pid for worker in self.quern.workers()}
        self.assert_exit(self.quern.command("reload"), 0)
        self.quern.wait_workers(without=before)

    def stop(self) -> None:
        # The browser is a child of this test as well: what is left is looked for when it has gone.
        self.assert_exit(self.quern.command("stop"), 0)
        wait_until(lambda: not self.quern.running(), "end of the master")

    def test_two_pages(self):
        asked = {"reload": self.reload, "stop": self.stop, "start": self.quern.start}
        environment = {**os.environ, "PLAYWRIGHT": str(playwright()), "CHROMIUM": program("chromium"),
                       "URL": f"http://127.0.0.1:{self.quern.port}", "SCREENSHOTS": str(self.screenshots),
                       "TIMEOUT": str(int(20000 * TIME_SCALE))}
        done = []
        with subprocess.Popen([program("node", "nodejs"), str(SOURCES / "chat.js")], env=environment, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as script:
            # A script that hangs is ended, and with it its end of the pipe that is read here.
            guard = threading.Timer(SCRIPT_SECONDS, script.kill)
            guard.start()
            try:
                for word in map(str.strip, script.stdout):
                    asked[word]()
                    done.append(word)
                    script.stdin.write("done\n")
                    script.stdin.flush()
                status = script.wait()
            finally:
                guard.cancel()
                script.kill()
        self.assertEqual(status, 0, "chat.js, see above")
        self.assertEqual(done, ["reload", "stop", "start"])
        self.quern.stop()
        for name in ("door", "door-phone", "room", "room-phone", "long-name-phone", "lost", "lost-phone"):
            for scheme in ("light", "dark"):
                self.assertGreater((self.screenshots / f"{name}-{scheme}.png").stat().st_size, 1000)


if __name__ == "__main__":
    unittest.main()
