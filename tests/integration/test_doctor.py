"""`quern doctor`: what it finds on a real machine, what it advises, and its exit codes."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess

from quernserver import FIXTURES, QUERN_BIN, QuernServer, QuernTestCase, wait_until


class Doctor(QuernTestCase):
    def examine(self, quern: QuernServer, status: int, **options) -> dict[str, dict]:
        """The checks by their names, after the exit code and the shape of the report have been looked at."""
        result = subprocess.run([QUERN_BIN, "doctor", "--json", "-c", str(quern.config)], capture_output=True,
                                text=True, stdin=subprocess.DEVNULL, timeout=30, **options)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        report = json.loads(result.stdout)
        self.assertTrue(report["summary"])
        for check in report["checks"]:
            self.assertIn(check["outcome"], ("ok", "warning", "error"), check)
            self.assertTrue(check["found"], check)
            self.assertEqual(bool(check["mend"]), check["outcome"] != "ok", check)
        self.assertEqual(any(check["outcome"] == "error" for check in report["checks"]), status == 1)
        return {check["name"]: check for check in report["checks"]}

    def assert_check(self, check: dict, outcome: str, found: str, mend: str = "^") -> None:
        self.assertEqual(check["outcome"], outcome, check)
        self.assertRegex(check["found"], found)
        self.assertRegex(check["mend"], mend)

    def test_a_healthy_place_and_a_healthy_server(self) -> None:
        quern = self.server(max_conn=100)
        listen = f"listen 127.0.0.1:{quern.port}"
        before = self.examine(quern, 0)
        self.assert_check(before["server"], "ok", "does not run")
        self.assert_check(before[listen], "ok", "is free")
        self.assert_check(before["runtime_dir"], "ok", "will be made")
        self.assert_check(before["quern-worker"], "ok", r"^\d+\.\d+\.\d+, Qt 6")
        self.assertFalse(quern.runtime.exists(), "the doctor has made the runtime directory")
        quern.start()
        running = self.examine(quern, 0)
        self.assert_check(running["server"], "ok", f"pid {quern.master}: All is well")
        self.assert_check(running[listen], "ok", f"pid {quern.master}")

    def test_people_get_a_line_for_each_check_and_a_sentence(self) -> None:
        quern = self.server(max_conn=100)
        self.assert_exit(quern.command("doctor"), 0, r"(?m)^ok       settings", r"(?m)^ok       memory",
                         r"\n\n(All is well|Nothing keeps the server from serving; warnings: \d+)\.\n$")

    def test_a_port_of_somebody_else_is_named_with_its_process(self) -> None:
        quern = self.server()
        with socket.create_server(quern.address):
            check = self.examine(quern, 1)[f"listen 127.0.0.1:{quern.port}"]
            self.assert_check(check, "error", f"taken by python.* \\(pid {os.getpid()}\\)", f"kill {os.getpid()}\\b")
            result = quern.command("doctor")
            last = [line for line in result.stdout.splitlines() if line.startswith(("ok", "warning", "error"))][-1]
            self.assertRegex(last, "^error .*is taken", "errors come last")

    def test_an_open_runtime_directory(self) -> None:
        quern = self.server()
        quern.runtime.mkdir(mode=0o755)
        quern.runtime.chmod(0o755)
        self.assert_check(self.examine(quern, 1)["runtime_dir"], "error", "open to others", f"chmod 700 {quern.runtime}")
        quern.runtime.chmod(0o700)
        self.assert_check(self.examine(quern, 0)["runtime_dir"], "ok", str(quern.runtime))

    def test_too_few_files(self) -> None:
        quern = self.server(max_conn=1000)
        low = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))  # noqa: E731
        check = self.examine(quern, 0, preexec_fn=low)["open files"]
        self.assert_check(check, "warning", r"256 may be open, enough for \d+ connections; max_conn is 1000",
                          r"ulimit -n \d+")
        # What it says is what the server does.
        connections = check["found"].split("enough for ")[1].split()[0]
        limited = self.server(max_conn=1000, open_files=256).start()
        limited.wait_log(f"max_conn is 1000, but .* allow {connections} connections")

    def test_each_mistake_in_the_settings_is_an_error(self) -> None:
        quern = self.server()
        quern.config.write_text('[server]\nworker_nun = 2\nlog_level = "loud"\n')
        report = subprocess.run([QUERN_BIN, "doctor", "--json", "-c", str(quern.config)], capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=30)
        self.assertEqual(report.returncode, 1, report.stderr)
        found = [check["found"] for check in json.loads(report.stdout)["checks"] if check["name"] == "settings"]
        self.assertEqual(len(found), 2, found)
        self.assertRegex(found[0], r"quern\.toml:2: .*worker_num\?")
        self.assertRegex(found[1], r"quern\.toml:3: ")

    def test_a_missing_plugin(self) -> None:
        quern = self.server(plugins=["/nowhere/libshop.so"])
        self.assert_check(self.examine(quern, 1)["plugin libshop.so"], "error", "/nowhere/libshop.so is not there",
                          "build it")

    def test_a_plugin_that_cannot_be_loaded(self) -> None:
        quern = self.server(plugins=[FIXTURES / "libthrowing.so"])
        self.assert_check(self.examine(quern, 1)["loading plugins"], "error", "the database is locked", "enabled = false")
        quern.plugins = [FIXTURES / "libgood.so"]
        quern.write_config()
        self.assertEqual(self.examine(quern, 0)["loading plugins"]["outcome"], "ok")

    def test_what_the_settings_have_told_is_not_told_again(self) -> None:
        socket_entry = {"handler": "sockets", "name": "a", "listen": "tls:127.0.0.1:1"}
        cases = [({}, "needs a certificate"),
                 ({"ssl_cert_file": "none.pem", "ssl_key_file": "none.pem", "ssl_protocols": ["TLSv1.1"]}, "TLSv1.1"),
                 ({"ssl_cert_file": "none.pem", "ssl_key_file": "none.pem", "ssl_verify_peer": True}, "signers"),
                 ({"type": "tls"}, "must be one of"), ({"handler": ""}, "the name of a handler")]
        for entry, text in cases:
            with self.subTest(entry=entry):
                quern = self.server(sockets=[{**socket_entry, **entry}])
                result = quern.command("doctor")
                self.assert_exit(result, 1, f"error +settings +.*{text}")
                self.assertNotRegex(result.stdout, "(?m): : |version of TLS|has no handler|no plugin registers")
                told = [line for line in result.stdout.splitlines() if line.startswith("error")]
                # Files that are not there are another mistake.
                files = [line for line in told if "none.pem: there is no such file" in line]
                self.assertEqual(len([line for line in told if line not in files and "settings" not in line]), 0, told)

    def test_a_handler_that_no_plugin_registers(self) -> None:
        quern = self.server(sockets=[{"handler": "telnett", "listen": "unix:a.sock"},
                                     {"name": "site", "type": "http", "handler": "shopp", "listen": "unix:b.sock"}])
        result = quern.command("doctor")
        self.assert_exit(result, 1, r"error +handlers +\S*quern\.toml:\d+: socket \"telnett\": no plugin registers",
                         r"error +handlers +\S*quern\.toml:\d+: socket \"site\": no plugin registers routes for .*shopp")
        self.assertNotIn("loading plugins", result.stdout)
        self.assert_exit(quern.command("config", "--check"), 0)
        quern.sockets = []
        quern.write_config()
        quern.start()
        quern.sockets = [{"handler": "telnett", "listen": "unix:a.sock"}]
        quern.write_config()
        self.assert_exit(quern.command("restart"), 1, 'no plugin registers the handler "telnett"')
        self.assertEqual(quern.get("/hello/still")[0], 200)

    def test_a_unix_socket_that_somebody_has_by_another_name(self) -> None:
        quern = self.server(sockets=[{"name": "site", "type": "http", "listen": "unix:a.sock"}])
        name = f"listen http unix:{quern.directory}/a.sock"
        with socket.socket(socket.AF_UNIX) as other:
            before = os.getcwd()
            os.chdir(quern.directory)
            try:
                other.bind("a.sock")
            finally:
                os.chdir(before)
            other.listen()
            self.assert_check(self.examine(quern, 1)[name], "error", "is taken", "another path")
            self.assert_exit(quern.command("start"), 1, "socket.listen: .*Address already in use")
        self.assert_check(self.examine(quern, 0)[name], "ok", "is free")

    def test_a_database_of_tasks_that_no_start_could_use(self) -> None:
        quern = self.server(task_worker_num=1)
        database = quern.directory / "tasks.db"
        with quern.config.open("a", encoding="utf-8") as file:
            file.write(f'[tasks]\ndatabase = "{database}"\n')
        self.assertEqual(self.examine(quern, 0)["tasks.database"]["outcome"], "ok")
        self.assertFalse(database.exists(), "the doctor has made the database")
        database.write_text("no database at all" * 100)
        self.assert_check(self.examine(quern, 1)["tasks"], "error", f"{database}: is no database",
                          "let tasks.database name another")
        self.assertEqual(database.read_text(), "no database at all" * 100)
        database.unlink()
        quern.start()
        self.assertEqual(self.examine(quern, 0)["tasks.database"]["outcome"], "ok")
        # Nor is a good server given up for it.
        other = quern.directory / "other.db"
        with sqlite3.connect(other) as theirs:
            theirs.execute("CREATE TABLE orders (id INTEGER)")
        theirs.close()
        quern.config.write_text(quern.config.read_text().replace(str(database), str(other)))
        self.assert_exit(quern.command("restart"), 1, f"{other}: is a database, but not of Quern's tasks")
        self.assertEqual(quern.get("/hello/you")[0], 200)

    def test_tables_larger_than_the_memory(self) -> None:
        quern = self.server()
        with quern.config.open("a", encoding="utf-8") as file:
            file.write('[[table]]\nname = "huge"\nsize = 16777216\n'
                       'columns = { one = "string:4096", two = "string:4096" }\n')
        self.assert_check(self.examine(quern, 1)["tables"], "error", r'quern\.toml:\d+.* of it table "huge"', "smaller")

    def test_a_server_that_hangs(self) -> None:
        quern = self.serve()
        os.kill(quern.master, signal.SIGSTOP)
        try:
            self.assert_check(self.examine(quern, 1)["server"], "error", f"pid {quern.master} does not answer", "kill")
        finally:
            os.kill(quern.master, signal.SIGCONT)

    def test_workers_that_die(self) -> None:
        quern = self.serve(worker_num=1)
        for _ in range(3):
            worker = quern.wait_workers()[0]
            os.kill(worker.pid, signal.SIGKILL)
            quern.wait_workers(without={worker.pid})
        checks = wait_until(lambda: self.checks_with_restarts(quern), "three restarts")
        self.assert_check(checks["worker 0"], "warning", "restarted 3 times; last: .*signal 9", "quern logs")

    def checks_with_restarts(self, quern: QuernServer) -> dict | None:
        result = quern.command("doctor", "--json")
        checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
        return checks if "worker 0" in checks else None
