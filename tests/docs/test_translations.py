"""The translations have every text of the console, finished, with the places that its source has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LUPDATE = os.environ.get("QUERN_LUPDATE", "lupdate")
PLACES = re.compile(r"%(?:[1-9]|n)")
LETTERS = re.compile(r"[\u4e00-\u9fff]")
# What is the same in every language.
SAME = {"p50", "p99", "PID", "CPU", "WebSocket", "Ctrl+Enter", "…", "%1/min", "%1 %", "PID %1", "%1  PID %2 %3",
        "%1: %2", "%1, %2", "%1; %2", "%1 (%2)", "“%1”: %2", "%1 %2.", "%1, %2: %3", "%1 of %2", "%1 %2, not “%3”",
        "tea  key:user-*  stock>5 ( / )"}


def messages(path: Path):
    for context in ElementTree.parse(path).getroot().findall("context"):
        for message in context.findall("message"):
            yield context.findtext("name"), message


def texts(message) -> list[str]:
    translation = message.find("translation")
    forms = [form.text or "" for form in translation.findall("numerusform")]
    return forms or [translation.text or ""]


class Translations(unittest.TestCase):
    def updated(self, language: str, *options: str) -> Path:
        """The translation as lupdate would leave it now."""
        folder = Path(tempfile.mkdtemp(prefix="quern-ts-"))
        self.addCleanup(shutil.rmtree, folder)
        copy = folder / f"quern_{language}.ts"
        shutil.copy2(ROOT / "translations" / copy.name, copy)
        subprocess.run([LUPDATE, "-silent", "-locations", "none", "-disable-heuristic", "sametext", "-disable-heuristic",
                        "similartext", "-disable-heuristic", "number", *options, str(ROOT / "admin-gui"),
                        "-I", str(ROOT), "-ts", str(copy)], check=True, capture_output=True)
        return copy

    def check_finished(self, path: Path) -> None:
        wrong = []
        count = 0
        for context, message in messages(path):
            count += 1
            source = message.findtext("source")
            state = message.find("translation").get("type")
            if state:
                wrong.append(f"{context}: {source!r} is {state}")
            for text in texts(message):
                if not text:
                    wrong.append(f"{context}: {source!r} has an empty translation")
                elif set(PLACES.findall(text)) - {"%n"} != set(PLACES.findall(source)) - {"%n"}:
                    wrong.append(f"{context}: {source!r} has other places than {text!r}")
                elif source.endswith("…") != text.endswith("…"):
                    wrong.append(f"{context}: {source!r} and {text!r}: one of them opens a dialog")
        self.assertGreater(count, 10)
        self.assertEqual([], wrong, "mend: cmake --build BUILD --target translations, and translate what is new")

    def test_chinese_is_complete(self) -> None:
        path = self.updated("zh_CN")
        self.check_finished(path)
        for context, message in messages(path):
            source = message.findtext("source")
            if source in SAME or not re.search(r"[A-Za-z]{2}", PLACES.sub("", source)):
                continue
            for text in texts(message):
                self.assertTrue(LETTERS.search(text), f"{context}: {source!r} is translated as {text!r}")

    def test_english_has_its_plurals(self) -> None:
        path = self.updated("en", "-pluralonly")
        self.check_finished(path)
        for _, message in messages(path):
            self.assertEqual(message.get("numerus"), "yes")
            self.assertNotRegex("".join(texts(message)), r"\((s|es)\)")


if __name__ == "__main__":
    unittest.main()
