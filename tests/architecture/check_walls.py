#!/usr/bin/env python3
"""Checks who includes whom, against the walls between the folders, and what every source file has to keep to.

    check_walls.py [--root DIR] [--qt-core DIR]

Prints one line for each breach, "file:line: what is wrong", and exits 1 if there is one.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# A unit, and the units whose headers it may include beside its own. "core/x" stands for everything below it.
WALLS: dict[str, set[str]] = {
    "core/sdk": set(),
    "core/base": {"core/sdk"},
    "core/config": {"core/base"},
    "core/loop": {"core/base"},
    "core/watch": {"core/loop", "core/base"},
    "core/metrics": {"core/base", "core/sdk"},
    "core/net": {"core/loop", "core/base"},
    "core/protocol": {"core/base", "core/sdk"},
    "core/ipc": {"core/base", "core/sdk"},
    "core/dispatch": {"core/net", "core/protocol", "core/ipc", "core/metrics", "core/base", "core/sdk"},
    "core/process": {"core/ipc", "core/metrics", "core/base"},
    "core/tasks": {"core/ipc", "core/metrics", "core/base", "core/sdk"},
    "core/cron": {"core/ipc", "core/metrics", "core/base", "core/sdk"},
    "core/tables": {"core/ipc", "core/metrics", "core/base", "core/sdk"},
    "core/worker": {"core/ipc", "core/sdk", "core/base", "core/loop", "core/metrics",
                    "core/tasks", "core/cron", "core/tables"},
    "core/admin/protocol": {"core/base"},
    "core/admin/server": {"core/admin/protocol", "core/base"},
    "admin-gui": {"core/admin/protocol", "core/base"},
    "app": {"core"},
    "plugins": {"core/sdk"},
}

# The words that every signature needs: open to all.
VOCABULARY = {"core/sdk/include/Quern/result.h", "core/sdk/include/Quern/error.h", "core/sdk/include/Quern/global.h"}

# Single headers behind a wall: (who, pattern of the header).
GATES = [
    ("core/admin/server", "core/*/*snapshot.h"),  # what it shows, and nothing that it could change
    ("core/config", "core/cron/cronexpression.h"),  # what an expression is has one place; it knows Qt Core alone
]

# The insides of the SDK, and who may look at them.
PRIVATE_SDK = "core/sdk/src/"
PRIVATE_SDK_READERS = {"core/sdk", "core/worker",
                       "core/tables",  # the master makes and sweeps the tables that the SDK reads and writes
                       "core/metrics",  # the master reads the memory in which the SDK counts what plugins have it count
                       "core/protocol",  # what a path, a token, an escape is has one place: httpsyntax_p.h
                       "core/dispatch"}  # the master finds a request's route with the worker's own router

# What headers of Qt's libraries for desktops begin with, as sources name them.
WIDGETS = (
    "QtWidgets", "QAbstractButton", "QAbstractGraphicsShapeItem", "QAbstractItemDelegate", "QAbstractItemView",
    "QAbstractScrollArea", "QAbstractSlider", "QAbstractSpinBox", "QApplication", "QBoxLayout", "QButtonGroup",
    "QCalendarWidget", "QCheckBox", "QColorDialog", "QComboBox", "QCommonStyle", "QCompleter", "QDateEdit",
    "QDateTimeEdit", "QDialog", "QDockWidget", "QDoubleSpinBox", "QErrorMessage", "QFileDialog", "QFontDialog",
    "QFormLayout", "QFrame", "QGraphics", "QGridLayout", "QGroupBox", "QHBoxLayout", "QHeaderView", "QInputDialog",
    "QItemDelegate", "QKeySequenceEdit", "QLabel", "QLayout", "QLineEdit", "QListView", "QListWidget", "QMainWindow",
    "QMdi", "QMenu", "QMessageBox", "QPlainTextEdit", "QProgress", "QProxyStyle", "QPushButton", "QRadioButton",
    "QRubberBand", "QScrollArea", "QScrollBar", "QSizeGrip", "QSizePolicy", "QSlider", "QSpacerItem", "QSpinBox",
    "QSplashScreen", "QSplitter", "QStacked", "QStatusBar", "QStyle", "QSystemTrayIcon", "QTabBar", "QTabWidget",
    "QTableView", "QTableWidget", "QTextBrowser", "QTextEdit", "QTimeEdit", "QToolBar", "QToolBox", "QToolButton",
    "QToolTip", "QTreeView", "QTreeWidget", "QUndoView", "QVBoxLayout", "QWidget", "QWizard")
CHARTS = (
    "QtCharts", "QAbstractAxis", "QAbstractBarSeries", "QAbstractSeries", "QAreaSeries", "QBarCategoryAxis", "QBarSe",
    "QBoxPlot", "QBoxSet", "QCandlestick", "QCategoryAxis", "QChart", "QColorAxis", "QDateTimeAxis", "QHorizontal",
    "QLegend", "QLineSeries", "QLogValueAxis", "QPercentBarSeries", "QPieSe", "QPieSlice", "QPolarChart",
    "QScatterSeries", "QSplineSeries", "QStackedBarSeries", "QValueAxis", "QXYSeries")
SVG = ("QtSvg", "QSvg", "QGraphicsSvgItem")

# Libraries that stay in one place: the start of the include, or several, the units that may use it, and why.
LIBRARIES: list[tuple[str | tuple[str, ...], set[str], str]] = [
    ("toml++/", {"core/config"}, "settings are parsed in config"),
    ("llhttp", {"core/protocol"}, "HTTP is parsed in protocol"),
    ("openssl/", {"core/net"}, "TLS is spoken in net"),
    ("prometheus/", {"core/metrics", "app"}, "numbers become families in metrics, and in the wiring"),
    ("QHttpServer", {"core/admin/server"}, "Qt HTTP Server is GPL and serves the management API alone"),
    ("QtHttpServer", {"core/admin/server"}, "Qt HTTP Server is GPL and serves the management API alone"),
    (CHARTS, {"admin-gui"}, "Qt Charts is GPL and belongs to the console"),
    (SVG, {"admin-gui"}, "pictures belong to the console"),
    (WIDGETS, {"admin-gui"}, "widgets belong to the console"),
    (("qt6keychain/", "keychain.h"), {"admin-gui"}, "the keychain of the desktop belongs to the console"),
]

# What the console shows, as far as it needs no display: its library has no widgets, nor the folders that have some.
WITHOUT_WINDOWS = ("admin-gui/actions/", "admin-gui/connection/", "admin-gui/models/", "admin-gui/store/")

SCANNED = ("core", "app", "admin-gui", "plugins")
MEASURED = (*SCANNED, "tests", "cmake")
MEASURED_SUFFIXES = {".h", ".c", ".cpp", ".py", ".cmake", ".txt", ".ui"}
MAX_LINES = 500

_INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
_BLOCK_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Include:
    source: str  # path of the including file, from the root
    line: int
    name: str
    quoted: bool


class Tree:
    def __init__(self, root: Path, qt_core: Path | None) -> None:
        self._root = root
        self._qt_core = qt_core
        self._edges: dict[str, set[str]] = {}  # folder → folders it includes

    def breaches(self) -> list[str]:
        found = []
        for path in self._files(SCANNED, {".h", ".c", ".cpp"}):
            source = path.relative_to(self._root).as_posix()
            text = path.read_text()
            if path.suffix == ".h" and not re.search(r"^#pragma once$", text, re.MULTILINE):
                found.append(f"{source}:1: a header needs #pragma once")
            if unit_of(source) is None:
                found.append(f"{source}:1: a folder without walls: add it to WALLS in check_walls.py")
                continue
            for include in includes_of(source, text):
                breach = self._check(include)
                if breach:
                    found.append(f"{include.source}:{include.line}: {include.name}: {breach}")
        for path in self._files(MEASURED, MEASURED_SUFFIXES):
            lines = path.read_bytes().count(b"\n")
            if lines > MAX_LINES:
                found.append(f"{path.relative_to(self._root)}:{lines}: over {MAX_LINES} lines: split it")
        cycle = find_cycle(self._edges)
        if cycle:
            found.append(f"{cycle[0]}: folders include each other: {' → '.join(cycle)}")
        return found

    def _files(self, folders: tuple[str, ...], suffixes: set[str]) -> Iterator[Path]:
        for folder in folders:
            yield from sorted(path for path in (self._root / folder).rglob("*")
                              if path.suffix in suffixes and path.is_file())

    def _check(self, include: Include) -> str | None:
        """What is wrong with the include, or None."""
        unit = unit_of(include.source)
        if ".." in PurePosixPath(include.name).parts:
            return "climbs out of its folder"
        target = self._resolve(include)
        if target is None:
            return self._check_foreign(include, unit)
        if target.startswith(PRIVATE_SDK) and unit not in PRIVATE_SDK_READERS:
            return "the insides of the SDK"
        if not may_include(unit, target):
            return f"{unit} may not include {unit_of(target)}"
        if include.source.startswith(WITHOUT_WINDOWS) and target.startswith("admin-gui/") \
                and not target.startswith(WITHOUT_WINDOWS):
            return "it has to do without a window"
        folder, other = (str(PurePosixPath(path).parent) for path in (include.source, target))
        if folder != other:
            self._edges.setdefault(folder, set()).add(other)
        return None

    def _check_foreign(self, include: Include, unit: str) -> str | None:
        name = include.name
        if "private/" in name or name.endswith("_p.h"):
            return "a private header of Qt"
        if include.quoted:
            return None if name.endswith(".moc") else "no such file; write the path from core/ or from the root, or <…> for a library"
        if include.source.startswith(WITHOUT_WINDOWS) and name.startswith(WIDGETS + CHARTS + SVG):
            return "it has to do without a window"
        for start, users, reason in LIBRARIES:
            if name.startswith(start) and unit not in users:
                return reason
        if unit == "core/sdk" and self._qt_core and name.startswith("Q") and not self._in_qt_core(name):
            return "the SDK includes Qt Core only"
        return None

    def _in_qt_core(self, name: str) -> bool:
        return (self._qt_core / name.removeprefix("QtCore/")).is_file()

    def _resolve(self, include: Include) -> str | None:
        """Path of the included file from the root, if it is one of ours."""
        places = [self._root / "core/sdk/include", self._root / "core"]
        if include.quoted:
            places = [(self._root / include.source).parent, *places, self._root]
        for place in places:
            path = place / include.name
            if path.is_file():
                return path.relative_to(self._root).as_posix()
        return None


def unit_of(path: str) -> str | None:
    """The unit that a file belongs to; each plugin is a unit of its own."""
    parts = PurePosixPath(path).parts
    if parts[0] == "plugins":
        return "/".join(parts[:2]) if len(parts) > 2 else None
    return next((unit for unit in WALLS if path.startswith(f"{unit}/")), None)


def wall_of(unit: str) -> str:
    return "plugins" if unit.startswith("plugins/") else unit


def may_include(unit: str, target: str) -> bool:
    if unit_of(target) == unit or target in VOCABULARY:
        return True
    if any(PurePosixPath(target).match(pattern) for who, pattern in GATES if who == unit):
        return True
    return any(target.startswith(f"{allowed}/") for allowed in WALLS[wall_of(unit)])


def includes_of(source: str, text: str) -> Iterator[Include]:
    # Comments keep their line breaks, so that the numbers stay true.
    plain = _BLOCK_COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
    for number, line in enumerate(plain.splitlines(), 1):
        match = _INCLUDE.match(line)
        if match:
            yield Include(source, number, match[1] or match[2], match[1] is not None)


def find_cycle(edges: dict[str, set[str]]) -> list[str] | None:
    """One cycle, its first folder repeated at its end; None if there is none."""
    done: set[str] = set()

    def visit(folder: str, path: list[str]) -> list[str] | None:
        if folder in path:
            return [*path[path.index(folder):], folder]
        if folder in done:
            return None
        for other in sorted(edges.get(folder, ())):
            cycle = visit(other, [*path, folder])
            if cycle:
                return cycle
        done.add(folder)
        return None

    return next((cycle for folder in sorted(edges) if (cycle := visit(folder, []))), None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--qt-core", type=Path, help="folder of Qt Core's headers; without it the SDK's are not checked")
    options = parser.parse_args()
    breaches = Tree(options.root.resolve(), options.qt_core).breaches()
    print("\n".join(breaches) or "the walls stand")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
