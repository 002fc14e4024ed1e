"""How a desktop comes to the console: its entry in the menus, and its icon, as they are installed."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

from commandwords import QUERN_BIN, commands

BUILD = Path(QUERN_BIN).resolve().parents[1]


class Desktop(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.prefix = Path(tempfile.mkdtemp(prefix="quern-desktop-"))
        cls.addClassCleanup(shutil.rmtree, cls.prefix)
        subprocess.run(["cmake", "--install", str(BUILD), "--prefix", str(cls.prefix), "--component", "console"],
                       check=True, capture_output=True, timeout=60)
        cls.file = cls.prefix / "share/applications/quern.desktop"
        parser = configparser.ConfigParser(delimiters="=", interpolation=None)
        parser.optionxform = str
        parser.read(cls.file, encoding="utf-8")
        cls.entry = parser["Desktop Entry"]

    def test_what_is_installed(self) -> None:
        self.assertTrue((self.prefix / "lib/quern/quern-console.so").is_file())
        self.assertEqual(list(self.prefix.rglob("libQuern*")), [])

    def test_it_opens_the_console(self) -> None:
        program, command = self.entry["Exec"].split()
        self.assertEqual((program, self.entry["TryExec"]), ("quern", "quern"))
        self.assertEqual(command, "admin")
        self.assertIn(command, commands())
        self.assertEqual(self.entry["Terminal"], "false")

    def test_it_speaks_chinese(self) -> None:
        for key in ("Name", "GenericName", "Comment", "Keywords"):
            self.assertRegex(self.entry[f"{key}[zh_CN]"], "[\u4e00-\u9fff]", key)

    @unittest.skipUnless(shutil.which("desktop-file-validate"), "the package desktop-file-utils is not installed")
    def test_it_is_well_formed(self) -> None:
        result = subprocess.run(["desktop-file-validate", "--no-hints", str(self.file)], capture_output=True, text=True, timeout=20,
                                check=False)
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_the_icon_has_a_colour(self) -> None:
        icon = self.prefix / f"share/icons/hicolor/scalable/apps/{self.entry['Icon']}.svg"
        self.assertEqual(ElementTree.parse(icon).getroot().tag, "{http://www.w3.org/2000/svg}svg")
        self.assertNotIn("currentColor", icon.read_text())
        self.assertGreaterEqual(icon.read_text().count('"#2a9d6a"'), 3)


if __name__ == "__main__":
    unittest.main()
