"""The commands and options of `quern`, as its own help tells them: what manual and completion are held to."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUERN_BIN = os.environ.get("QUERN_BIN", str(ROOT / "build/release/bin/quern"))
_OPTION = re.compile(r"^  (?:(-\w), |    )(--[\w-]+)(?: ([A-Z]+))?(?:  |$)", re.MULTILINE)


@dataclass(frozen=True)
class Option:
    short: str  # "-c", or empty
    long: str  # "--config"
    value: str  # "FILE", or empty: a switch


def _help(*words: str) -> str:
    return subprocess.run([QUERN_BIN, "help", *words], capture_output=True, text=True, check=True, timeout=20).stdout


@cache
def commands() -> tuple[str, ...]:
    listed = _help().split("\nCommands\n")[1].split("\n\n")[0]
    return tuple(re.findall(r"^  (\w+)  ", listed, re.MULTILINE))


@cache
def options(command: str) -> frozenset[Option]:
    """Those of `quern help command`."""
    return frozenset(Option(*match) for match in _OPTION.findall(_help(command)))


@cache
def common_options() -> frozenset[Option]:
    """Those that every command has, and --version, which stands for itself."""
    version = [Option(*match) for match in _OPTION.findall(_help()) if match[1] == "--version"]
    return frozenset.intersection(*(options(command) for command in commands())) | frozenset(version)
