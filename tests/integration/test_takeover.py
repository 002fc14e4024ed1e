"""server.restart of a server in the background: a new one takes its place, and nobody notices."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import unittest
from collections import Counter
from pathlib import Path

import proctree
from accounting import Probe, account
from controlclient import ControlClient, Refused
from daemonserver import DaemonTestCase
from ports import reserve_port
from quernserver import FIXTURES, QUERN_BIN, TIME_SCALE, wait_until
from rawhttp import RawConnection
from socketsserver import SocketsTestCase
from workserver import WorkServer
from wsclient import WebSocketClient

DATABASE = '[tasks]\ndatabase = "tasks.db"\n'
COUNTER = '[[atomic]]\nname = "visits"\nvalue = 5\n'


def admin(port: int) -> str:
    return f'[admin]\nenable = true\nlisten = "127.0.0.1:{port}"\nhosts = ["test"]\n'


class UnderLoad(DaemonTestCase):
    def test_twenty_restarts_lose_nothing(self) -> None:
        work = self.daemon(worker_num=2, task_worker_num=1, tables=DATABASE)
        pids = {work.master}

        async def restart_often() -> None:
            for _ in range(20):
                await asyncio.to_thread(self.restart, work)
                pids.add(work.master)

        probes = [Probe.parse("GET /hello/{token}"), Probe.parse("POST /echo {token}"), Probe.parse("GET /slow?ms=20")]
        report = account(work.port, probes, restart_often, connections=16, deadline=10.0 * TIME_SCALE)
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, str(report))
        self.assertEqual(len(pids), 21)
        for pid in pids - {work.master}:
            self.wait_left(pid)
        work.stop()

    def test_no_acknowledged_task_is_lost_or_run_twice(self) -> None:
        work = self.daemon(worker_num=2, task_worker_num=2, tables=DATABASE)
        delivered = 0
        before = []
        for _ in range(5):
            connection = self.connection(work)
            for number in range(40):
                until = "accepted" if number % 4 else "finished"
                body = json.dumps({"number": delivered}).encode()
                answer = connection.request("POST", f"/lab/tasks/note?durable=true&until={until}", body)
                self.assertEqual(answer.status, 200, answer.body)
                delivered += 1
                # The next request still goes to the one before, which has no database any more.
                if number == 20:
                    before.append(self.restart(work))
                if not answer.keep_alive:
                    self.assertEqual(number, 21)
                    connection = self.connection(work)
        wait_until(lambda: len(work.numbers()) == delivered, "the tasks", 20)
        self.assertEqual(work.numbers(), Counter(range(delivered)))
        for pid in before:
            self.wait_left(pid)
        work.stop()


class WhatMoves(DaemonTestCase):
    def test_connections_stay_until_the_end_of_the_drain(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=0, max_wait_time=2, plugins=[FIXTURES / "liblive.so"])
        with WebSocketClient(work.address, "/echo", timeout=20 * TIME_SCALE) as live:
            live.text("before")
            self.assertEqual(live.read_text(), "before")
            before = self.restart(work)
            live.text("after")
            self.assertEqual(live.read_text(), "after")
            self.assertTrue(proctree.alive(before))
            self.assertEqual(work.get("/hello/a")[0], 200)
            code, _ = live.close_frame()
            self.assertEqual(code, 1001)
        self.wait_left(before)
        work.stop()

    def test_a_stop_ends_the_one_before_as_well(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=0, max_wait_time=30, plugins=[FIXTURES / "liblive.so"])
        with WebSocketClient(work.address, "/echo", timeout=20 * TIME_SCALE) as live:
            before = self.restart(work)
            self.assert_exit(work.command("stop", timeout=10), 0)
            self.assertEqual(live.close_frame()[0], 1001)
            self.assertFalse(proctree.alive(before))
        work.wait_gone()

    def test_a_stop_ends_all_those_before(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=0, max_wait_time=30, plugins=[FIXTURES / "liblive.so"])
        with contextlib.ExitStack() as clients:
            before = []
            for _ in range(2):
                live = clients.enter_context(WebSocketClient(work.address, "/echo", timeout=20 * TIME_SCALE))
                live.text("before")
                self.assertEqual(live.read_text(), "before")
                before.append(self.restart(work))
            self.assertTrue(all(proctree.alive(pid) for pid in before))
            self.assert_exit(work.command("stop", timeout=10), 0)
            for pid in before:
                self.wait_left(pid)
        work.wait_gone()

    def test_a_stop_lets_the_one_before_finish_what_it_has_begun(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=0, max_wait_time=10)
        connection = self.connection(work)
        connection.send(b"GET /slow?ms=2500 HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_until(lambda: self.is_busy(work), "the request")
        self.restart(work)
        self.assert_exit(work.command("stop", timeout=20), 0)
        self.assertEqual(connection.response().status, 200)
        work.wait_gone()

    def test_an_idle_connection_is_asked_to_go_elsewhere_with_its_next_answer(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=0, max_wait_time=20)
        idle = self.connection(work)
        self.assertTrue(idle.request("GET", "/hello/a").keep_alive)
        before = self.restart(work)
        answer = idle.request("GET", "/hello/b")
        self.assertEqual((answer.status, answer.keep_alive), (200, False))
        # Nobody is left: it does not wait for max_wait_time.
        self.wait_left(before)
        work.stop()

    def test_an_upload_that_is_arriving_arrives(self) -> None:
        body = os.urandom(1 << 20)
        for fails in (False, True):
            with self.subTest(fails=fails):
                work = self.daemon(worker_num=1, task_worker_num=0, max_wait_time=20)
                connection = self.connection(work)
                connection.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:700_000])
                wait_until(lambda: list((work.runtime / "uploads").iterdir()), "its file")
                if fails:
                    work.plugins = [FIXTURES / "libthrowing.so"]
                    work.write_config()
                    self.assert_exit(work.command("restart"), 1)
                else:
                    self.restart(work)
                connection.send(body[700_000:])
                answer = connection.response("POST")
                self.assertEqual((answer.status, answer.body), (200, body))
                wait_until(lambda: not list((work.runtime / "uploads").iterdir()), "the end of its file")

    def test_tables_and_atomics_stay(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=0, tables=COUNTER)
        self.assertEqual(work.ask("POST", "/lab/counters/visits?by=3")[1]["value"], 8)
        self.restart(work)
        self.assertEqual(work.ask("POST", "/lab/counters/visits?by=1")[1]["value"], 9)
        # Defined otherwise they begin anew, and the log tells it.
        work.tables = work.tables.replace('"visits"', '"others"')
        work.write_config()
        self.restart(work)
        self.assertEqual(work.ask("POST", "/lab/counters/others?by=1")[1]["value"], 6)
        work.wait_log("tables and atomics begin anew")
        work.stop()

    def test_new_settings_and_addresses_hold(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=0, reactor_num=1)
        path = work.directory / "app.sock"
        work.settings.update(reactor_num=3, listen=[*work.settings["listen"], f"unix:{path}"])
        work.write_config()
        self.restart(work)
        with RawConnection(str(path), timeout=10 * TIME_SCALE) as local:
            self.assertEqual(local.request("GET", "/hello/a").status, 200)
        # The file stays when one leaves that had it as well, and goes with an address that is no longer wanted.
        self.wait_left(self.restart(work))
        with RawConnection(str(path), timeout=10 * TIME_SCALE) as local:
            self.assertEqual(local.request("GET", "/hello/a").status, 200)
        with ControlClient(work) as control:
            self.assertEqual(len(control.ask("server.status")["reactors"]), 3)
        for _ in range(20):
            self.assertEqual(work.get("/hello/a")[0], 200)
        # So do its permissions, and the file goes with the address.
        work.settings["unix_socket_mode"] = "0640"
        work.write_config()
        self.restart(work)
        self.assertEqual(path.stat().st_mode & 0o777, 0o640)
        work.settings["listen"].pop()
        del work.settings["unix_socket_mode"]
        work.write_config()
        self.restart(work)
        self.assertFalse(path.exists())
        work.stop()

    def test_what_changes_meanwhile_is_a_reload_of_the_next(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, tables=DATABASE + "[reload]\nwatch = true\n")
        work.deliver("sleep", {"ms": 2000, "number": 1}, until="accepted")
        work.wait_lines("begun task sleep", 1)
        with ControlClient(work) as control:
            control.ask("server.subscribe", status=False, intervalMs=1000, operations=True, processes=False)
            control.ask("server.restart")
            control.wait_event("operation", lambda data: "come to their end" in str(data["steps"]))
            # The next one has read it.
            with work.config.open("a") as file:
                file.write("# later\n")
        work.wait_log("reloaded: generation 3 serves", 15)
        work.adopt_successor()
        work.stop()

    def test_the_management_api_moves(self) -> None:
        api = ("127.0.0.1", reserve_port())
        work = self.daemon(worker_num=1, task_worker_num=0, tables=admin(api[1]))

        def health() -> int:
            with RawConnection(api, timeout=10 * TIME_SCALE) as client:
                return client.request("GET", "/healthz").status

        before = self.restart(work)
        self.assertEqual(health(), 200)
        self.wait_left(before)
        self.assertEqual(health(), 200)
        work.stop()

    def test_the_audit_log_and_the_steps_tell_of_it(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=0)
        outcome = work.command("call", "server.restart", timeout=60)
        self.assertRegex(outcome.stdout, r"the new server starts \(pid \d+\)[\s\S]*ready[\s\S]*server.restart is done")
        work.adopt_successor()
        entries = [json.loads(line) for line in (work.runtime / "audit.log").read_text().splitlines()]
        self.assertEqual([entry["outcome"] for entry in entries if entry["method"] == "server.restart"],
                         ["begun", "done"])
        processes = work.runtime / "processes.json"
        self.assertEqual(json.loads(processes.read_text())["master"], work.master)
        # Nor does the one before write it, whose children end meanwhile.
        before = self.restart(work)
        self.wait_left(before)
        self.assertEqual(json.loads(processes.read_text())["master"], work.master)
        self.assertEqual(len(json.loads(processes.read_text())["workers"]), 1)
        work.stop()

    def test_another_program_of_that_name_takes_over(self) -> None:
        work = WorkServer(worker_num=1, task_worker_num=0)
        self._servers.append(work)
        # Beside the one that was built, where it finds what belongs to it.
        program = Path(QUERN_BIN).with_name(f"quern-upgrade-{os.getpid()}")
        self.addCleanup(program.unlink, missing_ok=True)
        shutil.copy(QUERN_BIN, program)
        started = subprocess.run([program, "start", "-d", "-c", work.config], cwd=work.directory, capture_output=True,
                                 text=True, timeout=30 * TIME_SCALE)
        self.assert_exit(started, 0)
        work.adopt_daemon()
        old = os.stat(f"/proc/{work.master}/exe").st_ino
        shutil.copy(QUERN_BIN, f"{program}.new")
        os.replace(f"{program}.new", program)
        self.restart(work)
        new = os.stat(f"/proc/{work.master}/exe").st_ino
        self.assertEqual(new, program.stat().st_ino)
        self.assertNotEqual(new, old)
        work.stop()


class Work(DaemonTestCase):
    def test_custom_processes_run_once(self) -> None:
        process = '[[process]]\nname = "ticker"\nhandler = "ticker"\n'
        work = self.daemon(worker_num=1, task_worker_num=0, tables=process)
        for _ in range(3):
            before = self.restart(work)
            self.wait_left(before)
            titles = [proctree.title(pid) for pid in proctree.descendants(work.master)]
            self.assertEqual(sum("process ticker" in title for title in titles), 1, titles)
        work.stop()

    def test_a_task_that_takes_too_long_is_run_again_by_the_next(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, max_wait_time=1, tables=DATABASE)
        work.deliver("sleep", {"ms": 3000, "number": 1}, durable="true", until="accepted")
        work.wait_lines("begun task sleep", 1)
        self.restart(work)
        work.wait_log("still busy after max_wait_time, and killed: task worker 0")
        wait_until(lambda: work.numbers("sleep")[1] == 1, "its end", 20)
        work.stop()

    def test_payloads_of_tasks_that_wait_stay(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, tables=DATABASE)
        status, _ = work.ask("POST", "/lab/tasks/note?durable=true&delay=3600000&until=accepted", b"x" * 200_000)
        self.assertEqual(status, 200)
        folder = work.directory / "tasks.db-payloads"
        payload, = folder.glob("*.task")
        # So old that it could be what a dead process has left.
        os.utime(payload, (1, 1))
        self.wait_left(self.restart(work))
        self.assertTrue(payload.exists())
        work.stop()
        self.assertTrue(payload.exists())

    def test_what_waits_in_memory_moves_along(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, tables=DATABASE)
        work.deliver("sleep", {"ms": 500, "number": 1}, until="accepted")
        for number in range(50):
            work.deliver("note", {"number": number}, until="accepted")
        self.restart(work)
        wait_until(lambda: len(work.numbers()) == 50, "the tasks", 20)
        self.assertEqual(work.numbers(), Counter(range(50)))
        work.stop()


class Sockets(SocketsTestCase):
    def test_no_packet_is_lost_and_new_connections_go_to_the_next(self) -> None:
        """Of packets each is answered, by one server or by the other."""
        for reactors in (1, 2):
            with self.subTest(reactors=reactors):
                quern = self.sockets({"name": "u", "type": "udp"}, {"name": "d", "type": "unix_dgram",
                                     "listen": "unix:@/d.sock"}, {"name": "s"}, {"name": "f", "listen": "unix:@/s.sock"},
                                     reactor_num=reactors, max_wait_time=2)
                quern.start_daemon()
                open_before = [self.client(quern, index) for index in (2, 3)]
                restart = subprocess.Popen([QUERN_BIN, "restart", "-c", quern.config], stdout=subprocess.DEVNULL)
                asked = 0
                while restart.poll() is None or asked < 200:
                    for index in (0, 1):
                        with self.packets(quern, index) as client:
                            self.assertEqual(client.ask(b"%d" % asked), b"<%d>" % asked)
                    asked += 1
                self.assertEqual(restart.returncode, 0)
                before = quern.adopt_successor()
                for client in open_before:
                    self.assertEqual(client.ask(b"still", 7), b"<still>")
                for index in (2, 3):
                    self.assert_alive(quern, index)
                for client in open_before:
                    self.assertEqual(client.receive_all(), b"")
                wait_until(lambda: not proctree.alive(before), "the end of the one before")
                quern.stop()


class Failing(DaemonTestCase):
    def fails(self, work: WorkServer, *texts: str) -> None:
        master = work.master
        self.assert_exit(work.command("call", "server.restart", timeout=60), 1, *texts)
        self.goes_on(work, master)

    def goes_on(self, work: WorkServer, master: int) -> None:
        """The server is as it was: control, requests, tasks, and no second master."""
        self.assertEqual(int((work.runtime / "quern.pid").read_text()), master)
        self.assertEqual(work.get("/hello/a")[0], 200)
        number = sum(work.numbers().values())
        work.deliver("note", {"number": number}, durable="true", until="finished")
        self.assertEqual(work.numbers()[number], 1)
        others = [pid for pid in proctree.descendants(master) if pid != master and "master" in proctree.title(pid)]
        self.assertEqual(others, [])
        with ControlClient(work) as control:
            self.assertEqual(control.ask("server.status")["pid"], master)

    def test_a_plugin_that_cannot_be_loaded(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, tables=DATABASE)
        good = work.config.read_text()
        work.plugins = [FIXTURES / "libthrowing.so"]
        work.write_config()
        self.fails(work, "server.restart failed: .*libthrowing.so")
        work.wait_log("restart failed, this server goes on")
        # The next one is none the worse for it.
        work.config.write_text(good)
        self.restart(work)
        work.stop()

    def test_a_hook_that_fails(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, tables=DATABASE)
        work.config.write_text(work.config.read_text().replace("journal = ", 'fail = "ServerStart"\njournal = '))
        self.fails(work, "ServerStart")
        work.stop()

    def test_one_that_is_killed_while_it_starts(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, tables=DATABASE)
        work.plugins = [FIXTURES / "libhanging.so"]
        work.write_config()
        with ControlClient(work) as control:
            control.ask("server.subscribe", status=False, intervalMs=1000, operations=True, processes=False)
            reference = control.ask("server.restart")
            step = control.wait_event("operation", lambda data: "pid" in str(data["steps"]))["steps"][-1]["text"]
            os.kill(int("".join(filter(str.isdigit, step))), signal.SIGKILL)
            ended = control.wait_operation(reference)
            self.assertEqual(ended["state"], "failed")
            self.assertRegex(ended["error"], "has ended by signal 9")
        self.goes_on(work, work.master)
        work.stop()

    def test_one_that_fails_when_this_one_has_given_way(self) -> None:
        process = '[[process]]\nname = "ticker"\nhandler = "ticker"\n'
        work = self.daemon(worker_num=1, task_worker_num=1, max_wait_time=10,
                           tables=DATABASE + process + admin(reserve_port()))
        tokens = work.runtime / "admin.tokens"
        work.deliver("sleep", {"ms": 2000, "number": 1}, until="accepted")
        work.wait_lines("begun task sleep", 1)
        with ControlClient(work) as control:
            reference = self.restart_until_quiet(control)
            # The task keeps it from going on meanwhile.
            tokens.rename(work.runtime / "tokens")
            tokens.mkdir()
            ended = control.wait_operation(reference)
        self.assertEqual(ended["state"], "failed", ended)
        self.assertIn("admin.tokens", ended["error"])
        self.goes_on(work, work.master)
        self.assertEqual(work.numbers("sleep")[1], 1)
        wait_until(lambda: any("process ticker" in proctree.title(pid) for pid in proctree.descendants(work.master)),
                   "the custom process")
        # What it was in the way of goes well then.
        tokens.rmdir()
        (work.runtime / "tokens").rename(tokens)
        self.restart(work)
        self.goes_on(work, work.master)
        work.stop()

    def restart_until_quiet(self, control: ControlClient) -> dict:
        """The operation of a restart whose new server is ready, while what runs in this one comes to its end."""
        control.ask("server.subscribe", status=False, intervalMs=1000, operations=True, processes=False)
        reference = control.ask("server.restart")
        control.wait_event("operation", lambda data: "come to their end" in str(data["steps"]))
        return reference

    def lose_database(self, work: WorkServer) -> tuple[Path, Path]:
        """A restart fails, and the server finds its database no more. Returns where that is, and where it should be."""
        database, aside = work.directory / "tasks.db", work.directory / "aside.db"
        work.deliver("sleep", {"ms": 2000, "number": 1}, until="accepted")
        work.wait_lines("begun task sleep", 1)
        with ControlClient(work) as control:
            reference = self.restart_until_quiet(control)
            database.rename(aside)
            database.mkdir()
            self.assertIn("tasks.db", control.wait_operation(reference)["error"])
            work.wait_log("tasks wait until it can be opened")
        return aside, database

    def test_the_database_is_not_there_at_once(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, max_wait_time=10, tables=DATABASE)
        aside, database = self.lose_database(work)
        with ControlClient(work) as control:
            # It serves, and says what is amiss.
            self.assertEqual(work.get("/hello/a")[0], 200)
            self.assertIn("tasks.db", control.ask("server.status")["tasks"]["failure"])
            with self.assertRaises(Refused):
                control.ask("server.restart")
        database.rmdir()
        aside.rename(database)
        work.wait_log("the database of tasks is open again")
        self.goes_on(work, work.master)
        work.stop()

    def test_a_stop_while_the_database_is_not_there(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, max_wait_time=10, tables=DATABASE)
        self.lose_database(work)
        begun = time.monotonic()
        work.stop()
        self.assertLess(time.monotonic() - begun, 5 * TIME_SCALE)

    def test_a_stop_in_between_is_a_stop(self) -> None:
        work = self.daemon(worker_num=1, task_worker_num=1, tables=DATABASE)
        work.plugins = [FIXTURES / "libhanging.so"]
        work.write_config()
        with ControlClient(work) as control:
            control.ask("server.subscribe", status=False, intervalMs=1000, operations=True, processes=False)
            control.ask("server.restart")
            control.wait_event("operation", lambda data: "pid" in str(data["steps"]))
            with self.assertRaises(Refused) as caught:
                control.ask("server.reload")
            self.assertIn("a restart is under way", caught.exception.message)
            work.see_processes()
        work.stop()


if __name__ == "__main__":
    unittest.main()
