"""Metrics: what is counted, that its names and number of series are what Prometheus wants, and that nobody is waited for."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import struct
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import proctree
from controlclient import ControlClient
from metricstext import Metrics, promtool_complaints, scrape
from quernserver import FIXTURES, QuernServer, QuernTestCase, TIME_SCALE, wait_until
from workserver import WorkTestCase

PUBLIC = "[metrics]\npublic = true\n"
REQUESTS = "http_server_requests_seconds"


class MetricsTestCase(QuernTestCase):
    def public(self, metrics: str = "", **settings) -> QuernServer:
        """A server that tells its metrics at its public port."""
        quern = self.serve(tables=PUBLIC + metrics, **settings)
        # Who waited for the server has asked for something, too.
        self.asked = self.count(scrape(quern.port), route="/hello/:name", status="200")
        return quern

    def greeted(self, metrics: Metrics, **labels: str) -> float:
        """How many requests of this test /hello/:name has had."""
        return self.count(metrics, route="/hello/:name", **labels) - self.asked

    def ask(self, quern: QuernServer, method: str, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", quern.port, timeout=20)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def count(self, metrics: Metrics, **labels: str) -> float:
        return metrics.value(REQUESTS + "_count", **labels)

    def wait_scrape(self, quern: QuernServer, condition, what: str) -> Metrics:
        """The public port tells what may be 0.2 s old."""

        def look() -> Metrics | None:
            metrics = scrape(quern.port)
            return metrics if condition(metrics) else None

        return wait_until(look, what)


class Requests(MetricsTestCase):
    def test_routes_are_patterns_and_what_has_no_route_has_a_name(self) -> None:
        quern = self.public()
        for name in ("ada", "grace", "edsger"):
            self.assertEqual(self.ask(quern, "GET", f"/hello/{name}"), 200)
        self.assertEqual(self.ask(quern, "GET", "/nowhere"), 404)
        with socket.create_connection(("127.0.0.1", quern.port), 10) as client:
            client.sendall(b"BREW / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
            self.assertIn(b" 400 ", client.recv(4096))
        metrics = self.wait_scrape(quern, lambda m: self.count(m, route="refused") > 0, "the refused request")
        self.assertEqual(self.greeted(metrics, method="GET", status="200"), 3)
        self.assertEqual(self.count(metrics, method="GET", route="unmatched", status="404"), 1)
        self.assertEqual(self.count(metrics, route="refused", status="400"), 1)
        self.assertNotIn("ada", metrics.text)
        # Buckets are cumulative, and the last is the count.
        buckets = [s.value for s in metrics.all(REQUESTS + "_bucket", route="/hello/:name", status="200")]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], self.asked + 3)
        self.assertGreater(metrics.value(REQUESTS + "_sum", route="/hello/:name"), 0)

    def test_failures_are_counted_at_their_route(self) -> None:
        quern = self.public(max_request_execution_time=2, worker_num=1)
        self.assertEqual(self.ask(quern, "GET", "/slow?ms=2300"), 504)
        wait_until(lambda: self.ask(quern, "GET", "/hello/a") == 200, "the worker")
        with socket.create_connection(("127.0.0.1", quern.port), 10) as client:
            client.sendall(b"GET /slow?ms=1900 HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_until(lambda: scrape(quern.port).value("quern_requests_in_flight") > 0, "the slow request")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leaves with a reset
        metrics = self.wait_scrape(quern, lambda m: self.count(m, status="499") > 0, "the client that has gone")
        self.assertEqual(self.count(metrics, route="/slow", status="504"), 1)
        self.assertEqual(self.count(metrics, route="/slow", status="499"), 1)
        self.assertEqual(metrics.value("quern_requests_timed_out_total"), 1)

    def test_static_files_have_one_name(self) -> None:
        quern = self.server(tables=PUBLIC, handle_static=True, document_root="www")
        (quern.directory / "www").mkdir()
        for name in ("a.txt", "b.txt"):
            (quern.directory / "www" / name).write_text("hello")
        quern.start()
        for name in ("a.txt", "b.txt"):
            self.assertEqual(self.ask(quern, "GET", f"/{name}"), 200)
        metrics = self.wait_scrape(quern, lambda m: self.count(m, route="static", status="200") >= 2, "the files")
        self.assertNotIn("a.txt", metrics.text)

    def test_the_number_of_series_is_bounded(self) -> None:
        quern = self.public()
        for number in range(300):
            self.ask(quern, "GET", f"/hello/{number}")
            self.ask(quern, f"M{number}", f"/none/{number}")
        metrics = self.wait_scrape(quern, lambda m: self.count(m, method="other") >= 300, "all requests")
        self.assertEqual(self.greeted(metrics), 300)
        self.assertLess(len(metrics.all(REQUESTS + "_count")), 8)

    def test_settings_choose_buckets_statuses_and_the_label(self) -> None:
        quern = self.public('application = "shop"\nignored_status = [404]\nbuckets = [0.5, 2]\n')
        self.ask(quern, "GET", "/hello/a")
        self.ask(quern, "GET", "/nowhere")
        metrics = self.wait_scrape(quern, lambda m: self.greeted(m) == 1, "the request")
        self.assertEqual([s.labels["le"] for s in metrics.all(REQUESTS + "_bucket", route="/hello/:name")], ["0.5", "2", "+Inf"])
        self.assertEqual(metrics.all(REQUESTS + "_count", status="404"), [])
        self.assertEqual({s.labels.get("application") for s in metrics.samples}, {"shop"})

    def test_without_metrics_the_path_is_the_applications(self) -> None:
        for text in ("", "[metrics]\nenable = false\npublic = true\n"):
            with self.subTest(text):
                quern = self.serve(tables=text)
                self.assertEqual(self.ask(quern, "GET", "/actuator/prometheus"), 404)

    def test_other_methods_and_head(self) -> None:
        quern = self.public()
        self.assertEqual(self.ask(quern, "HEAD", "/actuator/prometheus"), 200)
        self.assertEqual(self.ask(quern, "POST", "/actuator/prometheus"), 404)
        self.assertEqual(self.ask(quern, "GET", "/actuator/prometheus?name=x"), 200)


    def test_the_time_of_an_upload_is_its_clients(self) -> None:
        quern = self.public(plugins=[FIXTURES / "libprobe.so"])
        with socket.create_connection(("127.0.0.1", quern.port), 10) as client:
            client.sendall(b"POST /probe/digest HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
            time.sleep(1)  # a slow client
            client.sendall(b"def")
            self.assertIn(b" 200 ", client.recv(4096))
        metrics = self.wait_scrape(quern, lambda m: self.count(m, route="/probe/digest") == 1, "the upload")
        self.assertLess(metrics.value(REQUESTS + "_sum", route="/probe/digest"), 0.9)


class Server(MetricsTestCase):
    def test_clean_under_load(self) -> None:
        quern = self.public(worker_num=3, task_worker_num=1)
        stop = time.monotonic() + 2
        done = threading.Event()
        complaints: list[str] = []

        def load() -> None:
            while not done.is_set():
                for path in ("/hello/a", "/nowhere", "/slow?ms=5"):
                    self.ask(quern, "GET", path)

        with ThreadPoolExecutor(4) as pool:
            loads = [pool.submit(load) for _ in range(4)]
            try:
                while time.monotonic() < stop or len(complaints) < 3:
                    complaints.append(promtool_complaints(scrape(quern.port).text))
            finally:
                done.set()
            for each in loads:
                each.result()
        self.assertEqual(set(complaints), {""})

    def test_counters_never_fall_when_workers_die_or_are_replaced(self) -> None:
        quern = self.public()
        for _ in range(20):
            self.ask(quern, "GET", "/hello/a")
        before = self.wait_scrape(quern, lambda m: self.greeted(m) == 20, "the requests")
        os.kill(quern.wait_workers()[0].pid, signal.SIGKILL)
        killed = self.wait_scrape(
            quern, lambda m: m.value("quern_restarts_total", role="worker", reason="killed") == 1, "the restart")
        self.assertEqual(quern.command("reload").returncode, 0)
        after = self.wait_scrape(quern, lambda m: m.value("quern_generation") == 2, "the reload")
        for sample in before.samples:
            if sample.name.endswith(("_total", "_count", "_bucket")) and "cpu" not in sample.name:
                for later in (killed, after):
                    self.assertGreaterEqual(later.value(sample.name, **sample.labels), sample.value, sample)

    def test_connections_bytes_and_processes(self) -> None:
        quern = self.public()
        with socket.create_connection(("127.0.0.1", quern.port), 10) as client:
            request = b"GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n"
            client.sendall(request)
            answer = client.recv(65536)
            metrics = self.wait_scrape(quern, lambda m: m.value("quern_connections", listener="main") >= 2,
                                       "the connection")
            self.assertGreaterEqual(metrics.value("quern_received_bytes_total", listener="main"), len(request))
            self.assertGreaterEqual(metrics.value("quern_sent_bytes_total", listener="main"), len(answer))
        names = {s.labels["process"] for s in metrics.all("quern_process_resident_memory_bytes")}
        self.assertEqual(names, {"master", "worker 0", "worker 1"})
        self.assertTrue(all(s.value > 1 << 20 for s in metrics.all("quern_process_resident_memory_bytes")))
        self.assertEqual(metrics.value("quern_workers_idle"), 2)
        self.assertAlmostEqual(metrics.value("process_start_time_seconds"), time.time(), delta=120)
        self.assertEqual(metrics.value("system_load1"), metrics.value("system_load1"))


class Work(WorkTestCase):
    def test_tasks_cron_jobs_queues_and_tables(self) -> None:
        work = self.work(tables=PUBLIC + '[[cron]]\njob = "tick"\ninterval = 50\n'
                         '[[process]]\nhandler = "consumer"\nqueue = { mode = "shared" }\n'
                         '[[table]]\nname = "prices"\nsize = 64\ncolumns = { price = "int" }\n')
        work.deliver("echo", {"number": 1}, until="finished")
        work.deliver("throw", {"number": 1}, until="finished")
        self.assertLess(work.ask("PUT", "/lab/tables/prices/tea", {"price": 5})[0], 300)

        def look() -> Metrics | None:
            metrics = scrape(work.port)
            complete = metrics.value("quern_cron_runs_total", cron_job="tick") > 3
            return metrics if complete and metrics.value("quern_task_outcomes_total", outcome="buried") else None

        metrics = wait_until(look, "runs of the job and the task's failure")
        self.assertEqual(metrics.value("quern_task_outcomes_total", outcome="done"), 1)
        self.assertEqual(metrics.value("quern_tasks_dead_letters"), 1)
        self.assertEqual(metrics.value("quern_table_rows", table="prices"), 1)
        self.assertEqual(metrics.value("quern_table_capacity_rows", table="prices"), 64)
        self.assertGreater(metrics.value("quern_process_queue_capacity_items", process="consumer"), 0)
        self.assertEqual(promtool_complaints(metrics.text), "")

    def test_a_scrape_waits_for_no_child(self) -> None:
        work = self.work(tables=PUBLIC + '[[cron]]\njob = "tick"\ninterval = 50\n'
                         '[[process]]\nhandler = "consumer"\nqueue = { mode = "shared" }\n')
        wait_until(lambda: scrape(work.port).value("quern_cron_runs_total") > 0, "a run")
        children = proctree.children_of(work.master)
        self.assertGreaterEqual(len(children), 4)  # workers, task worker, timer, process
        for child in children:
            os.kill(child, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            metrics = scrape(work.port)
            self.assertLess(time.monotonic() - begun, 2 * TIME_SCALE)
            self.assertGreater(metrics.value("quern_cron_lateness_seconds_count"), 0)
        finally:
            for child in children:
                os.kill(child, signal.SIGCONT)

    def test_why_processes_were_replaced(self) -> None:
        work = self.work(tables=PUBLIC + '[[process]]\nhandler = "quitter"\n', worker_num=1, max_request_execution_time=1)
        worker = work.wait_workers()[0]

        def count(reason: str, role: str = "worker") -> float:
            return scrape(work.port).value("quern_restarts_total", role=role, reason=reason)

        wait_until(lambda: count("returned", "process") > 0, "the process that comes to its end")
        os.kill(worker.pid, signal.SIGABRT)  # the one that no sanitizer makes an exit of
        wait_until(lambda: count("crashed") == 1, "the crash")
        wait_until(lambda: work.workers() and work.workers()[0].pid != worker.pid, "its next")
        with ControlClient(work) as control:
            wait_until(lambda: control.ask("server.status")["workers"][0]["state"] == "ready", "its next at work")
            control.ask("process.recycle", process="worker 0")
            wait_until(lambda: count("replaced") == 1, "the one that is replaced")
            wait_until(lambda: control.ask("server.status")["workers"][0]["state"] == "ready", "its next at work")
            control.ask("process.kill", process="worker 0")
        wait_until(lambda: count("killed") == 1, "the kill")
        metrics = scrape(work.port)
        self.assertEqual(metrics.value("quern_restarts_total", role="worker"), 3)
        self.assertTrue(metrics.all("quern_restarts_total", role="worker", reason="failed"))

    def test_lateness_outlives_the_timer(self) -> None:
        work = self.work(tables=PUBLIC + '[[cron]]\njob = "tick"\ninterval = 50\n[[cron]]\njob = "stuck"\ninterval = 100\n',
                         max_wait_time=2)

        def late() -> float:
            return scrape(work.port).value("quern_cron_lateness_seconds_count", cron_job="tick")

        def timers() -> list[int]:
            return [pid for pid in proctree.children_of(work.master) if "quern: timer" in proctree.title(pid)]

        (old,) = wait_until(timers, "the timer")
        before = wait_until(lambda: late() > 5 and late(), "runs")
        with ControlClient(work) as control:
            control.ask("server.reload")
        wait_until(lambda: scrape(work.port).value("quern_generation") == 2, "the reload")
        # The old one has a run that is deaf. Its next waits for its end, and cannot do anything then for now.
        (young,) = set(timers()) - {old}
        os.kill(young, signal.SIGSTOP)
        try:
            wait_until(lambda: not proctree.alive(old), "the end of the old timer")
            begun = time.monotonic()
            wait_until(lambda: time.monotonic() - begun > 0.5 and late() >= before, "what it has counted", 2)
        finally:
            os.kill(young, signal.SIGCONT)
        wait_until(lambda: late() > before, "runs of the new timer")


if __name__ == "__main__":
    unittest.main()
