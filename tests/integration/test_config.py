"""`quern config`: what is in effect, where it comes from, and what not everybody should see."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from quernserver import QUERN_BIN, TIME_SCALE, QuernTestCase

SETTINGS = """\
[server]
worker_num = "${WORKERS}"
max_wait_time = 0.5
package_max_length = "8M"
server = "${QUERN_TEST_HEADER:-Mill}"

[[plugin]]
name = "welcome"
[plugin.settings]
greeting = "hello"
db = { password = "sesame", host = "${DB_TOKEN}" }
"""


class Config(QuernTestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="quern-test-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.write("quern.toml", SETTINGS)
        self.write(".env", "WORKERS=3\nDB_TOKEN=sesame\n")

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def config(self, *words: str, **environment: str) -> subprocess.CompletedProcess:
        own = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LD_LIBRARY_PATH")}
        return subprocess.run([QUERN_BIN, "config", *words], cwd=self.directory, capture_output=True, text=True,
                              env={**own, **environment}, stdin=subprocess.DEVNULL, timeout=20 * TIME_SCALE)

    def settings(self, *words: str, **environment: str) -> dict:
        result = self.config("--json", *words, **environment)
        self.assert_exit(result, 0)
        document = json.loads(result.stdout)
        return {setting["key"]: setting for setting in document["settings"]} | {"": document}

    def test_every_setting_with_its_origin(self) -> None:
        lines = self.config().stdout.splitlines()
        self.assertEqual(lines[0], f"# {self.directory}/quern.toml, .env")
        expected = {"server.worker_num = 3 # quern.toml:2, WORKERS from .env:1",
                    "server.max_wait_time = 0.5 # quern.toml:3",
                    'server.server = "Mill" # quern.toml:5, default of QUERN_TEST_HEADER',
                    'server.listen = "127.0.0.1:5200" # default',
                    'plugin[0].name = "welcome" # quern.toml:8'}
        self.assertEqual(expected - {" ".join(line.split()) for line in lines}, set())
        for group in ("server.", "plugin[0]."):
            comments = {line.index(" = ") for line in lines if line.startswith(group)}
            self.assertEqual(len(comments), 1, "the values stand in one column")

    def test_some_settings(self) -> None:
        def keys(*words: str) -> list[str]:
            return [line.split()[0] for line in self.config(*words).stdout.splitlines() if " = " in line]

        self.assertEqual(keys("server.worker_num"), ["server.worker_num"])
        self.assertEqual(keys("plugin"), ["plugin[0].name", "plugin[0].enabled", "plugin[0].settings"])
        self.assertIn("server.http_compression_level", keys("server.http_"))
        # A whole key is not the beginning of others.
        whole = ["server.http_compression", "plugin[0].name"]
        self.assertEqual(keys(*whole), whole)
        self.assert_exit(self.config("worker_num"), 1,
                         r"no setting is called worker_num; did you mean server\.worker_num\?")
        self.assert_exit(self.config("server.worker_nun"), 1, r"did you mean server\.worker_num\?")
        self.assert_exit(self.config("plugins"), 1, r"did you mean plugin\?")
        self.assert_exit(self.config("worker_nun"), 1, r"did you mean server\.worker_num\?")
        self.assert_exit(self.config("gorgonzola"), 1, r'no setting is called gorgonzola; "quern config" lists them all')

    def test_sockets(self) -> None:
        self.write("quern.toml", """\
[[socket]]
listen = ["127.0.0.1:5201", "unix:telnet.sock"]
handler = "telnet"
heartbeat_idle_time = 60
open_eof_split = true
[[socket]]
listen = "127.0.0.1:5202"
type = "udp"
handler = "${SECRET_NAME}"
""")
        self.write(".env", "SECRET_NAME=sesame\n")
        lines = {" ".join(line.split()) for line in self.config("socket").stdout.splitlines()}
        self.assertLess({'socket[0].name = "telnet" # default: the name of its handler, or its first address',
                         f'socket[0].listen = ["127.0.0.1:5201", "unix:{self.directory}/telnet.sock"] # quern.toml:2',
                         'socket[0].heartbeat_idle_time = 60 # quern.toml:4',
                         'socket[0].open_eof_check = false # default', 'socket[0].open_eof_split = true # quern.toml:5',
                         'socket[1].type = "udp" # quern.toml:8',
                         'socket[1].handler = "***" # quern.toml:9, SECRET_NAME from .env:1'}, lines)
        self.assertNotIn("sesame", self.config().stdout + self.config("--json").stdout)
        settings = self.settings("socket[0]")
        self.assertEqual(settings["socket[0].listen"]["change"], "restart")
        self.assertEqual(settings["socket[0].heartbeat_idle_time"]["default"], 0)
        self.assertEqual(settings["socket[0].heartbeat_idle_time"]["change"], "reload")
        self.assertEqual(settings["socket[0].package_length_type"]["value"], "N")
        self.assert_exit(self.config("sockets"), 1, r"did you mean socket\?")

    def test_json(self) -> None:
        settings = self.settings()
        self.assertEqual(settings[""]["file"], str(self.directory / "quern.toml"))
        self.assertEqual(settings[""]["environmentFiles"], [".env"])
        self.assertEqual(settings["server.worker_num"]["value"], 3)
        self.assertEqual(settings["server.max_wait_time"]["value"], 0.5)
        self.assertEqual(settings["server.max_wait_time"]["default"], 3)
        self.assertIs(settings["server.debug"]["value"], False)
        self.assertEqual(settings["server.forwarded_headers"]["value"], ["x-forwarded"])
        self.assertIsNone(settings["plugin[0].name"]["default"])
        self.assertEqual({settings[key]["change"] for key in settings if key}, {"live", "reload", "restart"})
        self.assertEqual(set(settings["server.listen"]), {"key", "value", "origin", "default", "change", "doc"})
        self.assertEqual(set(self.settings("server.listen")), {"server.listen", ""})

    def test_secrets(self) -> None:
        for words in ((), ("--json",), ("plugin",)):
            output = self.config(*words).stdout
            self.assertIn("***", output)
            self.assertNotIn("sesame", output)
        own = self.settings("plugin", "--show-secrets")["plugin[0].settings"]["value"]
        self.assertEqual(own, {"greeting": "hello", "db": {"password": "sesame", "host": "sesame"}})
        self.assertEqual(self.settings(QUERN_TEST_HEADER="x", DB_TOKEN="y")["server.server"]["value"], "x")

    def test_environments(self) -> None:
        self.write(".env.production", "WORKERS=5\n")
        self.assertEqual(self.settings("-e", "production")["server.worker_num"]["origin"],
                         "quern.toml:2, WORKERS from .env.production:1")
        settings = self.settings("-e", "production", WORKERS="7")
        self.assertEqual(settings["server.worker_num"]["value"], 7)
        self.assertEqual(settings["server.worker_num"]["origin"], "quern.toml:2, WORKERS from the environment")
        self.assertEqual(settings[""]["environmentFiles"], [".env.production", ".env"])

    def test_a_check(self) -> None:
        self.assert_exit(self.config("--check"), 0, r"\Aquern\.toml is right\.\n\Z")
        self.write("quern.toml", SETTINGS + '[[plugin]]\nfile = "a.so"\n[[plugin]]\nfile = "b.so"\n')
        self.assert_exit(self.config("--check"), 1, r"quern\.toml:13: .*a\.so.*\nquern\.toml:15: .*b\.so")
        answer = json.loads(self.config("--check", "--json").stdout)
        self.assertEqual((answer["right"], len(answer["problems"])), (False, 2))
        self.write("quern.toml", "[server]\nworker_num = 0\n")
        self.assert_exit(self.config(), 1, r"quern\.toml:2: server\.worker_num: ")
        self.assertEqual(sorted(path.name for path in self.directory.iterdir()), [".env", "quern.toml"])

    def test_without_a_file(self) -> None:
        (self.directory / "quern.toml").unlink()
        settings = self.settings()
        self.assertIsNone(settings[""]["file"])
        self.assertEqual(settings[""]["environmentFiles"], [".env"])
        self.assert_exit(self.config(), 0, r"\A# no settings file, \.env\n")
        self.assert_exit(self.config("--check"), 0, "the default settings are right")
        self.assert_exit(self.config("-c", "absent.toml"), 1, r"absent\.toml: cannot be read")


if __name__ == "__main__":
    unittest.main()
