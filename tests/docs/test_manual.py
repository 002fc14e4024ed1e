"""The manual pages: well-formed, and they name every command, option and setting there is, and no other."""

from __future__ import annotations

import os
import re
import subprocess
import unittest
from pathlib import Path

from commandwords import ROOT, Option, commands, common_options, options

QUERN_1 = ROOT / "resources/man/quern.1"
QUERN_TOML_5 = Path(os.environ.get("QUERN_MANUAL", str(ROOT / "build/release/share/man"))) / "man5/quern.toml.5"


def section(text: str, title: str) -> str:
    return re.split(r"^\.Sh ", text.split(f".Sh {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def options_of(text: str) -> frozenset[Option]:
    found = re.findall(r"^\.It (?:Fl (\w) , )?Fl -([\w-]+)(?: Ar (\w+))?$", text, re.MULTILINE)
    return frozenset(Option(short and f"-{short}", f"--{long}", value) for short, long, value in found)


class Manual(unittest.TestCase):
    def test_mandoc_has_nothing_to_say(self) -> None:
        for page in (QUERN_1, QUERN_TOML_5):
            with self.subTest(page.name):
                result = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(page)], capture_output=True, text=True,
                                        timeout=20)
                self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_every_command_and_no_other(self) -> None:
        described = re.findall(r"^\.It Ic (\w+)", section(QUERN_1.read_text(), "COMMANDS"), re.MULTILINE)
        self.assertEqual(set(described), set(commands()))
        synopsis = section(QUERN_1.read_text(), "SYNOPSIS")
        for command in commands():
            self.assertRegex(synopsis, rf"\b{command}\b")

    def test_every_option_with_its_commands(self) -> None:
        described: dict[str, set[Option]] = {command: set() for command in commands()}
        groups = re.split(r"^\.Ss Of ", section(QUERN_1.read_text(), "OPTIONS"), flags=re.MULTILINE)[1:]
        for group in groups:
            title, text = group.split("\n", 1)
            if title == "every command":
                self.assertEqual(options_of(text), common_options())
                continue
            for command in re.findall(r"\w+", title.replace(" and ", " ")):
                described[command] |= options_of(text)
        for command in commands():
            with self.subTest(command):
                self.assertEqual(described[command], options(command) - common_options())

    def test_every_setting(self) -> None:
        # The unit tests hold this file to the tables of keys.
        tables = re.split(r"^#\[\[\w+\]\]$|^\[(?:tasks|admin|metrics|reload)\]$", (ROOT / "resources/quern.toml").read_text(), flags=re.MULTILINE)
        page = QUERN_TOML_5.read_text()
        for title, table, least in (("SERVER", tables[0], 70), ("TASKS", tables[1], 10),
                                    ("MANAGEMENT API", tables[2], 10), ("METRICS", tables[3], 7),
                                    ("RELOAD ON CHANGE", tables[4], 2), ("SOCKETS", tables[5], 12),
                                    ("PROCESSES", tables[6], 12)):
            keys = re.findall(r"^#(\w+) = ", table, re.MULTILINE)
            self.assertGreaterEqual(len(keys), least)
            self.assertEqual(re.findall(r"^\.It Ic (\w+)$", section(page, title), re.MULTILINE), keys)

        # Two entries show what excludes each other.
        keys = re.findall(r"^#(\w+) = ", tables[7] + tables[8], re.MULTILINE)
        self.assertEqual(len(keys), 13)
        self.assertCountEqual(re.findall(r"^\.It Ic (\w+)$", section(page, "CRON JOBS"), re.MULTILINE), keys)

    def test_which_settings_a_socket_may_have_as_well(self) -> None:
        text = section(QUERN_TOML_5.read_text(), "SOCKETS").split("It may also have")[1]
        described = re.findall(r"^\.Ic (\w+) [,.]$", text, re.MULTILINE)
        marked = re.findall(r"`(\w+)` °", (ROOT / "README.md").read_text())
        self.assertEqual(len(described), 32)
        self.assertEqual(sorted(described), sorted(marked))

    def test_what_a_setting_is(self) -> None:
        text = section(QUERN_TOML_5.read_text(), "SERVER")
        entry = text.split(".It Ic max_wait_time\n")[1].split(".It")[0]
        self.assertRegex(entry, r"^How long .*\nUnit: seconds\.\nDefault: 3\.\nA change .*quern re\w+.*\.\n$")
