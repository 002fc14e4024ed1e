"""That the SDK keeps its binary interface, and proof that each kind of breach is seen."""

from __future__ import annotations

import lzma
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import abi

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "core/sdk"
SOURCES = abi.Sources(SDK / "include", SDK / "src")
LIBRARY = Path(os.environ.get("QUERN_SDK_UNSTRIPPED", ROOT / "build/release/core/sdk/unstripped/libQuern.so"))

FLAGS = os.environ.get("QUERN_ABI_FLAGS", "-g -femit-class-debug-always").split()

HEADER = """
#pragma once
#define LIB_EXPORT __attribute__((visibility("default")))
namespace Quern {
class Hidden;
struct Cookie
{
    int age;
    bool secure;
};
class Plugin
{
public:
    enum Code { Invalid, NotFound };
    virtual ~Plugin() = default;
    virtual void install(int app) = 0;
};
class LIB_EXPORT Shop
{
public:
    Shop();
    int open(const Cookie &cookie);
    int close(Plugin &plugin, Plugin::Code code);
private:
    Hidden *d;
};
}
"""
PRIVATE = """
#pragma once
#include "shop.h"
namespace Quern {
class LIB_EXPORT Hidden
{
public:
    int first();
    int second();
    int count;
};
}
"""
SOURCE = """
#include "shop_p.h"
namespace Quern {
int Hidden::first() { return count; }
int Hidden::second() { return count; }
Shop::Shop() : d(new Hidden) {}
int Shop::open(const Cookie &cookie) { return cookie.age + d->first(); }
int Shop::close(Plugin &plugin, Plugin::Code code) { plugin.install(code); return d->second(); }
}
"""

# Name, what is replaced by what in header, private header and source, and what the report names; None: no breach.
CHANGES = [
    ("nothing", [], None),
    ("function removed", [("    int open(const Cookie &cookie);\n", ""),
                          ("int Shop::open(const Cookie &cookie) { return cookie.age + d->first(); }\n", "")], "Shop::open"),
    ("parameter changed", [("open(const Cookie &cookie)", "open(const Cookie &cookie, int more)")], "Shop::open"),
    ("result changed", [("int open(", "long open("), ("int Shop::open(", "long Shop::open(")], "return type"),
    ("enumerators exchanged", [("Invalid, NotFound", "NotFound, Invalid")], "Code"),
    ("member inserted", [("    int age;\n", "    int path;\n    int age;\n")], "Cookie"),
    ("member removed", [("    bool secure;\n", "")], "Cookie"),
    ("member of another type", [("int age;", "long age;")], "Cookie"),
    ("class grown", [("    Hidden *d;", "    Hidden *d;\n    int more = 0;")], "Shop"),
    ("virtual function inserted", [("virtual void install", "virtual void start() {}\n    virtual void install")], "Plugin"),
    ("virtual function exchanged", [("virtual void install(int app) = 0;",
                                     "virtual void install(int app) = 0;\n    virtual void stop() {}")], "Plugin"),
    ("function added", [("    Shop();\n", "    Shop();\n    int lock();\n"),
                        ("Shop::Shop()", "int Shop::lock() { return 1; }\nShop::Shop()")], None),
    ("insides changed", [("    int count;", "    long more;\n    int count;"), ("    int second();\n", "    int third();\n"),
                         ("int Hidden::second()", "int Hidden::third()"), ("d->second()", "d->third()")], None),
]


class Checker(unittest.TestCase):
    def build(self, place: Path, name: str, changes: list[tuple[str, str]]) -> tuple[Path, abi.Sources]:
        sources = abi.Sources(place / name / "include", place / name / "src")
        library = place / name / "libshop.so"
        sources.public.mkdir(parents=True)
        sources.private.mkdir()
        texts = [HEADER, PRIVATE, SOURCE]
        for old, new in changes:
            self.assertTrue(any(old in text for text in texts), old)
            texts = [text.replace(old, new) for text in texts]
        for path, text in zip((sources.public / "shop.h", sources.private / "shop_p.h", sources.private / "shop.cpp"), texts):
            path.write_text(text)
        subprocess.run([os.environ.get("CXX", "c++"), *FLAGS, "-shared", "-fPIC", "-fvisibility=hidden", "-I", str(sources.public),
                        "-o", str(library), str(sources.private / "shop.cpp")], check=True)
        return library, sources

    def test_breaches_are_seen_and_additions_pass(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            baseline = abi.describe(*self.build(place, "baseline", []))
            for number, (name, changes, part) in enumerate(CHANGES):
                with self.subTest(name):
                    report = abi.compare(baseline, abi.describe(*self.build(place, str(number), changes)))
                    if part is None:
                        self.assertEqual(report, "")
                    else:
                        self.assertIn(part, report)

    def test_exports_of_others_are_seen(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            library, _ = self.build(place, "clean", [])
            self.assertEqual(abi.foreign_exports(library, "Quern"), [])
            library, _ = self.build(place, "leaking", [("int Hidden::first()", "}\nLIB_EXPORT int leak() { return 1; }\n"
                                                        "namespace Quern {\nint Hidden::first()")])
            self.assertEqual(abi.foreign_exports(library, "Quern"), ["leak()"])

    def test_what_does_not_exist_is_no_success(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            library, sources = self.build(Path(folder), "baseline", [])
            subprocess.run(["strip", str(library)], check=True)
            with self.assertRaisesRegex(RuntimeError, "no debugging information"):
                abi.describe(library, sources)
            library.unlink()
            with self.assertRaises(RuntimeError):
                abi.describe(library, sources)


class ThisLibrary(unittest.TestCase):
    def test_private_classes_are_told_apart(self) -> None:
        private = SOURCES.private_classes()
        self.assertLessEqual({"ResponsePrivate", "Router", "Pipeline"}, set(private))
        self.assertFalse({"Response", "Request", "Application", "TestHarness"} & set(private))

    def test_it_keeps_its_interface(self) -> None:
        version = abi_version()
        baseline = baseline_of(version)
        self.assertTrue(baseline.exists(), f"there is no baseline for QUERN_ABI_VERSION {version}: run tests/abi/renew")
        description = abi.describe(LIBRARY, SOURCES)
        for name in ("Application", "Cookie", "Error", "HandlerPlugin", "Request", "Response"):
            self.assertRegex(lzma.decompress(description).decode(), f"<class-decl name='{name}' size-in-bits",
                             f"what {name} looks like is not known, and so not compared")
        report = abi.compare(baseline.read_bytes(), description)
        if report:
            self.fail(f"plugins built against version {version} of the interface break:\n\n{report}\n"
                      "Undo that, or follow tests/abi/README.md.")

    def test_it_exports_its_own_classes_only(self) -> None:
        self.assertEqual(abi.foreign_exports(LIBRARY, "Quern"), [])


def abi_version() -> int:
    return int(re.search(r"#define QUERN_ABI_VERSION (\d+)", (SDK / "include/Quern/global.h").read_text())[1])


def baseline_of(version: int) -> Path:
    return Path(__file__).resolve().parent / f"quern-{version}.abi.xz"


if __name__ == "__main__":
    unittest.main()
