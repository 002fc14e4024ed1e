"""Cron jobs: by the interval and by the clock, beside jobs that block, over reloads and restarts."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import proctree
from quernserver import TIME_SCALE, wait_until
from workserver import WorkServer, WorkTestCase


def entry(**keys) -> str:
    lines = ["[[cron]]"]
    for key, value in keys.items():
        if isinstance(value, dict):
            lines.append(f"{key} = {{ " + ", ".join(f"{name} = {inner}" for name, inner in value.items()) + " }")
        else:
            lines.append(f"{key} = " + (f'"{value}"' if isinstance(value, str) else str(value).lower()
                                        if isinstance(value, bool) else str(value)))
    return "\n".join(lines) + "\n"


def job(work: WorkServer, name: str) -> dict:
    return wait_until(lambda: next((each for each in work.status()["cron"] if each["name"] == name), None),
                      f"the state of {name}")


def timer(work: WorkServer) -> int:
    return next(child for child in proctree.descendants(work.master) if proctree.title(child) == "quern: timer")


class TestCron(WorkTestCase):
    def renew(self, work: WorkServer, tables: str, how: str) -> None:
        """how: by "reload" or "restart"."""
        work.tables = tables
        work.write_config()
        if how == "reload":
            self.assertEqual(work.command("reload").returncode, 0)
        else:
            work.stop()
            work.start()

    def test_interval_beside_a_job_that_blocks(self) -> None:
        seconds = 60 if os.environ.get("QUERN_SOAK") else 5
        work = self.work(tables=entry(job="tick", interval=10) +
                         entry(name="block", job="tick", interval=100, immediate=True, parameters={"ms": 5000}))
        wait_until(lambda: work.count("cron tick") > 0, "first tick")
        wait_until(lambda: work.count("cron block") > 0, "the job that blocks")
        begun, before = time.monotonic(), work.count("cron tick")
        time.sleep(seconds)  # what is counted is how much falls into a time
        elapsed, ticks = time.monotonic() - begun, work.count("cron tick") - before
        self.assertAlmostEqual(ticks, elapsed * 100, delta=5 if TIME_SCALE == 1 else 50)
        self.assertLessEqual(work.count("cron block"), 1 + seconds // 5)
        status = job(work, "tick")
        self.assertEqual((status["schedule"], status["failures"], status["skipped"]), ("every 10 ms", 0, 0))
        wait_until(lambda: job(work, "block")["running"] == 1, "the job that blocks runs again")

    def test_no_overlap_and_missed_runs(self) -> None:
        work = self.work(tables=entry(name="slow", job="tick", interval=50, parameters={"ms": 180}))
        work.wait_lines("done slow", 3)
        lines = [line for line in work.lines() if " slow " in line]
        self.assertEqual(lines[:6], [f"{what} slow {number}" for number in (1, 2, 3) for what in ("cron", "done")])
        self.assertGreater(job(work, "slow")["skipped"], 4)

    def test_stop_failure_and_command(self) -> None:
        broken = "".join(entry(name=name, job="broken", interval=20) for name in ("broken", "two", "three", "four"))
        work = self.work(tables=entry(job="few", interval=20) + broken +
                         entry(name="outside", command=["sh", "-c", "echo from outside"], interval=30).replace("'", '"'))
        wait_until(lambda: job(work, "few")["stopped"], "the job has stopped itself")
        self.assertEqual(work.count("cron few"), 3)
        status = wait_until(lambda: (s := job(work, "broken"))["failures"] > 2 and s, "failures")
        self.assertEqual(status["error"], "it threw an exception: it was to fail")
        wait_until(lambda: "the last runs of cron jobs broken, two, three and 1 more failed" in work.status()["sentence"],
                   "the sentence about those that fail")
        work.wait_log("outside.*from outside")
        wait_until(lambda: job(work, "outside")["runs"] > 1, "the command has run")

    def test_six_fields_by_the_clock(self) -> None:
        work = self.work(tables=entry(job="tick", expression="* * * * * *", timezone="Europe/Berlin"))
        work.wait_lines("cron tick", 2)
        status = job(work, "tick")
        self.assertRegex(status["next"], r":\d\d\.000Z$")

    def test_reload_drains_and_hands_over(self) -> None:
        work = self.work(tables=entry(name="slow", job="tick", interval=50, parameters={"ms": 300}))
        work.wait_lines("cron slow", 1)
        self.assertEqual(work.command("reload").returncode, 0)
        wait_until(lambda: work.count("cron slow 1") == 2, "the next timer process has begun")
        lines = [line for line in work.lines() if " slow " in line]
        second = lines.index("cron slow 1", 1)
        # What the old one had begun it has ended before.
        self.assertEqual(lines[:second].count("cron slow 1"), 1)
        self.assertEqual(sum(line.startswith("cron") for line in lines[:second]),
                         sum(line.startswith("done") for line in lines[:second]))

    def test_the_grid_of_an_interval_goes_on(self) -> None:
        daily = entry(job="tick", interval="1d", immediate=True)
        work = self.work(tables=daily)
        work.wait_lines("cron tick", 1)

        def due() -> float:
            return datetime.fromisoformat(job(work, "tick")["next"].replace("Z", "+00:00")).timestamp()

        first = due()
        self.assertEqual(work.command("reload").returncode, 0)
        work.wait_lines("cron tick", 2)
        self.assertAlmostEqual(due(), first, delta=0.05)
        os.kill(timer(work), signal.SIGKILL)
        work.wait_lines("cron tick", 3)
        self.assertAlmostEqual(due(), first, delta=0.05)
        work.stop()
        work.start()
        work.wait_lines("cron tick", 4)
        self.assertAlmostEqual(due(), first, delta=0.05)
        work.tables = work.tables.replace('"1d"', '"2d"')
        work.write_config()
        self.assertEqual(work.command("reload").returncode, 0)
        work.wait_lines("cron tick", 5)
        self.assertGreater(due(), first + 86400)

    def test_a_stuck_job_is_named_and_left_behind(self) -> None:
        work = self.work(tables=entry(job="stuck", interval=10), max_wait_time=0.5)
        work.wait_lines("cron stuck", 1)
        begun = time.monotonic()
        work.stop()
        self.assertLess(time.monotonic() - begun, 1.5 * TIME_SCALE)
        work.wait_log("busy with job stuck")

    def test_a_reload_says_that_it_has_ended_a_run(self) -> None:
        work = self.work(tables=entry(job="stuck", interval="1d", immediate=True) +
                         entry(name="backup", command=["sleep", "600"], interval="1d", immediate=True).replace("'", '"'),
                         max_wait_time=0.5)
        work.wait_lines("cron stuck", 1)
        wait_until(lambda: job(work, "backup")["running"] == 1, "the program")
        self.assertEqual(work.command("reload").returncode, 0)
        reason = "it was ended by a reload, after max_wait_time = 0.5 s; raise that if it needs longer"
        for name in ("stuck", "backup"):
            work.wait_log(f"cron job {name}: run 1 failed: {re.escape(reason)}")
            wait_until(lambda: job(work, name)["error"] == reason, "the failure of " + name)
        work.stop()
        work.wait_log("cron job backup: run 1 failed: it was ended by the stop of the server, after max_wait_time = 0.5 s")

    def test_missed_while_the_server_was_down(self) -> None:
        work = self.work(tables=entry(name="skip", job="tick", interval=700) +
                         entry(name="caught", job="tick", interval=700, missed="catch-up"))
        work.wait_lines("cron caught", 1)
        work.stop()
        skipped, caught = work.count("cron skip"), work.count("cron caught")
        time.sleep(2.9)  # so that runs are missed
        work.start()
        wait_until(lambda: work.count("cron caught") >= caught + 4, "what was missed has run")
        # Of these all but those of the last second are not missed, but skipped.
        self.assertLess(work.count("cron skip") - skipped, work.count("cron caught") - caught)

    def test_what_falls_due_in_the_gap_of_a_reload_runs_late(self) -> None:
        # The old timer process ends 2 s after it has begun, since it waits for the slow job; before that it begins nothing.
        work = self.work(tables=entry(job="tick", interval=1900) +
                         entry(name="slow", job="tick", interval="1d", immediate=True, parameters={"ms": 2000}))
        work.wait_lines("cron slow", 1)
        self.assertEqual(work.command("reload").returncode, 0)
        work.wait_lines("cron tick", 1)
        self.assertEqual(job(work, "tick")["skipped"], 0)

    def test_commands(self) -> None:
        work = self.work(tables=entry(job="tick", interval=50) + entry(name="rare", job="tick", expression="0 0 1 1 *") +
                         entry(name="off", job="tick", interval=50, enabled=False))
        work.wait_lines("cron tick", 1)
        self.assert_exit(work.command("cron"), 0, r"tick +every 50 ms", r"rare +0 0 1 1 \*")
        self.assert_exit(work.command("cron", "run", "rare"), 0, "rare runs")
        work.wait_lines("cron rare", 1)
        self.assert_exit(work.command("cron", "pause", "tick"), 0)
        self.assertTrue(job(work, "tick")["paused"])
        ticks = work.count("cron tick")
        self.assertEqual(work.command("reload").returncode, 0)
        work.stop()
        work.start()
        self.assertTrue(wait_until(lambda: job(work, "tick"), "the timer process")["paused"])
        self.assertEqual(work.count("cron tick"), ticks)
        self.assert_exit(work.command("cron", "resume", "tick"), 0)
        wait_until(lambda: work.count("cron tick") > ticks, "it goes on")
        self.assert_exit(work.command("cron", "run", "nobody"), 1, "nobody")
        for word in ("run", "pause"):
            self.assert_exit(work.command("cron", word, "off"), 1, r'cron job "off" is disabled: write enabled = true')
        self.assert_exit(work.command("cron", "walk"), 2, "see quern help cron")

    def test_a_pause_outlives_the_entry(self) -> None:
        tick, other = entry(job="tick", interval=50), entry(name="other", job="tick", expression="0 0 1 1 *")
        work = self.work(tables=tick + other)
        work.wait_lines("cron tick", 1)
        self.assert_exit(work.command("cron", "pause", "tick"), 0)
        runs = wait_until(lambda: (state := job(work, "tick"))["running"] == 0 and state["runs"], "the end of the run")
        whole = work.tables
        for how in ("reload", "restart"):
            with self.subTest(how=how):
                for tables in (whole.replace(tick, ""), whole):
                    self.renew(work, tables, how)
                    names = {"other"} if tables != whole else {"tick", "other"}
                    wait_until(lambda: {each["name"] for each in work.status()["cron"]} == names, "the jobs of now")
                state = job(work, "tick")
                self.assertTrue(state["paused"])
                self.assertEqual(state["runs"], runs)

    def test_commands_to_a_timer_that_stands_still(self) -> None:
        rare = {"job": "tick", "expression": "0 0 1 1 *"}
        work = self.work(tables=entry(name="first", **rare) + entry(name="second", **rare) + entry(name="third", **rare))
        wait_until(lambda: work.status()["cron"], "the timer process")
        os.kill(timer(work), signal.SIGSTOP)
        with ThreadPoolExecutor() as pool:
            late = [pool.submit(work.command, "cron", *words) for words in (("run", "first"), ("pause", "second"))]
            for answer in late:
                self.assert_exit(answer.result(), 1, "the timer process does not answer; nothing was done")
            os.kill(timer(work), signal.SIGCONT)
            self.assert_exit(work.command("cron", "run", "third"), 0)
            work.wait_lines("cron third", 1)
            self.assertEqual(work.count("cron first"), 0)
            self.assertFalse(job(work, "second")["paused"])
            work.wait_log("a command for cron job second came too late; nothing was done")

            os.kill(timer(work), signal.SIGSTOP)
            begun = time.monotonic()
            answer = pool.submit(work.command, "cron", "pause", "second")
            time.sleep(0.5 * TIME_SCALE)  # so that it is under way; if it is not, the test shows nothing
            os.kill(timer(work), signal.SIGKILL)
            self.assert_exit(answer.result(), 1, "the timer process has ended before it answered")
            self.assertLess(time.monotonic() - begun, 4 * TIME_SCALE)

    def test_a_reload_without_jobs(self) -> None:
        tick = entry(job="tick", interval=50)
        work = self.work(tables=tick)
        work.wait_lines("cron tick", 1)
        work.tables = work.tables.replace(tick, "")
        work.write_config()
        self.assertEqual(work.command("reload").returncode, 0)
        self.assert_exit(work.command("cron"), 0, "There are no cron jobs")
        self.assert_exit(work.command("cron", "run", "tick"), 1, "no timer process runs")

    def test_what_falls_due_while_the_entry_is_removed_is_not_missed(self) -> None:
        tick, other = entry(job="tick", interval=100, missed="catch-up"), entry(name="other", job="tick", interval="1d")
        for left, how in ((other, "reload"), ("", "reload"), ("", "restart")):
            with self.subTest(left=left, how=how):
                work = self.work(tables=tick + left)
                work.wait_lines("cron tick", 1)
                whole = work.tables
                self.renew(work, whole.replace(tick, ""), how)
                time.sleep(3)  # so that 30 runs would be missed
                before, begun = work.count("cron tick"), time.monotonic()
                self.renew(work, whole, "reload")
                work.wait_lines("cron tick", before + 3)
                time.sleep(0.5)  # for those that should not come
                runs = work.count("cron tick") - before
                self.assertLessEqual(runs, (time.monotonic() - begun) / 0.1 + 1)

    def test_a_program_inherits_nothing(self) -> None:
        work = self.work(tables=entry(command=["ls", "-m", "/proc/self/fd"], interval=100).replace("'", '"'))
        work.wait_log(r"ls: 0, 1, 2, 3\n")  # the last is the folder that it reads

    def test_programs_end_with_the_timer_process(self) -> None:
        for how, settings in (("crash", {}), ("stop", {"max_wait_time": 0.001})):
            with self.subTest(how=how):
                folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
                script = folder / "nightly"
                script.write_text(f"#!/bin/sh\nsleep 600 &\necho $! >{folder}/draft\nmv {folder}/draft {folder}/pid\n"
                                  "wait\n")
                script.chmod(0o700)
                work = self.work(tables=entry(name="nightly", command=[str(script)], interval="1d",
                                              immediate=True).replace("'", '"'), **settings)
                wait_until((folder / "pid").exists, "the program")
                pid = int((folder / "pid").read_text())
                if how == "stop":
                    work.stop()
                else:
                    os.kill(timer(work), signal.SIGKILL)
                wait_until(lambda: not proctree.alive(pid), "end of what the program has started")

    def test_a_broken_memory_is_told(self) -> None:
        work = self.work(tables=entry(job="tick", interval=50, missed="catch-up"))
        work.wait_lines("cron tick", 1)
        work.stop()
        (memory,) = work.directory.rglob("cron.state")
        memory.write_bytes(memory.read_bytes()[:-1])
        ticks = work.count("cron tick")
        work.start()
        work.wait_log(r"what cron jobs have left in .*cron\.state cannot be read")
        work.wait_lines("cron tick", ticks + 1)

    def test_unknown_job_is_a_start_error(self) -> None:
        server = WorkServer(tables=entry(job="nobody", interval=10))
        self._servers.append(server)
        self.assert_exit(server.command("start", "-d"), 1, r"quern.toml:\d+.*nobody")


if __name__ == "__main__":
    unittest.main()
