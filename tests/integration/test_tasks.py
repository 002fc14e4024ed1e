"""Tasks and events, from their delivery to their end: results, tries, time, order, refusals, and where they fail."""

from __future__ import annotations

import os
import signal
import threading
import time
import unittest

from quernserver import TIME_SCALE, wait_until
from workserver import WorkTestCase

INTERNAL, TIMEOUT, UNAVAILABLE, NOT_FOUND, EXISTS, BUSY = 10, 7, 6, 3, 4, 5
TOO_LARGE, IO = 2, 9


class TestResults(WorkTestCase):
    """Whoever delivers hears how it ended."""


    def test_result_and_error_come_back(self) -> None:
        work = self.work()
        done = work.deliver("echo", {"a": 1, "b": ["x", {"y": None}]}, until="finished")
        self.assertEqual((done["result"], done["attempts"]), ({"a": 1, "b": ["x", {"y": None}]}, 1))
        self.assertEqual(work.deliver("echo", b"\x00\xff" * 50, until="finished")["bytes"], 100)
        self.assertEqual(work.deliver("echo", until="finished")["result"], {})
        failed = work.deliver("throw", until="finished")
        self.assertEqual((failed["code"], failed["error"]), (INTERNAL, "it threw: thrown on purpose"))
        status, answer = work.ask("POST", "/lab/tasks/nobody")
        self.assertEqual(status, 400)
        self.assertIn("no plugin handles the task", answer["error"])

    def test_large_payloads_cross_by_files(self) -> None:
        work = self.work(tables="[tasks]\nspill_size = 4096", package_max_length="8M")
        for size in (4095, 4096, 4097, 3_000_000):
            with self.subTest(size=size):
                self.assertEqual(work.deliver("echo", b"x" * size, until="finished").get("bytes"), size)
        self.assertEqual(list(work.runtime.glob("tasks.db-payloads/*")), [])

    def test_tries_and_resume(self) -> None:
        work = self.work()
        done = work.deliver("fail", {"number": 1, "failures": 2}, until="finished", tries=3)
        self.assertEqual((done["attempts"], done["result"]), (3, {"attempt": 3}))
        failed = work.deliver("fail", {"number": 2, "failures": 9}, until="finished", tries=2)
        self.assertEqual((failed["attempts"], failed["code"], failed["error"]), (2, INTERNAL, "it was to fail"))
        self.assertEqual([line for line in work.lines() if " 2 " in line], ["task fail 2 1", "task fail 2 2"])

    def test_listeners_in_order(self) -> None:
        work = self.work()
        for query, body, heard in (
            ("", {}, ["first 1", "second 1", "third 1"]),
            ("", {"stop": True}, ["first 1", "second 1"]),
            ("", {"failures": 1}, ["first 1", "second 1"]),
            ("?tries=2", {"failures": 1}, ["first 1", "second 1", "second 2", "third 2"]),
            ("?delay=50", {}, ["first 1", "second 1", "third 1"]),
        ):
            with self.subTest(query=query, body=body):
                before = len(work.work_lines())
                self.assertEqual(work.ask("POST", f"/lab/events/greeting{query}", body)[0], 200)
                wait_until(lambda: len(work.work_lines()) >= before + len(heard), "listeners")
                self.assertEqual([line[15:] for line in work.work_lines()[before:]], heard)
        self.assertEqual(work.ask("POST", "/lab/events/nobody-listens")[0], 200)

    def test_the_end_of_an_event_is_told(self) -> None:
        """Also of one that nobody listens to; and it is none of a task that has its name."""
        work = self.work()
        for event, attempts in (("fail", 1), ("nobody-listens", 0)):
            with self.subTest(event=event):
                for until in ("accepted", "finished"):
                    status, told = work.ask("POST", f"/lab/events/{event}?until={until}", {"a": 1})
                    self.assertEqual((status, told.get("attempts", attempts)), (200, attempts), told)
        work.wait_lines("event fail only 1", 2)  # of the one that was only accepted nobody has heard the end
        self.assertEqual(work.work_lines(), ["event fail only 1"] * 2)

    def test_delay_and_priority(self) -> None:
        work = self.work(task_worker_num=1)
        work.deliver("sleep", {"number": 0, "ms": 300})
        work.wait_lines("begun", 1)
        for number, priority in ((1, 1), (2, 5), (3, 9), (4, 9)):
            work.deliver("note", {"number": number}, priority=priority)
        work.deliver("note", {"number": 5}, delay=1)  # due before the others run, and of the usual priority
        work.wait_lines("task note", 5)
        self.assertEqual([int(line.split()[2]) for line in work.lines() if line.startswith("task note")],
                         [3, 4, 2, 5, 1])
        begun = time.monotonic()
        work.deliver("note", {"number": 6}, delay=400, durable="false")
        work.wait_lines("task note 6", 1)
        self.assertGreaterEqual(time.monotonic() - begun, 0.4)


class TestDeliverers(WorkTestCase):
    def test_from_everywhere(self) -> None:
        """Task workers, cron jobs and custom processes deliver and fire; that they would not hear the end is told."""
        work = self.work(tables="""
            [[cron]]
            job = "relay"
            interval = 3600000
            immediate = true
            parameters = { number = 200 }
            [[process]]
            handler = "relay"
            parameters = { number = 300 }
            """)
        work.deliver("relay", {"number": 100})
        work.wait_lines("relay", 3)
        work.wait_lines("event greeting third", 3)
        work.wait_lines("task note", 6)
        self.assertEqual(work.numbers(), {number + i: 1 for number in (100, 200, 300) for i in (0, 1)})
        said = sorted(line.removeprefix("relay ") for line in work.lines() if line.startswith("relay"))
        self.assertRegex(" / ".join(said), "^process relay 0 has sent, would not hear / "
                         "task worker [01] has sent, would not hear / timer has sent, would not hear$")


class TestLimits(WorkTestCase):
    def test_largest_payload(self) -> None:
        work = self.work(package_max_length="80M")
        largest = 64 << 20
        self.assertEqual(work.deliver("echo", b"x" * largest, until="finished", timeout=0).get("bytes"), largest)
        status, refused = work.ask("POST", "/lab/tasks/echo", b"x" * (largest + 1))
        self.assertEqual(status, 400)
        self.assertIn(f"a payload has {largest} bytes at most, not {largest + 1}: put it into a file", refused["error"])
        self.assertEqual(list(work.runtime.glob("tasks.db-payloads/*")), [])

    def test_a_result_that_is_too_large_or_finds_no_disk(self) -> None:
        work = self.work(task_worker_num=1)
        failed = work.deliver("large", {"bytes": 73_400_320}, until="finished", timeout=0, tries=3)
        self.assertEqual((failed["code"], failed["attempts"]), (TOO_LARGE, 1), failed)
        self.assertIn('the result of task "large" has 73400320 bytes, and may have 67108864', failed["error"])
        self.assertIn('the result of task "large" has 73400320', work.command("tasks").stdout)
        (work.runtime / "tasks.db-payloads").rmdir()
        lost = work.deliver("large", {"bytes": 3_000_000}, until="finished")
        self.assertEqual(lost["code"], IO, lost)
        self.assertIn("it is done, but its result is lost: ", lost["error"])
        work.wait_log("task large with id .*its result is lost")
        self.assertEqual(work.status()["tasks"]["buried"], 1)

    def test_unique_key(self) -> None:
        work = self.work(task_worker_num=1)
        for durable in ("false", "true"):
            with self.subTest(durable=durable):
                key = f"k-{durable}"
                work.deliver("sleep", {"number": 1, "ms": 300}, key=key, durable=durable, until="accepted")
                status, refused = work.ask("POST", f"/lab/tasks/note?key={key}&durable={durable}&until=accepted")
                self.assertEqual((status, refused["code"]), (409, EXISTS))
                wait_until(lambda: work.ask("POST", f"/lab/tasks/echo?key={key}&durable={durable}&until=accepted")[0]
                           == 200, "the key is free again")

    def test_full_queue_refuses(self) -> None:
        work = self.work(task_worker_num=1, tables="[tasks]\nqueue_max = 5\ndurable_max = 3")
        for durable, limit in (("false", 5), ("true", 3)):
            with self.subTest(durable=durable):
                accepted = 0
                for _ in range(limit + 2):
                    status, answer = work.ask(
                        "POST", f"/lab/tasks/sleep?durable={durable}&until=accepted", {"ms": 5000, "number": 1})
                    accepted += status == 200
                    if status != 200:
                        self.assertEqual((status, answer["code"]), (409, BUSY), answer)
                self.assertEqual(accepted, limit)
        # Nobody hears of this one: the log does.
        self.assertEqual(work.ask("POST", "/lab/tasks/note?durable=false")[0], 200)
        work.wait_log(r"a task .*was refused")

    def test_no_task_workers(self) -> None:
        work = self.work(task_worker_num=0)
        status, answer = work.ask("POST", "/lab/tasks/echo")
        self.assertEqual(status, 400)
        self.assertIn("task_worker_num", answer["error"])

    def test_refused_at_once(self) -> None:
        work = self.work()
        # The functions of the delivery hear of it, and so does the answer.
        status, answer = work.ask("POST", "/lab/tasks/nobody?until=accepted")
        self.assertEqual((status, answer["code"]), (400, NOT_FOUND))
        self.assertIn("no plugin handles the task", answer["error"])
        ended = work.deliver("nobody", until="finished")
        self.assertEqual((ended["code"], ended["attempts"]), (NOT_FOUND, 0))
        ended = work.deliver("note", tries=0, until="finished")
        self.assertIn("tries is 0, and must be 1 to 1000", ended["error"])
        self.assertNotIn("was refused", work.log())
        # Nobody hears, and nobody looks: the log does.
        self.assertEqual(work.ask("POST", "/lab/tasks/nobody?until=dropped")[0], 200)
        work.wait_log(r'task "nobody" was refused: no plugin handles the task "nobody"')

    def test_timeout_kills_and_tells(self) -> None:
        work = self.work(task_worker_num=1)
        failed = work.deliver("sleep", {"number": 1, "ms": 60_000}, timeout=200, until="finished")
        self.assertEqual(failed["code"], TIMEOUT, failed)
        self.assertIn("200 ms", failed["error"])
        self.assertEqual(work.deliver("echo", {"a": 1}, until="finished")["result"], {"a": 1})
        work.wait_log(r"task worker 0 \(pid \d+\) ended: killed: \"sleep\", id \d+, has been running for longer")

    def test_quick_tasks_do_not_wait_behind_a_slow_one(self) -> None:
        work = self.work(task_worker_num=2)
        for number in range(200):  # so that the window is wide
            work.deliver("note", {"number": number})
        work.wait_lines("task note", 200)
        work.deliver("sleep", {"number": 1, "ms": 3000})
        begun = time.monotonic()
        for number in range(200, 300):
            work.deliver("note", {"number": number})
        work.wait_lines("task note", 300)
        self.assertLess(time.monotonic() - begun, 2.5 * TIME_SCALE)
        self.assertEqual(work.count("task sleep"), 0)

    def test_a_frozen_task_worker_holds_nothing_and_is_replaced(self) -> None:
        work = self.work(task_worker_num=2)
        for number in range(200):  # so that the window is wide
            work.deliver("note", {"number": number})
        work.wait_lines("task note", 200)
        frozen = work.task_workers()[0]
        # Another server has no other one: what waits there is delayed until it is given up, and no longer.
        lone = self.work(task_worker_num=1)
        lone.deliver("note", {"number": 0}, until="finished")
        for each in (frozen, *lone.task_workers()):
            os.kill(each, signal.SIGSTOP)
        begun = time.monotonic()
        lone.deliver("note", {"number": 1})
        work.deliver("sleep", {"number": 1, "ms": 500})  # it goes to one, and what follows to the other
        for number in range(200, 260):
            work.deliver("note", {"number": number}, durable="true" if number % 2 else "false")
        work.wait_lines("task note", 260)
        self.assertLess(time.monotonic() - begun, 8 * TIME_SCALE)
        wait_until(lambda: frozen not in work.task_workers() and len(work.task_workers()) == 2, "a successor", 30)
        work.wait_log(rf"task worker [01] \(pid {frozen}\) ended: killed: it has stood still for 1\d s with tasks to begin")
        self.assertEqual(set(work.numbers().values()), {1})
        found = work.status()["tasks"]
        self.assertEqual((found["done"], found["failed"]), (261, 0))
        lone.wait_lines("task note", 2, 20)
        self.assertLess(time.monotonic() - begun, 20 * TIME_SCALE)
        self.assertEqual(set(lone.numbers().values()), {1})

    def test_task_max_request(self) -> None:
        work = self.work(task_worker_num=1, task_max_request=50, task_max_request_grace=0)
        before = work.task_workers()
        for number in range(200):
            work.deliver("note", {"number": number})
        work.wait_lines("task note", 200)
        self.assertEqual(set(work.numbers().values()), {1})
        work.wait_log(r"task worker 0 \(pid \d+\) is replaced: it has run 50 tasks \(task_max_request is 50\)")
        wait_until(lambda: work.task_workers() != before and len(work.task_workers()) == 1, "a new task worker")

    def test_wait_within_a_handler(self) -> None:
        work = self.work()
        status, answer = work.ask("POST", "/lab/tasks/note/wait?durable=true", {"number": 1})
        self.assertEqual(status, 200, answer)
        status, answer = work.ask("POST", "/lab/tasks/note/wait?tries=0")
        self.assertEqual(status, 400, answer)


class TestFaults(WorkTestCase):
    def test_a_crash_costs_a_try(self) -> None:
        work = self.work(task_worker_num=1)
        failed = work.deliver("crash", {"number": 1}, until="finished", tries=2, durable="true")
        self.assertEqual((failed["code"], failed["attempts"]), (UNAVAILABLE, 2))
        self.assertIn("signal 6", failed["error"])
        self.assertEqual(work.work_lines(), ["task crash 1 1", "task crash 1 2"])

    def test_a_crash_costs_no_task_that_was_done_before(self) -> None:
        """They had run in the same batch, and their ends were on their way together."""
        work = self.work(task_worker_num=1)
        work.deliver("sleep", {"number": 0, "ms": 300})
        work.wait_lines("begun", 1)
        for number in range(400):
            work.deliver("crash" if number % 50 == 49 else "note", {"number": number},
                         durable="true" if number % 2 else "false", until="accepted")
        wait_until(lambda: work.count("task ") == 401, "every task has run", 30)
        wait_until(lambda: work.status()["tasks"]["stores"][1]["running"] == 0, "the last one has ended")
        self.assertEqual(set(work.numbers().values()), {1})
        self.assertEqual(work.status()["tasks"]["buried"], 8)

    def test_files_of_the_dead_are_removed(self) -> None:
        """What nobody needs in the folder of payloads goes with the next death, once it is old."""
        work = self.work(task_worker_num=1, tables="[tasks]\nspill_size = 4096")
        for durable in ("false", "true"):
            work.deliver("echo", b"x" * 5000, delay=3_600_000, durable=durable, until="accepted")
            work.deliver("throw", b"x" * 5000, durable=durable, until="finished")
        folder = work.runtime / "tasks.db-payloads"
        needed = set(folder.iterdir())
        self.assertEqual(len(needed), 4)
        old, old_unfinished, young = (folder / name for name in (
            "00000000000000aa.task", "00000000000000ab.task.tmp", "00000000000000ac.task"))
        for file in (old, old_unfinished, young):
            file.write_bytes(b"x")
        for file in {*needed, old, old_unfinished}:
            os.utime(file, (time.time() - 7200,) * 2)
        os.kill(work.task_workers()[0], signal.SIGKILL)
        wait_until(lambda: not old.exists() and not old_unfinished.exists(), "the old ones are gone")
        self.assertEqual(set(folder.iterdir()), {*needed, young})

    def test_killed_task_workers_lose_no_durable_task(self) -> None:
        work = self.work()
        kills = count = 0

        def deliver() -> None:
            nonlocal count
            while count < 400 or (kills < 4 and count < 8000):  # a busy machine comes late to the first kills
                work.deliver("note", {"number": count, "ms": 2}, durable="true", until="accepted")
                count += 1

        deliverer = threading.Thread(target=deliver)
        deliverer.start()
        while deliverer.is_alive():
            for pid in work.task_workers():
                if kills < 12 and len(work.lines()) > 20 * kills:
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
            time.sleep(0.002)
        deliverer.join()
        self.assertGreaterEqual(count, 400, "a task was refused")
        wait_until(lambda: len(work.numbers()) == count, "every task has run", 20)
        twice = [number for number, times in work.numbers().items() if times > 1]
        self.assertGreater(kills, 3)
        self.assertLessEqual(len(twice), kills)
        self.assertEqual(work.status()["totals"].get("failed"), 0)

    def test_killed_master_loses_no_durable_task(self) -> None:
        work = self.work()
        count = 10_000 if os.environ.get("QUERN_SOAK") else 2_000
        race = work.ask("GET", f"/lab/race/note?count={count}&window=500&durable=true&until=accepted")[1]
        self.assertEqual((race["count"], race["failed"]), (count, 0))
        work.kill_master()
        ran_before = sum(work.numbers().values())
        self.assertLess(ran_before, count)
        work.start()
        wait_until(lambda: len(work.numbers()) == count, "every task has run", 60)
        twice = [number for number, times in work.numbers().items() if times > 1]
        # Those that were under way, or whose end had not been committed.
        self.assertLessEqual(len(twice), 1024)
        self.assertEqual(max(work.numbers().values()), 2 if twice else 1)

    def test_delayed_tasks_outlive_a_restart(self) -> None:
        work = self.work()
        work.deliver("note", {"number": 1}, delay=1500, until="accepted")
        work.stop()
        self.assertEqual(work.work_lines(), [])
        work.start()
        work.wait_lines("task note 1", 1)

    def test_a_reload_loses_nothing(self) -> None:
        work = self.work()
        for number in range(60):
            work.deliver("note", {"number": number, "ms": 20}, durable="false" if number % 2 else "true")
        self.assertEqual(work.command("reload").returncode, 0)
        wait_until(lambda: len(work.numbers()) == 60, "every task has run")
        self.assertEqual(set(work.numbers().values()), {1})

    def test_finish_after_a_reload_is_heard_by_the_successor(self) -> None:
        work = self.work(worker_num=1)
        work.deliver("fail", {"number": 1, "failures": 0}, delay=1200, durable="true")
        self.assertEqual(work.command("reload").returncode, 0)
        work.wait_lines("finished fail 1", 1)

    def test_finish_while_the_deliverer_leaves(self) -> None:
        """What ends while the last hooks of a worker run is heard, there or by its successor."""
        work = self.work(worker_num=1, worklab={"slow": "WorkerStop"})
        count = 40
        for number in range(count):
            work.deliver("fail", {"number": number, "failures": 0}, delay=50 * number, durable="false")
        self.assertEqual(work.command("reload").returncode, 0)
        work.wait_lines("task fail", count)
        work.wait_lines("finished fail", count)

    def test_stop_waits_for_what_runs(self) -> None:
        work = self.work(task_worker_num=1)
        work.deliver("sleep", {"number": 1, "ms": 700})
        work.wait_lines("begun", 1)
        work.stop()
        self.assertEqual(work.count("task sleep 1"), 1)

    def test_stop_ends_in_time(self) -> None:
        work = self.work(task_worker_num=1, max_wait_time=0.5)
        work.deliver("sleep", {"number": 1, "ms": 60_000}, durable="true")
        work.wait_lines("begun", 1)
        begun = time.monotonic()
        work.stop()
        self.assertLess(time.monotonic() - begun, 1.5 * TIME_SCALE)
        work.wait_log("still busy: task worker 0: task sleep for")


if __name__ == "__main__":
    unittest.main()
