"""The management API over HTTP: who may do what, what it answers, and the document that describes it."""

from __future__ import annotations

import re
import subprocess
import threading

import jsonschema
from adminserver import ROLES, AdminServer, AdminTestCase
from quernserver import QUERN_BIN, wait_until
from rawhttp import RawConnection, request_bytes

TABLES = """[[table]]
name = "prices"
size = 64
columns = { price = "int", title = "string:16" }

[[atomic]]
name = "visits"
value = 7
"""
CRON = '[[cron]]\ncommand = ["/bin/true"]\nname = "nightly"\ninterval = 3600000\n'


class Endpoints(AdminTestCase):
    def document(self, quern: AdminServer) -> dict:
        answer = quern.ask("GET", "/api/v1/openapi.json", role=None)
        self.assertEqual(answer.status, 200)
        return answer.json

    def fill(self, path: str) -> str:
        return path.format(operation=1, id=1, job="none", process="worker%209", table="prices", key="tea", name="visits")

    # Of what has a body.
    BODIES = {"/reload": {}, "/log-levels": {"levels": "info"}, "/scale": {}, "/restart": {}, "/drain": {"on": False}, "/watch": {"on": False}, "/config/check": {"text": ""},
              "/push": {"text": "hi"}, "/rows/{key}": {"values": {}}, "/atomics/{name}": {"value": 3}}

    def test_every_endpoint_asks_for_its_role(self) -> None:
        quern = self.admin_serve(tables=TABLES)
        document = self.document(quern)
        seen = 0
        # What ends the server comes last; a restart has a test of its own.
        for path, method, operation in sorted(jsonschema.operations(document), key=lambda each: each[0].endswith("/stop")):
            target = self.fill(path)
            body = None
            if "requestBody" in operation:
                body = next(each for end, each in self.BODIES.items() if path.endswith(end))
            public = operation.get("security") == []
            with self.subTest(f"{method} {path}"):
                self.assertEqual(quern.ask(method, target, role=None, body=body).status == 401, not public)
                if public:
                    continue
                needed = re.search(r"for the role (\w+) and above", operation["description"])[1]
                for role in ROLES[:-1] if path.endswith("/restart") else ROLES:
                    answer = quern.ask(method, target, role, body=body)
                    forbidden = ROLES.index(role) < ROLES.index(needed)
                    self.assertEqual(answer.status == 403, forbidden, answer)
                    self.assertNotEqual(answer.status, 401)
                    if forbidden:
                        self.assertEqual(answer.error["code"], "permission")
                        self.assertIn(f"the role {needed}", answer.error["message"])
                seen += 1
        self.assertGreater(seen, 35)
        quern.wait_gone()

    def test_the_document_is_valid_and_answers_are_as_it_says(self) -> None:
        quern = self.admin_serve(tables=CRON + TABLES)
        self.assertEqual(quern.ask("POST", "/api/v1/reload").status, 202)
        document = self.document(quern)
        self.assertEqual(jsonschema.document_mistakes(document), [])
        for path, method, operation in jsonschema.operations(document):
            if method != "GET":
                continue
            with self.subTest(path):
                answer = quern.ask("GET", self.fill(path))
                response = operation["responses"].get(str(answer.status), operation["responses"]["default"])
                response = jsonschema.resolve(document, response["$ref"]) if "$ref" in response else response
                ((kind, content),) = response["content"].items()
                self.assertEqual(answer.headers["Content-Type"].split(";")[0], kind)
                if kind == "application/json":
                    self.assertEqual(jsonschema.mistakes(answer.json, content["schema"], document), [])
                # What is not there has an error of the same shape everywhere.
                self.assertEqual(answer.status, 404 if path.endswith("/dead-letters/{id}") else 200)

    def test_a_reload_is_followed_to_its_end(self) -> None:
        quern = self.admin_serve()
        before = {worker.pid for worker in quern.workers()}
        answer = quern.ask("POST", "/api/v1/reload", "operator")
        self.assertEqual(answer.status, 202)
        location = answer.headers["Location"]
        self.assertEqual(location, f"/api/v1/operations/{answer.json['operation']}")

        def ended() -> dict | None:
            operation = quern.ask("GET", location, "viewer").json
            return operation if operation["state"] != "running" else None

        operation = wait_until(ended, "the end of the reload")
        self.assertEqual((operation["kind"], operation["state"], operation["error"]), ("reload", "succeeded", ""))
        quern.wait_workers(without=before)
        self.assertEqual(quern.ask("GET", "/api/v1/status", "viewer").json["generation"], 2)

    def test_parts_of_the_server(self) -> None:
        quern = self.admin_serve(tables=CRON)
        status = quern.ask("GET", "/api/v1/status", "viewer").json
        self.assertEqual(status["api"], [f"http://127.0.0.1:{quern.api_port}/api/v1"])
        self.assertIn(f"Management API at http://127.0.0.1:{quern.api_port}/api/v1\n", quern.command("status").stdout)
        self.assertRegex(quern.log(), f"the management API is at http://127.0.0.1:{quern.api_port}/api/v1")
        self.assertEqual(quern.ask("GET", "/api/v1/plugins", "viewer").json["plugins"][0]["name"], "welcome")
        job = "/api/v1/cron/nigh%74ly"
        # Who has changed something sees it, whatever others have just been told.
        for _ in range(5):
            for action, paused in (("pause", True), ("resume", False)):
                self.assertEqual(quern.ask("GET", "/healthz", None).status, 200)
                self.assertEqual(quern.ask("POST", f"{job}/{action}", "operator").status, 200)
                self.assertEqual(quern.ask("GET", "/api/v1/cron", "viewer").json["cron"][0]["paused"], paused)
        self.assertEqual(quern.ask("POST", f"{job}/pause", "operator").status, 200)
        self.assertEqual(quern.ask("POST", f"{job}/run", "operator").status, 200)
        wait_until(lambda: quern.ask("GET", "/api/v1/cron").json["cron"][0]["runs"] == 1, "the run")
        self.assertEqual(quern.ask("POST", f"{job}/resume", "operator").status, 200)
        levels = quern.ask("PUT", "/api/v1/log-levels", "operator", body={"levels": "quern.http=debug"}).json
        self.assertEqual(levels, {"general": "info", "categories": ["quern.http=debug"]})
        lines = quern.ask("GET", "/api/v1/logs?lines=1&level=info&role=master", "viewer").json["lines"]
        self.assertRegex(lines[0]["message"], "the log's levels are now")
        for path in ("/api/v1/tasks/dead-letters/retry?all=true", "/api/v1/tasks/dead-letters/retry?name=mail"):
            self.assertEqual(quern.ask("POST", path, "operator").json, {"count": 0})
        self.assertEqual(quern.ask("GET", "/api/v1/tasks/dead-letters", "viewer").json, {"letters": [], "older": ""})

    def test_errors_have_one_shape_and_a_fitting_status(self) -> None:
        quern = self.admin_serve(tables=CRON)
        for method, path, status, code, text, body in (
                ("GET", "/api/v1/nothing", 404, "not-found", "openapi.json", None),
                ("GET", "/api/v1/operations/99", 404, "not-found", "there is no operation 99", None),
                ("GET", "/api/v1/operations/x", 400, "invalid", "operation: must be an integer", None),
                ("POST", "/api/v1/cron/none/run", 404, "not-found", "there is no cron job", None),
                ("GET", "/api/v1/logs?lines=-1", 400, "invalid", "lines: must be an integer", None),
                ("GET", "/api/v1/logs?level=loud", 400, "protocol", "level: must be one of", None),
                ("GET", "/api/v1/tasks/dead-letters?limit=0", 400, "protocol", "limit: must be an integer from 1 to 100, not 0", None),
                ("PUT", "/api/v1/log-levels", 400, "protocol", "levels: is missing", {}),
                ("PUT", "/api/v1/log-levels", 400, "invalid", "no level", {"levels": "loud"}),
                ("DELETE", "/api/v1/tasks/dead-letters", 400, "invalid", "give either name=", None),
                ("POST", "/api/v1/status", 405, "invalid", "knows only GET, HEAD", None),
                ("GET", "/api/v1/status?x=1", 400, "invalid", "x: unknown parameter", None)):
            with self.subTest(f"{method} {path}"):
                answer = quern.ask(method, path, body=body)
                self.assertEqual((answer.status, answer.error["code"]), (status, code), answer)
                self.assertIn(text, answer.error["message"])
                self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertEqual(quern.ask("POST", "/api/v1/status").headers["Allow"], "GET, HEAD, OPTIONS")

    def test_probes(self) -> None:
        quern = self.admin_serve(worker_num=1, max_wait_time=5)
        for path in ("/healthz", "/readyz"):
            answer = quern.ask("GET", path, role=None)
            self.assertEqual((answer.status, answer.json["ready"]), (200, True))
            self.assertEqual(answer.json["sentence"], "All is well: 1 of 1 workers are ready.")
        # While it stops it is there, and takes nothing.
        busy = RawConnection(quern.address)
        self.addCleanup(busy.close)
        busy.send(request_bytes("GET", "/slow?ms=1500"))
        wait_until(lambda: quern.ask("GET", "/api/v1/status").json["workers"][0]["inFlight"] == 1, "the slow request")
        self.assertEqual(quern.ask("POST", "/api/v1/stop").status, 202)
        ready = quern.ask("GET", "/readyz", role=None)
        self.assertEqual((ready.status, ready.json["state"]), (503, "stopping"))
        self.assertEqual(quern.ask("GET", "/healthz", role=None).status, 200)
        self.assertEqual(busy.response().status, 200)
        quern.wait_gone()

    def test_it_answers_while_every_worker_is_stuck(self) -> None:
        quern = self.admin_serve(worker_num=2)
        clients = [RawConnection(quern.address, 30) for _ in range(4)]
        for client in clients:
            self.addCleanup(client.close)
            client.send(request_bytes("GET", "/slow?ms=4000"))
        wait_until(lambda: sum(worker["inFlight"] for worker in quern.ask("GET", "/api/v1/status").json["workers"]) >= 2,
                   "both workers to be busy")
        for path in ("/healthz", "/readyz", "/api/v1/status", "/api/v1/logs", "/api/v1/plugins"):
            self.assertEqual(quern.ask("GET", path, timeout=1.5).status, 200)
        for client in clients:
            self.assertEqual(client.response().status, 200)

    def test_curl(self) -> None:
        quern = self.admin_serve()
        result = subprocess.run(["curl", "-sS", "-m", "10", "-H", f"Authorization: Bearer {quern.token('viewer')}", "-w",
                                 "%{http_code} %{num_connects} ", f"http://localhost:{quern.api_port}/api/v1/status",
                                 "-o", "/dev/null", f"http://localhost:{quern.api_port}/api/v1/plugins", "-o", "/dev/null"],
                                capture_output=True, text=True, timeout=30)
        self.assertEqual(result.stdout, "200 1 200 0 ", result.stderr)  # one connection for both

    def test_many_at_once(self) -> None:
        quern = self.admin_serve()
        statuses = []

        def client() -> None:
            connection = quern.raw()
            try:
                for _ in range(50):
                    connection.send(quern.head("GET /api/v1/status", role="viewer"))
                    statuses.append(connection.response().status)
            finally:
                connection.close()

        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(statuses, [200] * 400)


class Start(AdminTestCase):
    def test_a_port_that_is_taken_is_told_with_its_line(self) -> None:
        quern = self.admin_serve()
        other = self.admin_server(admin={"listen": f"127.0.0.1:{quern.api_port}"})
        result = other.command("start")
        self.assert_exit(result, 1, rf"quern\.toml:\d+: admin\.listen: .*{quern.api_port}.* by .*quern.*; stop it, or choose")
        self.assertFalse(other.runtime.exists())
        self.assert_exit(other.command("doctor"), 1, f"error +listen 127.0.0.1:{quern.api_port} +is taken by .*quern")

    def test_it_is_not_there_unless_it_is_wanted(self) -> None:
        quern = self.admin_serve(admin={"enable": False})
        with self.assertRaises(ConnectionRefusedError):
            quern.ask("GET", "/healthz", role=None)
        self.assertFalse(quern.token_file.exists())
        self.assertNotIn("Management API", quern.command("status").stdout)

    def test_a_restart_of_the_same_place(self) -> None:
        quern = self.admin_serve()
        tokens = quern.token_file.read_text()
        self.assert_exit(quern.command("restart"), 0)
        self.assertEqual(quern.token_file.read_text(), tokens)
        self.assertEqual(quern.ask("GET", "/api/v1/status").status, 200)
        quern.stop()

    def test_a_refused_place_of_the_settings(self) -> None:
        quern = self.admin_server(admin={"listen": "0.0.0.0:5201"})
        result = subprocess.run([QUERN_BIN, "config", "--check", "-c", str(quern.config)], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"admin\.listen: \"0\.0\.0\.0:5201\" would send tokens over the network")
