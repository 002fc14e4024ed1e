"""The walls of this tree, and proof that check_walls.py sees each kind of breach."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path

from check_walls import WALLS, Tree, find_cycle

QT_CORE = Path(os.environ["QUERN_QT_CORE"])
ROOT = Path(__file__).resolve().parents[2]

SOUND = {
    "core/sdk/include/Quern/global.h": "#pragma once\n#include <QtCore/qglobal.h>\n",
    "core/sdk/include/Quern/result.h": "#pragma once\n#include <Quern/global.h>\n#include <QString>\n",
    "core/sdk/include/Quern/request.h": "#pragma once\n#include <Quern/global.h>\n#include <optional>\n",
    "core/sdk/src/request_p.h": "#pragma once\n#include <Quern/request.h>\n",
    "core/base/clock.h": "#pragma once\n#include <QElapsedTimer>\n",
    "core/loop/timers.h": '#pragma once\n#include "base/clock.h"\n',
    "core/loop/timers.cpp": '#include "loop/timers.h"\n#include <Quern/result.h>\n#include <sys/epoll.h>\n',
    "core/net/socket.h": "#pragma once\n",
    "core/dispatch/pool.h": "#pragma once\n",
    "core/dispatch/poolsnapshot.h": "#pragma once\n",
    "core/worker/host.cpp": '#include "sdk/src/request_p.h"\n#include "loop/timers.h"\n#include "host.moc"\n',
    "core/admin/server/status.cpp": '#include "dispatch/poolsnapshot.h"\n',
    "app/server/main.cpp": '#include "loop/timers.h"\n#include "app/server/wiring.h"\n',
    "app/server/wiring.h": "#pragma once\n",
    "admin-gui/models/rows.h": "#pragma once\n#include <QAbstractTableModel>\n",
    "admin-gui/connection/tokens.cpp": "#include <QWebSocket>\n#include <qt6keychain/keychain.h>\n",
    "admin-gui/views/rows.h": '#pragma once\n#include "admin-gui/models/rows.h"\n#include <QTableView>\n',
    "admin-gui/views/plot.cpp": "#include <QChartView>\n#include <QLineSeries>\n#include <QSvgRenderer>\n",
    "plugins/welcome/welcome.h": "#pragma once\n#include <Quern/request.h>\n#include <QTimer>\n",
    "plugins/welcome/welcome.cpp": '#include "welcome.h"\n/*\n#include "loop/timers.h"\n*/\n',
}

# Name, file that is added or replaced, its text, and the breach that must be found.
BREACHES = [
    ("loop knows net", "core/loop/a.cpp", '#include "net/socket.h"\n',
     "core/loop/a.cpp:1: net/socket.h: core/loop may not include core/net"),
    ("config knows requests", "core/config/a.cpp", "#include <Quern/request.h>\n",
     "core/config/a.cpp:1: Quern/request.h: core/config may not include core/sdk"),
    ("plugin knows the core", "plugins/other/a.cpp", '\n#include "loop/timers.h"\n',
     "plugins/other/a.cpp:2: loop/timers.h: plugins/other may not include core/loop"),
    ("plugin knows the insides of the SDK", "plugins/other/a.cpp", '#include "sdk/src/request_p.h"\n',
     "plugins/other/a.cpp:1: sdk/src/request_p.h: the insides of the SDK"),
    ("plugin knows another plugin", "plugins/other/a.cpp", '#include "plugins/welcome/welcome.h"\n',
     "plugins/other/a.cpp:1: plugins/welcome/welcome.h: plugins/other may not include plugins/welcome"),
    ("IPC knows the insides of the SDK", "core/ipc/a.cpp", '#include "sdk/src/request_p.h"\n',
     "core/ipc/a.cpp:1: sdk/src/request_p.h: the insides of the SDK"),
    ("administration changes the dispatcher", "core/admin/server/a.cpp", '#include "dispatch/pool.h"\n',
     "core/admin/server/a.cpp:1: dispatch/pool.h: core/admin/server may not include core/dispatch"),
    ("core knows the application", "core/base/a.cpp", '#include "app/server/wiring.h"\n',
     "core/base/a.cpp:1: app/server/wiring.h: core/base may not include app"),
    ("missing file", "core/base/a.cpp", '#include "base/ghost.h"\n',
     "core/base/a.cpp:1: base/ghost.h: no such file; write the path from core/ or from the root, or <…> for a library"),
    ("console knows the server", "admin-gui/a.cpp", '#include "dispatch/pool.h"\n',
     "admin-gui/a.cpp:1: dispatch/pool.h: admin-gui may not include core/dispatch"),
    ("climbing", "core/loop/a.cpp", '#include "../net/socket.h"\n',
     "core/loop/a.cpp:1: ../net/socket.h: climbs out of its folder"),
    ("private Qt header", "core/loop/a.cpp", "#include <QtCore/private/qobject_p.h>\n",
     "core/loop/a.cpp:1: QtCore/private/qobject_p.h: a private header of Qt"),
    ("quoted private Qt header", "core/loop/a.cpp", '#include "qobject_p.h"\n',
     "core/loop/a.cpp:1: qobject_p.h: a private header of Qt"),
    ("SDK beyond Qt Core", "core/sdk/include/Quern/a.h", "#pragma once\n#include <QTcpSocket>\n",
     "core/sdk/include/Quern/a.h:2: QTcpSocket: the SDK includes Qt Core only"),
    ("GPL library in the dispatcher", "core/dispatch/a.cpp", "#include <QHttpServer>\n",
     "core/dispatch/a.cpp:1: QHttpServer: Qt HTTP Server is GPL and serves the management API alone"),
    ("widgets in the server", "app/server/a.cpp", "#include <QApplication>\n",
     "app/server/a.cpp:1: QApplication: widgets belong to the console"),
    ("widgets in a plugin", "plugins/other/a.cpp", "#include <QtWidgets/QLabel>\n",
     "plugins/other/a.cpp:1: QtWidgets/QLabel: widgets belong to the console"),
    ("GPL charts in the server", "app/server/a.cpp", "#include <QLineSeries>\n",
     "app/server/a.cpp:1: QLineSeries: Qt Charts is GPL and belongs to the console"),
    ("pictures in the server", "app/server/a.cpp", "#include <QSvgRenderer>\n",
     "app/server/a.cpp:1: QSvgRenderer: pictures belong to the console"),
    ("keychain in the protocol", "core/admin/protocol/a.cpp", "#include <qt6keychain/keychain.h>\n",
     "core/admin/protocol/a.cpp:1: qt6keychain/keychain.h: the keychain of the desktop belongs to the console"),
    ("model with a widget", "admin-gui/models/a.cpp", "#include <QLabel>\n",
     "admin-gui/models/a.cpp:1: QLabel: it has to do without a window"),
    ("connection that plots", "admin-gui/connection/a.cpp", "#include <QChart>\n",
     "admin-gui/connection/a.cpp:1: QChart: it has to do without a window"),
    ("action that knows a view", "admin-gui/actions/a.cpp", '#include "admin-gui/views/rows.h"\n',
     "admin-gui/actions/a.cpp:1: admin-gui/views/rows.h: it has to do without a window"),
    ("no pragma once", "core/loop/a.h", "#ifndef A\n#endif\n", "core/loop/a.h:1: a header needs #pragma once"),
    ("new folder", "core/novel/a.cpp", "", "core/novel/a.cpp:1: a folder without walls: add it to WALLS in check_walls.py"),
    ("long file", "core/loop/a.cpp", "//\n" * 501, "core/loop/a.cpp:501: over 500 lines: split it"),
    ("long test", "tests/unit/a.cpp", "//\n" * 501, "tests/unit/a.cpp:501: over 500 lines: split it"),
]


class Checker(unittest.TestCase):
    def breaches(self, files: dict[str, str]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return Tree(Path(folder), QT_CORE).breaches()

    def test_a_sound_tree_passes(self) -> None:
        self.assertEqual(self.breaches(SOUND), [])

    def test_each_breach_is_found(self) -> None:
        for name, path, text, breach in BREACHES:
            with self.subTest(name):
                self.assertEqual(self.breaches({**SOUND, path: text}), [breach])

    def test_folders_that_include_each_other_are_found(self) -> None:
        circle = {"app/server/a.h": '#pragma once\n#include "app/worker/b.h"\n',
                  "app/worker/b.h": '#pragma once\n#include "app/server/a.h"\n'}
        self.assertEqual(self.breaches({**SOUND, **circle}),
                         ["app/server: folders include each other: app/server → app/worker → app/server"])

    def test_the_table_itself_has_no_circle(self) -> None:
        self.assertIsNone(find_cycle(WALLS))
        self.assertEqual(find_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}), ["b", "c", "b"])


class ThisTree(unittest.TestCase):
    def test_the_walls_stand(self) -> None:
        self.assertEqual(Tree(ROOT, QT_CORE).breaches(), [])


if __name__ == "__main__":
    unittest.main()
