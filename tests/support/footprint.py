"""What a server holds while all is calm: processes, descriptors and memory of each, and files."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import proctree
from quernserver import TIME_SCALE

_TITLE = re.compile(r"quern: (master|worker|task worker|timer|process \w+|boot)\b")
# What the allocator of the master, and of those who make large bodies, may keep of a fault for the next one.
_MEMORY = 48 * 1024 * 1024
_MEMORY_OF_CHILDREN = 128 * 1024 * 1024


def kind_of(pid: int) -> str:
    """"worker", "task worker", "timer", "process ticker" …; "" for what is no process of Quern's own."""
    match = _TITLE.match(proctree.title(pid))
    return match[1] if match else ""


@dataclass(frozen=True)
class Holding:
    """What one process holds."""

    kind: str
    descriptors: Counter[str]  # by what they are
    memory: int  # in bytes


@dataclass(frozen=True)
class Footprint:
    """What a server holds; two of them are compared while nothing is under way."""

    processes: Counter[str]  # by kind, those that have ended and were not waited for included
    holdings: dict[proctree.Process, Holding]
    files: Counter[str]  # in its directory, those aside that grow by themselves

    def surplus(self, before: Footprint) -> str:
        """What there is more, or other, than before; "" if nothing."""
        found = []
        if self.processes != before.processes:
            found.append(f"processes {dict(self.processes)}, before {dict(before.processes)}")
        for process, holding in self.holdings.items():
            who = f"{holding.kind} {process.pid}"
            if more := holding.descriptors - before._descriptors_of(process, holding.kind):
                found.append(f"descriptors of {who}: {dict(more)}")
            grown = holding.memory - (before.holdings[process].memory if process in before.holdings else holding.memory)
            allowed = _MEMORY if holding.kind == "master" else _MEMORY_OF_CHILDREN
            if TIME_SCALE == 1 and grown > allowed:  # a sanitizer keeps what has been given back
                found.append(f"{grown} bytes of memory of {who}")
        if more := self.files - before.files:
            found.append(f"files {dict(more)}")
        return "; ".join(found)

    def _descriptors_of(self, process: proctree.Process, kind: str) -> Counter[str]:
        """Of this process; of one that was not there yet, as many as any of its kind had."""
        if process in self.holdings:
            return self.holdings[process].descriptors
        most: Counter[str] = Counter()
        for holding in self.holdings.values():
            if holding.kind == kind:
                most |= holding.descriptors
        return most


def footprint_of(master: int, directory: Path) -> Footprint:
    """Of the server with this master, whose files lie in directory."""
    holdings = {}
    for pid in proctree.descendants(master):
        process = proctree.process(pid)
        if process and (holding := _holding(pid)):
            holdings[process] = holding
    processes = Counter(holding.kind for holding in holdings.values())
    processes["zombie"] = len(proctree.zombies_of(master))
    return Footprint(+processes, holdings, _files(directory))


def _holding(pid: int) -> Holding | None:
    """None if it has gone."""
    try:
        kind = kind_of(pid) or "program " + Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
        with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
            pages = int(statm.read().split()[1])
        return Holding(kind, _descriptors(pid), pages * os.sysconf("SC_PAGE_SIZE"))
    except (FileNotFoundError, ProcessLookupError):
        return None


def _descriptors(pid: int) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue
        if target.endswith("/audit.log"):  # opened by the first command
            continue
        # socket:[1234] and the like have a number; memory has a name; a log that is rotated is the same one.
        kinds[re.sub(r"[:/]\[?\d+\]?| \(deleted\)", "", target)] += 1
    return kinds


def _files(directory: Path) -> Counter[str]:
    files: Counter[str] = Counter()
    for path in directory.rglob("*"):
        name = str(path.relative_to(directory))
        # What a database writes beside it comes and goes, and so does the folder of its payloads.
        if re.search(r"tasks\.db[-\w]*$|cron\.state|audit\.log", name):
            continue
        # Each reload has a folder of its own, and each payload a name.
        files[re.sub(r"(generations/)\d+|(tasks\.db-payloads/).*", r"\1\2N", name)] += 1
    return files
