"""The binary interface of a library, described by abidw and compared by abidiff (Debian package abigail-tools)."""

from __future__ import annotations

import lzma
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_DEFINITION = re.compile(r"^\s*(?:class|struct)\s+(?:[A-Z]+_EXPORT\s+)?(\w+)(?:\s+final)?\s*(?:[:{].*)?$", re.MULTILINE)
# Bits of abidiff's exit status; any other says that something has changed.
_ERROR, _USAGE = 1, 2


@dataclass(frozen=True)
class Sources:
    """Where a library's headers lie: what is in private alone is nobody's business outside of the library."""

    public: Path
    private: Path

    def private_classes(self) -> list[str]:
        return sorted(_classes(self.private) - _classes(self.public))


def _classes(folder: Path) -> set[str]:
    return {name for header in folder.rglob("*.h") for name in _DEFINITION.findall(header.read_text())}


def _suppressions(sources: Sources, place: Path) -> Path:
    names = "|".join(sources.private_classes()) or "none"
    path = place / "private.suppr"
    path.write_text(f"[suppress_function]\n  name_regexp = ^Quern::({names})::\n  drop_artifact = yes\n"
                    "[suppress_variable]\n  name_regexp = .*\n  drop_artifact = yes\n")
    return path


def describe(library: Path, sources: Sources) -> bytes:
    """The interface of library, which has debugging information, for compare(): XML, compressed."""
    with tempfile.TemporaryDirectory() as place:
        command = ["abidw", "--exported-interfaces-only", "--suppressions", str(_suppressions(sources, Path(place))),
                   "--headers-dir", str(sources.public), "--drop-private-types", "--no-corpus-path",
                   "--no-comp-dir-path", "--no-show-locs", "--no-parameter-names", "--no-elf-needed", str(library)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode or "<function-decl" not in result.stdout:
        raise RuntimeError(f"abidw: exit {result.returncode}: {result.stderr or 'no debugging information'}")
    # The same from wherever it was built.
    xml = re.sub(r" path='[^']*/", " path='", result.stdout)
    return lzma.compress(xml.encode(), preset=9 | lzma.PRESET_EXTREME)


def compare(before: bytes, after: bytes) -> str:
    """What breaks in after those who were built against before, as a report; empty if nothing does. Additions break
    nobody."""
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place, "before.xml"), Path(place, "after.xml")]
        for path, description in zip(files, (before, after)):
            path.write_bytes(lzma.decompress(description))
        command = ["abidiff", "--no-added-syms", "--no-unreferenced-symbols", *map(str, files)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode < 0 or result.returncode & (_ERROR | _USAGE):
        raise RuntimeError(f"abidiff: exit {result.returncode}: {result.stdout}{result.stderr}")
    return result.stdout if result.returncode else ""


def foreign_exports(library: Path, namespace: str) -> list[str]:
    """What library exports beside the things of namespace."""
    result = subprocess.run(["nm", "--dynamic", "--defined-only", "--demangle", str(library)], check=True,
                            capture_output=True, text=True)
    symbols = [line.split(maxsplit=2)[2] for line in result.stdout.splitlines()]
    if not symbols:
        raise RuntimeError(f"{library} exports nothing")
    ours = re.compile(rf"(?:(?:vtable|typeinfo|typeinfo name|VTT) for |(?:non-)?virtual thunk to )?{namespace}::")
    return [symbol for symbol in symbols if not ours.match(symbol)]
