"""Metrics of plugins in a server: their processes count through crashes and reloads, and within bounds."""

from __future__ import annotations

import http.client
import unittest

from metricstext import promtool_complaints, scrape
from quernserver import FIXTURES, QuernServer, QuernTestCase, wait_until


class PluginMetrics(QuernTestCase):
    def counting(self, **settings) -> QuernServer:
        """A server whose plugin, libcounting.so, has routes that count."""
        return self.serve(plugins=[FIXTURES / "libcounting.so"], tables="[metrics]\npublic = true\n", **settings)

    def count(self, server: QuernServer, values: list[str], body: bytes = b"") -> None:
        """Has each of the values counted once, over one connection."""
        connection = http.client.HTTPConnection(*server.address, timeout=10)
        try:
            for value in values:
                connection.request("POST", f"/count/{value}", body)
                response = connection.getresponse()
                response.read()
                self.assertEqual(response.status, 204)
        finally:
            connection.close()

    def test_serves_through_crashes_and_reloads(self) -> None:
        server = self.counting(worker_num=2, task_worker_num=1)
        before = server.wait_workers()
        self.count(server, ["berlin"] * 20, b"x" * 50)
        connection = http.client.HTTPConnection(*server.address, timeout=10)
        connection.request("POST", "/count/berlin/crash")
        self.assertEqual(connection.getresponse().status, 502)
        connection.close()
        wait_until(lambda: len({worker.pid for worker in server.workers()} - {worker.pid for worker in before}) == 1,
                   "the successor")
        self.count(server, ["berlin", "aachen"])
        self.assert_exit(server.command("reload"), 0)
        self.count(server, ["berlin", "aachen"])

        def counted(city: str) -> float:
            return scrape(server.port).value("counting_requests_total", city=city)

        # One more was counted by the worker that crashed.
        wait_until(lambda: counted("berlin") == 23 and counted("aachen") == 2, "all that was counted, by dead workers too")
        self.assertEqual(promtool_complaints(scrape(server.port).text), "")
        server.stop()
        self.assertNotIn("has overwritten", server.log())

    def test_too_many_series_cost_a_line_and_no_request(self) -> None:
        server = self.counting(worker_num=1)
        self.count(server, [str(number) for number in range(1200)])
        wait_until(lambda: scrape(server.port).value("counting_requests_total") == 1200, "all requests")
        self.assertEqual(scrape(server.port).value("counting_requests_total", city="other"), 200)
        server.wait_log(r'counter "counting_requests_total" of plugin counting has 1000 series in this process')
        self.assertEqual(server.log().count("no room for more"), 1)
        server.stop()


if __name__ == "__main__":
    unittest.main()
