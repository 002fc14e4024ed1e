#!/usr/bin/env python3
"""What Doxygen reads of a header: a comment speaks for all declarations below it, up to an empty line.

    doxygenfilter.py HEADER

Copying and assigning are left out: that a class is a cheap handle stands in its own comment. Lines keep their numbers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

_COMMENT = re.compile(r"\s*///(?!<)")
_COPYING = re.compile(r"\s*(?:(\w+)\(const \1 &|(\w+) &operator=\(const \2 &|~\w+\(\))")
_NO_CODE = re.compile(r"//.*|\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])'")


def paragraphs(lines: list[str]) -> Iterator[list[str]]:
    """Runs of lines of one indentation that begin with a comment; every other line is one of its own."""
    at = 0
    while at < len(lines):
        end = at + 1
        if _COMMENT.match(lines[at]):
            indentation = _indentation(lines[at])
            while end < len(lines) and lines[end].strip() and _indentation(lines[end]) >= indentation:
                end += 1
        yield lines[at:end]
        at = end


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def grouped(lines: list[str]) -> list[str]:
    """The paragraph as a group, if its first comment stands above several declarations."""
    comments = next((i for i, line in enumerate(lines) if not _COMMENT.match(line)), len(lines))
    indentation = _indentation(lines[0])
    declarations = [line for line in lines[comments:] if _indentation(line) == indentation]
    code = _NO_CODE.sub("", "\n".join(lines))
    # One that begins a class ends within it.
    if comments == 0 or len(declarations) < 2 or code.count("{") != code.count("}"):
        return lines
    first = f"{lines[0][:indentation]}/** @{{ */ {lines[0].lstrip()}"
    return [first, *lines[1:-1], f"{lines[-1]} /** @}} */"]


def filtered(text: str) -> str:
    lines = ["" if _COPYING.match(line) else line for line in text.split("\n")]
    return "\n".join(line for paragraph in paragraphs(lines) for line in grouped(paragraph))


if __name__ == "__main__":
    sys.stdout.write(filtered(Path(sys.argv[1]).read_text()))
