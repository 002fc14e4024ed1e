"""That everything which the SDK's headers offer is explained, and where its classes keep their state."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

HEADERS = Path(__file__).resolve().parents[2] / "core/sdk/include/Quern"
DOXYFILE = Path(os.environ["QUERN_DOXYFILE"])

DOCUMENTED = """#pragma once
/// A shop.
class Shop
{
public:
    Shop(const Shop &other);
    ~Shop();

    /// Begins the day, and ends it.
    void open();
    void close();

    int count() const { return 1; } ///< of what is left
};
"""

_CLASS = re.compile(r"( *)(?:class|struct) (?:QUERN_EXPORT |\[\[nodiscard\]\] )?(\w+)")
_MEMBER = re.compile(r"(?!.*\b(?:static|return|using|friend)\b)[\w:<>,*& ]+? [&*]*(\w+)(?: = .*)?;")


def classes_of(text: str) -> list[tuple[str, str, list[str]]]:
    """Name, comment and members of each class that is defined, those within others included."""
    found = []
    lines = text.split("\n")
    for at, line in enumerate(lines):
        begin = _CLASS.match(line)
        if not begin or ";" in line:
            continue
        end = lines.index(f"{begin[1]}}};", at)
        above = at
        while re.match(r" *(///|template )", lines[above - 1]):
            above -= 1
        comment = " ".join(" ".join(lines[above:at]).replace("///", " ").split())
        # Only what stands directly in it.
        inner = [each[len(begin[1]) + 4:] for each in lines[at + 1:end] if re.match(f"{begin[1]} {{4}}\\S", each)]
        members = [member[1] for each in inner if (member := _MEMBER.match(each)) and "(" not in each.split("=")[0]]
        found.append((begin[2], comment, members))
    return found


def doxygen(doxyfile: str) -> subprocess.CompletedProcess:
    with tempfile.NamedTemporaryFile("w", suffix=".doxyfile") as file:
        file.write(doxyfile)
        file.flush()
        return subprocess.run([os.environ["QUERN_DOXYGEN"], file.name], capture_output=True, text=True, check=False)


def stateful_without_a_promise(text: str) -> list[str]:
    """Classes whose members a newer server could not change, and whose comment does not say that they are so."""
    return [name for name, comment, members in classes_of(text)
            if members and "d" not in members and not re.search("value type|cheap handle", comment)]


class Reference(unittest.TestCase):
    def test_everything_is_explained(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            result = doxygen(f"{DOXYFILE.read_text()}\nOUTPUT_DIRECTORY = {place}\n")
            self.assertEqual(result.returncode, 0, result.stderr)
            main = Path(place, "html/index.html").read_text()
            self.assertIn("Writing plugins for Quern", main)
            group = Path(place, "html/classQuern_1_1RouteGroup.html").read_text()
            self.assertGreater(group.count("Registers <em"), 6, "a comment speaks for all declarations below it")

    def test_what_is_not_explained_is_found(self) -> None:
        for name, old, new, problem in (
                ("nothing", "", "", None),
                ("function", "    int count", "    int more();\n\n    int count", "more"),
                ("class", "/// A shop.\n", "", "Shop"),
                ("unknown command", "Begins the day", "Begins the \\day", "day"),
                ("link to nothing", "A shop.", "A \\ref Market.", "Market")):
            with self.subTest(name), tempfile.TemporaryDirectory() as place:
                header = Path(place, "shop.h")
                header.write_text(DOCUMENTED.replace(old, new, 1))
                result = doxygen(f"{DOXYFILE.read_text()}\nOUTPUT_DIRECTORY = {place}\nINPUT = {header}\n"
                                 "USE_MDFILE_AS_MAINPAGE =\n")
                if problem is None:
                    self.assertEqual(result.returncode, 0, result.stderr)
                else:
                    self.assertNotEqual(result.returncode, 0)
                    self.assertIn(problem, result.stderr)


class State(unittest.TestCase):
    def test_it_is_behind_a_pointer_or_promised(self) -> None:
        classes = 0
        for header in sorted(HEADERS.glob("*.h")):
            with self.subTest(header.name):
                text = header.read_text()
                classes += len(classes_of(text))
                self.assertEqual(stateful_without_a_promise(text), [])
        self.assertGreater(classes, 15)

    def test_other_state_is_found(self) -> None:
        shop = "/// A shop.\nclass QUERN_EXPORT Shop\n{\npublic:\n    int size() const;\n\nprivate:\n    %s\n};\n"
        self.assertEqual(stateful_without_a_promise(shop % "int m_size = 0;"), ["Shop"])
        self.assertEqual(stateful_without_a_promise(shop % "QList<int> m_sizes; ///< all"), ["Shop"])
        self.assertEqual(stateful_without_a_promise(shop % "std::unique_ptr<ShopPrivate> d;"), [])
        self.assertEqual(stateful_without_a_promise((shop % "int m_size;").replace("shop.", "shop. A value\n/// type.")), [])
        self.assertEqual(stateful_without_a_promise(shop % "static constexpr int Size = 1;"), [])


if __name__ == "__main__":
    unittest.main()
