"""The files of resources/deploy as they are, but for what a test has to have otherwise: paths, ports, and lines that they
tell to take out of their comments."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "resources/deploy"


def recipe(name: str, replaced: Mapping[str, str]) -> str:
    """The text of a file; each text to be replaced is in it once at least."""
    text = (DEPLOY / name).read_text()
    for old, new in replaced.items():
        assert old in text, f"resources/deploy/{name} has no {old!r}"
        text = text.replace(old, new)
    return text


def uncommented(*lines: str, sign: str = "#") -> dict[str, str]:
    """For recipe(): these lines, which are comments there, are none."""
    return {sign + line: line for line in lines}


def settings(name: str, replaced: Mapping[str, str]) -> dict:
    """What stands in [server] of a settings file, and that there is nothing else."""
    tables = tomllib.loads(recipe(name, replaced))
    assert list(tables) == ["server"], list(tables)
    return tables["server"]
