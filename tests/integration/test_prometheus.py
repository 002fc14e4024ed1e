"""A real Prometheus scrapes a server under load, and every query of the Grafana dashboard finds data in it."""

from __future__ import annotations

import http.client
import json
import math
import os
import re
import signal
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from metricstext import Metrics, PROMETHEUS, scrape
from ports import reserve_port
from quernserver import TIME_SCALE, wait_until
from workserver import WorkServer, WorkTestCase

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
DASHBOARD = RESOURCES / "grafana/quern.json"
GUIDE = RESOURCES / "docs/monitoring.md"
# So long it is scraped, and the windows of the queries are.
SECONDS = 60 if os.environ.get("QUERN_SOAK") else 6
SETTINGS = """
[metrics]
public = true
application = "lab"

[[cron]]
job = "tick"
interval = 50

[[process]]
handler = "consumer"
queue = { mode = "shared" }

[[process]]
handler = "shouter"
pipe = "stream"

[[table]]
name = "prices"
size = 64
columns = { price = "int" }
"""


class Prometheus:
    """One of the test's own, which scrapes one server each second."""

    def __init__(self, target: int, directory: Path) -> None:
        self.port = reserve_port()
        self._settings = directory / "prometheus.yml"
        self._settings.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [{"job_name": "quern", "metrics_path": "/actuator/prometheus",
                                "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}]}))
        self._log = (directory / "prometheus.log").open("wb")
        self._process = subprocess.Popen(
            [PROMETHEUS, f"--config.file={self._settings}", f"--storage.tsdb.path={directory / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
            stdout=self._log, stderr=self._log)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    def query(self, expression: str) -> list[dict]:
        """What an instant query finds; AssertionError if it is wrong."""
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=10 * TIME_SCALE) as response:
                return json.load(response)["data"]["result"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                raise ConnectionError("it has just been started") from error
            raise AssertionError(f"{expression}: {error.read().decode()}") from error

    def is_ready(self) -> bool:
        assert self._process.poll() is None, Path(self._log.name).read_text()
        try:
            return bool(self.query("up == 1"))
        except OSError:
            return False


class Load(threading.Thread):
    """Requests, tasks and messages, again and again."""

    def __init__(self, work: WorkServer) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            for method, path in (("GET", "/hello/a"), ("GET", "/nowhere"), ("POST", "/lab/tasks/echo"),
                                 ("PUT", "/lab/tables/prices/tea")):
                try:
                    self._work.ask(method, path, {"price": 5} if method != "GET" else None)
                except (OSError, http.client.HTTPException):
                    pass  # its worker was killed

    def end(self) -> None:
        self._done.set()
        self.join(30)


def dashboard_queries() -> list[tuple[str, str]]:
    """Title of the panel and query, with what Grafana puts in for its variables."""
    queries = []
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", f"{SECONDS}s").replace("$instance", ".*")
            assert "$" not in expression, expression
            queries.append((panel["title"], expression))
    return queries


class PrometheusTest(WorkTestCase):
    def test_every_query_of_the_dashboard_finds_data(self) -> None:
        work = self.work(tables=SETTINGS)
        prometheus = Prometheus(work.port, work.directory)
        self.addCleanup(prometheus.stop)
        load = Load(work)
        load.start()
        self.addCleanup(load.end)
        wait_until(prometheus.is_ready, "the first scrape", 30)
        # A restart that is counted within the window, and a task that has failed for good.
        os.kill(work.wait_workers()[0].pid, signal.SIGKILL)
        work.deliver("throw")
        wait_until(lambda: prometheus.query("quern_restarts_total") and prometheus.query(
            f"count_over_time(up[{2 * SECONDS}s]) > {SECONDS}"), "enough scrapes", SECONDS * 2 + 20)
        empty = []
        for title, expression in dashboard_queries():
            found = prometheus.query(expression)
            if not any(math.isfinite(float(each["value"][1])) for each in found):
                empty.append(f"{title}: {expression}")
        self.assertEqual(empty, [])
        self.assertEqual(prometheus.query("min_over_time(up[1h]) < 1"), [], "a scrape has failed")
        sums = {each["metric"]["route"]: float(each["value"][1]) for each in prometheus.query(
            "sum by (route) (http_server_requests_seconds_count)")}
        self.assertLess({"/hello/:name", "unmatched"}, set(sums))
        self.assertEqual({each["metric"]["application"] for each in prometheus.query("quern_build_info")}, {"lab"})

    def test_dashboard_and_guide_name_what_there_is(self) -> None:
        work = self.work(tables=SETTINGS)
        os.kill(work.wait_workers()[0].pid, signal.SIGKILL)

        def look() -> Metrics | None:
            metrics = scrape(work.port)
            complete = metrics.value("quern_cron_runs_total") > 0 and metrics.value("quern_restarts_total") > 0
            return metrics if complete else None

        metrics = wait_until(look, "a run and a restart")
        families = metrics.families()
        rows = re.findall(r"^\| `([a-z0-9_]+)` \| (counter|gauge|histogram) \| ([a-z_, ]*) \|", GUIDE.read_text(), re.MULTILINE)
        self.assertEqual({name for name, _, _ in rows}, {name for name in families if not name.startswith("worklab_")})
        for name, kind, labels in rows:
            self.assertIn(f"# TYPE {name} {kind}\n", metrics.text)
            told = {label for label in labels.split(", ") if label} | {"application"}
            for sample in metrics.all(name + ("_count" if kind == "histogram" else "")):
                self.assertEqual(set(sample.labels), told, name)
        for title, expression in dashboard_queries():
            for name in re.findall(r"\b((?:quern|http_server|process|system)_[a-z0-9_]+)\b", expression):
                family = re.sub(r"_(bucket|sum|count)$", "", name)
                self.assertIn(family, families, f"{title}: {expression}")


if __name__ == "__main__":
    unittest.main()
