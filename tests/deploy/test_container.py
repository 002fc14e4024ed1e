"""resources/deploy/container: the Containerfile, carried out without an engine, and what its container does."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

import containerfile
import proctree
from containerfile import Builder, Image
from ports import reserve_port
from quernserver import QUERN_BIN, TIME_SCALE, wait_until
from rawhttp import RawConnection
from recipes import DEPLOY, ROOT, recipe
from scratch import scratch

BUILD = Path(QUERN_BIN).parents[1]
# What is fetched, and the roots made of it: outside of /tmp, which may be too small, or memory.
FOLDER = BUILD / "tests/deploy/container"


class Container:
    """One that runs."""

    def __init__(self, root: Path, image: Image, *, prepare: str = "true", variables: dict[str, str] | None = None) -> None:
        self.root = root
        self.image = image
        self.port = reserve_port()
        self.log = root.with_name(root.name + ".log")
        command = containerfile.inside(root, [*image.entry, *image.command], image, prepare=prepare,
                                       variables={"PORT": str(self.port), **(variables or {})})
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             preexec_fn=proctree.die_with_parent)

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_ready(self) -> None:
        def answers() -> bool:
            assert self._process.poll() is None, f"ended with {self._process.returncode}: {self.text()}"
            result = subprocess.run(["curl", "--silent", "--fail", f"http://127.0.0.1:{self.port}/hello/you"],
                                    capture_output=True, timeout=30)
            return result.stdout == b'{"hello":"you"}'

        wait_until(answers, "the container answers", 30)

    @property
    def master(self) -> int:
        """Its process 1, by our numbers."""
        (pid,) = proctree.children_of(self._process.pid)
        return pid

    def run(self, *command: str, timeout: float = 30) -> subprocess.CompletedProcess:
        """As `docker exec`."""
        user, group = (str(number) for number in self.image.user)
        environment = [f"{name}={value}" for name, value in {**self.image.environment, "PORT": str(self.port)}.items()]
        return subprocess.run(["nsenter", f"--target={self.master}", "--mount", "--pid", "--root", f"--setgid={group}",
                               f"--setuid={user}", "env", "--ignore-environment", f"--chdir={self.image.folder}", *environment,
                               *command], capture_output=True, text=True, timeout=timeout * TIME_SCALE,
                              stdin=subprocess.DEVNULL)

    def signal(self, number: int) -> None:
        os.kill(self.master, number)

    def wait_end(self) -> int:
        return self._process.wait(20 * TIME_SCALE)

    def destroy(self) -> None:
        if self._process.poll() is None:
            self._process.kill()  # takes process 1 along, and that all the others
        self._process.wait(10)
        self.log.unlink(missing_ok=True)


@unittest.skipIf(containerfile.obstacle(), containerfile.obstacle())
class InContainer(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = cls.enterClassContext(scratch(FOLDER))
        builder = Builder(recipe("container/Containerfile", {}), FOLDER)
        # What the build stage has made is there already, as this build; how it is installed is the recipe's own words.
        install = next(step.rest for step in builder.stage("build").steps if "cmake --install" in step.rest)
        assert "build/release" in install, install
        built = cls.scratch / "build"
        installed = subprocess.run(["sh", "-c", install.replace("build/release", str(BUILD))], cwd=ROOT, timeout=300,
                                   env={**os.environ, "DESTDIR": str(built)}, capture_output=True, text=True)
        assert installed.returncode == 0, installed.stdout + installed.stderr
        cls.root = cls.scratch / "root"
        try:
            cls.image = builder.build(cls.root, ROOT, {"build": built})
        except containerfile.Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None

    def run_container(self, *, settings: str = "", **options) -> Container:
        """settings: what stands behind those of the recipe."""
        shutil.copy2(DEPLOY / "container/quern.toml", self.root / "etc/quern/quern.toml")
        with (self.root / "etc/quern/quern.toml").open("a") as file:
            file.write(settings)
        container = Container(self.root, self.image, **options)
        self.addCleanup(self.end, container)
        container.wait_ready()
        return container

    def end(self, container: Container) -> None:
        if not self._outcome.success:
            print(f"---- log of the container in {self.id()}\n{container.text()}----")
        container.destroy()

    def test_the_recipe_says_what_an_engine_needs(self) -> None:
        self.assertEqual((self.image.ports, self.image.volumes), ([5200], ["/var/lib/quern"]))
        self.assertNotEqual(self.image.user[0], 0)
        self.assertTrue(self.image.health and self.image.entry and self.image.command)
        ignored = (DEPLOY / "container/Containerfile.dockerignore").read_text().split()
        self.assertLessEqual({"build", ".git"}, set(ignored))

    def test_quern_is_process_1_and_nobody_is_root(self) -> None:
        container = self.run_container()
        for number, pid in enumerate(proctree.descendants(container.master)):
            status = Path(f"/proc/{pid}/status").read_text()
            self.assertEqual(set(re.search(r"^Uid:\s+(.*)$", status, re.M)[1].split()), {str(self.image.user[0])})
            self.assertEqual(re.search(r"^CapEff:\s+(\w+)$", status, re.M)[1].strip("0"), "")
            inner = re.search(r"^NSpid:.*\s(\d+)$", status, re.M)[1]
            self.assertEqual(inner == "1", number == 0)
        self.assertIn("quern: master", proctree.title(container.master))

    def test_its_health_is_checked(self) -> None:
        container = self.run_container()
        self.assertEqual(container.run(*self.image.health).returncode, 0)
        self.assertEqual(container.run("quern", "config", "--check", "-c", "/etc/quern/quern.toml").returncode, 0)
        container.signal(signal.SIGSTOP)
        try:
            status = container.run(*self.image.health, timeout=5).returncode
        except subprocess.TimeoutExpired:  # as the recipe's --timeout=5s has it
            status = None
        finally:
            container.signal(signal.SIGCONT)
        self.assertNotEqual(status, 0)

    def test_a_body_of_more_than_a_mebibyte(self) -> None:
        container = self.run_container()
        body = os.urandom(1500 * 1024)
        with RawConnection(("127.0.0.1", container.port)) as client:
            self.assertTrue(client.request("POST", "/echo", body).body == body)

    def test_a_stop_finishes_what_is_in_flight(self) -> None:
        container = self.run_container()
        with RawConnection(("127.0.0.1", container.port)) as client:
            client.send(b"GET /stream?n=20&ms=50 HTTP/1.1\r\nHost: test\r\n\r\n")
            client.until(rb"\r\n\r\n.")
            container.signal(getattr(signal, self.image.stop_signal))
            response = client.response()
        self.assertEqual((response.status, response.trailers), (200, [("stream-pieces", "20")]))
        self.assertEqual(container.wait_end(), 0)
        left = [path for path in (self.root / "run/quern").rglob("*") if path.suffix in (".sock", ".pid")]
        self.assertEqual(left, [])

    def test_a_reload_within_it(self) -> None:
        container = self.run_container()
        before = set(proctree.children_of(container.master))
        self.assertEqual(container.run("quern", "reload", "-c", "/etc/quern/quern.toml").returncode, 0)
        self.assertFalse(before & set(proctree.children_of(container.master)))

    def test_a_restart_within_it_does_not_end_it(self) -> None:
        container = self.run_container()
        before = set(proctree.children_of(container.master))
        self.assertEqual(container.run("quern", "call", "server.restart", "-c", "/etc/quern/quern.toml").returncode, 0)
        wait_until(lambda: not before & set(proctree.children_of(container.master)), "the end of the server before")
        container.wait_ready()
        self.assertTrue(proctree.children_of(container.master))

    def test_orphans_are_taken_away(self) -> None:
        # Each run leaves processes behind, which end when their parent has long gone.
        container = self.run_container(settings='\n[[cron]]\nname = "leaving"\ninterval = 100\n'
                                       'command = ["/bin/sh", "-c", "setsid sleep 0.3 & setsid sleep 0.3 & exit 0"]\n')
        seen: set[int] = set()

        def many() -> bool:
            seen.update(pid for pid in proctree.children_of(container.master) if "sleep" in proctree.title(pid))
            return len(seen) >= 20

        wait_until(many, "orphans that process 1 has inherited", 30)
        self.assertEqual(container.run("quern", "call", "cron.pause", '{"job": "leaving"}', "-c",
                                       "/etc/quern/quern.toml").returncode, 0)
        wait_until(lambda: not proctree.zombies_of(container.master), "none is left in the process table", 20)
        # Its own children are looked after as ever.
        victim = next(pid for pid in proctree.children_of(container.master) if "worker 0" in proctree.title(pid))
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: "signal 9" in container.text(), "how the worker has ended, in the log")

    def test_it_needs_to_write_to_its_own_folders_alone(self) -> None:
        # As: docker run --read-only --tmpfs /tmp --tmpfs /run/quern:uid=10001,gid=10001,mode=700 -v …:/var/lib/quern
        user, group = self.image.user
        volume = self.scratch / "volume"
        volume.mkdir(exist_ok=True)
        os.chown(volume, user, group)
        prepare = ('mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"; mount -t proc proc "$root/proc"; '
                   f'mount --bind {volume} "$root/var/lib/quern"; mount -t tmpfs tmpfs "$root/tmp"; '
                   f'mount -t tmpfs -o uid={user},gid={group},mode=700 tmpfs "$root/run/quern"')
        container = self.run_container(prepare=prepare, variables={"TASK_WORKERS": "1"})
        self.assertEqual(container.run("touch", "/srv/quern/x").returncode, 1)
        self.assertTrue((volume / "tasks.db").exists())
        self.assertEqual(container.run(*self.image.health).returncode, 0)


if __name__ == "__main__":
    unittest.main()
