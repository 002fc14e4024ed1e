"""resources/deploy/function-compute: a packed folder, started by its bootstrap where nothing but /tmp can be written to."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

import containerfile
import proctree
from ports import reserve_port
from quernserver import QUERN_BIN, TIME_SCALE, wait_until
from rawhttp import RawConnection
from recipes import DEPLOY, recipe, uncommented
from scratch import scratch

BUILD = Path(QUERN_BIN).parents[1]
FOLDER = BUILD / "tests/deploy/function-compute"

# Where an instance finds its project, which may lie below /tmp itself.
CODE = Path("/mnt")
# Puts the project there. Makes all that is mounted read-only, each for itself, and /tmp an empty folder that is not; sets
# up the loopback of a network of its own, if there is one.
_ENCLOSE = f"""
set -e
mount --bind "$1" {CODE}
findmnt --list --noheadings --output TARGET | sort --reverse --unique | while read -r place; do
    mount -o remount,bind,ro "$place" 2>/dev/null || :
done
mount -t tmpfs tmpfs /tmp
if touch {CODE}/written 2>/dev/null; then echo "the folder is not read-only" >&2; exit 1; fi
"""


class Instance:
    """A function's instance. project: its folder; arguments: variables of its environment."""

    def __init__(self, project: Path, *, own_network: bool = False, **variables: str) -> None:
        self.output = Path(tempfile.mkstemp(prefix="quern-instance-")[1])
        lines = _ENCLOSE + ("ip link set lo up\n" if own_network else "")
        # As the service: a small environment, and a working folder that is none of ours.
        words = ["env", "--ignore-environment", "PATH=/usr/bin:/bin", *(f"{name}={value}" for name, value in variables.items()),
                 str(CODE / "bootstrap")]
        network = ["--net"] if own_network else []
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                ["unshare", "--mount", *network, "sh", "-c", f"{lines}cd /\nexec {shlex.join(words)}", "sh", str(project)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=proctree.die_with_parent)

    @property
    def master(self) -> int:
        return self._process.pid

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def files(self) -> list[str]:
        """All that lies below its /tmp."""
        root = Path(f"/proc/{self.master}/root/tmp")
        return [f"/tmp/{path.relative_to(root)}" for path in root.rglob("*") if not path.is_dir()]

    def curl(self, *words: str) -> bytes:
        """From within its network."""
        result = subprocess.run(["nsenter", f"--target={self.master}", "--net", "curl", "--silent", "--show-error", "--fail",
                                 "--max-time", "20", *words], capture_output=True, timeout=30 * TIME_SCALE)
        return result.stdout

    def wait_ready(self, url: str) -> None:
        def answers() -> bool:
            assert self._process.poll() is None, f"ended with {self._process.returncode}: {self.text()}"
            return self.curl(f"{url}/hello/you") == b'{"hello":"you"}'

        wait_until(answers, "the function answers", 30)

    def wait_end(self) -> int:
        return self._process.wait(20 * TIME_SCALE)

    def destroy(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self.output.unlink()


@unittest.skipIf(containerfile.namespace_obstacle(), containerfile.namespace_obstacle())
class AsFunction(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(scratch(FOLDER))
        prefix, cls.project = folder / "prefix", folder / "code"
        for command in (["cmake", "--install", str(BUILD), "--prefix", str(prefix)],
                        [str(DEPLOY / "function-compute/pack"), str(prefix), str(cls.project)]):
            result = subprocess.run(command, capture_output=True, text=True, timeout=300)
            assert result.returncode == 0, result.stdout + result.stderr
        shutil.rmtree(prefix)
        # The recipe's file, its comments for people taken out, with the plugins that the tests ask.
        text = recipe("function-compute/quern.toml", uncommented("access_log"))
        (cls.project / "quern.toml").write_text(
            text + '\n[[plugin]]\nname = "welcome"\n\n[[plugin]]\nname = "worklab"\n[plugin.settings]\njournal = '
            '"${APP_STORAGE_PATH}/tmp/journal"\n')

    def start(self, **options) -> Instance:
        instance = Instance(self.project, **options)
        self.addCleanup(self.end, instance)
        return instance

    def end(self, instance: Instance) -> None:
        if not self._outcome.success:
            print(f"---- log of the function in {self.id()}\n{instance.text()}----")
        instance.destroy()

    def test_all_that_is_written_lies_in_its_storage(self) -> None:
        port = reserve_port()
        instance = self.start(FC_SERVER_PORT=str(port), APP_STORAGE_PATH="/tmp/app", TASK_WORKERS="1")
        url = f"http://127.0.0.1:{port}"
        instance.wait_ready(url)
        # A body that waits in a file, a file of the plugin's own, and a task in the database.
        with RawConnection(("127.0.0.1", port)) as client:
            body = os.urandom(1500 * 1024)
            self.assertTrue(client.request("POST", "/echo", body).body == body)
        self.assertEqual(len(instance.curl(f"{url}/file?size=4000")), 4000)
        self.assertTrue(instance.curl("--data", '{"number": 1}', f"{url}/lab/tasks/note?durable=true&until=finished"))
        files = instance.files()
        self.assertEqual([path for path in files if not path.startswith("/tmp/app/")], [])
        for name in ("run/control.sock", "run/quern.pid", "tasks/tasks.db", "logs/access.log", "tmp/journal"):
            self.assertIn(f"/tmp/app/{name}", files)
        self.assertTrue(any(path.startswith("/tmp/app/tmp/quern-welcome-") for path in files), files)
        self.assertNotRegex(instance.text(), r" error |(?i:read-only file system)")

    def test_it_brings_its_libraries_along(self) -> None:
        port = reserve_port()
        instance = self.start(FC_SERVER_PORT=str(port), TASK_WORKERS="1")
        instance.wait_ready(f"http://127.0.0.1:{port}")
        for pid in proctree.descendants(instance.master):
            mapped = set(re.findall(r"/\S+\.so\S*", Path(f"/proc/{pid}/maps").read_text()))
            strange = [path for path in mapped if not path.startswith(f"{CODE}/")
                       and not re.search(r"/(ld-linux[^/]*|lib(c|m|dl|rt|pthread|resolv|nss_\w+))\.so", path)]
            # The workers load copies of the plugins that the master has made.
            strange = [path for path in strange if not path.startswith("/tmp/storage/run/")]
            self.assertEqual(strange, [], proctree.title(pid))
            self.assertTrue(any("/libQt6Core.so" in path for path in mapped))

    def test_it_can_speak_tls_to_others(self) -> None:
        plugin = self.project / "qt/tls/libqopensslbackend.so"
        found = subprocess.run(["ldd", str(plugin)], capture_output=True, text=True, timeout=30, check=True,
                               env={"LD_LIBRARY_PATH": str(self.project / "lib")}).stdout
        strange = [path for path in re.findall(r"=> (/\S+)", found) if not path.startswith(str(self.project))
                   and not re.search(r"/lib(c|m|dl|rt|pthread|resolv)\.so", path)]
        self.assertEqual((strange, "not found" in found), ([], False), found)
        # Loaded by their names.
        for name in ("libssl.so.*", "libcrypto.so.*"):
            self.assertTrue(list((self.project / "lib").glob(name)), name)

    def test_without_variables_it_listens_where_the_service_asks(self) -> None:
        instance = self.start(own_network=True)
        instance.wait_ready("http://127.0.0.1:9000")
        addresses = Path(f"/proc/{instance.master}/net/tcp").read_text()
        self.assertIn(f"00000000:{9000:04X} ", addresses)
        self.assertTrue(instance.files())
        self.assertEqual([path for path in instance.files() if not path.startswith("/tmp/storage/")], [])
        folder = os.stat(f"/proc/{instance.master}/root/tmp/storage/run")
        self.assertEqual(stat.S_IMODE(folder.st_mode), 0o700)

    def test_the_end_finishes_what_is_in_flight(self) -> None:
        port = reserve_port()
        instance = self.start(FC_SERVER_PORT=str(port))
        instance.wait_ready(f"http://127.0.0.1:{port}")
        self.assertIn("quern: master", proctree.title(instance.master))
        with RawConnection(("127.0.0.1", port)) as client:
            client.send(b"GET /stream?n=20&ms=50 HTTP/1.1\r\nHost: test\r\n\r\n")
            client.until(rb"\r\n\r\n.")
            os.kill(instance.master, signal.SIGTERM)
            response = client.response()
        self.assertEqual((response.status, response.trailers), (200, [("stream-pieces", "20")]))
        self.assertEqual(instance.wait_end(), 0)

    def test_what_is_missing_is_told(self) -> None:
        pack = DEPLOY / "function-compute/pack"
        for words, status in (([], 2), ([str(FOLDER / "nowhere"), str(FOLDER / "code")], 1)):
            result = subprocess.run([str(pack), *words], capture_output=True, text=True, timeout=60)
            self.assertEqual((result.returncode, "pack" in result.stderr), (status, True))


if __name__ == "__main__":
    unittest.main()
