"""The management API's resources, with their effects: tables, connections, processes, settings, metrics, the stream."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import proctree
from adminserver import AdminServer, AdminTestCase
from metricstext import Metrics, promtool_complaints
from quernserver import FIXTURES, TIME_SCALE, wait_until
from wsclient import WebSocketClient

TABLES = """[[table]]
name = "goods"
size = 64
columns = { stock = "int", price = "float", title = "string:16" }

[[atomic]]
name = "visits"
value = 100
"""
METRICS = "/actuator/prometheus"


class Resources(AdminTestCase):
    def follow(self, quern: AdminServer, answer) -> dict:
        """How the operation that the answer names has ended."""
        self.assertEqual(answer.status, 202, answer)

        def ended() -> dict | None:
            operation = quern.ask("GET", answer.headers["Location"], "viewer").json
            return operation if operation["state"] != "running" else None

        return wait_until(ended, "the end of the operation", 20)

    def test_tables_and_atomics_are_those_of_the_workers(self) -> None:
        quern = self.admin_serve(plugins=[FIXTURES / "libshelves.so"], tables=TABLES)
        row = "/api/v1/tables/goods/rows/tea%2Fgreen"
        values = {"stock": 9007199254740993, "price": 2.5, "title": "Grüner Tee"}
        self.assertEqual(quern.ask("PUT", row, "operator", body={"values": values}).status, 403)
        self.assertEqual(quern.ask("PUT", row, "admin", body={"values": {**values, "stock": "9007199254740993"}}).status, 200)
        rows = quern.ask("GET", "/api/v1/tables/goods/rows?filter=stock%3E5", "operator").json["rows"]
        self.assertEqual([(each["key"], each["values"]["title"]) for each in rows], [("tea/green", "Grüner Tee")])
        answer = quern.ask("PUT", row, body={"values": {"colour": 1}})
        self.assertEqual(answer.status, 400, answer)
        self.assertIn("colour", answer.error["message"])
        self.assertEqual(quern.ask("DELETE", row).status, 200)
        self.assertEqual(quern.ask("DELETE", row).status, 404)
        for key in (b"\xff\0/", b"a\0b", b"tea"):  # the first is listed as base64
            row = f"/api/v1/tables/goods/rows/{quote(base64.b64encode(key), safe='')}?encoding=base64"
            self.assertEqual(quern.ask("PUT", row, body={"values": {"stock": 3}}).status, 200)
            rows = quern.ask("GET", "/api/v1/tables/goods/rows").json["rows"]
            shown = {"base64": base64.b64encode(key).decode()} if key[0] == 255 else key.decode()
            self.assertEqual([(each["key"], each["values"]["stock"]) for each in rows], [(shown, 3)])
            self.assertEqual(quern.ask("DELETE", row).status, 200)
            self.assertEqual(quern.ask("DELETE", row).status, 404)
        self.assertEqual(quern.ask("PUT", "/api/v1/atomics/visits", body={"value": 5}).json, {"name": "visits", "value": 100})
        self.assertEqual(quern.ask("GET", "/api/v1/atomics").json, {"atomics": [{"name": "visits", "value": 5}]})
        self.assertEqual(quern.ask("GET", "/api/v1/tables/none/rows").status, 404)

    def test_scale_drain_and_recycle(self) -> None:
        quern = self.admin_serve()
        outcome = self.follow(quern, quern.ask("POST", "/api/v1/scale", "operator", body={"workers": 3}))
        self.assertEqual(outcome["state"], "succeeded", outcome)
        processes = quern.ask("GET", "/api/v1/processes", "viewer").json["processes"]
        self.assertEqual([each["name"] for each in processes], ["worker 0", "worker 1", "worker 2"])
        self.assertEqual(quern.ask("GET", "/readyz", None).status, 200)
        # A slip of the pen takes nobody out of the balancer.
        for body in ({"On": False}, {}, {"on": True, "off": False}):
            self.assertEqual(quern.ask("POST", "/api/v1/drain", body=body).status, 400, body)
        self.assertEqual(quern.ask("POST", "/api/v1/scale", body={"workers": 2, "task_workers": 7}).status, 400)
        self.assertEqual(self.follow(quern, quern.ask("POST", "/api/v1/drain", "operator", body={"on": True}))["state"], "succeeded")
        answer = quern.ask("GET", "/readyz", None)
        self.assertEqual((answer.status, answer.json["ready"]), (503, False))
        self.assertIn("go elsewhere", answer.json["sentence"])
        self.assertEqual(quern.ask("GET", "/healthz", None).status, 200)
        self.follow(quern, quern.ask("POST", "/api/v1/drain", "operator", body={"on": False}))
        self.assertEqual(quern.ask("GET", "/readyz", None).status, 200)
        before = processes[1]["pid"]
        self.assertEqual(quern.ask("POST", "/api/v1/processes/worker%201/recycle", "operator").status, 200)
        wait_until(lambda: quern.ask("GET", "/api/v1/processes").json["processes"][1]["pid"] not in (0, before), "its next")
        self.assertEqual(quern.ask("DELETE", "/api/v1/processes/worker%201", "operator").status, 403)
        self.assertEqual(quern.ask("DELETE", "/api/v1/processes/worker%201").status, 200)
        self.assertEqual(quern.ask("DELETE", "/api/v1/processes/nobody").status, 404)

    def test_who_may_only_look_costs_one_look(self) -> None:
        quern = self.admin_serve()
        begun = time.monotonic()
        for target, member in (("/api/v1/status", lambda answer: answer["uptimeMs"]),
                               ("/api/v1/processes", lambda answer: str(answer))):
            seen = {member(quern.ask("GET", target, "viewer").json) for _ in range(40)}
            self.assertLessEqual(len(seen), (time.monotonic() - begun) / 0.2 + 2, target)
        # An admin has a look of his own each time.
        begun = time.monotonic()
        seen = {quern.ask("GET", "/api/v1/status").json["uptimeMs"] for _ in range(40)}
        self.assertGreater(len(seen), (time.monotonic() - begun) / 0.2 + 2)

    def test_restart(self) -> None:
        quern = self.admin_serve()
        before = quern.ask("GET", "/api/v1/status").json
        quern.settings["max_conn"] = 321
        quern.write_config()
        self.assertEqual(quern.ask("POST", "/api/v1/restart").status, 202)

        def anew() -> bool:
            try:
                status = quern.ask("GET", "/api/v1/status").json
            except OSError:
                return False
            return status["startedAt"] != before["startedAt"] and status["state"] == "running"

        wait_until(anew, "the new server", 20)
        settings = {each["key"]: each for each in quern.ask("GET", "/api/v1/config", "viewer").json["settings"]}
        self.assertEqual(settings["server.max_conn"]["value"], "321")
        self.assertEqual(quern.ask("GET", "/api/v1/status").json["pid"], before["pid"])

    def test_a_candidate_of_the_settings(self) -> None:
        quern = self.admin_serve()
        text = quern.config.read_text()
        verdict = quern.ask("POST", "/api/v1/config/check", "admin",
                            body={"text": text.replace("worker_num = 2", "worker_num = 0")}).json
        self.assertFalse(verdict["right"])
        self.assertIn("worker_num", verdict["problems"][0])
        self.assertTrue(quern.ask("POST", "/api/v1/config/check", "admin", body={"text": text}).json["right"])

    def test_metrics_for_those_with_a_token(self) -> None:
        quern = self.admin_serve()
        self.assertEqual(quern.ask("GET", METRICS, None).status, 401)
        answer = quern.ask("GET", METRICS, "viewer")
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(promtool_complaints(answer.body.decode()), "")
        self.assertEqual(Metrics(answer.body.decode()).value("quern_workers"), 2)

    def test_metrics_for_everybody_at_another_path(self) -> None:
        quern = self.admin_serve(tables='[metrics]\npath = "/metrics"\ntoken = false\n')
        self.assertEqual(quern.ask("GET", "/metrics", None).status, 200)
        self.assertEqual(quern.ask("GET", METRICS, "viewer").status, 404)
        quern = self.admin_serve(tables="[metrics]\nenable = false\n")
        self.assertEqual(quern.ask("GET", METRICS, "viewer").status, 404)

    def test_all_is_answered_while_every_worker_is_stuck(self) -> None:
        quern = self.admin_serve(tables=TABLES)
        workers = quern.wait_workers()
        for worker in workers:
            os.kill(worker.pid, signal.SIGSTOP)
        try:
            for path in ("/healthz", "/readyz", "/api/v1/status", "/api/v1/processes", "/api/v1/connections",
                         "/api/v1/listeners", "/api/v1/tables", "/api/v1/tables/goods/rows", "/api/v1/atomics",
                         "/api/v1/plugins", "/api/v1/config", "/api/v1/logs", "/api/v1/operations", METRICS):
                with self.subTest(path):
                    begun = time.monotonic()
                    self.assertEqual(quern.ask("GET", path).status, 200)
                    self.assertLess(time.monotonic() - begun, 2 * TIME_SCALE)
            self.assertEqual(quern.ask("DELETE", "/api/v1/processes/worker%200").status, 200)
            wait_until(lambda: quern.workers()[0].pid != workers[0].pid, "the next worker 0")
        finally:
            for worker in workers:
                if proctree.alive(worker.pid):
                    os.kill(worker.pid, signal.SIGCONT)

    def test_the_stream_tells_how_the_server_is_and_what_happens(self) -> None:
        quern = self.admin_serve()
        stream = self.stream(quern, "viewer")
        stream.call("server.subscribe", {"status": True, "intervalMs": 1000, "operations": True, "processes": True})
        os.kill(quern.wait_workers()[0].pid, signal.SIGKILL)
        quern.wait_workers()
        quern.ask("POST", "/api/v1/reload")
        seen: dict[str, list[dict]] = {"status": [], "operation": [], "process": []}

        def complete() -> bool:
            event = stream.events.pop(0) if stream.events else stream.next()
            seen[event["event"]].append(event["data"])
            return (len(seen["status"]) > 2 and any(each["state"] == "succeeded" for each in seen["operation"]) and
                    any(each["what"] == "ended" and "signal 9" in each["reason"] for each in seen["process"]))

        wait_until(complete, "snapshots, the reload's end and the worker's", 30)
        times = [each["uptimeMs"] for each in seen["status"]]
        self.assertTrue(all(500 < later - earlier < 3000 * TIME_SCALE for earlier, later in zip(times, times[1:])), times)

    def test_connections(self) -> None:
        quern = self.admin_serve(plugins=[FIXTURES / "liblive.so"])
        listeners = quern.ask("GET", "/api/v1/listeners", "viewer").json["listeners"]
        self.assertEqual([each["address"] for each in listeners], [f"http://127.0.0.1:{quern.port}/"])
        client = WebSocketClient(("127.0.0.1", quern.port), "/echo")
        self.addCleanup(client.drop)
        self.assertTrue(client.is_open, client.response)
        (connection,) = wait_until(lambda: quern.ask("GET", "/api/v1/connections").json["connections"], "the connection")
        place = f"/api/v1/connections/{connection['id']}"
        self.assertEqual(quern.ask("POST", f"{place}/push", "viewer", body={"text": "hi"}).status, 403)
        self.assertEqual(quern.ask("POST", f"{place}/push", "operator", body={"text": "from an operator"}).status, 200)
        wait_until(lambda: client.read_text() == "from an operator", "the message")
        self.assertEqual(quern.ask("DELETE", f"{place}?code=4001&reason=bye", "operator").status, 200)
        self.assertEqual(quern.ask("GET", "/api/v1/connections?kind=websocket").json["connections"], [])
        self.assertEqual(quern.ask("DELETE", place).status, 404)


if __name__ == "__main__":
    unittest.main()
