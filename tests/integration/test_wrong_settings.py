"""Settings that cannot be right: what is told of each, and that nothing is left behind."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

import proctree
from quernserver import QUERN_BIN, TIME_SCALE, QuernTestCase

# NN-name.toml with what is to be said of it in NN-name.txt; NN-name.env is the .env beside it.
SETTINGS = Path(__file__).resolve().parents[1] / "fixtures/settings"
OPTIONS = {"env-of-that-name-missing": ["-e", "production"]}
PLUGINS = Path(QUERN_BIN).parents[1] / "lib/quern/plugins"


class WrongSettings(QuernTestCase):
    def setUp(self) -> None:
        proctree.adopt_orphans()
        self.directory = Path(tempfile.mkdtemp(prefix="quern-test-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def quern(self, *words: str) -> subprocess.CompletedProcess:
        # Variables of whoever runs the tests stay out.
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LD_LIBRARY_PATH")}
        return subprocess.run([QUERN_BIN, *words], cwd=self.directory, capture_output=True, text=True,
                              env=environment, stdin=subprocess.DEVNULL, timeout=20 * TIME_SCALE)

    def files(self) -> set[Path]:
        return set(self.directory.rglob("*"))

    def assert_told(self, message: str, *words: str) -> None:
        """That the command prints this one line, fails, and leaves nothing."""
        before = self.files()
        result = self.quern(*words)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (1, "", f"quern: {message}\n"), words)
        self.assertEqual(self.files(), before)
        self.assertEqual(proctree.children_of(os.getpid()), [])

    def assert_refused(self, message: str, file: str, *options: str) -> None:
        self.assertEqual(message.count("\n"), 0, message)
        self.assert_told(message, "start", "-c", file, *options)
        self.assert_told(message, "start", "-d", "-c", file, *options)
        self.assert_told(message, "config", "--check", "-c", file, *options)

    def test_each_mistake_is_told_in_one_line_with_its_place_and_its_mend(self) -> None:
        cases = sorted(SETTINGS.glob("*.toml"))
        self.assertGreaterEqual(len(cases), 25)
        for case in cases:
            with self.subTest(case.stem):
                for path in self.directory.iterdir():
                    path.unlink()
                shutil.copy(case, self.directory / "quern.toml")
                if case.with_suffix(".env").exists():
                    shutil.copy(case.with_suffix(".env"), self.directory / ".env")
                message = case.with_suffix(".txt").read_text().rstrip("\n")
                message = message.replace("{directory}", str(self.directory)).replace("{plugins}", str(PLUGINS))
                names = sorted(path.stem.removeprefix("lib") for path in PLUGINS.glob("lib*.so"))
                message = message.replace("{names}", ", ".join(names))
                message = message.replace("{cores}", str(len(os.sched_getaffinity(0))))
                self.assert_refused(message, "quern.toml", *OPTIONS.get(case.stem[3:], []))

    def test_a_file_that_cannot_be_read(self) -> None:
        self.assert_refused("absent.toml: cannot be read: No such file or directory; correct the path, or make the "
                            "file", "absent.toml")
        (self.directory / "folder").mkdir()
        self.assert_refused("folder: is a directory; name the settings file in it", "folder")
        (self.directory / "long.toml").write_text("#" * (1 << 20) + "\n")
        self.assert_refused("long.toml: has more than 1048576 bytes; is it really a settings file?", "long.toml")
        (self.directory / "quern.toml").write_text("")
        (self.directory / ".env").write_bytes(b"A=1\nMOTTO=\xff\n")
        self.assert_refused(".env:2: is not UTF-8; save the file in that encoding", "quern.toml")

    def test_several_mistakes_are_told_at_once(self) -> None:
        (self.directory / "quern.toml").write_text("[server]\nworker_num = 0\nbacklog = 0\n")
        result = self.quern("config", "--check")
        self.assertEqual([line.split(": ")[:2] for line in result.stderr.removeprefix("quern: ").splitlines()],
                         [["quern.toml:2", "server.worker_num"], ["quern.toml:3", "server.backlog"]])

    def test_a_port_that_is_taken(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            (self.directory / "quern.toml").write_text(f'[server]\n\nlisten = "127.0.0.1:{port}"\n')
            name = Path("/proc/self/comm").read_text().strip()
            message = (f"quern.toml:3: server.listen: cannot listen on 127.0.0.1:{port}: Address already in use by "
                       f"{name} (pid {os.getpid()}); stop it, or choose another port")
            self.assert_told(message, "start")
            # In the background the log gets the reason as well.
            self.assert_exit(self.quern("start", "-d"), 1, re.escape(message))
            self.assertIn(message, (self.directory / ".quern/quern.log").read_text())
        # A running server is no mistake of its settings.
        self.assert_exit(self.quern("config", "--check"), 0, "quern.toml is right")

    def test_an_address_that_is_none_of_this_machine(self) -> None:
        (self.directory / "quern.toml").write_text('server.listen = "192.0.2.1:5200"\n')
        self.assert_told("quern.toml:1: server.listen: cannot listen on 192.0.2.1:5200: Cannot assign requested "
                         "address; choose an address of this machine, or 0.0.0.0 for all of them", "start")

    def test_a_restart_with_wrong_settings_leaves_the_old_server(self) -> None:
        quern = self.serve()
        quern.config.write_text(quern.config.read_text() + '[[plugin]]\nfile = "absent.so"\n')
        self.assert_exit(quern.command("restart"), 1,
                         r"quern\.toml:\d+: plugin\.file: there is no plugin file .*/absent\.so; build it")
        self.assertEqual(quern.get("/hello/still")[0], 200)
        quern.config.write_text("[server]\n" f'runtime_dir = "run"\nlisten = "127.0.0.1:{quern.port}\n')
        self.assert_exit(quern.command("restart"), 1, r"quern\.toml:3:\d+: not valid TOML")
        # Not even TOML, and still it is found.
        quern.stop()


if __name__ == "__main__":
    unittest.main()
