"""`quern call`: any method of the management protocol from the command line."""

from __future__ import annotations

import json
import os
import subprocess

from quernserver import FIXTURES, QuernServer, QuernTestCase
from workserver import WorkServer

TABLE = '[[table]]\nname = "prices"\nsize = 64\ncolumns = { price = "int" }\n'


class CallTestCase(QuernTestCase):
    def call(self, quern: QuernServer, method: str, **params) -> subprocess.CompletedProcess:
        return quern.command("call", method, *([json.dumps(params)] if params else []), timeout=60)

    def result(self, quern: QuernServer, method: str, **params) -> dict:
        outcome = self.call(quern, method, **params)
        self.assert_exit(outcome, 0)
        return json.loads(outcome.stdout)


class Answers(CallTestCase):
    def test_results_are_json(self) -> None:
        quern = self.serve(tables=TABLE)
        self.assertEqual(self.result(quern, "server.access"), {"role": "admin", "name": f"uid {os.getuid()}"})
        self.assertEqual(self.call(quern, "server.access").stdout.count("\n"), 4, "it is indented")
        self.assertEqual(self.result(quern, "server.status")["pid"], quern.master)
        self.assertEqual(self.result(quern, "table.set", table="prices", key="tée", values={"price": 7}), {})
        rows = self.result(quern, "table.rows", table="prices")["rows"]
        self.assertEqual([row["key"] for row in rows], ["tée"])
        # The audit log has it.
        self.assertEqual(self.result(quern, "audit.read", limit=1)["entries"][0]["method"], "table.set")

    def test_errors_of_the_server(self) -> None:
        quern = self.serve()
        for method, params, message in (("process.kill", {"process": "worker 9"}, "worker 9"),
                                        ("process.kill", {}, "process: is missing"),
                                        ("cron.run", {"job": "none"}, "cron")):
            outcome = self.call(quern, method, **params)
            self.assert_exit(outcome, 1, message)
            self.assertEqual((outcome.stdout, outcome.stderr[:7]), ("", "quern: "))
        quern.stop()
        self.assert_exit(self.call(quern, "server.status"), 1, "Quern is not running")

    def test_what_is_not_understood(self) -> None:
        quern = self.server()
        for words, message in (((), r"quern call METHOD \[JSON\]; the guide share/doc/quern/management\.md"),
                               (("server.sttaus",), "did you mean server.status"),
                               (("cron.run", "{"), "must be a JSON object"),
                               (("cron.run", "{}", "{}"), r"write: quern call METHOD \[JSON\]"),
                               (("log.follow",), "quern logs --follow"),
                               (("operation.watch", "{}"), "operation.read"),
                               (("server.subscribe",), "server.status")):
            with self.subTest(words):
                self.assert_exit(quern.command("call", *words), 2, message)


class Operations(CallTestCase):
    def test_they_are_followed_to_their_end(self) -> None:
        quern = self.serve()
        outcome = self.call(quern, "server.scale", workers=3)
        self.assert_exit(outcome, 0)
        self.assertRegex(outcome.stdout, r"\A  .*\n(.*\n)*server\.scale is done\.\n\Z")
        self.assertEqual(len(self.result(quern, "server.status")["workers"]), 3)
        outcome = self.call(quern, "server.drain", on=True)
        self.assert_exit(outcome, 0)
        self.assertTrue(self.result(quern, "server.status")["draining"])

    def test_one_that_fails(self) -> None:
        quern = self.serve()
        quern.tables = f'[[plugin]]\nfile = "{FIXTURES / "libthrowing.so"}"\n'
        quern.write_config()
        for method in ("server.reload", "server.restart"):
            outcome = self.call(quern, method)
            self.assert_exit(outcome, 1, rf"{method} failed: .*throwing")
            self.assertNotIn("is done", outcome.stdout)
        self.assertEqual(self.result(quern, "server.status")["generation"], 1)
        # One that does not even begin.
        self.assert_exit(self.call(quern, "server.scale", workers=5000), 1, "1024")

    def test_a_restart_is_followed_into_the_new_program(self) -> None:
        quern = self.serve()
        before = self.result(quern, "server.status")
        outcome = self.call(quern, "server.restart")
        self.assert_exit(outcome, 0)
        self.assertTrue(outcome.stdout.endswith("server.restart is done.\n"), outcome.stdout)
        after = self.result(quern, "server.status")
        self.assertEqual((after["pid"], after["state"]), (before["pid"], "running"))
        self.assertNotEqual(after["startedAt"], before["startedAt"])

    def test_a_program_that_does_not_start_anew(self) -> None:
        work = WorkServer(task_worker_num=0)
        self._servers.append(work)
        work.start()
        work.config.write_text(work.config.read_text().replace("journal = ", 'fail = "ServerStart"\njournal = '))
        self.assert_exit(self.call(work, "server.restart"), 1, "server.restart failed: .*(ServerStart|its log says why)")
        self.assertEqual(work.get("/hello/a")[0], 200)

    def test_a_stop_is_over_when_the_server_has_gone(self) -> None:
        quern = self.serve()
        outcome = self.call(quern, "server.stop")
        self.assert_exit(outcome, 0)
        self.assertTrue(outcome.stdout.endswith("server.stop is done.\n"), outcome.stdout)
        self.assertFalse((quern.runtime / "quern.pid").exists())
        quern.wait_gone()
