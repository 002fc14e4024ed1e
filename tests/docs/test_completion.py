"""Shell completion: bash and zsh offer the commands and options there are, and no other, and files where files belong."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from commandwords import ROOT, commands, common_options, options

COMPLETION = ROOT / "resources/completion"
LEVELS = {"debug", "info", "warning", "error"}
KEYS = {f"{table}.{key}"
        for table, text in re.findall(r"^\[(\w+)\]$(.*?)(?=^\[|^#\[\[)", (ROOT / "resources/quern.toml").read_text(),
                                      re.MULTILINE | re.DOTALL)
        for key in re.findall(r"^#(\w+) = ", text, re.MULTILINE)}
# Of the management protocol, but for those that `quern call` refuses, since they are answered by events.
METHODS = set(re.findall(r' = "([A-Za-z.]+)"_L1', (ROOT / "core/admin/protocol/methods.h").read_text()
                         .split("namespace Quern::admin::Events {")[0])) - {"log.follow", "operation.watch",
                                                                            "server.subscribe"}
# What is typed, and what is offered for its last word.
CASES = {
    "quern st": {"start", "stop", "status"},
    "quern nothing-like-it": set(),
    "quern -c quern.toml rel": {"reload"},
    "quern -e start st": {"start", "stop", "status"},  # the first "start" is the name of an environment
    "quern logs --level ": LEVELS,
    "quern logs --set-level w": {"warning"},
    "quern logs --level=w": {"warning"},
    "quern logs --role ": {"master"},
    "quern logs -n ": set(),
    "quern start -x ": set(),
    "quern -e ": {"test", "production"},
    "quern start --env p": {"production"},
    "quern -c sub/quern.toml -e ": {"staging"},
    "quern -c ": {"quern.toml", "sub"},
    "quern reload --config q": {"quern.toml"},
    "quern reload --t": {"--task-workers"},
    "quern scale ": {"workers=", "task_workers="},
    "quern plugin ": {"new", "check", "list"},
    "quern plugin new ": set(),
    "quern plugin check l": {"libshop.so"},
    "quern plugin check libshop.so s": {"sub"},
    "quern tasks ": {"show", "retry", "drop"},
    "quern tasks retry ": set(),
    "quern tasks --name ": set(),
    "quern call ": METHODS,
    "quern call server.re": {"server.reload", "server.restart"},
    "quern call server.status ": set(),
    "quern admin ": {"http:", "https:"},
    "quern admin https": {"https:"},
    "quern admin su": set(),  # a host of this name, for all that is known
    "quern init ": {"sub"},
    "quern help do": {"doctor"},
    "quern config server.static_l": {"server.static_listing", "server.static_locations"},
    "quern config tasks.dr": {"tasks.driver"},
    "quern config ": KEYS | {"server", "tasks", "admin", "metrics", "reload", "plugin"},
}


class Completion:
    """The promises; each shell keeps them. The program beside which the settings lie is a stand-in: it is not run."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="quern-completion-"))
        self.addCleanup(shutil.rmtree, self.folder)
        program = self.folder / "prefix/bin/quern"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
        (self.folder / "prefix/share/quern").mkdir(parents=True)
        shutil.copy(ROOT / "resources/quern.toml", self.folder / "prefix/share/quern")
        self.work = self.folder / "shop"
        (self.work / "sub").mkdir(parents=True)
        for name in (".env", ".env.test", ".env.production", "quern.toml", "notes.txt", "libshop.so",
                     "sub/quern.toml", "sub/.env.staging"):
            (self.work / name).touch()
        self.environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(self.folder)}

    def run_shell(self, *words: str) -> list[str]:
        result = subprocess.run(words, cwd=self.work, env=self.environment, capture_output=True, text=True, timeout=60,
                                stdin=subprocess.DEVNULL)
        self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        return [line.strip().rstrip("/") for line in result.stdout.splitlines() if line.strip()]

    def assert_offered(self, cases: dict[str, set[str]]) -> None:
        for (line, expected), offered in zip(cases.items(), self.offered(list(cases)), strict=True):
            with self.subTest(line):
                self.assertEqual(offered, expected)

    def test_what_is_offered(self) -> None:
        self.assert_offered(CASES)

    def test_control_sockets_and_folders(self) -> None:
        with socket.socket(socket.AF_UNIX) as control:
            control.bind(str(self.work / "sub/control.sock"))
            for line, names in (("quern admin ./", {"sub"}), (f"quern admin {self.work}/s", {"sub"}),
                                ("quern admin ./sub/", {"control.sock"}), ("quern admin ../shop/sub/c", {"control.sock"})):
                with self.subTest(line):
                    # zsh offers the last part of a path alone.
                    self.assertEqual({Path(path).name for path in self.offered([line])[0]}, names)

    def test_every_command_and_no_other(self) -> None:
        self.assert_offered({"quern ": set(commands()), "quern help ": set(commands())})

    def test_every_option_of_each_command_and_no_other(self) -> None:
        cases = {f"quern {command} --": {option.long for option in options(command)} for command in commands()}
        cases["quern --"] = {option.long for option in options("start") | common_options()}
        self.assert_offered(cases)

    def test_short_options(self) -> None:
        cases = {f"quern {command} -": {option.short for option in options(command) if option.short}
                 for command in commands()}
        for (line, expected), offered in zip(cases.items(), self.offered(list(cases)), strict=True):
            with self.subTest(line):
                self.assertEqual({word for word in offered if len(word) == 2}, expected)


class Bash(Completion, unittest.TestCase):
    def offered(self, lines: list[str]) -> list[set[str]]:
        return [self.offered_for(line) for line in lines]

    def offered_for(self, line: str) -> set[str]:
        # bash breaks words at '=', too.
        words = re.sub(r"=", " = ", line).split(" ")
        script = f"""source "$1"; shift
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _quern "$1" "${{@: -1}}" "${{@: -2:1}}"
            [[ ${{#COMPREPLY[@]}} -eq 0 ]] || printf '%s\\n' "${{COMPREPLY[@]}}"
            [[ $(complete -p quern) == *_quern* ]]"""
        return set(self.run_shell("bash", "--norc", "--noprofile", "-c", script, "bash",
                                  str(COMPLETION / "quern.bash"), *words))

    def test_a_value_after_an_equals_sign(self) -> None:
        self.assertEqual(self.offered_for("quern logs --level="), LEVELS)

    def test_it_is_tidy(self) -> None:
        """No variable is left in the user's shell."""
        script = f"""source {COMPLETION / "quern.bash"}
            before=; before=$(compgen -v)
            COMP_WORDS=(quern -c q) COMP_CWORD=2; _quern
            diff <(compgen -v | grep -v ^COMP) <(echo "$before" | grep -v ^COMP)"""
        self.run_shell("bash", "--norc", "--noprofile", "-c", script)


class Zsh(Completion, unittest.TestCase):
    def offered(self, lines: list[str]) -> list[set[str]]:
        capture = Path(__file__).with_name("zshcapture.zsh")
        offered: list[set[str]] = [set()]
        for word in self.run_shell("zsh", "-f", str(capture), str(COMPLETION), *lines):
            if word == "end":
                offered.append(set())
            else:
                offered[-1].add(word)
        return offered[:-1]


if __name__ == "__main__":
    unittest.main()
