"""The management protocol over the control socket: what leads the server from one state to another, and what it tells."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
import unittest

import proctree
from controlclient import ControlClient, Refused, restart_in_its_stop
from ports import reserve_port
from quernserver import FIXTURES, TIME_SCALE, QuernServer, QuernTestCase, wait_until


class ControlTestCase(QuernTestCase):
    def control(self, quern: QuernServer) -> ControlClient:
        control = ControlClient(quern)
        self.addCleanup(control.close)
        control.ask("server.subscribe", status=False, intervalMs=1000, operations=True, processes=True)
        return control

    def refused(self, control: ControlClient, method: str, **params: object) -> Refused:
        with self.assertRaises(Refused) as caught:
            control.ask(method, **params)
        return caught.exception

    def hello(self, quern: QuernServer) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", quern.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", "/hello/a")
        response = connection.getresponse()
        response.read()
        return response


class Access(ControlTestCase):
    def test_the_server_s_user_may_do_all(self) -> None:
        control = self.control(self.serve())
        self.assertEqual(control.ask("server.access"), {"role": "admin", "name": f"uid {os.getuid()}"})


class Scaling(ControlTestCase):
    def test_scale_up_down_and_over_a_reload(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        for number in (4, 1):
            outcome = control.wait_operation(control.ask("server.scale", workers=number, taskWorkers=0))
            self.assertEqual((outcome["kind"], outcome["state"]), ("scale", "succeeded"), outcome)
            self.assertEqual([each["state"] for each in control.ask("server.status")["workers"]], number * ["ready"])
            self.assertEqual(self.hello(quern).status, 200)
        # A reload keeps it as long as the file says what it said.
        self.assertEqual(quern.command("reload").returncode, 0)
        self.assertEqual(len(control.ask("server.status")["workers"]), 1)
        settings = {each["key"]: each for each in control.ask("config.read")["settings"]}
        self.assertEqual(settings["server.worker_num"]["value"], "1")
        self.assertEqual(settings["server.worker_num"]["origin"], "scaled at run time")
        quern.settings["worker_num"] = 3
        quern.write_config()
        self.assertEqual(quern.command("reload").returncode, 0)
        self.assertEqual(len(control.ask("server.status")["workers"]), 3)

    def test_task_workers(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        outcome = control.wait_operation(control.ask("server.scale", workers=0, taskWorkers=2))
        self.assertEqual(outcome["state"], "succeeded", outcome)
        names = [each["name"] for each in control.ask("server.status")["processes"]]
        self.assertEqual(names, ["task worker 0", "task worker 1"])

    def test_what_cannot_be(self) -> None:
        control = self.control(self.serve())
        self.assertIn("say how many", self.refused(control, "server.scale", workers=0, taskWorkers=0).message)
        self.assertIn("1024", self.refused(control, "server.scale", workers=5000, taskWorkers=0).message)
        self.assertIn("workers: must be", self.refused(control, "server.scale", workers=-1, taskWorkers=0).message)
        self.assertEqual(self.refused(control, "server.sail").code, "not-found")


class Draining(ControlTestCase):
    def test_clients_go_elsewhere_and_may_come_back(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        idle = http.client.HTTPConnection("127.0.0.1", quern.port, timeout=10)
        self.addCleanup(idle.close)
        idle.request("GET", "/hello/a")
        idle.getresponse().read()
        with socket.create_connection(("127.0.0.1", quern.port), 10) as busy:
            busy.sendall(b"GET /slow?ms=500 HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_until(lambda: any(each["inFlight"] for each in control.ask("server.status")["workers"]), "its request")
            reference = control.ask("server.drain", on=True)
            self.assertEqual(idle.sock.recv(10), b"", "an idle connection is closed")
            answer = busy.recv(4096)
            self.assertIn(b" 200 ", answer)
            self.assertIn(b"Connection: close", answer)
        outcome = control.wait_operation(reference)
        self.assertEqual((outcome["kind"], outcome["state"]), ("drain", "succeeded"), outcome)
        status = control.ask("server.status")
        self.assertTrue(status["draining"])
        self.assertIn("go elsewhere", status["sentence"])
        # Who comes nevertheless is served.
        response = self.hello(quern)
        self.assertEqual((response.status, response.getheader("Connection")), (200, "close"))
        control.wait_operation(control.ask("server.drain", on=False))
        self.assertIsNone(self.hello(quern).getheader("Connection"))
        self.assertFalse(control.ask("server.status")["draining"])

    def test_taken_back_while_a_client_stays(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        with socket.create_connection(("127.0.0.1", quern.port), 10) as busy:
            busy.sendall(b"GET /slow?ms=1000 HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_until(lambda: any(each["inFlight"] for each in control.ask("server.status")["workers"]), "its request")
            reference = control.ask("server.drain", on=True)
            control.ask("server.drain", on=False)
            outcome = control.wait_operation(reference)
            self.assertEqual((outcome["state"], outcome["error"]), ("failed", "taken back"))
            self.assertIn(b" 200 ", busy.recv(4096))


class Restarting(ControlTestCase):
    def test_the_same_process_with_the_new_settings(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        before = control.ask("server.status")
        quern.settings["max_conn"] = 123  # only a restart changes it
        quern.write_config()
        operation = control.ask("server.restart")["operation"]
        control.wait_event("operation", lambda data: data["kind"] == "restart" and "starts anew" in str(data["steps"]))
        wait_until(lambda: self.restarted(quern, before), "the new server")
        self.assertEqual(self.hello(quern).status, 200)
        with ControlClient(quern) as fresh:
            after = fresh.ask("server.status")
            self.assertEqual(after["pid"], before["pid"])
            ended = fresh.ask("operation.read", operation=operation)
            self.assertEqual((ended["kind"], ended["state"]), ("restart", "succeeded"))
            # The stop was one as well.
            self.assertEqual(fresh.ask("server.reload")["operation"], operation + 2)
            values = {each["key"]: each["value"] for each in fresh.ask("config.read")["settings"]}
            self.assertEqual(values["server.max_conn"], "123")
        self.assertEqual({worker.pid for worker in quern.wait_workers()} & {w["pid"] for w in before["workers"]}, set())

    def test_a_daemon_is_followed_by_another_process(self) -> None:
        quern = self.server().start_daemon()
        with ControlClient(quern) as control:
            before = control.ask("server.status")
            control.ask("server.restart")
        wait_until(lambda: self.restarted(quern, before), "the new server")
        self.assertEqual(quern.adopt_successor(), before["pid"])
        with ControlClient(quern) as control:
            self.assertEqual(control.ask("server.status")["pid"], quern.master)
        quern.stop()

    def restarted(self, quern: QuernServer, before: dict) -> bool:
        try:
            with ControlClient(quern) as control:
                status = control.ask("server.status")
                return status["startedAt"] != before["startedAt"] and status["state"] == "running"
        except OSError:
            return False

    def test_settings_that_cannot_hold_keep_the_server(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for change, text in (({"listen": [f"127.0.0.1:{taken.getsockname()[1]}"]}, "in use"),
                             ({"worker_num": 0}, "worker_num")):
            kept = dict(quern.settings)
            quern.settings.update(change)
            quern.write_config()
            self.assertIn(text, self.refused(control, "server.restart").message)
            quern.settings = kept
        quern.write_config()
        quern.tables = '[server.ssl_sni_certs."a.example"]\nssl_cert_file = "gone.pem"\nssl_key_file = "gone.key"\n'
        quern.settings = {**kept, "listen": [*kept["listen"], f"tls:127.0.0.1:{reserve_port()}"]}
        quern.write_config()
        self.assertRegex(self.refused(control, "server.restart").message, "quern.toml:")
        quern.settings = kept
        quern.settings = {**kept, "task_worker_num": 1}
        (quern.directory / "junk.db").write_bytes(b"no database" * 1000)
        quern.tables = '[tasks]\ndatabase = "junk.db"\n'
        quern.write_config()
        self.assertRegex(self.refused(control, "server.restart").message, "junk.db")
        quern.settings = kept
        quern.tables = '[[plugin]]\nfile = "/nowhere.so"\n'
        quern.write_config()
        self.assertIn("/nowhere.so", self.refused(control, "server.restart").message)
        # What shows only when it is tried.
        quern.tables = f'[[plugin]]\nfile = "{FIXTURES / "libthrowing.so"}"\n'
        quern.write_config()
        outcome = control.wait_operation(control.ask("server.restart"))
        self.assertEqual(outcome["state"], "failed")
        self.assertIn("throwing", outcome["error"])
        self.assertEqual(self.hello(quern).status, 200)

    def test_who_stops_it_meanwhile_means_it(self) -> None:
        quern = self.serve(max_wait_time=20)
        control = self.control(quern)
        with restart_in_its_stop(quern, control) as client:
            control.ask("server.stop")
            ended = control.wait_event("operation", lambda data: data["kind"] == "restart" and data["state"] == "failed")
            self.assertIn("wants the server to stop", ended["error"])
            self.assertIn(b" 200 ", client.recv(4096))
        quern.wait_gone()
        self.assertNotIn("ready after", quern.log().partition("stopped")[2])


class Processes(ControlTestCase):
    def test_recycle_and_kill(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        first, second = quern.wait_workers()
        control.ask("process.recycle", process="worker 0")
        control.wait_event("process", lambda data: data["what"] == "ready" and data["process"] == "worker 0")
        wait_until(lambda: quern.wait_workers()[0].pid != first.pid, "the new worker 0")
        control.ask("process.kill", process="worker 1")
        ended = control.wait_event("process", lambda data: data["what"] == "ended" and data["pid"] == second.pid)
        self.assertIn("killed by command", ended["reason"])
        wait_until(lambda: quern.wait_workers()[1].pid != second.pid, "the new worker 1")
        worker = control.ask("server.status")["workers"][1]
        self.assertIn("killed by command", worker["lastExit"])
        self.assertEqual(self.refused(control, "process.kill", process="worker 9").code, "not-found")
        for method in ("process.recycle", "process.kill"):  # the next of that name is not meant
            refused = self.refused(control, method, process="worker 1", pid=second.pid)
            self.assertEqual(refused.code, "not-found")
            self.assertIn("is not process", refused.message)
        self.assertLess(len(self.refused(control, "process.recycle", process="x" * 900_000).message), 400)

    def test_a_crash_is_told_at_once(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        victim = quern.wait_workers()[0]
        os.kill(victim.pid, signal.SIGKILL)
        ended = control.wait_event("process", lambda data: data["what"] == "ended")
        self.assertEqual((ended["process"], ended["pid"], ended["generation"]), ("worker 0", victim.pid, 1))
        self.assertIn("signal 9", ended["reason"])

    def test_what_a_worker_runs_and_for_how_long(self) -> None:
        quern = self.serve(worker_num=1)
        control = self.control(quern)

        def worker() -> dict:
            return control.ask("server.status")["workers"][0]

        self.assertEqual((worker()["work"], worker()["oldestMs"]), ("", 0))
        self.assertNotIn("oldest for", quern.command("status").stdout)
        # One that blocks its worker, and one that is answered later.
        for path in ("/slow", "/later"):
            with socket.create_connection(("127.0.0.1", quern.port), 20 * TIME_SCALE) as client:
                client.sendall(f"GET {path}?ms={int(4000 * TIME_SCALE)} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                wait_until(lambda: worker()["oldestMs"] > 1000, "a second of it")
                self.assertEqual(worker()["work"], f"GET {path}")
                self.assertRegex(quern.command("status").stdout, rf"  oldest for \d+ s; runs GET {path}\n")
                self.assertIn(b" 200 ", client.recv(4096))
            wait_until(lambda: (worker()["work"], worker()["oldestMs"]) == ("", 0), "the end of its work")

    def test_use_of_memory_and_processor(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        control_deadline = time.monotonic() + 20
        while time.monotonic() < control_deadline:
            self.hello(quern)
            workers = control.ask("server.status")["workers"]
            if any(each["cpuPercent"] > 0 for each in workers):
                break
        self.assertTrue(any(each["cpuPercent"] > 0 for each in workers), workers)
        self.assertTrue(all(each["rssBytes"] > 1 << 20 for each in workers), workers)


class Streams(ControlTestCase):
    def test_status_again_and_again(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        control.ask("server.subscribe", status=True, intervalMs=200, operations=False, processes=False)
        begun = time.monotonic()
        seen = [control.wait_event("status") for _ in range(5)]
        self.assertGreater(time.monotonic() - begun, 0.6)
        self.assertEqual({each["pid"] for each in seen}, {quern.master})
        self.assertEqual(sorted(each["uptimeMs"] for each in seen), [each["uptimeMs"] for each in seen])
        control.ask("server.subscribe", status=False, intervalMs=200, operations=False, processes=False)
        self.assertIn("from 200 to 60000", self.refused(
            control, "server.subscribe", status=True, intervalMs=10, operations=False, processes=False).message)

    def test_one_that_never_reads_harms_nobody(self) -> None:
        quern = self.serve()
        deaf = [ControlClient(quern) for _ in range(20)]
        for each in deaf:
            self.addCleanup(each.close)
            each.ask("server.subscribe", status=True, intervalMs=200, operations=True, processes=True)
        control = self.control(quern)
        before = proctree.pss_bytes(quern.master)
        for _ in range(3):
            self.assertEqual(control.wait_operation(control.ask("server.reload"))["state"], "succeeded")
        self.assertEqual(self.hello(quern).status, 200)
        self.assertLess(proctree.pss_bytes(quern.master) - before, 32 << 20)


class Configuration(ControlTestCase):
    def test_a_candidate_is_judged_and_changes_nothing(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        text = quern.config.read_text()
        verdict = control.ask("config.check", text=text)
        self.assertEqual(verdict, {"right": True, "problems": [], "reload": [], "restart": []})
        verdict = control.ask("config.check", text=text.replace("worker_num = 2", "worker_num = 5\nmax_conn = 77"))
        self.assertEqual((verdict["right"], verdict["reload"], verdict["restart"]),
                         (True, ["server.worker_num"], ["server.max_conn"]))
        verdict = control.ask("config.check", text="[server]\nworker_nun = 2\n")
        self.assertFalse(verdict["right"])
        self.assertRegex(verdict["problems"][0], r"quern.toml:2: server.worker_nun: unknown key; did you mean worker_num")
        verdict = control.ask("config.check", text="[server\n")
        self.assertFalse(verdict["right"])
        self.assertEqual(len(control.ask("server.status")["workers"]), 2)

    def test_secrets_are_masked(self) -> None:
        quern = self.serve(server="${API_TOKEN:-tops3cret}")
        report = self.control(quern).ask("config.read")
        self.assertNotIn("tops3cret", str(report))
        self.assertEqual(report["file"], str(quern.config))


class Operations(ControlTestCase):
    def test_list_and_read(self) -> None:
        quern = self.serve()
        control = self.control(quern)
        first = control.ask("server.reload")["operation"]
        control.wait_operation({"operation": first})
        second = control.ask("server.reload")["operation"]
        control.wait_operation({"operation": second})
        listed = control.ask("operation.list")["operations"]
        self.assertEqual([each["id"] for each in listed], [second, first])
        self.assertEqual(control.ask("operation.read", operation=first), listed[1])
        self.assertEqual(self.refused(control, "operation.read", operation=999).code, "not-found")


if __name__ == "__main__":
    unittest.main()
