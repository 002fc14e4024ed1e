"""Reload on change: what is watched, when it reloads, and who switches it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import threading
import unittest
from pathlib import Path

import proctree
from accounting import Probe, account
from adminserver import AdminTestCase
from controlclient import ControlClient
from quernserver import FIXTURES, TIME_SCALE, QuernServer, wait_until
from workserver import WorkServer

WATCH = "[reload]\nwatch = true\n"
HELLO = Probe("GET", "/hello/{token}", token_comes_back=True)
HAS_FUSE = shutil.which("bindfs") and shutil.which("fusermount3") and os.access("/dev/fuse", os.R_OK | os.W_OK)


class Watch(AdminTestCase):
    def watched(self, tables: str = WATCH, **settings) -> QuernServer:
        quern = self.serve(tables=tables, **settings)
        self.wait_watching(quern)
        return quern

    def watch_plugin(self, quern: QuernServer, fixture: str = "libgood.so", name: str = "") -> Path:
        """Starts it with a plugin of its own, which is a copy of fixture."""
        plugin = quern.directory / (name or fixture)
        shutil.copy(FIXTURES / fixture, plugin)
        quern.plugins = [plugin]
        quern.write_config()
        quern.start()
        self.wait_watching(quern)
        return plugin

    def wait_watching(self, quern: QuernServer) -> None:
        """The thread that watches has come so far: it has a watch on the directory of the settings."""
        inode = f"ino:{quern.directory.stat().st_ino:x} "

        def is_watching() -> bool:
            for descriptor in Path(f"/proc/{quern.master}/fdinfo").iterdir():
                try:
                    if inode in descriptor.read_text():
                        return True
                except OSError:
                    pass  # it has been closed meanwhile
            return False

        wait_until(is_watching, "a watch on the directory of the settings")

    def wait_generation(self, quern: QuernServer, generation: int) -> None:
        quern.wait_log(f"reloaded: generation {generation} serves", 15)

    def assert_reloads(self, quern: QuernServer, generation: int) -> None:
        """It has reloaded as often as that, and not again: another change makes just the next."""
        with ControlClient(quern) as control:
            self.assertEqual(control.ask("server.status")["generation"], generation)
        quern.config.write_text(quern.config.read_text() + "# the end\n")
        self.wait_generation(quern, generation + 1)
        self.assertNotIn(f"generation {generation + 2} serves", quern.log())

    def reloads(self, quern: QuernServer) -> list[dict]:
        """The operations, the last one first."""
        with ControlClient(quern) as control:
            return [each for each in control.ask("operation.list")["operations"] if each["kind"] == "reload"]

    def write_slowly(self, quern: QuernServer, file: Path, content: bytes) -> None:
        """As somebody does who copies over a slow line: for some two seconds."""
        with file.open("wb", buffering=0) as out:
            size = len(content) // 8 + 1
            for piece in range(0, len(content), size):
                out.write(content[piece:piece + size])
                self.assertEqual(quern.get("/slow?ms=250")[0], 200)

    def reasons(self, quern: QuernServer) -> list[str]:
        return re.findall(r"info  master +(.* ha(?:s|ve) changed)$", quern.log(), re.MULTILINE)


class Files(Watch):
    def test_a_burst_of_the_settings_is_one_reload(self) -> None:
        quern = self.watched()
        with quern.config.open("a") as file:
            for i in range(20):
                file.write(f"# {i}\n")
                file.flush()
        self.wait_generation(quern, 2)
        # Another change makes the next: what there was of the first is over.
        quern.settings["server"] = "Mill"
        quern.write_config()
        self.wait_generation(quern, 3)
        self.assertEqual(self.reasons(quern), ["quern.toml has changed"] * 2)
        with ControlClient(quern) as control:
            operation = control.ask("operation.list")["operations"][0]
        self.assertEqual((operation["kind"], operation["state"]), ("reload", "succeeded"))
        self.assertIn("quern.toml has changed", [step["text"] for step in operation["steps"]])

    def test_an_environment_file_that_comes(self) -> None:
        quern = self.watched(server="${NAME:-none}")
        (quern.directory / ".env").write_text("NAME=Mill\n")
        self.wait_generation(quern, 2)
        with ControlClient(quern) as control:
            settings = {setting["key"]: setting["value"] for setting in control.ask("config.read")["settings"]}
        self.assertEqual(settings["server.server"], '"Mill"')
        self.assertEqual(self.reasons(quern), [".env has changed"])

    def test_a_plugin_that_is_written_slowly_in_place(self) -> None:
        server = self.server(tables=WATCH)
        plugin = self.watch_plugin(server)
        content = plugin.read_bytes()
        with plugin.open("wb", buffering=0) as file:
            file.write(content[:1000])
            # Something else has changed and is complete, and waits for it.
            server.config.write_text(server.config.read_text() + "# changed\n")
            for piece in range(1000, len(content), len(content) // 8):
                self.assertEqual(server.get("/slow?ms=200")[0], 200)
                file.write(content[piece:piece + len(content) // 8])
            self.assertEqual(self.reasons(server), [])
        self.wait_generation(server, 2)
        self.assertEqual(self.reasons(server), ["libgood.so and quern.toml have changed"])
        self.assertNotRegex(server.log(), "cannot|failed")

    def test_a_plugin_that_is_listed_before_it_is_built(self) -> None:
        quern = self.watched()
        plugin = quern.directory / "libnew.so"
        quern.config.write_text(quern.config.read_text() + f'\n[[plugin]]\nfile = "{plugin}"\n')
        quern.wait_log("cannot reload: .*there is no plugin file .*libnew.so; build it", 15)
        plugin.write_bytes((FIXTURES / "libthrowing.so").read_bytes())
        quern.wait_log("reload failed, generation 1 goes on: .*throwing", 15)
        plugin.write_bytes((FIXTURES / "libgood.so").read_bytes())
        wait_until(lambda: quern.get("/good")[0] == 200, "the good build", 15)

    def test_a_plugin_that_goes_during_a_reload(self) -> None:
        quern = WorkServer(tables=WATCH, worklab={"slow": "WorkerStart"}, worker_num=1, task_worker_num=0)
        self.addCleanup(quern.destroy)
        good = self.watch_plugin(quern)
        quern.config.write_text(quern.config.read_text() + "# one\n")
        quern.wait_lines("hook WorkerStart ", 2, 15)
        good.unlink()
        self.wait_generation(quern, 2)
        good.write_bytes((FIXTURES / "libsamename.so").read_bytes())
        self.wait_generation(quern, 3)
        self.assertEqual(self.reasons(quern)[-1], "libgood.so has changed")

    def test_a_plugin_that_is_being_written_when_a_reload_can_begin(self) -> None:
        quern = self.server(tables=WATCH + 'paths = ["page"]\n', max_wait_time=30)
        good = self.watch_plugin(quern)
        slow = threading.Thread(target=lambda: quern.get("/slow?ms=4000", timeout=30))
        slow.start()
        with ControlClient(quern) as control:
            wait_until(lambda: any(worker["inFlight"] for worker in control.ask("server.status")["workers"]),
                       "the slow request")
        quern.config.write_text(quern.config.read_text() + "# changed\n")
        quern.wait_log("generation 2 serves")
        (quern.directory / "page").write_text("x")
        content = good.read_bytes()
        with good.open("wb", buffering=0) as file:
            file.write(content[:len(content) // 2])
            slow.join()
            quern.wait_log("reloaded: generation 2 serves")
            # The page has been told of meanwhile, and a reload would take the half of the plugin.
            for _ in range(8):
                self.assertEqual(quern.get("/slow?ms=250")[0], 200)
            self.assertNotIn("generation 3 serves", quern.log())
            file.write(content[len(content) // 2:])
        self.wait_generation(quern, 3)
        self.assertEqual(quern.get("/good")[0], 200)

    def test_the_servers_own_log_by_another_name(self) -> None:
        server = self.server(tables=WATCH + 'paths = ["."]\n')
        release = server.directory.parent / (server.directory.name + "-release")
        server.directory.rename(release)
        self.addCleanup(shutil.rmtree, release, True)
        self.addCleanup(server.directory.unlink, True)
        server.directory.symlink_to(release)
        server.settings["access_log"] = str(release / "requests.log")
        server.write_config()
        server.start()
        self.wait_watching(server)
        for _ in range(20):
            self.assertEqual(server.get("/hello/x")[0], 200)
        (server.directory / "note").write_text("x")
        # It does not wait for the logs, which are open.
        server.wait_log("note has changed", 5)
        self.wait_generation(server, 2)
        self.assert_reloads(server, 2)
        self.assertEqual(self.reasons(server), ["note has changed", "quern.toml has changed"])

    def test_a_change_while_the_pools_are_resized(self) -> None:
        quern = self.watched(worker_num=2, max_request_execution_time=30)
        slow = [threading.Thread(target=lambda: quern.get("/slow?ms=2500", timeout=30)) for _ in range(4)]
        for each in slow:
            each.start()
        with ControlClient(quern) as control:
            wait_until(lambda: all(worker["inFlight"] for worker in control.ask("server.status")["workers"]),
                       "slow requests on both")
            control.ask("server.scale", workers=1)
            quern.config.write_text(quern.config.read_text() + "# changed\n")
            self.wait_generation(quern, 2)
        for each in slow:
            each.join()
        self.assertNotRegex(quern.log(), "cannot reload")
        self.assertEqual(self.reasons(quern), ["quern.toml has changed"])

    def test_a_broken_build_and_then_a_good_one_written_in_place(self) -> None:
        self.broken_then_good(lambda quern, plugin, content: self.write_slowly(quern, plugin, content))

    def test_a_broken_build_and_then_a_good_one_by_renaming(self) -> None:
        def replace(quern: QuernServer, plugin: Path, content: bytes) -> None:
            self.write_slowly(quern, plugin.with_suffix(".part"), content)
            plugin.with_suffix(".part").replace(plugin)

        self.broken_then_good(replace)

    def broken_then_good(self, replace) -> None:
        quern = self.server(tables=WATCH)
        plugin = self.watch_plugin(quern, "libsamename.so", "libshop.so")

        def replace_twice() -> None:
            self.assertEqual(quern.get("/good")[0], 404)
            plugin.write_bytes((FIXTURES / "libthrowing.so").read_bytes())
            with ControlClient(quern) as control:
                wait_until(lambda: "throwing" in control.ask("server.status")["reloadFailure"], "the failure", 15)
                self.assertRegex(quern.command("status").stdout, r"\nThe last reload failed: .*throwing")
                self.assertIn("; the last reload failed.", control.ask("server.status")["sentence"])
                self.assertRegex(quern.log(), "reload failed, generation 1 goes on: .*throwing")
                replace(quern, plugin, (FIXTURES / "libgood.so").read_bytes())
                wait_until(lambda: quern.get("/good")[0] == 200, "the good build", 15)
                wait_until(lambda: self.reloads(quern)[0]["state"] == "succeeded", "the end of its reload", 15)
                self.assertEqual(control.ask("server.status")["reloadFailure"], "")
            # Another change makes the next: what there was of this one is over.
            quern.config.write_text(quern.config.read_text() + "# changed\n")
            wait_until(lambda: len(self.reloads(quern)) > 2 and self.reloads(quern)[0]["state"] == "succeeded",
                       "the last reload", 15)

        report = account(quern.port, [HELLO], lambda: asyncio.to_thread(replace_twice), connections=4, pause=0.01,
                         deadline=5.0 * TIME_SCALE)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)
        self.assertEqual([each["state"] for each in self.reloads(quern)], ["succeeded", "succeeded", "failed"])
        self.assertEqual(self.reasons(quern), ["libshop.so has changed"] * 2 + ["quern.toml has changed"])

    def test_what_is_chosen_in_directories(self) -> None:
        quern = self.server(tables=WATCH + 'paths = [".", "notes"]\nfile_types = [".html", "so"]\n'
                            'excluded_dirs = ["node_modules", "web/build"]\n')
        for directory in ("web/build", "web/node_modules/a", "web/src/build"):
            (quern.directory / directory).mkdir(parents=True)
        quern.start()
        self.wait_watching(quern)
        for name in ("web/page.txt", "web/build/page.html", "web/node_modules/a/page.html", "page.css"):
            (quern.directory / name).write_text("x")
        (quern.directory / "web/src/build/page.html").write_text("x")
        self.wait_generation(quern, 2)
        (quern.directory / "notes").write_text("x")
        self.wait_generation(quern, 3)
        (quern.directory / ".env").write_text("X=1\n")
        self.wait_generation(quern, 4)
        quern.config.write_text(quern.config.read_text() + "# changed\n")
        self.wait_generation(quern, 5)
        self.assertEqual(self.reasons(quern), ["web/src/build/page.html has changed", "notes has changed",
                                               ".env has changed", "quern.toml has changed"])

    def test_a_log_of_failures_alone(self) -> None:
        quern = self.watched(WATCH + "log = false\n")
        quern.config.write_text(quern.config.read_text() + "# changed\n")
        self.wait_generation(quern, 2)
        self.assertNotRegex(quern.log(), "watched|changed")
        self.assertIn("quern.toml has changed", [step["text"] for step in self.reloads(quern)[0]["steps"]])
        quern.config.write_text(quern.config.read_text() + "broken =\n")
        quern.wait_log("cannot reload: .*not valid TOML")
        self.assertRegex(quern.command("status").stdout, r"\nThe last reload failed: .*not valid TOML")

    def test_a_directory_that_is_removed_and_made_anew(self) -> None:
        quern = self.server(tables=WATCH + 'paths = ["templates"]\n')
        templates = quern.directory / "templates"
        (templates / "a").mkdir(parents=True)
        (templates / "a/page.html").write_text("x")
        quern.start()
        self.wait_watching(quern)
        shutil.rmtree(templates)
        self.wait_generation(quern, 2)
        (templates / "a").mkdir(parents=True)
        (templates / "a/page.html").write_text("x")
        self.wait_generation(quern, 3)
        (templates / "a/page.html").write_text("xy")
        self.wait_generation(quern, 4)
        self.assertEqual(self.reasons(quern), ["templates/a/page.html has changed"] * 3)

    def test_paths_with_new_directories(self) -> None:
        quern = self.watched(WATCH + 'paths = ["templates", "."]\n')
        (quern.directory / "templates/a").mkdir(parents=True)
        (quern.directory / "templates/a/page.html").write_text("x")
        self.wait_generation(quern, 2)
        # The server's own files lie in a watched directory as well: none of them has made it reload.
        (quern.directory / "note").write_text("x")
        self.wait_generation(quern, 3)
        self.assertEqual(self.reasons(quern), ["templates/a/page.html has changed", "note has changed"])

    def test_what_fails_is_tried_again_by_the_next_change(self) -> None:
        quern = self.watched()
        good = quern.config.read_text()
        quern.config.write_text(good + "broken =\n")
        quern.wait_log("cannot reload: .*not valid TOML")
        self.assertEqual(quern.get("/hello/x")[0], 200)
        # It can be read, and no plugin of that name can be loaded.
        quern.config.write_text(good + f'\n[[plugin]]\nfile = "{FIXTURES / "libthrowing.so"}"\n')
        quern.wait_log("reload failed, generation 1 goes on: .*throwing", 15)
        self.assertEqual(quern.get("/hello/x")[0], 200)
        quern.config.write_text(good)
        wait_until(lambda: self.last_reload(quern)["state"] == "succeeded", "the reload by the mended file")
        self.assertEqual(quern.get("/hello/x")[0], 200)

    def last_reload(self, quern: QuernServer) -> dict:
        with ControlClient(quern) as control:
            operations = control.ask("operation.list")["operations"]
        return operations[0] if operations else {"state": "none"}

    def test_a_change_during_a_reload_makes_one_more(self) -> None:
        quern = self.watched(max_wait_time=30)
        slow = threading.Thread(target=lambda: quern.get("/slow?ms=2500", timeout=30))
        slow.start()
        with ControlClient(quern) as control:
            wait_until(lambda: any(worker["inFlight"] for worker in control.ask("server.status")["workers"]),
                       "the slow request")
            quern.config.write_text(quern.config.read_text() + "# one\n")
            wait_until(lambda: any(worker["state"] == "draining" for worker in control.ask("server.status")["workers"]),
                       "an old worker that drains")
            quern.config.write_text(quern.config.read_text() + "# two\n")
        slow.join()
        self.wait_generation(quern, 3)
        self.assert_reloads(quern, 3)
        self.assertNotRegex(quern.log(), "cannot reload")


class FileSystems(Watch):
    def test_events_are_tried_without_a_trace(self) -> None:
        quern = self.watched(WATCH + 'paths = ["."]\n')
        quern.wait_log(f"info  master +watched by events: .*{quern.directory}")
        with ControlClient(quern) as control:
            self.assertFalse(control.ask("server.status")["polling"])
        (quern.directory / "note").write_text("x")
        self.wait_generation(quern, 2)
        self.assertEqual(self.reasons(quern), ["note has changed"])
        self.assertEqual(list(quern.directory.rglob(".quern-watch*")), [])

    @unittest.skipUnless(HAS_FUSE, "bindfs and fuse3 are not installed, or there is no /dev/fuse")
    def test_what_others_change_is_looked_for(self) -> None:
        quern = self.server(tables=WATCH + 'paths = ["far"]\n')
        far, origin = quern.directory / "far", quern.directory / "origin"
        far.mkdir()
        origin.mkdir()
        bindfs = subprocess.Popen(["bindfs", "-f", str(origin), str(far)], preexec_fn=proctree.die_with_parent)
        self.addCleanup(bindfs.wait)
        self.addCleanup(subprocess.run, ["fusermount3", "-u", "-z", str(far)], check=True)
        wait_until(lambda: os.path.ismount(far), "the file system")
        quern.start()
        quern.wait_log(f"info  master +looked at every 2 s: {far} \\(FUSE: no event tells of what is changed elsewhere")
        quern.wait_log(f"info  master +watched by events: .*{quern.directory}")
        with ControlClient(quern) as control:
            wait_until(lambda: control.ask("server.status")["polling"], "looking again and again")
        self.assertIn("some by looking at them again and again", quern.command("status").stdout)
        # The file system knows of it when it is asked.
        (origin / "a").mkdir()
        (origin / "a/page.html").write_text("x")
        self.wait_generation(quern, 2)
        self.write_slowly(quern, origin / "a/page.html", b"as long as this")
        self.wait_generation(quern, 3)
        self.assertEqual(self.reasons(quern), ["far/a/page.html has changed"] * 2)
        self.assertEqual(list(origin.rglob(".quern-watch*")), [])


    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_settings_that_are_mounted_by_themselves(self) -> None:
        quern = self.server(tables=WATCH)
        origin = quern.directory / "origin.toml"
        shutil.copy(quern.config, origin)
        mounted = subprocess.run(["mount", "--bind", origin, quern.config], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"no mounts here: {mounted.stderr}")
        self.addCleanup(subprocess.run, ["umount", "-l", quern.config], check=True)
        quern.start()
        quern.wait_log(f"info  master +looked at every 2 s: {quern.config} \\(it is mounted by itself")
        with origin.open("a") as file:
            file.write("# changed\n")
        self.wait_generation(quern, 2)
        self.assertEqual(self.reasons(quern), ["quern.toml has changed"])

    @unittest.skipUnless(HAS_FUSE, "bindfs and fuse3 are not installed, or there is no /dev/fuse")
    def test_a_file_system_that_dies(self) -> None:
        quern = self.server(tables=WATCH + 'paths = ["far"]\n')
        far, origin = quern.directory / "far", quern.directory / "origin"
        far.mkdir()
        origin.mkdir()
        (origin / "page.html").write_text("x")
        bindfs = subprocess.Popen(["bindfs", "-f", str(origin), str(far)], preexec_fn=proctree.die_with_parent)
        self.addCleanup(bindfs.wait)
        self.addCleanup(subprocess.run, ["fusermount3", "-u", "-z", str(far)], check=True)
        wait_until(lambda: os.path.ismount(far), "the file system")
        quern.start()
        quern.wait_log(f"looked at every 2 s: {far}")
        bindfs.kill()
        bindfs.wait()
        quern.wait_log(f"changes of {far} cannot be seen: Transport endpoint is not connected", 15)
        # The others are, and what cannot be seen has not gone.
        quern.config.write_text(quern.config.read_text() + "# changed\n")
        self.wait_generation(quern, 2)
        self.assertEqual(self.reasons(quern), ["quern.toml has changed"])


class Switch(Watch):
    def test_at_run_time(self) -> None:
        quern = self.admin_serve()
        self.assertFalse(quern.ask("GET", "/api/v1/status").json["watching"])
        self.assertEqual(quern.ask("POST", "/api/v1/watch", "viewer", body={"on": True}).status, 403)
        self.assertEqual(quern.ask("POST", "/api/v1/watch", "operator", body={"on": 1}).status, 400)
        self.assertEqual(quern.ask("POST", "/api/v1/watch", "operator", body={"on": True}).json, {})
        self.assertTrue(quern.ask("GET", "/api/v1/status").json["watching"])
        self.assertIn("Files are watched", quern.command("status").stdout)
        told = quern.ask("GET", "/api/v1/audit?limit=1").json["entries"][0]
        self.assertEqual((told["method"], told["params"], told["role"]), ("server.watch", {"on": True}, "operator"))
        self.wait_watching(quern)
        # It holds while the file says what it said.
        quern.config.write_text(quern.config.read_text() + "# changed\n")
        self.wait_generation(quern, 2)
        self.assertTrue(quern.ask("GET", "/api/v1/status").json["watching"])
        self.assertEqual(quern.ask("POST", "/api/v1/watch", "operator", body={"on": False}).json, {})
        self.assertFalse(quern.ask("GET", "/api/v1/status").json["watching"])
        quern.wait_log("files are watched for changes no more")

    def test_by_the_settings(self) -> None:
        quern = self.watched()
        with ControlClient(quern) as control:
            control.ask("server.watch", on=False)
            self.assertFalse(control.ask("server.status")["watching"])
            # The file says what it said.
            self.assert_exit(quern.command("reload"), 0)
            self.assertFalse(control.ask("server.status")["watching"])
            quern.tables = ""
            quern.write_config()
            self.assert_exit(quern.command("reload"), 0)
            quern.tables = WATCH
            quern.write_config()
            self.assert_exit(quern.command("reload"), 0)
            self.assertTrue(control.ask("server.status")["watching"])
            quern.tables = ""
            quern.write_config()
            # This time by itself, the last time.
            wait_until(lambda: not control.ask("server.status")["watching"], "the end of the watch")
