"""Tokens of the management API, what a wrong one costs, and the audit log of what is done with them."""

from __future__ import annotations

import json
import os
import stat
import threading
import time

from adminserver import ROLES, AdminServer, AdminTestCase
from quernserver import FIXTURES, TIME_SCALE, wait_until
from wsclient import WebSocketClient

WRONG = "x" * 43


class Tokens(AdminTestCase):
    def test_the_first_start_makes_them(self) -> None:
        quern = self.admin_serve()
        self.assertEqual(stat.S_IMODE(quern.token_file.stat().st_mode), 0o600)
        tokens = {quern.token(role) for role in ROLES}
        self.assertEqual((len(tokens), {len(token) for token in tokens}), (3, {43}))
        for role in ROLES:
            self.assertEqual(quern.ask("GET", "/api/v1/status", role).status, 200)

    def test_whoever_asks_learns_what_he_may(self) -> None:
        quern = self.admin_serve()
        for role in ROLES:
            answer = quern.ask("GET", "/api/v1/access", role)
            self.assertEqual(answer.json["role"], role)
            self.assertRegex(answer.json["name"], r"^token \S+ from 127\.0\.0\.1$")
            self.assertEqual(self.stream(quern, role).call("server.access")["result"], answer.json)
            # It is who the audit log says it was.
            if role != "viewer":
                quern.ask("PUT", "/api/v1/log-levels", role, body={"levels": "info"})
                told = quern.ask("GET", "/api/v1/audit?limit=1").json["entries"][0]
                self.assertEqual({"role": told["role"], "name": told["who"]}, answer.json)
        self.assertEqual(quern.ask("GET", "/api/v1/access", None).status, 401)

    def test_a_file_that_others_read_is_refused(self) -> None:
        quern = self.admin_serve()
        quern.stop()
        quern.token_file.chmod(0o640)
        self.assert_exit(quern.command("start"), 1, "default settings: admin.token_file: others may read .*chmod 600")
        self.assert_exit(quern.command("config", "--check"), 1, "others may read")
        self.assert_exit(quern.command("doctor"), 1, "error +tokens +.*others may read")

    def test_a_reload_reads_them_anew(self) -> None:
        quern = self.admin_serve()
        before = quern.token("viewer")
        stream = self.stream(quern, "viewer")
        own = "own-token-" + "7" * 40
        quern.token_file.write_text(f"# mine\nviewer grafana {own}\nadmin me {quern.token('admin')}\n")
        self.assertEqual(quern.ask("GET", "/api/v1/status", token=own).status, 401)
        self.assert_exit(quern.command("reload"), 0)
        self.assertEqual(quern.ask("GET", "/api/v1/status", token=own).status, 200)
        self.assertEqual(quern.ask("POST", "/api/v1/reload", token=own).status, 403)
        self.assertEqual(quern.ask("GET", "/api/v1/status", token=before).status, 401)
        self.assertEqual(stream.client.close_frame()[0], 1008)
        # A file that is wrong changes nothing.
        quern.token_file.write_text("viewer grafana short\n")
        self.assert_exit(quern.command("reload"), 1, r"admin\.tokens:1: a token must have 32 to 512 letters")
        self.assertEqual(quern.ask("GET", "/api/v1/status", token=own).status, 200)

    def test_wrong_ones_wait_and_right_ones_do_not(self) -> None:
        quern = self.admin_serve()
        quern.token("admin")

        def seconds(**who) -> float:
            begin = time.monotonic()
            quern.ask("GET", "/api/v1/status", **who)
            return time.monotonic() - begin

        delays = [seconds(token=WRONG) for _ in range(4)]
        for delay, least in zip(delays, (0.1, 0.2, 0.4, 0.8)):
            self.assertGreaterEqual(delay, least)
        self.assertLess(delays[0], 0.1 + 0.3 * TIME_SCALE)
        # While refusals wait, and more of them than may.
        clients = [quern.raw() for _ in range(40)]
        for client in clients:
            self.addCleanup(client.close)
            client.send(quern.head("GET /api/v1/status", f"Authorization: Bearer {WRONG}"))
        for _ in range(5):
            self.assertLess(seconds(role="viewer"), 0.5 * TIME_SCALE)
        self.assertLess(seconds(role=None), 0.5 * TIME_SCALE)  # none at all is no wrong one
        # Those before went without an answer: nobody learns at once that a token is wrong.
        answers = [client.until_closed()[:12] for client in clients]
        self.assertEqual(set(answers), {b"", b"HTTP/1.1 401"})
        self.assertGreaterEqual(answers.count(b"HTTP/1.1 401"), 32)

    def test_they_stay_out_of_the_log(self) -> None:
        quern = self.admin_serve(log_level="debug", log_categories=["qt.*=debug", "qt.httpserver=debug"])
        tokens = [quern.token(role) for role in ROLES] + [WRONG]
        for token in tokens:
            quern.ask("GET", "/api/v1/status", token=token)
            quern.ask("GET", f"/api/v1/status?token={token}", token=token)
            quern.ask("GET", f"/api/v1/nothing/{token}", token=token)
            WebSocketClient(quern.api_address, "/api/v1/stream", subprotocols=f"quern.v1, bearer.{token}").drop()
        levels = {"levels": "qt.httpserver=debug,qt.httpserver.request=debug"}
        self.assertEqual(quern.ask("PUT", "/api/v1/log-levels", body=levels).status, 200)
        quern.ask("GET", "/api/v1/status")
        quern.stop()
        written = quern.log() + "".join(path.read_text() for path in quern.runtime.glob("audit.log*"))
        for token in tokens:
            self.assertNotIn(token, written)


class Audit(AdminTestCase):
    def entries(self, quern: AdminServer) -> list[dict]:
        return [json.loads(line) for line in (quern.runtime / "audit.log").read_text().splitlines()]

    def test_changes_are_told_whoever_asked(self) -> None:
        quern = self.admin_serve()
        self.assertEqual(quern.ask("PUT", "/api/v1/log-levels", "operator", body={"levels": "loud"}).status, 400)
        self.assert_exit(quern.command("logs", "--set-level", "debug"), 0)
        self.assertEqual(quern.ask("POST", "/api/v1/stop", "operator").status, 403)
        self.assertEqual(quern.ask("POST", "/api/v1/cron/a/run", "viewer").status, 403)
        stream = self.stream(quern, "operator")
        self.assertIn("result", stream.call("log.setLevel", {"levels": "info"}))
        self.assertEqual(stream.call("server.stop")["error"]["code"], "permission")
        for _ in range(3):
            quern.ask("GET", "/api/v1/status", token=WRONG)
        quern.ask("GET", "/api/v1/status", "viewer")
        quern.stop()
        found = [(each["who"].partition(" from ")[0], each["role"], each["method"], each["outcome"])
                 for each in self.entries(quern)]
        self.assertEqual(found[:4], [("token operator", "operator", "log.setLevel", "failed"),
                                     (f"uid {os.getuid()}", "admin", "log.setLevel", "done"),
                                     ("token operator", "operator", "server.stop", "refused"),
                                     ("token operator", "operator", "log.setLevel", "done")])
        # Refusals of one second are one line.
        self.assertEqual(found[4], ("somebody", "", "", "refused"))
        self.assertEqual([each[1:] for each in found[-2:]], [("admin", "server.stop", "begun"), ("admin", "server.stop", "done")])
        self.assertEqual([each["serial"] for each in self.entries(quern)], list(range(1, len(found) + 1)))
        self.assertEqual(self.entries(quern)[0]["params"], {"levels": "loud"})
        self.assertIn("no level", self.entries(quern)[0]["error"])
        self.assertEqual(stat.S_IMODE((quern.runtime / "audit.log").stat().st_mode), 0o600)

    def test_what_takes_its_time_is_told_at_its_end(self) -> None:
        quern = self.admin_serve()
        quern.tables = f'[[plugin]]\nfile = "{FIXTURES / "libthrowing.so"}"\n'
        quern.write_config()
        self.assertEqual(quern.ask("POST", "/api/v1/reload", "operator").status, 202)
        begun, ended = wait_until(lambda: len(self.entries(quern)) > 1 and self.entries(quern), "the end")
        self.assertEqual((begun["method"], begun["outcome"]), ("server.reload", "begun"))
        self.assertEqual((ended["method"], ended["outcome"], ended["params"]), ("server.reload", "failed", begun["params"]))
        self.assertIn("throwing", ended["error"])

    def test_it_is_read_page_by_page(self) -> None:
        quern = self.admin_serve()
        for number in range(5):
            quern.ask("PUT", "/api/v1/log-levels", body={"levels": f"shop{number}=debug"})
        self.assertEqual(quern.ask("GET", "/api/v1/audit", "viewer").status, 403)
        seen, before = [], 0
        while True:
            page = quern.ask("GET", f"/api/v1/audit?limit=2&before={before}", "operator").json
            seen += [entry["params"].get("levels") for entry in page["entries"]]
            before = page["before"]
            if not before:
                break
        self.assertEqual([each for each in seen if each], [f"shop{number}=debug" for number in range(4, -1, -1)])

    def test_a_disk_that_fails_stops_no_change(self) -> None:
        folder = self.admin_server().directory
        quern = self.admin_serve(admin={"audit_log": str(folder / "audit.log")})
        (folder / "audit.log").mkdir()
        self.assertEqual(quern.ask("PUT", "/api/v1/log-levels", body={"levels": "debug"}).status, 200)
        quern.wait_log("what is changed is not written down: cannot open .*audit.log")
        (folder / "audit.log").rmdir()
        self.assertEqual(quern.ask("PUT", "/api/v1/log-levels", body={"levels": "info"}).status, 200)
        wait_until((folder / "audit.log").exists, "the audit log")

    def test_a_file_that_is_moved_away_is_begun_anew(self) -> None:
        quern = self.admin_serve()
        log = quern.runtime / "audit.log"
        for way in (lambda: log.rename(quern.runtime / "audit.old"), log.unlink):
            self.assertEqual(quern.ask("PUT", "/api/v1/log-levels", body={"levels": "shop=debug"}).status, 200)
            wait_until(lambda: log.exists() and self.entries(quern), "the entry")
            way()
        self.assertEqual(quern.ask("PUT", "/api/v1/log-levels", body={"levels": "shop=info"}).status, 200)
        wait_until(log.exists, "the new file")
        self.assertEqual([each["params"]["levels"] for each in self.entries(quern)], ["shop=info"])

    def test_many_changes_at_once_are_all_told(self) -> None:
        quern = self.admin_serve()
        token = quern.token("operator")
        threads = [threading.Thread(target=lambda number=number: [
            quern.ask("PUT", "/api/v1/log-levels", token=token, body={"levels": f"shop{number}=debug"}) for _ in range(10)])
            for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(self.entries(quern)), 40)
