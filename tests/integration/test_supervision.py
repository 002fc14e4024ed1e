"""Pools that grow and shrink, task workers that are reloaded alone, children that are replaced since they are used up."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
import unittest
from collections.abc import Callable
from pathlib import Path

from accounting import Probe, Report, account
from controlclient import ControlClient
from quernserver import FIXTURES, QUERN_BIN, TIME_SCALE, QuernServer, wait_until
from workserver import WorkServer, WorkTestCase

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


if __name__ == "__main__":
    unittest.main()
