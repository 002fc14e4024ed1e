"""Reload on change: what is watched, when it reloads, and who switches it."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path

from adminserver import AdminTestCase
from controlclient import ControlClient
from quernserver import FIXTURES, QuernServer, wait_until

WATCH = "[reload]\nwatch = true\n"


class Watch(AdminTestCase):
    def watched(self, tables: str = WATCH, **settings) -> QuernServer:
        quern = self.serve(tables=tables, **settings)
        self.wait_watching(quern)
        return quern

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
        """It has reloaded as often as that, and does not again."""
        with ControlClient(quern) as control:
            self.assertEqual(control.ask("server.status")["generation"], generation)

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
        self.assert_reloads(quern, 3)
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
        plugin = server.directory / "libgood.so"
        shutil.copy(FIXTURES / "libgood.so", plugin)
        server.plugins = [plugin]
        server.write_config()
        server.start()
        self.wait_watching(server)
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
