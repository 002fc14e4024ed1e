"""What /proc tells about a process and its descendants."""

from __future__ import annotations

import ctypes
import os
import signal
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """For preexec_fn: the program started must not outlive a killed test run."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Makes this process the parent of every orphaned descendant, so that none escapes children_of()."""
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/<pid>/stat from the third on (state first); None if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the name in parentheses and may itself hold spaces and parentheses.
    return text[text.rindex(")") + 2:].split()


@dataclass(frozen=True)
class Process:
    """One process, told apart from a later one that was given the same number."""

    pid: int
    started: int  # clock ticks after boot

    def alive(self) -> bool:
        """False for a zombie: it holds nothing but its exit status."""
        fields = _stat(self.pid)
        return fields is not None and int(fields[19]) == self.started and fields[0] not in "ZX"


def process(pid: int) -> Process | None:
    fields = _stat(pid)
    return Process(pid, int(fields[19])) if fields else None


def alive(pid: int) -> bool:
    fields = _stat(pid)
    return fields is not None and fields[0] not in "ZX"


def children_of(pid: int) -> list[int]:
    """Living children of pid, in the order of their numbers."""
    return _parents_to_children().get(pid, [])


def descendants(root: int) -> list[int]:
    """root and everything below it, parents first."""
    table = _parents_to_children()
    found = [root]
    for pid in found:
        found.extend(table.get(pid, []))
    return found


def zombies_of(pid: int) -> list[int]:
    """Children of pid that have ended and that it has not waited for."""
    numbers = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [number for number in numbers if (fields := _stat(number)) and int(fields[1]) == pid and fields[0] == "Z"]


def _parents_to_children() -> dict[int, list[int]]:
    table: dict[int, list[int]] = {}
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        fields = _stat(pid)
        if fields and fields[0] not in "ZX":
            table.setdefault(int(fields[1]), []).append(pid)
    return table


def title(pid: int) -> str:
    """The process title as ps shows it; empty if the process is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return words.replace(b"\0", b" ").decode(errors="replace").strip()


def cpu_seconds(root: int) -> float:
    """Processor time that the tree has used so far.

    The reaped children's share of each process is in it, so the figure never falls when a child comes or goes.
    """
    ticks = 0
    for pid in descendants(root):
        fields = _stat(pid)
        if fields:
            ticks += sum(int(value) for value in fields[11:15])
    return ticks / _TICKS_PER_SECOND


def pss_bytes(root: int) -> int:
    """Memory of the tree; a page shared by several processes counts once."""
    total = 0
    for pid in descendants(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def open_descriptors(root: int) -> int:
    total = 0
    for pid in descendants(root):
        try:
            total += len(os.listdir(f"/proc/{pid}/fd"))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total
