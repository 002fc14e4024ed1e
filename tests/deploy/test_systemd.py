"""The unit for systemd: what systemd says of it, and the server under what it forbids."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import proctree
import sandbox
from quernserver import QUERN_BIN, QuernServer, QuernTestCase, wait_until

RECIPE = Path(__file__).resolve().parents[2] / "resources/deploy/systemd"
UNIT = RECIPE / "quern.service"
SOCKETS = RECIPE / "quern.socket"
# Of 100: what systemd calls OK ends at 40.
MOST_EXPOSED = 20
USER = "nobody"


def has_systemd() -> bool:
    return shutil.which("systemd-analyze") is not None


class ManagedServer(QuernServer):
    """As the unit starts it: its command, account, umask and filters, with the folders of the recipe's settings here."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = sandbox.Unit(UNIT)
        self.filter = sandbox.Filter(self.unit)
        self.directory.chmod(0o755)
        text = re.search(r"```toml\n(.*?)```", (RECIPE / "README.md").read_text(), re.DOTALL)[1]
        for setting, parent in (("RuntimeDirectory", "/run"), ("StateDirectory", "/var/lib"), ("LogsDirectory", "/var/log")):
            folder = self.directory / setting
            folder.mkdir(mode=0o700)
            if os.geteuid() == 0:
                shutil.chown(folder, USER)
            assert f'"{parent}/{self.unit.one(setting)}' in text, f"{setting} is not in the settings"
            text = text.replace(f"{parent}/{self.unit.one(setting)}", str(folder))
        self.runtime = self.directory / "RuntimeDirectory"
        text = text.replace("127.0.0.1:5200", f"127.0.0.1:{self.port}")
        assert "task_worker_num" not in text
        self.config.write_text(text.replace("[server]", "[server]\ntask_worker_num = 1\nworker_num = 2", 1))

    def words(self, setting: str) -> list[str]:
        """The command of ExecStart or ExecReload, with the paths of this build and test."""
        words = shlex.split(self.unit.one(setting))
        assert words[0] == "/usr/bin/quern" and words[-2:] == ["-c", "/etc/quern/quern.toml"], words
        return [QUERN_BIN, *words[1:-1], str(self.config)]

    def options(self) -> dict:
        options = {"umask": int(self.unit.one("UMask"), 8), "preexec_fn": self._enter, "cwd": "/"}
        return {**options, "user": USER, "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else options

    def _enter(self) -> None:
        proctree.die_with_parent()
        self.filter.install()

    def launch(self) -> subprocess.Popen:
        with self.log_file.open("ab") as log:
            self._started = subprocess.Popen(self.words("ExecStart"), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             start_new_session=True, **self.options())
        self.adopt(self._started.pid)
        return self._started

    def managed_command(self, setting: str) -> subprocess.CompletedProcess:
        return subprocess.run(self.words(setting), capture_output=True, text=True, timeout=60, **self.options())


class RootServer(QuernServer):
    """With a master that is root, children that are not and have a root folder of their own, and what README.md says that
    this takes."""

    def __init__(self) -> None:
        super().__init__(user=USER, chroot="jail", upload_tmp_dir="jail/uploads")
        text = " ".join((RECIPE / "README.md").read_text().split())
        unit = sandbox.Unit(UNIT)
        unit.values["SystemCallFilter"] = [line for line in unit.values["SystemCallFilter"] if not line.startswith("~")]
        unit.values["SystemCallFilter"] += re.findall(r"`SystemCallFilter=(\w+)` as one more line", text)
        self.filter = sandbox.Filter(unit)
        capabilities = re.search(r"`CapabilityBoundingSet=([A-Z_ ]+)`", text)[1].split()
        capabilities += re.findall(r"`chroot` needs `(CAP_\w+)`", text)
        kept = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in capabilities)
        self.prefix = ["setpriv", f"--bounding-set=-all,{kept}"]
        self.directory.chmod(0o711)
        (self.directory / "jail/uploads").mkdir(parents=True)
        shutil.chown(self.directory / "jail/uploads", USER)

    def _prepare(self) -> None:
        super()._prepare()
        self.filter.install()


@unittest.skipUnless(has_systemd(), "systemd-analyze is missing (Debian package systemd)")
class Recipe(QuernTestCase):
    def analyze(self, *words: str) -> subprocess.CompletedProcess:
        """systemd-analyze on the unit, with the program of this build."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        unit = folder / UNIT.name
        unit.write_text(UNIT.read_text().replace("/usr/bin/quern", QUERN_BIN))
        # The unit of its sockets as well, which names nothing of it.
        sockets = shutil.copy(SOCKETS, folder)
        units = [str(unit), sockets] if words[0] == "verify" else [str(unit)]
        return subprocess.run(["systemd-analyze", *words, *units], capture_output=True, text=True, timeout=60)

    def test_systemd_finds_no_fault(self) -> None:
        result = self.analyze("verify", "--man=no")
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_systemd_finds_the_service_hardly_exposed(self) -> None:
        self.assert_exit(self.analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager"), 0)

    def test_its_sockets_are_what_the_settings_name(self) -> None:
        sockets = sandbox.Unit(SOCKETS)
        self.assertEqual(SOCKETS.stem, UNIT.stem)
        self.assertIn(f'listen = "{sockets.one("ListenStream")}"', (RECIPE / "README.md").read_text())
        self.assertEqual(sockets.one("Accept"), "no")

    def test_it_may_write_where_a_proxy_looks_for_its_socket(self) -> None:
        folder = re.search(r'listen = "unix:(.*)/', (RECIPE.parent / "proxied.toml").read_text())[1]
        self.assertIn(f"\n#ReadWritePaths={folder}\n", UNIT.read_text())

    def test_it_waits_longer_than_the_server(self) -> None:
        unit = sandbox.Unit(UNIT)
        settings = json.loads(subprocess.run([QUERN_BIN, "config", "--json"], cwd="/", capture_output=True, text=True,
                                             timeout=60, check=True).stdout)
        values = {entry["key"]: entry["value"] for entry in settings["settings"]}
        wait = float(values["server.max_wait_time"]) + float(values["server.hook_timeout"])
        self.assertGreater(float(unit.one("TimeoutStopSec")), wait)
        self.assertEqual(unit.one("Type"), "notify")
        self.assertNotIn("-d", shlex.split(unit.one("ExecStart")))

    @unittest.skipUnless(sandbox.is_possible(), "the numbers of the system calls are known for x86-64 (linux-libc-dev)")
    def test_the_server_works_under_its_filters(self) -> None:
        quern = ManagedServer()
        self._servers.append(quern)
        quern.start()
        for pid in proctree.descendants(quern.master):
            status = Path(f"/proc/{pid}/status").read_text()
            self.assertRegex(status, r"(?m)^Seccomp:\s*2$")
            self.assertRegex(status, r"(?m)^NoNewPrivs:\s*1$")
        before = {worker.pid for worker in quern.workers()}
        result = quern.managed_command("ExecReload")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        wait_until(lambda: len(quern.workers()) == 2 and not before & {worker.pid for worker in quern.workers()},
                   "new workers")
        self.assertEqual(quern.get("/hello/again")[0], 200)
        self.assertTrue((quern.directory / "LogsDirectory/access.log").exists())
        self.assertTrue((quern.directory / "StateDirectory/tasks.db").exists())
        quern.stop()
        self.assertNotRegex(quern.log(), r"(?i)not permitted|warn|error")

    @unittest.skipUnless(sandbox.is_possible(), "the numbers of the system calls are known for x86-64 (linux-libc-dev)")
    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root, and setpriv (Debian: util-linux)")
    def test_a_master_that_is_root_works_with_what_it_is_said_to_need(self) -> None:
        quern = RootServer()
        self._servers.append(quern)
        quern.start()
        worker = quern.wait_workers()[0].pid
        self.assertEqual(os.readlink(f"/proc/{worker}/root"), str(quern.directory / "jail"))
        self.assertEqual(quern.command("reload").returncode, 0)
        self.assertEqual(quern.get("/hello/again")[0], 200)
        quern.stop()
        self.assertNotRegex(quern.log(), r"(?i)not permitted|warn|error")

    @unittest.skipUnless(sandbox.is_possible(), "the numbers of the system calls are known for x86-64 (linux-libc-dev)")
    def test_the_filters_do_forbid(self) -> None:
        """That the test above shows anything."""
        script = ("import errno, mmap, os, socket\n"
                  "def refused(call, *words):\n"
                  "    try:\n"
                  "        call(*words)\n"
                  "    except OSError as error:\n"
                  "        return errno.errorcode[error.errno]\n"
                  "    return 'done'\n"
                  "protection = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC\n"
                  "print(refused(os.chroot, '/'), refused(os.nice, 5), refused(socket.socket, socket.AF_PACKET),\n"
                  "      refused(lambda: mmap.mmap(-1, 4096, prot=protection)), refused(os.getpriority, 0, 0))\n")
        result = subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, text=True, timeout=60,
                                preexec_fn=sandbox.Filter(sandbox.Unit(UNIT)).install)
        self.assertEqual(result.stdout.split(), ["EPERM", "EPERM", "EAFNOSUPPORT", "EPERM", "done"], result.stderr)


if __name__ == "__main__":
    unittest.main()
