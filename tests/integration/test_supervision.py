"""Pools that grow and shrink, task workers that are reloaded alone, children that are replaced since they are used up."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import time
import unittest
from collections.abc import Callable
from pathlib import Path

from accounting import Probe, Report, account
from controlclient import ControlClient, Refused
from liveserver import LIVE
from quernserver import FIXTURES, QUERN_BIN, TIME_SCALE, QuernServer, wait_until
from rawhttp import RawConnection
from test_chat import CHAT, Talker
from workserver import WorkServer, WorkTestCase
from wsclient import WebSocketClient

HELLO = Probe.parse("GET /hello/{token}")


class SupervisionTestCase(WorkTestCase):
    def control(self, quern: QuernServer) -> ControlClient:
        control = ControlClient(quern)
        self.addCleanup(control.close)
        control.ask("server.subscribe", operations=True)
        return control

    def under_load(self, quern: QuernServer, act: Callable[[], None], probe: Probe = HELLO, **options) -> Report:
        """What becomes of requests while act runs, in a thread of its own."""

        async def during() -> None:
            await asyncio.sleep(0.2)
            await asyncio.to_thread(act)
            await asyncio.sleep(0.2)

        return account(quern.port, [probe], during, **{"connections": 8, "deadline": 15 * TIME_SCALE, **options})

    def assert_all_well(self, report: Report) -> None:
        self.assert_no_loss(report)
        self.assertEqual(set(report.statuses), {200}, report)


class Scaling(SupervisionTestCase):
    def test_nobody_is_restarted_and_nothing_is_lost(self) -> None:
        quern = self.serve(dispatch_mode="by-connection")
        before = {worker.pid for worker in quern.workers()}
        outcomes = []

        def act() -> None:
            for words in (("workers=6",), ("workers=3",), ("workers=2",)):
                outcomes.append(quern.command("scale", *words))
                count = int(words[0][8:])
                self.assertEqual(len(quern.workers()), count)

        report = self.under_load(quern, act)
        for outcome in outcomes:
            self.assert_exit(outcome, 0, r"Quern has been scaled\.")
        self.assert_all_well(report)
        self.assertEqual({worker.pid for worker in quern.workers()}, before)
        self.assertEqual(self.control(quern).ask("server.status")["generation"], 1)

    def test_what_the_command_does_not_take(self) -> None:
        quern = self.server()
        for words, message in ((("workers",), r"what is \"workers\""), (("worker=3",), r"worker=3"),
                               (("workers=x",), r"workers must be a number from 1"), (("workers=0",), r"from 1"),
                               (("workers=2", "workers=3"), r"twice"), ((), r"write: quern scale \[workers=N\]")):
            with self.subTest(words):
                self.assert_exit(quern.command("scale", *words), 2, message)
        self.assert_exit(quern.command("scale", "workers=3"), 1, r"cannot scale: .*not running")
        quern.start()
        self.assert_exit(quern.command("scale", "task_workers=5000"), 1, r"cannot scale: .*1024")

    def test_settings_and_plugins_are_left_alone(self) -> None:
        quern = self.serve()
        quern.plugins = [FIXTURES / "libthrowing.so"]
        quern.write_config()
        self.assert_exit(quern.command("scale", "workers=3"), 0)
        self.assertEqual(len(quern.workers()), 3)

    def test_messages_reach_those_that_join(self) -> None:
        work = self.work(worker_num=1, task_worker_num=0)
        status, answer = work.ask("POST", "/lab/tasks/note", {"number": 1})
        self.assertEqual(status, 400, answer)
        self.assertIn("there are no task workers", answer["error"])
        pid = work.workers()[0].pid
        self.assert_exit(work.command("scale", "workers=3", "task_workers=1"), 0)
        self.assertEqual(work.workers()[0].pid, pid)
        # The old worker knows of the new ones, be it by a turn of its loop later.
        wait_until(lambda: work.ask("POST", "/lab/tasks/note", {"number": 2})[0] in (200, 202), "a task is taken")
        work.wait_lines("task note 2", 1)

    def test_growth_that_fails(self) -> None:
        quern = self.serve()
        copies = next(iter((quern.runtime / "generations").glob("*/*/*.so")))
        copies.unlink()
        outcome = quern.command("scale", "workers=4")
        self.assert_exit(outcome, 1, r"cannot scale: ")
        self.assertEqual(len(quern.workers()), 2)
        settings = {each["key"]: each["value"] for each in self.control(quern).ask("config.read")["settings"]}
        self.assertEqual(settings["server.worker_num"], "2")

    def test_a_reload_waits_for_it(self) -> None:
        work = self.work(worker_num=1, task_worker_num=0, worklab={"slow": "WorkerStart"})
        control = self.control(work)
        scaled = control.ask("server.scale", workers=3)
        with self.assertRaises(Refused) as refused:
            control.ask("server.reload")
        self.assertEqual(refused.exception.code, "busy")
        self.assertRegex(refused.exception.message, "the pools are being made larger or smaller")
        self.assertEqual(control.wait_operation(scaled)["state"], "succeeded")
        self.assertEqual(len(work.workers()), 3)

    def test_a_pool_that_shrinks_beside_one_that_cannot_grow(self) -> None:
        work = self.work(worker_num=1, task_worker_num=3)
        next(iter((work.runtime / "generations").glob("*/*/*.so"))).unlink()
        self.assert_exit(work.command("scale", "workers=2", "task_workers=1"), 1, r"cannot scale: ")
        self.assertEqual((len(work.workers()), len(work.task_workers())), (1, 1))
        settings = {each["key"]: each["value"] for each in self.control(work).ask("config.read")["settings"]}
        self.assertEqual((settings["server.worker_num"], settings["server.task_worker_num"]), ("1", "1"))
        self.assert_exit(work.command("reload"), 0)
        self.assertEqual((len(work.workers()), len(work.task_workers())), (1, 1))

    def test_durable_tasks_of_a_pool_that_was_not_there(self) -> None:
        work = self.work(worker_num=1, task_worker_num=0, tables='[tasks]\ndatabase = "tasks.db"\n')
        self.assert_exit(work.command("scale", "task_workers=2"), 0)
        work.deliver("note", {"number": 1}, durable="true", delay=1500, until="accepted")
        work.stop()
        self.assertEqual(work.numbers()[1], 0)
        work.settings["task_worker_num"] = 1
        work.write_config()
        work.start()
        wait_until(lambda: work.numbers()[1] == 1, "the task")
        work.stop()


class TaskWorkersAlone(SupervisionTestCase):
    def test_command_signal_and_api(self) -> None:
        work = self.work(task_worker_num=2)
        workers = {worker.pid for worker in work.workers()}
        control = self.control(work)

        def reloads() -> int:
            return sum(each["kind"] == "reload" and each["state"] == "succeeded"
                       for each in control.ask("operation.list")["operations"])

        def by_signal() -> None:
            os.kill(work.master, signal.SIGUSR2)
            wait_until(lambda: reloads() == 2, "the reload that the signal asks for")

        for act in (lambda: self.assert_exit(work.command("reload", "--task-workers"), 0, r"task workers have been"),
                    by_signal,
                    lambda: control.wait_operation(control.ask("server.reload", taskWorkers=True))):
            before = set(work.task_workers())
            act()
            after = set(work.task_workers())
            self.assertEqual((len(after), before & after), (2, set()))
        self.assertEqual(reloads(), 3)
        self.assertEqual({worker.pid for worker in work.workers()}, workers)
        self.assertEqual(control.ask("server.status")["generation"], 1)

    def test_no_task_is_lost_and_requests_go_on(self) -> None:
        work = self.work(task_worker_num=2)
        for number in range(300):
            work.deliver("note", {"number": number})

        def act() -> None:
            for number in range(300, 400):
                work.deliver("note", {"number": number})
                if number % 50 == 0:
                    self.assert_exit(work.command("reload", "--task-workers"), 0)

        self.assert_all_well(self.under_load(work, act))
        work.wait_lines("task note", 400)
        self.assertEqual(set(work.numbers().values()), {1})

    def test_a_broken_plugin_rolls_back(self) -> None:
        plugin = Path(QUERN_BIN).parents[1] / "lib/quern/plugins/libworklab.so"
        work = WorkServer(task_worker_num=1)
        self._servers.append(work)
        copy = work.directory / "libshop.so"
        shutil.copy(plugin, copy)
        settings = work.tables
        work.tables = settings.replace('name = "worklab"', f'file = "{copy}"')
        work.write_config()
        work.start()
        before = work.task_workers()
        shutil.copy(FIXTURES / "libthrowing.so", copy)
        outcome = work.command("reload", "--task-workers")
        self.assert_exit(outcome, 1, r"reload failed: .*the database is locked")
        self.assertEqual(work.task_workers(), before)
        # One that dies is started again with the files that the others have.
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: work.task_workers() and work.task_workers() != before, "its next")
        work.deliver("note", {"number": 1}, until="finished")
        copies = [each.name for each in (work.runtime / "generations").iterdir()]
        self.assertEqual(copies, ["1"])

    def test_settings_are_not_read(self) -> None:
        work = self.work(task_worker_num=1)
        control = self.control(work)
        before = work.task_workers()
        text = work.config.read_text()
        work.config.write_text("nonsense")
        outcome = control.wait_operation(control.ask("server.reload", taskWorkers=True))
        self.assertEqual(outcome["state"], "succeeded", outcome)
        self.assertNotEqual(work.task_workers(), before)
        work.config.write_text(text)


class Rolling(SupervisionTestCase):
    TABLES = '[reload]\nstrategy = "rolling"\n'

    def test_nothing_is_lost(self) -> None:
        quern = self.serve(worker_num=4, tables=self.TABLES)
        before = {worker.pid for worker in quern.workers()}
        outcomes = []
        report = self.under_load(quern, lambda: outcomes.append(quern.command("reload")))
        self.assert_exit(outcomes[0], 0, r"one after the other, since strategy = \"rolling\"")
        self.assert_all_well(report)
        self.assertEqual((len(quern.workers()), before & {worker.pid for worker in quern.workers()}), (4, set()))
        self.assertEqual(self.control(quern).ask("server.status")["generation"], 2)

    def test_a_broken_plugin_changes_nothing(self) -> None:
        quern = self.serve(worker_num=3, tables=self.TABLES)
        before = [worker.pid for worker in quern.workers()]
        quern.plugins = [FIXTURES / "libthrowing.so"]
        quern.write_config()
        outcomes = []
        self.assert_all_well(self.under_load(quern, lambda: outcomes.append(quern.command("reload"))))
        self.assert_exit(outcomes[0], 1, r"reload failed: .*the database is locked")
        self.assertEqual([worker.pid for worker in quern.workers()], before)


class MaxRequest(SupervisionTestCase):
    def test_no_request_notices(self) -> None:
        quern = self.serve(worker_num=4, max_request=200, dispatch_mode="round-robin")
        control = self.control(quern)
        seen: set[int] = set()
        fewest = 4

        def act() -> None:
            nonlocal fewest
            deadline = time.monotonic() + 30 * TIME_SCALE
            while len(seen) < 20 and time.monotonic() < deadline:
                ready = [each["pid"] for each in control.ask("server.status")["workers"] if each["state"] == "ready"]
                fewest = min(fewest, len(ready))
                seen.update(ready)

        self.assert_all_well(self.under_load(quern, act))
        self.assertGreaterEqual(len(seen), 20)
        self.assertEqual(fewest, 4)
        quern.wait_log(r"worker \d \(pid \d+\) is replaced: it has served \d+ requests \(max_request is 200\)")
        self.assertEqual(control.ask("server.status")["state"], "running")

    def test_a_lone_worker_leaves_no_gap(self) -> None:
        quern = self.serve(worker_num=1, max_request=50, max_request_grace=0)
        first = quern.workers()[0].pid

        def act() -> None:
            wait_until(lambda: first not in {worker.pid for worker in quern.workers()}, "its successor", 30)

        report = self.under_load(quern, act, connections=2)
        self.assert_all_well(report)
        # Far less than the start of a worker takes.
        self.assertLess(report.slowest, 2 * TIME_SCALE)

    def test_each_draws_its_own(self) -> None:
        work = self.work(worker_num=1, task_worker_num=6, task_max_request=20, task_max_request_grace=200)
        for number in range(1200):
            work.deliver("note", {"number": number})
        work.wait_lines("task note", 1200, 30)
        self.assertEqual(set(work.numbers().values()), {1})
        counts = {int(each) for each in re.findall(r"it has run (\d+) tasks \(task_max_request is 20\)", work.log())}
        self.assertGreater(len(counts), 1, counts)
        self.assertGreaterEqual(min(counts), 20)

    def test_one_that_cannot_be_replaced_goes_on(self) -> None:
        quern = self.serve(worker_num=1, max_request=10, max_request_grace=0)
        first = quern.workers()[0].pid
        copy = next(iter((quern.runtime / "generations").glob("*/*/*.so")))
        kept = copy.with_suffix(".kept")
        copy.rename(kept)
        report = self.under_load(quern, lambda: quern.wait_log(r"worker 0 goes on, though it has served \d+ requests"))
        self.assert_all_well(report)
        self.assertEqual([worker.pid for worker in quern.workers()], [first])
        kept.rename(copy)
        wait_until(lambda: quern.workers() and quern.workers()[0].pid != first, "its successor", 20)

    def test_websockets_stay(self) -> None:
        quern = self.serve(worker_num=2, max_request=20, max_request_grace=0, plugins=[CHAT])
        talker = Talker(quern.address, "Ada")
        self.addCleanup(talker.drop)
        first = {worker.pid for worker in quern.workers()}
        said = 0

        def act() -> None:
            nonlocal said
            deadline = time.monotonic() + 30 * TIME_SCALE
            while first & {worker.pid for worker in quern.workers()}:
                self.assertEqual(talker.names(), ["Ada"])
                said += 1
                self.assertLess(time.monotonic(), deadline)

        self.assert_all_well(self.under_load(quern, act, connections=2))
        self.assertGreater(said, 0)

    def test_what_has_begun_may_take_as_long_as_any(self) -> None:
        work = self.work(worker_num=1, task_worker_num=0, max_request=3, max_request_grace=0, max_wait_time=0.5)
        first = work.workers()[0].pid
        with RawConnection(work.address, timeout=30 * TIME_SCALE) as long:
            long.send(b"POST /later?ms=3000 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            wait_until(lambda: any(each["inFlight"] for each in work.status()["workers"]), "its request")
            for _ in range(4):
                self.assertEqual(work.get("/hello/a")[0], 200)
            wait_until(lambda: {worker.pid for worker in work.workers()} - {first}, "its successor")
            # A reload does not wait for it either.
            began = time.monotonic()
            self.assert_exit(work.command("reload"), 0)
            self.assertLess(time.monotonic() - began, 2.0 * TIME_SCALE)
            self.assertEqual(long.response("POST").status, 200)
        work.stop()


class Memory(SupervisionTestCase):
    LIMIT = 96  # MiB, far above what a worker uses

    def test_a_fat_worker_is_replaced(self) -> None:
        work = self.work(worker_num=1, worker_memory_limit=f"{self.LIMIT}M")
        first = work.workers()[0].pid

        def act() -> None:
            self.assertEqual(work.ask("POST", f"/lab/hoard?mib={self.LIMIT}")[0], 200)
            wait_until(lambda: first not in {worker.pid for worker in work.workers()}, "its successor", 30)

        self.assert_all_well(self.under_load(work, act))
        work.wait_log(rf"worker 0 \(pid {first}\) is replaced: it uses \d+ MiB, worker_memory_limit is {self.LIMIT} MiB")
        worker = self.control(work).ask("server.status")["workers"][0]
        self.assertRegex(worker["lastExit"], r"^replaced: it uses \d+ MiB, worker_memory_limit is")
        self.assertNotEqual(worker["pid"], first)

    def test_one_that_does_not_leave_is_killed(self) -> None:
        work = self.work(worker_num=1, worker_memory_limit="64M", max_wait_time=2)
        first = work.workers()[0].pid
        with socket.create_connection(("127.0.0.1", work.port), 10) as busy:
            # It is not due for half a minute, and so long the worker would stay.
            busy.sendall(b"GET /later?ms=30000 HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_until(lambda: any(each["inFlight"] for each in work.status()["workers"]), "its request")
            self.assertEqual(work.ask("POST", "/lab/hoard?mib=256")[0], 200)
            work.wait_log(rf"worker 0 \(pid {first}\) is replaced: it uses", 20)
            work.wait_log(rf"worker 0 \(pid {first}\) of generation 1 has left: killed: it uses \d+ MiB", 20)

    def test_twice_the_limit(self) -> None:
        work = self.work(worker_num=1, worker_memory_limit="64M")
        first = work.workers()[0].pid
        copy = next(iter((work.runtime / "generations").glob("*/*/*.so")))
        copy.rename(copy.with_suffix(".kept"))  # there can be no successor
        self.assertEqual(work.ask("POST", "/lab/hoard?mib=256")[0], 200)
        work.wait_log(rf"worker 0 \(pid {first}\) ended: killed: it uses \d+ MiB, worker_memory_limit is 64 MiB", 20)
        copy.with_suffix(".kept").rename(copy)
        wait_until(lambda: work.workers() and work.workers()[0].pid != first, "its next", 20)

    def test_a_limit_that_none_can_keep(self) -> None:
        work = self.work(worker_num=1, task_worker_num=0, worker_memory_limit="256K", max_wait_time=0.5)
        work.wait_log(r"worker 0 is beyond its memory limit as soon as it begins: it uses .* - it is replaced in 1 s", 20)
        wait_until(lambda: any(pool["state"] == "degraded" for pool in work.status()["pools"]), "the trouble is told")
        pool = work.status()["pools"][0]
        self.assertRegex(pool["reason"], r"^worker 0 is beyond its memory limit as soon as it begins \(replaced: it uses")
        work.wait_log(r"it is replaced in 2 s", 20)
        work.wait_log(r"it is replaced in 4 s", 20)
        self.assertNotRegex(work.log(), r"ended: killed")
        self.assertLess(len(re.findall(r"is replaced: it uses", work.log())), 5)
        # One that grows meanwhile does not have that time.
        victim = work.workers()[0].pid
        self.assertEqual(work.ask("POST", "/lab/hoard?mib=64")[0], 200)
        work.wait_log(rf"worker 0 \(pid {victim}\) ended: killed: it uses \d+ MiB", 20)

    def test_task_workers_and_processes(self) -> None:
        work = self.work(task_worker_num=1, task_worker_memory_limit=f"{self.LIMIT}M",
                         tables=f'''[[process]]
handler = "hoarder"
memory_limit = "{self.LIMIT}M"
parameters = {{ mib = {self.LIMIT} }}''')
        first = work.task_workers()
        work.deliver("hoard", {"mib": self.LIMIT}, until="finished")
        work.wait_log(rf"task worker 0 \(pid {first[0]}\) is replaced: it uses \d+ MiB, task_worker_memory_limit is", 20)
        work.wait_log(rf"process hoarder 0 \(pid \d+\) is replaced: it uses \d+ MiB, memory_limit is {self.LIMIT} MiB", 20)


class Bounds(SupervisionTestCase):
    SLOW = Probe.parse("GET /slow?ms=100")

    def test_a_pool_grows_under_load_and_shrinks_afterwards(self) -> None:
        quern = self.serve(worker_num=1, worker_max_num=4, worker_idle_time=1)
        first = quern.workers()[0].pid
        report = self.under_load(
            quern, lambda: wait_until(lambda: len(quern.workers()) == 4, "four workers", 30), self.SLOW, connections=16)
        self.assert_all_well(report)
        quern.wait_log(r"workers: 2 instead of 1 - \d+ requests wait, and none of them is idle")
        wait_until(lambda: [worker.pid for worker in quern.workers()] == [first], "one worker", 30)
        quern.wait_log(r"workers: 1 instead of \d - some have not been needed for worker_idle_time")

    def test_messages_that_wait(self) -> None:
        quern = self.serve(worker_num=1, worker_max_num=3, worker_idle_time=60, plugins=[LIVE])
        clients = [WebSocketClient(quern.address, "/slow/50") for _ in range(6)]
        for client in clients:
            self.addCleanup(client.drop)
            for number in range(60):
                client.text(str(number))
        quern.wait_log(r"workers: 2 instead of 1 - \d+ requests and messages wait, and none of them is idle", 20)

    def test_a_reload_keeps_what_is_needed(self) -> None:
        quern = self.serve(worker_num=1, worker_max_num=3, worker_idle_time=60)

        def act() -> None:
            wait_until(lambda: len(quern.workers()) == 3, "three workers", 30)
            self.assert_exit(quern.command("reload"), 0)
            self.assertEqual(len(quern.workers()), 3)

        self.assert_all_well(self.under_load(quern, act, self.SLOW, connections=16))

    def test_task_workers(self) -> None:
        work = self.work(task_worker_num=1, task_worker_max_num=3, worker_idle_time=1)
        for number in range(30):
            work.deliver("note", {"number": number, "ms": 200})
        wait_until(lambda: len(work.task_workers()) == 3, "three task workers", 30)
        work.wait_lines("task note", 30, 30)
        self.assertEqual(set(work.numbers().values()), {1})
        wait_until(lambda: len(work.task_workers()) == 1, "one task worker", 30)

    def test_growth_that_fails_rests(self) -> None:
        quern = self.serve(worker_num=1, worker_max_num=4)
        next(iter((quern.runtime / "generations").glob("*/*/*.so"))).unlink()
        report = self.under_load(quern, lambda: quern.wait_log(r"there cannot be more workers for now: .+", 20), self.SLOW)
        self.assert_all_well(report)
        self.assertEqual(len(quern.log().split("there cannot be more workers")), 2)

    def test_a_stop_is_no_failure_of_growth(self) -> None:
        work = self.work(task_worker_num=1, task_worker_max_num=2, worklab={"slow": "WorkerStart"}, max_wait_time=1)
        for number in range(10):
            work.deliver("note", {"number": number, "ms": 300})
        work.wait_log("task workers: 2 instead of 1", 20)
        work.stop()
        self.assertNotIn("there cannot be more workers", work.log())


if __name__ == "__main__":
    unittest.main()
