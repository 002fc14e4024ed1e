#!/usr/bin/env python3
"""Runs a command with a display, a window manager and a home of its own, and ends them with it.

    withdisplay.py [--size 1400x900] [--no-manager] [--keyring] COMMAND [ARGUMENT…]

The exit code is the command's.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

TIMEOUT = 20.0
# The keyring ends with its bus.
KEYRING = ["dbus-run-session", "--", "sh", "-c",
           'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$@"', "sh"]


@contextmanager
def display(size: str = "1400x900") -> Iterator[str]:
    """The name of a display that nobody else has: ":3"."""
    read_end, write_end = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
                              pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        number = b""
        while not number.endswith(b"\n"):
            ready, _, _ = select.select([read_end], [], [], TIMEOUT)
            part = os.read(read_end, 64) if ready else b""
            if not part:
                raise RuntimeError("Xvfb does not start")
            number += part
        yield f":{number.decode().strip()}"
    finally:
        os.close(read_end)
        end(server)


@contextmanager
def window_manager(environment: dict[str, str]) -> Iterator[None]:
    """Windows get the focus and a frame only where somebody manages them."""
    manager = subprocess.Popen(["openbox"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        end(manager)


@contextmanager
def home(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment with folders in which nobody has ever been, and without a session's services."""
    folder = tempfile.mkdtemp(prefix="quern-home-")
    runtime = os.path.join(folder, "runtime")
    os.mkdir(runtime, 0o700)
    own = {**environment, "HOME": folder, "XDG_RUNTIME_DIR": runtime, "XDG_CONFIG_HOME": os.path.join(folder, "config"),
           "XDG_DATA_HOME": os.path.join(folder, "data"), "XDG_CACHE_HOME": os.path.join(folder, "cache"),
           "DBUS_SESSION_BUS_ADDRESS": "disabled:", "QT_ACCESSIBILITY": "0", "NO_AT_BRIDGE": "1", "LANG": "C.UTF-8"}
    for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "LC_ALL", "LANGUAGE", "XDG_CURRENT_DESKTOP"):
        own.pop(name, None)
    try:
        yield own
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="1400x900")
    parser.add_argument("--no-manager", action="store_true")
    parser.add_argument("--keyring", action="store_true", help="a session bus, with an unlocked GNOME Keyring on it")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        name = stack.enter_context(display(arguments.size))
        environment = stack.enter_context(home({**os.environ, "DISPLAY": name}))
        if not arguments.no_manager:
            stack.enter_context(window_manager(environment))
        command = subprocess.Popen(KEYRING * arguments.keyring + arguments.command, env=environment)
        # ctest ends what takes too long: what was started here goes with it.
        signal.signal(signal.SIGTERM, lambda *_: command.kill())
        return command.wait()


if __name__ == "__main__":
    sys.exit(main())
