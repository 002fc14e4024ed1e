"""What operators see of tasks and do with them: status, dead letters, and what becomes of all that waits at a stop."""

from __future__ import annotations

import json
import resource
import signal
import sqlite3
import threading
import unittest

from quernserver import TIME_SCALE, wait_until
from workserver import WorkServer, WorkTestCase

EXISTS, IO = 4, 9


class FileLimitedServer(WorkServer):
    """One whose master goes on when a file would become larger than it may be."""

    def _prepare(self) -> None:
        super()._prepare()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


class TestDeadLetters(WorkTestCase):
    """Tasks that have failed for good can be listed, looked at, tried again and dropped, whichever store has them."""

    def letters(self, work: WorkServer, *words: str) -> list[dict]:
        result = work.command("tasks", "--json", *words)
        self.assert_exit(result, 0)
        return json.loads(result.stdout)["letters"]

    def bury(self, work: WorkServer, numbers: range, task: str = "throw", **options) -> None:
        """Each number becomes a dead letter: in memory the even ones, in the database the others."""
        for number in numbers:
            work.deliver(task, {"number": number}, until="finished", durable="true" if number % 2 else "false",
                         **options)

    def test_listed_from_both_stores_newest_first(self) -> None:
        work = self.work()
        self.assert_exit(work.command("tasks"), 0, "There are no dead letters.")
        self.bury(work, range(6))
        letters = self.letters(work)
        times = [letter["buriedAt"] for letter in letters]
        self.assertEqual(times, sorted(times, reverse=True))
        numbers = {json.loads(work.command("tasks", "show", letter["id"], "--json").stdout)["map"]["number"]:
                   letter["store"] for letter in letters}
        self.assertEqual(numbers, {number: "database" if number % 2 else "memory" for number in range(6)})
        newest = letters[0]
        self.assertEqual((newest["name"], newest["kind"], newest["attempts"], newest["error"]),
                         ("throw", "task", 1, "it threw: thrown on purpose"))
        self.assertRegex(newest["buriedAt"], r"^\d{4}-\d\d-\d\dT.*Z$")
        self.assertGreater(newest["payloadBytes"], 0)
        self.assert_exit(work.command("tasks", "show", newest["id"]), 0, '"number": [0-5]')
        table = work.command("tasks")
        self.assert_exit(table, 0, "throw: it threw: thrown on purpose", newest["id"])
        self.assertLess(table.stdout.index(newest["id"]), table.stdout.index(letters[-1]["id"]))

    def test_many_come_in_pages(self) -> None:
        work = self.work()
        for number in range(250):
            work.deliver("throw", {"number": number}, durable="true" if number % 3 else "false")
        letters = wait_until(lambda: (found := self.letters(work)) and len(found) == 250 and found, "dead letters")
        self.assertEqual(len({letter["id"] for letter in letters}), 250)
        buried = [letter["buriedAt"] for letter in letters]
        self.assertEqual(buried, sorted(buried, reverse=True))
        self.assert_exit(work.command("tasks"), 0, "and older ones")

    def test_events_and_bytes(self) -> None:
        work = self.work()
        work.ask("POST", "/lab/events/greeting", {"failures": 9})
        letter = wait_until(lambda: self.letters(work), "dead letter")[0]
        self.assertEqual((letter["kind"], letter["name"]), ("event", "greeting"))
        self.assertIn("listener 2", letter["error"])
        self.assert_exit(work.command("tasks"), 0, "event greeting: listener 2")
        for body, shown in ((b"plain text", "plain text"), (b"\x00\xff", "AP8="), (b"x" * 2_000_000, "The first")):
            work.deliver("throw", body, until="finished")
            self.assert_exit(work.command("tasks", "show", self.letters(work)[0]["id"]), 0, shown)

    def test_retry_and_drop(self) -> None:
        work = self.work()
        self.bury(work, range(2), "fail", tries=1)
        self.assertEqual(self.letters(work), [])  # they succeed without "failures"
        for number in range(2):
            work.deliver("fail", {"number": number, "failures": 1}, until="finished", tries=1,
                         durable="true" if number else "false")
        self.bury(work, range(3))
        ids = [letter["id"] for letter in self.letters(work) if letter["name"] == "fail"]
        self.assertEqual(len(self.letters(work, "--name", "fail")), 2)
        self.assert_exit(work.command("tasks", "retry", *ids), 0, "2 tasks wait again.")
        wait_until(lambda: work.count("task fail") == 6, "both have run again")
        # They fail again in their first try.
        wait_until(lambda: len(self.letters(work, "--name", "fail")) == 2, "dead again")
        self.assert_exit(work.command("tasks", "drop", ids[0], "4711"), 1, "1 dead letter is dropped.",
                         "task 4711 is not among the dead letters")
        self.assert_exit(work.command("tasks", "drop", "--all", "--name", "throw"), 0, "3 dead letters are dropped.")
        self.assertEqual([letter["id"] for letter in self.letters(work)], ids[1:])
        self.assert_exit(work.command("tasks", "retry", "--all", "--json"), 0, '"count": 1')
        wait_until(lambda: work.count("task fail") == 7, "the last has run again")
        wait_until(lambda: self.letters(work), "dead again")
        self.assert_exit(work.command("tasks", "drop", "--all"), 0, "1 dead letter is dropped.")
        self.assertEqual(self.letters(work), [])

    def test_what_is_not_understood(self) -> None:
        work = self.work()
        for words, said in ((["drop"], "--all"), (["drop", "--name", "throw"], "--all --name NAME"),
                            (["retry", "1", "--all"], "retry ID"), (["show"], "show ID"), (["dance"], "dance"),
                            (["--all"], "--all goes with")):
            with self.subTest(words=words):
                self.assert_exit(work.command("tasks", *words), 2, said)
        self.assert_exit(work.command("tasks", "show", "x"), 1, '"x" is no id of a task')
        self.assert_exit(work.command("tasks", "show", "1"), 1, "task 1 is not among the dead letters")
        work.stop()
        self.assert_exit(work.command("tasks"), 1, "Quern is not running")

    def test_many_ask_while_the_server_stops(self) -> None:
        """Each request has one reply, or its connection ends with the server: nobody waits for a deadline."""
        work = self.work()
        self.bury(work, range(20))
        outcomes: list[int] = []

        def ask() -> None:
            while work.running():
                outcomes.append(work.command("tasks", "--json", timeout=10).returncode)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: outcomes.count(0) >= 8, "answers")
        work.stop()
        for thread in threads:
            thread.join(10)
            self.assertFalse(thread.is_alive())
        self.assertLessEqual(set(outcomes), {0, 1})


class TestStatus(WorkTestCase):
    def test_counters(self) -> None:
        work = self.work(task_worker_num=1)
        self.assertEqual([store["name"] for store in work.status()["tasks"]["stores"]], ["memory", "database"])
        work.deliver("echo", {"a": 1}, until="finished")
        work.deliver("fail", {"number": 1, "failures": 1}, until="finished", tries=2)
        work.deliver("throw", until="finished", durable="true")
        work.deliver("sleep", {"number": 1, "ms": 5000})
        work.wait_lines("begun", 1)
        work.deliver("note", {"number": 1})
        work.deliver("note", {"number": 2}, delay=60_000, key="k", until="accepted")
        work.deliver("note", {"number": 2}, delay=60_000, key="k", until="accepted")

        def tasks() -> dict:
            return work.status()["tasks"]

        wait_until(lambda: tasks()["stores"][0]["queued"] == 1, "one waits")
        found = tasks()
        self.assertEqual({name: found[name] for name in ("delivered", "refused", "done", "failed", "retried", "buried")},
                         {"delivered": 6, "refused": 1, "done": 2, "failed": 2, "retried": 1, "buried": 1})
        memory, database = found["stores"]
        self.assertEqual((memory["running"], memory["delayed"], database["delayed"], database["dead"]), (1, 0, 1, 1))
        self.assert_exit(work.command("status"), 0, "delivered 6, refused 1, done 2", "dead letters")

    def test_tasks_wait_and_no_task_worker_is_there(self) -> None:
        work = self.work(task_worker_num=1)
        work.deliver("note", {"number": 1}, delay=60_000, until="accepted")
        self.assertIn("All is well", work.status()["sentence"])
        work.settings["task_worker_num"] = 0
        work.write_config()
        self.assert_exit(work.command("reload"), 0)
        status = work.status()
        self.assertEqual(status["state"], "degraded")
        self.assertIn("1 task waits, and no task worker is there", status["sentence"])

    def test_a_disk_that_is_full(self) -> None:
        work = FileLimitedServer()
        self._servers.append(work)
        work.start()
        self.assertEqual(work.ask("POST", "/lab/tasks/note?durable=true&until=accepted", {"number": 1})[0], 200)
        before = resource.prlimit(work.master, resource.RLIMIT_FSIZE)
        largest = max(file.stat().st_size for file in (*work.runtime.glob("tasks.db*"), work.log_file)
                      if file.is_file())
        resource.prlimit(work.master, resource.RLIMIT_FSIZE, (largest, before[1]))
        # Its own end may be written still: it is the log of the database that is full soon.
        wait_until(lambda: work.ask("POST", "/lab/tasks/note?durable=true&until=accepted", {"number": 2})[1]
                   .get("code") == IO, "a refusal")
        status = work.status()
        self.assertEqual(status["state"], "degraded")
        self.assertIn("durable tasks cannot be kept: ", status["sentence"])
        self.assertIn("tasks.db", status["tasks"]["failure"])
        self.assertEqual(work.deliver("echo", {"a": 1}, until="finished", durable="false")["result"], {"a": 1})
        resource.prlimit(work.master, resource.RLIMIT_FSIZE, before)
        wait_until(lambda: work.ask("POST", "/lab/tasks/note?durable=true&until=accepted", {"number": 3})[0] == 200,
                   "the database works again")
        self.assertIn("All is well", work.status()["sentence"])

    def test_the_first_task_workers_come_with_a_reload(self) -> None:
        """What an earlier life has left in the database is run then, and durable tasks are kept."""
        work = self.work(task_worker_num=1)
        work.deliver("note", {"number": 1}, delay=100, until="accepted")
        work.kill_master()
        work.settings["task_worker_num"] = 0
        work.write_config()
        work.start()
        work.wait_log("1 task waits in .*tasks.db and nobody runs them: set task_worker_num")
        status = work.status()
        database = status["tasks"]["stores"][1]
        self.assertEqual(database["queued"] + database["delayed"], 1)
        self.assertIn("1 task waits, and no task worker is there", status["sentence"])
        work.settings["task_worker_num"] = 1
        work.write_config()
        self.assert_exit(work.command("reload"), 0)
        work.wait_lines("task note 1", 1)
        work.deliver("note", {"number": 2}, delay=300, until="accepted")
        self.assertEqual(work.status()["tasks"]["stores"][1]["delayed"], 1)
        work.kill_master()
        work.start()
        work.wait_lines("task note 2", 1)

    def test_a_reload_tells_what_is_wrong_with_the_database(self) -> None:
        work = self.work(task_worker_num=0, tables="[tasks]\ndatabase = \"other.db\"")
        (work.directory / "other.db").write_text("no database, but long enough to be taken for one " * 40)
        work.settings["task_worker_num"] = 1
        work.write_config()
        place = rf"quern.toml:\d+: tasks.database: .*other.db: is no database"
        refused = work.command("reload")
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, place)
        self.assertEqual(work.get("/hello/you")[0], 200)
        work.stop()
        with work.log_file.open("w"):
            pass
        self.assertNotEqual(work.launch().wait(10), 0)
        self.assertRegex(work.log(), place)
        # Without task workers nobody needs it.
        work.settings["task_worker_num"] = 0
        work.write_config()
        work.start()
        work.wait_log("whether tasks wait in the database is not known: .*other.db: is no database")


class TestStop(WorkTestCase):
    """Who stops a server loses nothing that waits, if there is a database."""

    def stop_with_waiting(self, work: WorkServer, count: int) -> None:
        """One task runs, and so many wait in memory."""
        # Longer than all the others take to come, and less than a stop waits for.
        work.deliver("sleep", {"number": 0, "ms": 2500})
        work.wait_lines("begun", 1)
        for number in range(count):
            work.deliver("note", {"number": number}, durable="false")
        wait_until(lambda: work.status()["tasks"]["stores"][0]["queued"] == count, "all wait")
        work.stop()
        self.assertEqual(work.numbers().total(), 0)

    def test_what_waits_in_memory_is_kept(self) -> None:
        work = self.work(task_worker_num=1)
        work.deliver("note", {"number": 1000}, delay=500, until="accepted")
        self.stop_with_waiting(work, 500)
        work.wait_log("500 tasks that waited in memory are kept in the database")
        work.wait_log("501 tasks wait for the next start")
        work.start()
        wait_until(lambda: len(work.numbers()) == 501, "every task has run")
        self.assertEqual(set(work.numbers().values()), {1})
        work.stop()
        self.assertNotIn("for the next start", work.log().split("501 tasks wait for the next start")[1])

    def test_events_and_files_of_payloads_are_kept_as_well(self) -> None:
        work = self.work(task_worker_num=1, tables="[tasks]\nspill_size = 4096")
        work.deliver("sleep", {"number": 0, "ms": int(600 * TIME_SCALE)})
        work.wait_lines("begun", 1)
        work.ask("POST", "/lab/events/greeting", {"failures": 0})
        work.ask("POST", "/lab/events/greeting", {"stop": True, "filler": "x" * 10_000})
        wait_until(lambda: work.status()["tasks"]["stores"][0]["queued"] == 2, "both wait")
        work.stop()
        work.wait_log("2 tasks that waited in memory are kept in the database")
        self.assertEqual(len(list(work.runtime.glob("tasks.db-payloads/*.task"))), 1)
        work.start()
        wait_until(lambda: len([line for line in work.lines() if line.startswith("event")]) == 5, "listeners")
        wait_until(lambda: not list(work.runtime.glob("tasks.db-payloads/*")), "the file goes with its event")

    def test_what_there_is_no_room_for_is_told(self) -> None:
        work = self.work(task_worker_num=1, tables="[tasks]\ndurable_max = 30")
        self.stop_with_waiting(work, 50)
        work.wait_log("30 tasks that waited in memory are kept in the database")
        work.wait_log(r"20 tasks that waited in memory end with the server: .*durable_max")

    def test_without_a_database_the_loss_is_told(self) -> None:
        work = self.work(task_worker_num=1, tables="[tasks]\ndriver = \"memory\"")
        self.stop_with_waiting(work, 7)
        work.wait_log("7 tasks that waited in memory end with the server: there is no database")
        self.assertFalse((work.runtime / "tasks.db").exists())

    def test_what_a_database_holds_that_is_not_used_any_more(self) -> None:
        work = self.work(task_worker_num=1)
        for number in range(2):
            work.deliver("note", {"number": number}, delay=600_000, until="accepted")
        work.deliver("throw", {"number": 3}, durable="true", until="finished")
        work.deliver("echo", b"x" * 100_000, delay=600_000, until="accepted")
        work.stop()
        folder = work.runtime / "tasks.db-payloads"
        kept = list(folder.glob("*.task"))
        self.assertEqual(len(kept), 1)
        # A server that was killed has left one.
        (folder / "0123456789abcdef.task").write_bytes(b"of nobody")
        left = "3 tasks and 1 dead letter lie in .*tasks.db, which driver = \"memory\" does not use"
        before = work.config.read_text(encoding="utf-8")
        work.config.write_text(before + '[tasks]\ndriver = "memory"\n', encoding="utf-8")
        self.assertRegex(work.command("doctor").stdout, f"warning +tasks +{left}")
        work.start()
        work.wait_log(left)
        self.assertEqual(list(folder.iterdir()), kept)
        # And durable is what nothing is here: that is said once.
        for number in range(2):
            work.deliver("note", {"number": number}, durable="true", until="finished")
        work.wait_log('"note" is to be durable, and driver = "memory" in .tasks. keeps it in memory')
        self.assertEqual(work.log().count("is to be durable"), 1)
        work.stop()
        work.config.write_text(before, encoding="utf-8")
        self.assertNotIn("does not use", work.command("doctor").stdout)
        work.start()
        self.assertEqual([work.status()["tasks"]["stores"][1][key] for key in ("delayed", "dead")], [3, 1])

    def test_what_the_stop_interrupts_and_dead_letters_in_memory(self) -> None:
        work = self.work(task_worker_num=1, max_wait_time=0.2)
        work.deliver("throw", {"number": 1}, until="finished")
        work.deliver("sleep", {"number": 2, "ms": 20_000})
        work.wait_lines("begun", 1)
        work.stop()
        work.wait_log("task worker 0 .*ended: killed: ")
        work.wait_log("1 dead letter in memory is kept in the database")
        work.wait_log("1 task that waited in memory is kept in the database")
        work.start()
        work.wait_lines("begun", 2)
        found = work.status()["tasks"]
        self.assertEqual((found["buried"], found["stores"][1]["running"], found["stores"][1]["dead"]), (0, 1, 1))
        self.assert_exit(work.command("tasks", "retry", "--all"), 0, "1 task waits again")

    def test_large_payloads_need_no_database(self) -> None:
        work = self.work(tables="[tasks]\ndriver = \"memory\"\nspill_size = 4096")
        self.assertEqual(work.deliver("echo", b"x" * 100_000, until="finished").get("bytes"), 100_000)

    def test_a_disk_that_fails_is_told(self) -> None:
        """Another process holds the database as soon as the server lets go of it: the next start says so."""
        work = self.work(task_worker_num=1)
        work.stop()
        with sqlite3.connect(work.runtime / "tasks.db") as database:
            database.execute("BEGIN EXCLUSIVE")
            self.assertNotEqual(work.launch().wait(20), 0)
            database.rollback()
        self.assertRegex(work.log(), r"tasks.database: .*tasks.db: another process has it")


class TestUniqueKeys(WorkTestCase):
    def test_a_key_holds_in_both_stores(self) -> None:
        work = self.work(task_worker_num=1)
        for first, second in (("false", "true"), ("true", "false")):
            with self.subTest(first=first, second=second):
                key = f"k-{first}"
                work.deliver("sleep", {"number": 1, "ms": 300}, key=key, durable=first, until="accepted")
                status, refused = work.ask("POST", f"/lab/tasks/note?key={key}&durable={second}&until=accepted")
                self.assertEqual((status, refused["code"]), (409, EXISTS))
                wait_until(lambda: work.ask("POST", f"/lab/tasks/echo?key={key}&durable={second}&until=accepted")[0]
                           == 200, "the key is free again")


if __name__ == "__main__":
    unittest.main()
