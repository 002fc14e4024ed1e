"""`quern info`: what a report of a problem needs, right in any state of the settings."""

from __future__ import annotations

import json
import os
from pathlib import Path

from quernserver import QUERN_BIN, QuernTestCase


class Info(QuernTestCase):
    def info(self, quern) -> dict:
        result = quern.command("info", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_versions_paths_and_components(self) -> None:
        quern = self.server()
        info = self.info(quern)
        self.assertEqual(set(info), {"versions", "build", "system", "paths", "components"})
        version = quern.command("--version").stdout
        self.assertEqual(version, f"quern {info['versions']['quern']}, Qt {info['versions']['qt']}\n")
        self.assertIsInstance(info["versions"]["pluginAbi"], int)
        for library in ("llhttp", "zlib", "tomlplusplus"):
            self.assertRegex(info["versions"][library], r"^\d+\.\d+")
        self.assertEqual(info["components"]["brotli"], info["versions"]["brotli"] is not None)
        self.assertEqual(info["system"]["kernel"], f"linux {os.uname().release}")
        paths = info["paths"]
        self.assertEqual(Path(paths["prefix"]), Path(QUERN_BIN).resolve().parents[1])
        self.assertTrue(os.access(paths["worker"], os.X_OK), paths)
        self.assertTrue((Path(paths["plugins"]) / "libwelcome.so").is_file(), paths)
        module = Path(paths["prefix"]) / "lib/quern/quern-console.so"
        self.assertEqual(info["components"]["console"], module.is_file())
        self.assertEqual(paths["console"], str(module) if module.is_file() else None)
        self.assertEqual(paths["settings"], str(quern.config))
        self.assertEqual(paths["runtimeDirectory"], str(quern.runtime))
        self.assertEqual(paths["log"], str(quern.runtime / "quern.log"))

    def test_the_log_of_the_settings(self) -> None:
        quern = self.server(log_file="logs/own.log")
        self.assertEqual(self.info(quern)["paths"]["log"], str(quern.directory / "logs/own.log"))

    def test_settings_that_cannot_be_read(self) -> None:
        quern = self.server()
        quern.config.write_text('[server]\nruntime_dir = "a"\nruntime_dir = "b"\n')
        self.assertIsNone(self.info(quern)["paths"]["settings"])
        self.assert_exit(quern.command("info"), 0, r"settings +unusable: .*quern\.toml:3", r"Quern +\d+\.\d+\.\d+")
