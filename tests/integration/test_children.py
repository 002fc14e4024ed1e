"""Who the child processes are and what they may use: user, group, chroot, umask, child_limits."""

from __future__ import annotations

import grp
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import stat
import unittest
from pathlib import Path
from urllib.parse import quote

import proctree
from quernserver import FIXTURES, TIME_SCALE, QuernServer, QuernTestCase, wait_until
from rawhttp import RawConnection, request_bytes

USER = "nobody"
TITLE = re.compile(r"quern: (\S+( \d+)?)")
UPLOAD = 600_000  # bytes: more than a body may take in memory


def status_of(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}


def multipart(*files: tuple[str, bytes]) -> tuple[bytes, str]:
    parts = [b'--cut\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n' % (name.encode(), data)
             for name, data in files]
    return b"".join(parts) + b"--cut--\r\n", "Content-Type: multipart/form-data; boundary=cut\r\n"


class ChildrenTestCase(QuernTestCase):
    def child_server(self, **settings) -> QuernServer:
        """A server with the fixture plugin that tells what it may do, and with a child of each kind."""
        tables = settings.pop("tables", "") + '\n[[process]]\nhandler = "identity"\n'
        quern = self.server(plugins=[FIXTURES / "libidentity.so"], tables=tables,
                            **{"task_worker_num": 1, **settings})
        # Its user must be able to pass, as he is on the way to a folder of a server that is installed.
        quern.directory.chmod(0o711)
        return quern

    def post(self, quern: QuernServer, target: str, body: bytes, headers: str = ""):
        with RawConnection(quern.address, timeout=20.0) as client:
            return client.request("POST", target, body, headers)

    def children(self, quern: QuernServer) -> dict[str, int]:
        """Pid of each child by what its title says: "worker 0"."""
        titles = {pid: TITLE.match(proctree.title(pid)) for pid in proctree.descendants(quern.master)[1:]}
        return {match[1]: pid for pid, match in titles.items() if match}

    def all_children(self, quern: QuernServer) -> dict[str, int]:
        wanted = {"worker", "task", "timer", "process"}

        def complete():
            found = self.children(quern)
            kinds = {next((kind for kind in wanted if title.startswith(kind)), title) for title in found}
            return found if wanted <= kinds else None

        return wait_until(complete, "children of each kind")

    def workers_of(self, quern: QuernServer) -> list[dict]:
        return json.loads(quern.command("status", "--json").stdout)["workers"]

    def present(self, quern: QuernServer) -> dict:
        status, body = quern.get("/identity")
        self.assertEqual(status, 200, body)
        return json.loads(body)


@unittest.skipIf(os.geteuid() != 0, "only root can give its children another user")
class Users(ChildrenTestCase):
    def setUp(self) -> None:
        self.account = pwd.getpwnam(USER)

    def own_folder(self, quern: QuernServer, name: str) -> Path:
        folder = quern.directory / name
        folder.mkdir()
        os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        return folder

    def test_every_child_is_that_user_and_the_master_is_not(self) -> None:
        quern = self.child_server(user=USER).start()
        for title, pid in self.all_children(quern).items():
            with self.subTest(title):
                status = status_of(pid)
                self.assertEqual(set(status["Uid"]), {str(self.account.pw_uid)})
                self.assertEqual(set(status["Gid"]), {str(self.account.pw_gid)})
                self.assertEqual({int(group) for group in status["Groups"]},
                                 set(os.getgrouplist(USER, self.account.pw_gid)))
                self.assertEqual(status["NoNewPrivs"], ["1"])
                for kind in ("CapPrm", "CapEff", "CapAmb"):
                    self.assertEqual(int(status[kind][0], 16), 0, kind)
        self.assertEqual(set(status_of(quern.master)["Uid"]), {"0"})
        facts = self.present(quern)
        self.assertEqual((facts["installer"], facts["uid"]), (0, self.account.pw_uid))
        self.assertEqual((facts["home"], facts["user"]), (self.account.pw_dir, USER))
        self.assertEqual(quern.get("/identity/regain"), (200, b"refused"))
        quern.stop()

    def test_a_group_is_the_only_one(self) -> None:
        group = grp.getgrnam("www-data")
        quern = self.child_server(user=USER, group="www-data").start()
        status = status_of(quern.wait_workers()[0].pid)
        self.assertEqual(set(status["Gid"]) | set(status["Groups"]), {str(group.gr_gid)})

    def test_numbers_do_as_well(self) -> None:
        quern = self.child_server(user=54321, group=54322).start()
        status = status_of(quern.wait_workers()[0].pid)
        self.assertEqual((set(status["Uid"]), set(status["Gid"])), ({"54321"}, {"54322"}))
        self.assertEqual(self.post(quern, "/identity/body", b"x" * UPLOAD).body, b"%d" % UPLOAD)

    def test_a_reload_and_a_crash_keep_it(self) -> None:
        quern = self.child_server(user=USER).start()
        before = {worker.pid for worker in quern.wait_workers()}
        self.assert_exit(quern.command("reload"), 0)
        workers = quern.wait_workers(without=before)
        os.kill(workers[0].pid, signal.SIGKILL)
        replaced = quern.wait_workers(without=before | {workers[0].pid})
        for pid in {worker.pid for worker in replaced}:
            # One that is new loads its plugins first.
            wait_until(lambda pid=pid: set(status_of(pid)["Uid"]) == {str(self.account.pw_uid)}, "the user of the child")
        quern.stop()

    def test_no_child_outlives_a_killed_master(self) -> None:
        quern = self.child_server(user=USER).start()
        children = [proctree.process(pid) for pid in self.all_children(quern).values()]
        # One that is busy sees no channel close: the kernel has to end it.
        client = RawConnection(quern.address)
        self.addCleanup(client.close)
        client.send(request_bytes("GET", "/slow?ms=30000"))
        wait_until(lambda: any(worker["inFlight"] for worker in self.workers_of(quern)), "request in its handler")
        os.kill(quern.master, signal.SIGKILL)
        wait_until(lambda: not any(child.alive() for child in children), "end of every child")

    def test_a_plugin_that_root_alone_can_read_is_loaded(self) -> None:
        quern = self.child_server(user=USER)
        folder = quern.directory / "private"
        folder.mkdir(mode=0o700)
        quern.plugins = [Path(shutil.copy(FIXTURES / "libidentity.so", folder))]
        quern.plugins[0].chmod(0o600)
        quern.write_config()
        quern.start()
        self.assertEqual(self.present(quern)["uid"], self.account.pw_uid)

    def test_a_handler_reads_its_uploads_and_moves_them(self) -> None:
        for chosen in (False, True):
            with self.subTest(upload_tmp_dir=chosen):
                quern = self.child_server(user=USER)
                kept = self.own_folder(quern, "kept")
                if chosen:
                    quern.settings["upload_tmp_dir"] = str(self.own_folder(quern, "uploads"))
                    quern.write_config()
                quern.start()
                body, headers = multipart(("long.bin", b"l" * UPLOAD), ("short.txt", b"short"))
                response = self.post(quern, f"/identity/uploads?folder={quote(str(kept))}", body, headers)
                files = json.loads(response.body)["kept"]
                self.assertEqual([(file["size"], file["problem"]) for file in files], [(UPLOAD, ""), (5, "")])
                self.assertTrue(files[0]["spooled"])
                for name in ("long.bin", "short.txt"):
                    info = (kept / name).stat()
                    self.assertEqual((info.st_uid, stat.S_IMODE(info.st_mode)), (self.account.pw_uid, 0o600))
                self.assertEqual(self.post(quern, "/identity/body", b"x" * UPLOAD).body, b"%d" % UPLOAD)
                quern.stop()
                left = list((quern.runtime / f"uploads-{self.account.pw_uid}").glob("*")) + list(quern.directory.glob("uploads/*"))
                self.assertEqual(left, [])

    def test_large_payloads_of_tasks_reach_their_worker(self) -> None:
        quern = self.child_server(user=USER, tables="[tasks]\nspill_size = \"1K\"\n").start()
        out = self.own_folder(quern, "out") / "size"
        response = self.post(quern, f"/identity/task?bytes=50000&path={quote(str(out))}", b"")
        self.assertEqual((response.status, response.body), (202, b"accepted"))
        wait_until(lambda: out.exists() and out.read_text() == "50000", "end of the task")
        quern.stop()

    def test_the_runtime_directory_lets_the_group_pass_and_no_more(self) -> None:
        quern = self.child_server(user=USER).start()
        info = quern.runtime.stat()
        self.assertEqual((info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)), (0, self.account.pw_gid, 0o710))
        readable = [path.name for path in quern.runtime.iterdir()
                    if path.is_file() and path.stat().st_mode & 0o004 and "pid" not in path.name]
        self.assertEqual([name for name in readable if name != "processes.json"], [])
        for name in ("settings.json", "control.sock"):
            status, _ = quern.get(f"/identity/read?path={quote(str(quern.runtime / name))}")
            self.assertEqual(status, 404, name)
        quern.stop()
        del quern.settings["user"]
        quern.write_config()
        quern.start()
        self.assertEqual(stat.S_IMODE(quern.runtime.stat().st_mode), 0o700)

    def test_files_that_a_handler_names_are_opened_with_its_rights(self) -> None:
        quern = self.child_server(user=USER)
        public, private = quern.directory / "public.txt", quern.directory / "private.txt"
        public.write_text("for all")
        private.write_text("for root")
        private.chmod(0o600)
        folder = self.own_folder(quern, "own")
        quern.start()
        self.assertEqual(quern.get(f"/identity/file?path={quote(str(public))}"), (200, b"for all"))
        self.assertEqual(quern.get(f"/identity/file?path={quote(str(private))}")[0], 404)
        # The same in the master, which is root: it opens the file after the handler has chosen it.
        self.assertEqual(quern.get(f"/identity/trick?path={quote(str(folder / 'trick'))}")[0], 500)
        quern.wait_log("Permission denied")
        # And it is root again afterwards.
        self.assertEqual(self.post(quern, "/identity/body", b"x" * UPLOAD).body, b"%d" % UPLOAD)
        self.assert_exit(quern.command("reload"), 0)

    def test_static_files_are_the_masters(self) -> None:
        quern = self.child_server(user=USER, handle_static=True, document_root="public")
        (quern.directory / "public").mkdir(mode=0o700)
        (quern.directory / "public/page.txt").write_text("static")
        quern.start()
        self.assertEqual(quern.get("/page.txt"), (200, b"static"))

    def test_the_memory_of_children_is_still_known(self) -> None:
        quern = self.child_server(user=USER).start()
        wait_until(lambda: all(worker["rssBytes"] > 0 for worker in self.workers_of(quern)), "memory of the workers")

    def test_wrong_accounts_are_named_with_their_line(self) -> None:
        cases = (({"user": "nobody-of-that-name"}, "user", 'no user "nobody-of-that-name" on this machine'),
                 ({"user": USER, "group": "no-such-group"}, "group", 'no group "no-such-group" on this machine'),
                 ({"user": 54321}, "user", "write group beside it"),
                 ({"user": "root"}, "user", "is root, which the children are anyway"),
                 ({"group": "www-data"}, "group", "binds nobody who is root; write user"),
                 ({"chroot": "/srv"}, "chroot", "binds nobody who is root; write user"))
        for settings, key, text in cases:
            with self.subTest(settings):
                quern = self.child_server(**settings)
                lines = quern.config.read_text().splitlines()
                line = next(number for number, text in enumerate(lines, 1) if text.startswith(f"{key} ="))
                self.assert_exit(quern.command("start"), 1, rf"quern\.toml:{line}: server\.{key}: .*{text}")
                self.assertFalse(quern.runtime.exists())

    def test_who_is_not_root_cannot_change(self) -> None:
        quern = self.child_server(user="www-data")
        quern.config.chmod(0o644)
        shutil.chown(quern.directory, USER)
        result = quern.command("start", demote=USER)
        self.assert_exit(result, 1, r"server\.user: only root may give its children another user; start as root")
        # The user who it is already is no change.
        quern.settings["user"] = USER
        quern.write_config()
        self.assert_exit(quern.command("start", "-d", demote=USER), 0, "is running")
        quern.adopt_daemon()
        self.assertEqual(self.present(quern)["uid"], self.account.pw_uid)
        quern.stop()

    def test_folders_that_the_user_cannot_reach_are_named(self) -> None:
        quern = self.child_server(user=USER)
        quern.directory.chmod(0o700)
        self.assert_exit(quern.command("start"), 1, r"server\.user: .*cannot reach the folder of uploads.*chmod o\+x")
        quern.directory.chmod(0o711)
        (quern.directory / "uploads").mkdir()
        quern.settings["upload_tmp_dir"] = "uploads"
        quern.write_config()
        self.assert_exit(quern.command("start"), 1, r"server\.upload_tmp_dir: .*may not move their uploads.*chown")

    def test_the_doctor_tells_the_same(self) -> None:
        quern = self.child_server(user=USER, child_limits={"nofile": 500})
        self.assert_exit(quern.command("doctor"), 0, rf"user +child processes become {USER} \({self.account.pw_uid}, group")
        quern.settings["user"] = "nobody-of-that-name"
        quern.write_config()
        self.assert_exit(quern.command("doctor"), 1, r'user +there is no user "nobody-of-that-name"', "make it, or name")

    def test_what_that_user_could_change_is_refused(self) -> None:
        quern = self.child_server(user=USER)
        folder = self.own_folder(quern, "own")
        quern.plugins = [Path(shutil.copy(FIXTURES / "libidentity.so", folder))]
        quern.write_config()
        for command in ("start", "doctor"):
            self.assert_exit(quern.command(command), 1, rf'"{USER}" may write to {folder}, and so change {quern.plugins[0]}')
        # So is what root writes: he could have it written elsewhere.
        quern.plugins = [Path(shutil.copy(FIXTURES / "libidentity.so", quern.directory))]
        quern.settings["access_log"] = str(folder / "access.log")
        quern.write_config()
        self.assert_exit(quern.command("start"), 1, rf'"{USER}" may write to {folder}, and so change {folder}/access.log')
        del quern.settings["access_log"]
        quern.plugins = [folder / "libidentity.so"]
        shutil.chown(folder, "root")
        quern.settings["runtime_dir"] = str(quern.directory / "open/run")
        (quern.directory / "open").mkdir()
        (quern.directory / "open").chmod(0o777)
        quern.write_config()
        self.assert_exit(quern.command("start"), 1, rf"server\.runtime_dir: .*may write to {quern.directory}/open, .*chown root")
        (quern.directory / "open").chmod(0o755)
        quern.start()
        quern.plugins[0].chmod(0o666)
        before = {worker.pid for worker in quern.wait_workers()}
        self.assert_exit(quern.command("reload"), 1, rf"may write to {quern.plugins[0]}")
        self.assertEqual({worker.pid for worker in quern.wait_workers()}, before)

    def test_uploads_that_children_of_another_user_have_left(self) -> None:
        quern = self.child_server(user=USER).start()
        folder = quern.runtime / f"uploads-{self.account.pw_uid}"
        with RawConnection(quern.address, timeout=20.0) as client:
            client.send(b"POST /identity/body HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % UPLOAD + b"x" * (UPLOAD - 1))
            wait_until(lambda: list(folder.iterdir()), "the beginning of the upload")
            os.kill(quern.master, signal.SIGKILL)
        wait_until(lambda: not quern.leftovers(), "the end of the children")
        self.assertEqual(len(list(folder.iterdir())), 1)
        quern.settings["user"] = "www-data"
        quern.write_config()
        quern.start()
        self.assertEqual(list(folder.iterdir()), [])
        quern.stop()

    def test_another_user_is_for_a_restart(self) -> None:
        quern = self.child_server(user=USER).start()
        quern.settings["user"] = "www-data"
        quern.write_config()
        self.assert_exit(quern.command("reload"), 0, r"only a restart changes server\.user")
        self.assertEqual(self.present(quern)["uid"], self.account.pw_uid)

    def test_a_restart_with_another_user_takes_nothing_away_before_it_serves(self) -> None:
        quern = self.child_server(user=USER).start_daemon()
        upload = lambda: self.post(quern, "/identity/body", b"x" * UPLOAD).body  # noqa: E731
        quern.settings["user"] = "www-data"
        quern.plugins.append(FIXTURES / "libthrowing.so")
        quern.write_config()
        self.assert_exit(quern.command("restart"), 1, "the database is locked")
        self.assertEqual(quern.runtime.stat().st_gid, self.account.pw_gid)
        self.assertEqual((self.present(quern)["uid"], upload()), (self.account.pw_uid, b"%d" % UPLOAD))
        quern.plugins.pop()
        quern.settings["max_wait_time"] = 30 * TIME_SCALE
        quern.write_config()
        self.assert_exit(quern.command("reload"), 0)
        # What has begun ends where it began, with what that has there.
        slow = http.client.HTTPConnection("127.0.0.1", quern.port, timeout=30 * TIME_SCALE)
        self.addCleanup(slow.close)
        slow.putrequest("POST", "/identity/body")
        slow.putheader("Content-Length", str(UPLOAD))
        slow.endheaders(b"x" * (UPLOAD - 1))
        wait_until(lambda: any(each.stat().st_size > 0 for each in (quern.runtime / f"uploads-{self.account.pw_uid}").iterdir()),
                   "the beginning of the upload")
        self.assert_exit(quern.command("restart"), 0)
        slow.send(b"x")
        self.assertEqual(slow.getresponse().read(), b"%d" % UPLOAD)
        slow.close()
        quern.adopt_successor()
        self.assertEqual((self.present(quern)["uid"], upload()), (pwd.getpwnam("www-data").pw_uid, b"%d" % UPLOAD))
        # When that has gone, nobody else may pass any more.
        wait_until(lambda: quern.runtime.stat().st_mode & 0o777 == 0o710, "a runtime directory of its own", 30)
        quern.stop()


@unittest.skipIf(os.geteuid() != 0, "only root can give its children another root folder")
class Roots(ChildrenTestCase):
    def jail_server(self, **settings) -> QuernServer:
        """Its children's root folder is "jail", above which they may not even pass."""
        quern = self.child_server(user=USER, chroot="jail", upload_tmp_dir="jail/uploads", **settings)
        quern.directory.chmod(0o700)
        self.jail = quern.directory / "jail"
        for name in (".", "uploads", "kept", "tasks"):
            (self.jail / name).mkdir(exist_ok=True)
            (self.jail / name).chmod(0o755)
            if name in ("uploads", "kept"):
                shutil.chown(self.jail / name, USER)
        (self.jail / "page.txt").write_text("in the jail")
        return quern

    def test_a_handler_sees_it_as_the_root(self) -> None:
        quern = self.jail_server(tables='[tasks]\nspill_size = "1K"\ndatabase = "jail/tasks/tasks.db"\n').start()
        facts = self.present(quern)
        self.assertEqual(facts["directory"], "/")
        self.assertEqual(set(facts["root"]), {"uploads", "kept", "tasks", "page.txt"})
        for title, pid in self.all_children(quern).items():
            self.assertEqual(os.readlink(f"/proc/{pid}/root"), str(self.jail), title)
        self.assertEqual(quern.get("/identity/read?path=/page.txt"), (200, b"in the jail"))
        self.assertEqual(quern.get("/identity/read?path=/etc/passwd")[0], 404)
        # What was there before has been loaded.
        self.assertGreater(facts["certificates"], 0)
        self.assertEqual(quern.get("/identity/database"), (200, b"open"))

    def test_files_that_a_handler_names_are_those_below_it(self) -> None:
        quern = self.jail_server()
        quern.settings["task_worker_num"] = 0
        quern.write_config()
        (self.jail / "link").symlink_to("/page.txt")
        (self.jail / "out").symlink_to("../../../../../../etc/passwd")
        quern.start()
        self.assertEqual(quern.get("/identity/file?path=/page.txt"), (200, b"in the jail"))
        self.assertEqual(quern.get("/identity/file?path=/link"), (200, b"in the jail"))
        self.assertEqual(quern.get("/identity/file?path=/out")[0], 404)

    def test_uploads_have_the_path_that_they_have_there(self) -> None:
        quern = self.jail_server()
        quern.settings["task_worker_num"] = 0
        quern.write_config()
        quern.start()
        body, headers = multipart(("long.bin", b"l" * UPLOAD))
        files = json.loads(self.post(quern, "/identity/uploads?folder=/kept", body, headers).body)["kept"]
        self.assertRegex(files[0]["path"], r"^/uploads/quern-upload-")
        self.assertEqual((files[0]["size"], files[0]["problem"]), (UPLOAD, ""))
        self.assertEqual((self.jail / "kept/long.bin").stat().st_size, UPLOAD)
        self.assertEqual(self.post(quern, "/identity/body", b"x" * UPLOAD).body, b"%d" % UPLOAD)
        quern.stop()
        self.assertEqual(list((self.jail / "uploads").iterdir()), [])

    def test_large_payloads_of_tasks_reach_their_worker(self) -> None:
        quern = self.jail_server(tables='[tasks]\nspill_size = "1K"\ndatabase = "jail/tasks/tasks.db"\n').start()
        self.assertEqual(self.post(quern, "/identity/task?bytes=50000&path=/kept/size", b"").status, 202)
        out = self.jail / "kept/size"
        wait_until(lambda: out.exists() and out.read_text() == "50000", "end of the task")

    def test_a_reload_works(self) -> None:
        quern = self.jail_server(tables='[tasks]\ndatabase = "jail/tasks/tasks.db"\n').start()
        before = {worker.pid for worker in quern.wait_workers()}
        self.assert_exit(quern.command("reload"), 0)
        quern.wait_workers(without=before)
        self.assertEqual(self.present(quern)["directory"], "/")
        quern.stop()

    def test_what_handlers_could_not_reach_is_told(self) -> None:
        quern = self.jail_server()
        self.assert_exit(quern.command("start"), 1,
                         r'server\.chroot: workers could not reach the payloads of tasks.*database = ".*/jail/tasks/')
        quern.settings.update(task_worker_num=0, upload_tmp_dir="")
        quern.write_config()
        self.assert_exit(quern.command("start"), 1,
                         r'server\.chroot: handlers could not reach their uploads.*upload_tmp_dir = ".*/jail/uploads"')
        quern.settings["chroot"] = "nothing"
        quern.write_config()
        self.assert_exit(quern.command("start"), 1, r"server\.chroot: .*/nothing is no folder")


class Limits(ChildrenTestCase):
    NAMES = {"nofile": "Max open files", "nproc": "Max processes", "core": "Max core file size",
             "fsize": "Max file size", "as": "Max address space"}

    def limits_of(self, pid: int) -> dict[str, list[str]]:
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
        return {name: line.removeprefix(title).split()[:2]
                for name, title in self.NAMES.items() for line in lines if line.startswith(title)}

    def test_limits_and_umask_hold_in_every_child(self) -> None:
        wanted = {"nofile": 300, "nproc": 5000, "core": 0, "fsize": 1 << 20}
        if TIME_SCALE == 1:  # a sanitizer takes all addresses that there are
            wanted["as"] = 4 << 30
        quern = self.child_server(umask="0027", child_limits=wanted)
        quern.start()
        for title, pid in self.all_children(quern).items():
            for name, value in wanted.items():
                self.assertEqual(self.limits_of(pid)[name], [str(value)] * 2, (title, name))
            self.assertEqual(status_of(pid)["Umask"], ["0027"], title)
        self.assertNotEqual(self.limits_of(quern.master)["nofile"][0], "300")
        self.assertEqual(quern.get(f"/identity/write?path={quote(str(quern.directory / 'made'))}"), (200, b"written"))
        self.assertEqual(stat.S_IMODE((quern.directory / "made").stat().st_mode), 0o640)

    def test_a_reload_changes_them(self) -> None:
        quern = self.child_server(umask="0022").start()
        before = {worker.pid for worker in quern.wait_workers()}
        quern.settings.update(umask="0077", child_limits={"nofile": 400})
        quern.write_config()
        self.assert_exit(quern.command("reload"), 0)
        worker = quern.wait_workers(without=before)[0].pid
        self.assertEqual(self.limits_of(worker)["nofile"], ["400"] * 2)
        self.assertEqual(status_of(worker)["Umask"], ["0077"])

    def test_a_limit_that_leaves_no_room_for_the_plugins_fails_the_reload(self) -> None:
        quern = self.child_server().start()
        before = {worker.pid for worker in quern.wait_workers()}
        quern.settings["child_limits"] = {"as": "64M"}
        quern.write_config()
        self.assert_exit(quern.command("reload"), 1)
        self.assertEqual({worker.pid for worker in quern.wait_workers()}, before)
        self.assertEqual(quern.get("/hello/still")[0], 200)

    def test_a_limit_that_cannot_be_had_is_named(self) -> None:
        quern = self.child_server(child_limits={"nofile": "unlimited"})
        self.assert_exit(quern.command("start"), 1, r"server\.child_limits: nofile is more than the \d+ that this kernel")
        if os.geteuid() != 0:
            return
        quern.settings["child_limits"] = {"nofile": 5000}
        quern.open_files = 1000
        quern.write_config()
        quern.config.chmod(0o644)
        shutil.chown(quern.directory, USER)
        self.assert_exit(quern.command("start", demote=USER), 1,
                         r"server\.child_limits: nofile is more than the 1000 that the server itself may have; raise")


if __name__ == "__main__":
    unittest.main()
