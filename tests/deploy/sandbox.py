"""What a systemd unit forbids, done to one program without systemd: its filter of system calls and sockets."""

from __future__ import annotations

import ctypes
import errno
import platform
import re
import socket
import struct
import subprocess
from pathlib import Path

_HEADERS = ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h")
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_AUDIT_ARCH_X86_64 = 0xC000003E
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _AND, _RETURN = 0x20, 0x15, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_WRITE, _EXECUTE = 2, 4


class Unit:
    """The settings of a unit file: a list of values for each name, emptied by an empty assignment."""

    def __init__(self, path: Path) -> None:
        self.values: dict[str, list[str]] = {}
        for line in path.read_text().splitlines():
            match = re.match(r"([A-Za-z]+)=(.*)", line)
            if match and match[2]:
                self.values.setdefault(match[1], []).append(match[2])
            elif match:
                self.values[match[1]] = []

    def one(self, name: str) -> str:
        assert len(self.values[name]) == 1, f"{name}: {self.values[name]}"
        return self.values[name][0]


def is_possible() -> bool:
    return platform.machine() == "x86_64" and any(Path(header).exists() for header in _HEADERS)


def numbers() -> dict[str, int]:
    header = next(Path(header) for header in _HEADERS if Path(header).exists())
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", header.read_text())}


def members(group: str) -> set[str]:
    """The system calls of "@group", those of the groups in it included."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    found: set[str] = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= members(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def allowed_calls(unit: Unit) -> set[str]:
    """As systemd.exec(5) reads SystemCallFilter=: the first line allows, and each with "~" takes away."""
    allowed = members("@default")
    for value in unit.values["SystemCallFilter"]:
        words = value.removeprefix("~").split()
        named = set().union(*(members(word) if word.startswith("@") else {word} for word in words))
        allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed | {"execve", "exit", "exit_group", "rt_sigreturn", "getrlimit", "clock_nanosleep"}


class Filter:
    """The program for the kernel; install() puts it on this process, for preexec_fn."""

    def __init__(self, unit: Unit) -> None:
        calls = numbers()
        code = [self._op(_LOAD, _ARCHITECTURE), self._op(_EQUAL, _AUDIT_ARCH_X86_64, 1, 0), self._op(_RETURN, _KILL)]
        if unit.one("MemoryDenyWriteExecute") == "yes":
            for name, bits in (("mmap", _WRITE | _EXECUTE), ("mprotect", _EXECUTE), ("pkey_mprotect", _EXECUTE)):
                code += [self._op(_LOAD, _NUMBER), self._op(_EQUAL, calls[name], 0, 4),
                         self._op(_LOAD, _ARGUMENTS + 2 * 8), self._op(_AND, bits), self._op(_EQUAL, bits, 0, 1),
                         self._op(_RETURN, _ERRNO | errno.EPERM)]
        families = [getattr(socket, name) for name in unit.one("RestrictAddressFamilies").split()]
        check = [self._op(_LOAD, _ARGUMENTS)]
        for family in families:
            check += [self._op(_EQUAL, family, 0, 1), self._op(_RETURN, _ALLOW)]
        check += [self._op(_RETURN, _ERRNO | errno.EAFNOSUPPORT)]
        code += [self._op(_LOAD, _NUMBER), self._op(_EQUAL, calls["socket"], 0, len(check)), *check]
        code += [self._op(_LOAD, _NUMBER)]
        for number in sorted(calls[name] for name in allowed_calls(unit) if name in calls):
            code += [self._op(_EQUAL, number, 0, 1), self._op(_RETURN, _ALLOW)]
        code += [self._op(_RETURN, _ERRNO | getattr(errno, unit.one("SystemCallErrorNumber")))]
        self._code = ctypes.create_string_buffer(b"".join(code))
        self._program = struct.pack("HL", len(code), ctypes.addressof(self._code))
        self._libc = ctypes.CDLL(None, use_errno=True)

    @staticmethod
    def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, value)

    def install(self) -> None:
        if (self._libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
                or self._libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(self._program), 0, 0) != 0):
            raise OSError(ctypes.get_errno(), "prctl")
