"""Plugins that cannot be right: what is told of each, at start, at reload and by `quern plugin check`."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import proctree
from quernserver import FIXTURES, QUERN_BIN, TIME_SCALE, QuernTestCase, wait_until

# By file; what is told behind the name and the file of the plugin, as a pattern.
CASES = {
    "wrongiid": r'it is a plugin for another program: its IID is "org\.example\.Other/1", not ".*"\. Name .*',
    "otherabi": r"it is built for version 99 of the plugin interface, .* Build it again with the SDK of this server\.",
    "nameless": r'its metadata have no usable "name"\. Give its JSON file a "name" .*',
    "badname": r'its metadata have no usable "name"\. Give its JSON file a "name" .*',
    "badversion": r'"version" in its metadata is not a string\. Write it in quotes: "1\.0\.0"\.',
    "badhint": r'"exportSymbols" in its metadata is not a boolean\. Write true or false\.',
    "baddependencies": r'"dependencies" in its metadata is not a list of names\. Write .*',
    "baddependency": r'"dependencies" in its metadata is not a list of names\. Write .*',
    "needsabsent": r'it needs the plugin "absent", which is not there\. Add it to the settings.*',
    "selfish": r"its dependencies lead back to itself: selfish → selfish\. Remove one of them\.",
    "undefined": r"it cannot be loaded \(.*undefined symbol: .*\)\. Build it again .*",
    "nohandler": r"its class is no handler plugin\. Derive it from Quern::HandlerPlugin .*",
    "nometadata": r"it is not a plugin for this server \(.*\)\. Build it with quern_add_plugin\(\) .*",
    "throwingconstructor": r"its installation failed: no database",
    "throwing": r"its installation failed: the database is locked",
    "throwingint": r"its installation failed with an exception that is not derived from std::exception\.",
    "duplicate": r"its installation failed: .*change or remove one of them",
    "badmetric": r'its installation failed: counter "orders" does not end in _total, as a counter has to: call it '
                 r'"orders_total"',
    "crashing": r"the worker that loaded it ended with signal 6 \(Aborted\); mend the plugin, or switch it off .*",
    "crashingconstructor": r"the worker that loaded it ended with signal 6 \(Aborted\); mend the plugin, .*",
    "exiting": r"the worker that loaded it ended with exit code 3; mend the plugin, or switch it off .*",
    "hanging": r"not installed after [0-9.]+ s: it hangs, or needs longer; .* raise worker_start_timeout",
    "text": r"the file is not a shared library\. Name the \.so file that quern_add_plugin\(\) builds\.",
    "empty": r"the file is not a shared library\. Name the \.so file that quern_add_plugin\(\) builds\.",
    "truncated": r"(it is not a plugin for this server \(.*\)\. Build it with .*"
                 r"|it cannot be loaded \(.*\)\. Build it again .*|the worker that loaded it ended with .*)",
}


class WrongPlugins(QuernTestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="quern-test-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def file_of(self, case: str) -> Path:
        made = self.directory / f"lib{case}.so"
        if case == "text":
            made.write_text("#!/bin/sh\n")
        elif case == "empty":
            made.touch()
        elif case == "truncated":
            whole = (FIXTURES / "libgood.so").read_bytes()
            made.write_bytes(whole[: len(whole) // 16])
        else:
            return FIXTURES / made.name
        return made

    def assert_one_line(self, result: subprocess.CompletedProcess, case: str, file: Path, place: str,
                        front: str = "") -> None:
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        said = result.stderr.removeprefix("quern: " + front)
        title = re.escape(f'plugin "{case}" ({file}): ')
        self.assertRegex(said, rf"\A{place}{title}{CASES[case]}\n\Z")

    def test_a_start_tells_each_in_one_line_with_its_place_and_its_mend(self) -> None:
        self.assertGreaterEqual(len(CASES), 15)
        for case in CASES:
            with self.subTest(case):
                file = self.file_of(case)
                server = self.server(plugins=[file], worker_start_timeout=2 * TIME_SCALE)
                place = rf"{re.escape(str(server.config))}:\d+: "
                self.assert_one_line(server.command("start"), case, file, place)
                server.assert_nothing_left()
                server.destroy()

    def test_a_daemon_tells_the_same(self) -> None:
        for case in ("otherabi", "crashing", "hanging"):
            with self.subTest(case):
                file = self.file_of(case)
                server = self.server(plugins=[file], worker_start_timeout=2 * TIME_SCALE)
                place = rf"{re.escape(str(server.config))}:\d+: "
                self.assert_one_line(server.command("start", "-d"), case, file, place)
                wait_until(lambda s=server: not s.leftovers(), "end of the daemon")
                server.assert_nothing_left()
                server.destroy()

    def test_a_reload_tells_each_and_the_server_goes_on(self) -> None:
        server = self.serve(worker_start_timeout=2 * TIME_SCALE)
        before = server.wait_workers()
        place = rf"{re.escape(str(server.config))}:\d+: "
        for case in CASES:
            with self.subTest(case):
                file = self.file_of(case)
                server.plugins = [file]
                server.write_config()
                self.assert_one_line(server.command("reload"), case, file, place, "reload failed: ")
                self.assertEqual(server.get("/hello/x")[0], 200)
                wait_until(lambda: server.workers() == before, "the old workers alone")
        server.plugins = [FIXTURES / "libgood.so"]
        server.write_config()
        self.assert_exit(server.command("reload"), 0)
        self.assertEqual(server.get("/good")[0], 200)
        server.stop()

    def test_plugin_check_tells_each(self) -> None:
        proctree.adopt_orphans()
        settings = self.directory / "quern.toml"
        settings.write_text(f"[server]\nworker_start_timeout = {2 * TIME_SCALE:g}\n")
        for case in CASES:
            with self.subTest(case):
                file = self.file_of(case)
                result = subprocess.run([QUERN_BIN, "plugin", "check", str(file)], cwd=self.directory, text=True,
                                        capture_output=True, stdin=subprocess.DEVNULL, timeout=30 * TIME_SCALE)
                self.assert_one_line(result, case, file, "")
                self.assertEqual(proctree.children_of(os.getpid()), [])

    def check(self, *names: str) -> tuple[subprocess.CompletedProcess, list[dict]]:
        """`quern plugin check` of fixtures, for people, and what it tells programs of each."""
        command = [QUERN_BIN, "plugin", "check", *(str(FIXTURES / f"lib{name}.so") for name in names)]
        plain, json_form = (subprocess.run(command + more, cwd=self.directory, text=True, capture_output=True,
                                           stdin=subprocess.DEVNULL, timeout=60 * TIME_SCALE)
                            for more in ([], ["--json"]))
        self.assertEqual(plain.returncode, json_form.returncode)
        self.assertEqual(plain.stderr, json_form.stderr)
        return plain, json.loads(json_form.stdout)["plugins"]

    def test_plugin_check_tells_what_is_right_as_well(self) -> None:
        result, files = self.check("good", "throwing", "dependent", "needsthrowing")
        self.assert_exit(result, 1)
        self.assertRegex(result.stdout, r"libgood\.so: good 1\.2\.3 is right.*\n    GET +/good\n.*libdependent\.so: ")
        self.assertRegex(result.stderr, r'"throwing" \(.*the database is locked\n')
        self.assertRegex(result.stderr, r'"needsthrowing" .* "throwing".*\(without the other files that are wrong\)')
        self.assertEqual([Path(file["file"]).stem for file in files],
                         ["libgood", "libthrowing", "libdependent", "libneedsthrowing"])
        self.assertEqual([file["ok"] for file in files], [True, False, True, False])
        self.assertEqual(files[0]["routes"], [{"method": "GET", "pattern": "/good"}])
        self.assertIn("the database is locked", files[1]["error"])

    def test_plugin_check_of_a_missing_dependency(self) -> None:
        result, _ = self.check("dependent")
        self.assert_exit(result, 1)
        self.assertIn("name its file as well: quern plugin check a.so b.so", result.stderr)
        self.assert_exit(self.check("dependent", "good")[0], 0)

    def test_a_circle_of_plugins_names_all_of_them(self) -> None:
        server = self.server(plugins=[FIXTURES / f"libcircle{number}.so" for number in (1, 2, 3)])
        result = server.command("start")
        self.assert_exit(result, 1)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 3, result.stderr)
        for line in lines:
            self.assertIn("its dependencies lead back to itself: circle1 → circle2 → circle3 → circle1", line)
        server.assert_nothing_left()

    def test_dependencies_are_installed_first_whatever_the_order(self) -> None:
        server = self.serve(plugins=[FIXTURES / "libdependent.so", FIXTURES / "libgood.so"])
        self.assertEqual(server.get("/dependent")[0], 204)
        self.assertEqual(server.get("/good")[0], 200)
        server.stop()
