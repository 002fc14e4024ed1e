"""An author's first minutes with the installed server: what `quern plugin new` and `quern init` write builds, passes its
own tests and answers, by the very commands that they print."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import proctree
from ports import reserve_port

TIME_SCALE = float(os.environ.get("QUERN_TIME_SCALE", "1"))
BUILD = Path(os.environ["QUERN_BUILD_DIR"])
SANITIZE = os.environ.get("QUERN_SANITIZE", "")
TO_FIRST_ANSWER = 60  # seconds, from the command to the answer


class Author(unittest.TestCase):
    """Everything is installed into an empty prefix, which is then moved: nothing may know where it was built."""

    @classmethod
    def setUpClass(cls) -> None:
        proctree.adopt_orphans()
        cls.place = Path(tempfile.mkdtemp(prefix="quern-author-"))
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        first = cls.place / "first"
        installed = subprocess.run(["cmake", "--install", str(BUILD), "--prefix", str(first)], capture_output=True,
                                   text=True, check=False)
        assert installed.returncode == 0, installed.stdout + installed.stderr
        cls.prefix = cls.place / "moved"
        first.rename(cls.prefix)

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=self.place))
        self.environment = {**os.environ, "PATH": f"{self.prefix}/bin:{os.environ['PATH']}"}
        for name in ("CXX", "CXXFLAGS", "CMAKE_PREFIX_PATH"):
            self.environment.pop(name, None)
        if SANITIZE:
            self.environment["CXXFLAGS"] = f"-fsanitize={SANITIZE}"

    def shell(self, command: str, folder: Path, status: int = 0) -> str:
        result = subprocess.run(command, shell=True, cwd=folder, env=self.environment, capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=TO_FIRST_ANSWER * TIME_SCALE)
        output = result.stdout + result.stderr
        self.assertEqual(result.returncode, status, f"{command}\n{output}")
        return output

    def test_guides_are_installed(self) -> None:
        guides = self.prefix / "share/doc/quern"
        self.assertIn("Background tasks", (guides / "tasks.md").read_text())
        for guide in guides.glob("*.md"):
            for link in re.findall(r"\]\(([a-z]+\.md)", guide.read_text()):
                self.assertTrue((guides / link).is_file(), f"{guide.name}: {link}")

    def steps(self, output: str, last: str) -> list[str]:
        """The commands that output tells to type."""
        found = re.findall(r"^    (\S.*)$", output.partition("Next")[2], re.MULTILINE)
        self.assertEqual([step.split()[0] for step in found if not step.startswith("cd ")],
                         ["cmake", "cmake", "ctest", "quern", "curl"], output)
        self.assertEqual(found[-1], f"curl http://127.0.0.1:5200/{last}")
        return found

    def follow(self, steps: list[str], folder: Path, settings: str, old: str, new: str) -> None:
        """Types all but the last two, with the free port in the place of 5200."""
        for step in steps[:-2]:
            if step.startswith("cd "):
                folder = folder / step.removeprefix("cd ")
                text = (folder / settings).read_text()
                self.assertEqual(text.count(old), 1)
                (folder / settings).write_text(text.replace(old, new))
                continue
            output = self.shell(step, folder)
            if step.startswith("ctest"):
                self.assertIn("100% tests passed, 0 tests failed out of 1", output)

    def serve(self, folder: Path, port: int):
        """Runs `quern start`, and stops it with the test; returns when it answers."""
        log = (folder / "server.log").open("wb")
        self.addCleanup(log.close)
        server = subprocess.Popen(["quern", "start"], cwd=folder, env=self.environment, stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log, preexec_fn=proctree.die_with_parent)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        deadline = time.monotonic() + 10 * TIME_SCALE
        while True:
            self.assertIsNone(server.poll(), (folder / "server.log").read_text())
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return server
            except OSError:
                self.assertLess(time.monotonic(), deadline, "the server does not listen")
                time.sleep(0.02)

    def stop(self, server: subprocess.Popen, folder: Path, port: int) -> None:
        """Stops by the command line; nothing is left."""
        processes = [process for pid in proctree.descendants(server.pid) if (process := proctree.process(pid))]
        self.shell("quern stop", folder)
        self.assertEqual(server.wait(10 * TIME_SCALE), 0)
        self.assertEqual([process.pid for process in processes if process.alive()], [])
        self.assertEqual(proctree.children_of(os.getpid()), [])
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", port)), 0)

    def get(self, port: int, target: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{target}", timeout=10 * TIME_SCALE) as answer:
            return answer.read().decode()

    def test_plugin_new_to_the_first_answer(self) -> None:
        port = reserve_port()
        began = time.monotonic()
        output = self.shell("quern plugin new shop", self.folder)
        steps = self.steps(output, "shop")
        self.assertIn(f"-DCMAKE_PREFIX_PATH={self.prefix}", output)
        self.follow(steps, self.folder, "quern.toml", ":5200", f":{port}")
        folder = self.folder / "shop"
        server = self.serve(folder, port)
        self.assertEqual(self.get(port, "/shop"), '{"greeting":"Hello","name":"world"}')
        took = time.monotonic() - began
        self.assertEqual(self.get(port, "/shop/later"), "Hello, at last\n")
        self.stop(server, folder, port)
        self.assertLess(took, TO_FIRST_ANSWER * TIME_SCALE)
        # A plugin that refuses its settings keeps the server from starting.
        settings = folder / "quern.toml"
        settings.write_text(settings.read_text().replace('"Hello"', "1"))
        self.assertIn("greeting must be a string", self.shell("quern start", folder, status=1))

    def test_metadata_are_read_anew_and_checked(self) -> None:
        """A class in a .cpp file that includes its .moc, with the generator that learns least of moc."""
        (self.folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(Own LANGUAGES CXX)\nfind_package(Quern REQUIRED)\n"
            "quern_add_plugin(own SOURCES own.cpp ${EXTRA})\n")
        (self.folder / "own.cpp").write_text(
            '#include <Quern/handlerplugin.h>\n#include <QObject>\n'
            'class Own : public QObject, public Quern::HandlerPlugin\n{\n    Q_OBJECT\n'
            '    Q_PLUGIN_METADATA(IID QuernHandlerPlugin_iid FILE "own.json")\n'
            '    Q_INTERFACES(Quern::HandlerPlugin)\npublic:\n'
            '    void install(Quern::Application &) override {}\n};\n#include "own.moc"\n')
        metadata = self.folder / "own.json"
        metadata.write_text('{"name": "own", "version": "1.0.0"}')
        configure = f"cmake -B build -G Ninja -DCMAKE_PREFIX_PATH={self.prefix}"
        check = "quern plugin check build/lib/quern/plugins/libown.so"
        self.shell(f"{configure} && cmake --build build", self.folder)
        self.assertIn("own 1.0.0 is right", self.shell(check, self.folder))
        metadata.write_text('{"name": "own", "version": "2.0.0"}')
        self.shell("cmake --build build", self.folder)
        self.assertIn("own 2.0.0 is right", self.shell(check, self.folder))
        for wrong in ('{"name": "own",}', '{"name": "own"} // mine', "", '["own"]'):
            with self.subTest(wrong):
                metadata.write_text(wrong)
                told = " ".join(self.shell("cmake --build build", self.folder, status=1).split())
                self.assertRegex(told, r"quern_add_plugin\(own\): \S+/own\.json is not the JSON object")
        metadata.write_text('{"name": "own"}')
        told = " ".join(self.shell(f"{configure} -DEXTRA=LIBRARY", self.folder, status=1).split())
        self.assertIn("LIBRARY is neither a keyword nor a source", told)
        self.shell("cmake -B many -G 'Ninja Multi-Config' -DEXTRA= "
                   f"-DCMAKE_PREFIX_PATH={self.prefix} && cmake --build many --config Debug", self.folder)
        self.assertTrue((self.folder / "many/lib/quern/plugins/libown.so").exists())

    def test_init_to_the_first_answer(self) -> None:
        port = reserve_port()
        began = time.monotonic()
        steps = self.steps(self.shell("quern init site", self.folder), "hello")
        folder = self.folder / "site"
        self.follow(steps, self.folder, ".env", "PORT=5200", f"PORT={port}")
        server = self.serve(folder, port)
        self.assertEqual(self.get(port, "/hello?name=you"), '{"greeting":"Hello","name":"you"}')
        took = time.monotonic() - began
        self.assertIn("It works", self.get(port, "/"))
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.get(port, "/../.env")
        self.assertIn(refused.exception.code, (400, 404))
        refused.exception.close()
        self.stop(server, folder, port)
        self.assertLess(took, TO_FIRST_ANSWER * TIME_SCALE)

    def test_init_leaves_alone_what_is_there(self) -> None:
        (self.folder / "quern.toml").write_text("mine")
        (self.folder / "plugins/hello").mkdir(parents=True)
        (self.folder / "plugins/hello/hello.cpp").write_text("mine too")
        output = self.shell("quern init", self.folder)
        kept = output.partition("left alone:")[2].partition("Next")[0].split()
        self.assertEqual(sorted(kept), ["plugins/hello/hello.cpp", "quern.toml"], output)
        self.assertEqual((self.folder / "quern.toml").read_text(), "mine")
        self.assertEqual((self.folder / "plugins/hello/hello.cpp").read_text(), "mine too")
        self.assertTrue((self.folder / "plugins/hello/hello.h").exists())
        self.assertTrue((self.folder / ".env").exists())
        self.assertNotIn("Written", self.shell("quern init", self.folder))

    def test_init_tells_what_is_in_the_way(self) -> None:
        (self.folder / "public").write_text("a file")
        self.assertRegex(self.shell("quern init", self.folder, status=1), r"quern: \S+/public is in the way: a folder")
        (self.folder / "file").write_text("a file")
        self.assertRegex(self.shell("quern init file", self.folder, status=1), r"quern: \S+/file is in the way")
        self.assertRegex(self.shell("quern init /proc/site", self.folder, status=1),
                         r"quern: the folder /proc/site cannot be made: .*Choose a place")


if __name__ == "__main__":
    unittest.main()
