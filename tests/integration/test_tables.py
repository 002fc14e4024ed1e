"""Shared tables and atomics: reached by every worker, there as long as the server is, and unharmed by whoever dies."""

import http.client
import json
import os
import random
import signal
import threading
import unittest

from quernserver import FIXTURES, TIME_SCALE, QuernTestCase, wait_until
from workserver import WorkTestCase

TABLES = """
[[table]]
name = "goods"
size = 64
columns = { stock = "int", price = "float", title = "string:16" }

[[atomic]]
name = "visits"
value = 100
"""


class TablesTestCase(QuernTestCase):
    SETTINGS: dict = {}

    def setUp(self) -> None:
        self.quern = self.serve(plugins=[FIXTURES / "libshelves.so"], tables=TABLES, worker_num=3, **self.SETTINGS)

    def request(self, method: str, path: str, body: object = None, seconds: float = 30.0) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.quern.port, timeout=seconds * TIME_SCALE)
        try:
            connection.request(method, path, json.dumps(body))
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, str]:
        return self.request("GET", path)

    def post(self, path: str, body: object = None) -> tuple[int, str]:
        return self.request("POST", path, body)

    def status(self) -> dict:
        return json.loads(self.quern.command("status", "--json").stdout)

    def row(self, key: str) -> dict:
        status, body = self.get(f"/goods/{key}")
        self.assertEqual(status, 200, body)
        return json.loads(body)


class Sharing(TablesTestCase):
    SETTINGS = {"dispatch_mode": "round-robin"}

    def test_what_one_worker_sets_all_read(self) -> None:
        self.assertEqual(self.post("/goods/tea", {"stock": 7, "price": 2.5, "title": "Grüner Tee"}), (200, "set"))
        expected = {"stock": 7, "price": 2.5, "title": "Grüner Tee"}
        workers = {str(worker.pid) for worker in self.quern.wait_workers()}
        self.assertEqual({self.get("/pid")[1] for _ in range(3)}, workers)
        self.assertEqual([self.row("tea") for _ in range(3)], 3 * [expected])
        self.assertEqual(self.post("/goods/tea", {"stock": 8}), (200, "set"))
        self.assertEqual([self.row("tea") for _ in range(3)], 3 * [{**expected, "stock": 8}])


class Lifetimes(TablesTestCase):
    def test_tables_and_atomics_survive_reload_and_the_end_of_all_workers(self) -> None:
        self.post("/goods/tea", {"stock": 7})
        self.assertEqual(self.post("/visits"), (200, "101"))
        result = self.quern.command("reload")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(self.row("tea")["stock"], 7)
        self.assertEqual(self.post("/visits"), (200, "102"))
        before = {worker.pid for worker in self.quern.wait_workers()}
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not before & {worker.pid for worker in self.quern.wait_workers()}, "new workers")
        self.assertEqual(self.row("tea")["stock"], 7)
        self.assertEqual(self.post("/visits"), (200, "103"))

    def test_a_full_table_and_wrong_values_are_told(self) -> None:
        for number in range(64):
            self.assertEqual(self.post(f"/goods/{number}", {"stock": number}), (200, "set"))
        self.assertEqual(self.post("/goods/beyond", {}),
                         (507, 'table "goods" is full: it holds 64 rows; raise its size in [[table]]'))
        self.assertEqual(self.post("/goods/1", {"title": "x" * 17})[0], 400)
        self.assertEqual(self.post("/goods/1", {"stock": "many"})[0], 400)
        self.assertEqual(self.row("1"), {"stock": 1, "price": 0, "title": ""})

    def test_status_shows_how_full_they_are(self) -> None:
        self.post("/goods/tea", {"stock": 7})
        self.assertRegex(self.quern.command("status").stdout, r"(?m)^Table goods: 1 of 64 rows \(1\.6 %\), .*KiB$")
        [table] = self.status()["tables"]
        self.assertEqual((table["name"], table["rows"], table["size"]), ("goods", 1, 64))
        self.assertTrue(0 < table["memory"] <= table["memoryLimit"], table)

    def test_a_change_of_tables_needs_a_restart(self) -> None:
        self.post("/goods/tea", {"stock": 7})
        self.quern.tables = TABLES.replace("size = 64", "size = 128")
        self.quern.write_config()
        result = self.quern.command("reload")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("only a restart changes table goods", result.stdout)
        self.assertEqual(self.row("tea")["stock"], 7)

    def test_a_waiter_hears_of_another_workers_change(self) -> None:
        answers = []
        waiter = threading.Thread(target=lambda: answers.append(self.get("/visits/100")))
        waiter.start()
        wait_until(lambda: sum(worker["inFlight"] for worker in self.status()["workers"]) == 1, "the waiter's request")
        self.assertEqual(self.post("/visits"), (200, "101"))
        waiter.join(20 * TIME_SCALE)
        self.assertEqual(answers, [(200, "101")])


class Deaths(TablesTestCase):
    def churn(self) -> None:
        while not self.is_over:
            try:
                self.get("/churn")
            except (OSError, http.client.HTTPException):
                pass

    def test_killed_and_stopped_writers_harm_nobody(self) -> None:
        self.is_over = False
        clients = [threading.Thread(target=self.churn) for _ in range(2)]
        for client in clients:
            client.start()
        randomly = random.Random(7)
        try:
            for round_number in range(12):
                victim = randomly.choice(self.quern.wait_workers()).pid
                if round_number % 3 == 2:
                    os.kill(victim, signal.SIGSTOP)
                    self.assertTrue(self.answers_of_others("GET", "/check").startswith("whole "))
                    self.assertEqual(self.answers_of_others("POST", "/goods/tea", {"stock": round_number}), "set")
                os.kill(victim, signal.SIGKILL)
                wait_until(lambda: victim not in {worker.pid for worker in self.quern.wait_workers()}, "its successor")
                status, body = self.get("/check")
                self.assertEqual(status, 200)
                self.assertTrue(body.startswith("whole "), body)
        finally:
            self.is_over = True
            for client in clients:
                client.join()
        # Whatever the dead have held is given back: all 64 rows can be had.
        rows = int(self.get("/check")[1].removeprefix("whole "))
        wait_until(lambda: self.get("/count")[1] == str(int(self.get("/check")[1].removeprefix("whole "))), "the sweep")
        for number in range(64 - rows):
            self.assertEqual(self.post(f"/goods/more-{number}", {}), (200, "set"))
        self.assertEqual(self.post("/goods/beyond", {})[0], 507)

    def answers_of_others(self, method: str, path: str, body: object = None) -> str:
        """The answer, though one worker is stopped: what that one has claimed comes late, another request is served."""
        def ask() -> str | None:
            try:
                status, answer = self.request(method, path, body, seconds=2)
            except OSError:
                return None
            return answer if status == 200 else None

        return wait_until(ask, f"an answer to {path}", 20)


class Worklab(WorkTestCase):
    def test_the_routes_of_its_readme(self) -> None:
        quern = self.work(tables=TABLES)
        ask = quern.ask
        self.assertEqual(ask("PUT", "/lab/tables/goods/tea", {"stock": 5, "price": 3, "title": "Tee"})[0], 204)
        self.assertEqual(ask("POST", "/lab/tables/goods/tea/stock?by=2"), (200, {"value": 7}))
        row = {"stock": 7, "price": 3, "title": "Tee"}
        self.assertEqual(ask("GET", "/lab/tables/goods/tea"), (200, row))
        self.assertEqual(ask("GET", "/lab/tables/goods"), (200, {"rows": {"tea": row}, "count": 1, "size": 64}))
        for body in ({"stock": 0.5}, {"stock": "five"}, {"colour": 1}, b"no JSON"):
            status, answer = ask("PUT", "/lab/tables/goods/milk", body)
            self.assertEqual((status, list(answer)), (409, ["error"]), body)
        self.assertEqual(ask("GET", "/lab/tables/goods/milk")[0], 404)
        self.assertEqual(ask("DELETE", "/lab/tables/goods/tea"), (200, {"removed": True}))
        self.assertEqual(ask("DELETE", "/lab/tables/goods/tea"), (200, {"removed": False}))
        self.assertEqual(ask("DELETE", f"/lab/tables/goods/{'k' * 65}")[0], 409)
        self.assertEqual(ask("POST", "/lab/counters/visits?by=-1"), (200, {"value": 99}))
        self.assertEqual(ask("GET", "/lab/tables/nothing")[0], 404)


if __name__ == "__main__":
    unittest.main()
