#!/usr/bin/env python3
"""Does what the tutorial says, in a fresh folder, and compares what comes out with what it says.

    run_tutorial.py --prefix PREFIX [TUTORIAL]
    run_tutorial.py --build-dir BUILD [TUTORIAL]

PREFIX/bin goes before PATH; what is in a build folder is installed in a prefix of its own first. Every fenced block of the tutorial is one of these:

    ```sh             commands, run in order, each in the folder and with the exported variables that those before have
                      left; a line that ends in a backslash goes on in the next. Each has to exit with 0.
    # → text          after a command, in its block: a line of its output. Several stand in their order, with other
                      lines between them or not; "…" stands for any text.
    <!-- file: PATH -->     before a block: it is written to PATH, which is not there yet.
    <!-- shown: PATH -->    before a block: PATH holds these very lines.
    <!-- changed: PATH -->  before a ```diff block: its "-" lines become its "+" lines; the lines without stand around.

Any other block is an error, so that nothing in the tutorial goes unchecked; so is a process that is left at the end.
The port 5200 is replaced by a free one, in the tutorial and in what the commands write, and /srv by a folder of the run.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import proctree  # noqa: E402
from ports import reserve_port  # noqa: E402

TUTORIAL = Path(__file__).resolve().parents[2] / "resources/docs/tutorial.md"
COMMAND_SECONDS = 300.0 * float(os.environ.get("QUERN_TIME_SCALE", "1"))
END_SECONDS = 10.0
_MARK = re.compile(r"<!-- (file|shown|changed): (\S+) -->$")
_EXPECTED = "# → "


class TutorialError(Exception):
    """The tutorial is wrong, at a line of it."""


@dataclass
class Command:
    line: int
    text: str
    expected: list[str] = field(default_factory=list)


@dataclass
class Block:
    line: int
    mark: str  # "sh", "file", "shown" or "changed"
    path: str
    text: str


def blocks_of(tutorial: str) -> Iterator[Block]:
    lines = tutorial.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if re.match(r"    \S", line) and (number < 2 or not lines[number - 2].strip()):
            raise TutorialError(f"line {number}: write code as a fenced block")
        if not line.startswith("```"):
            continue
        start, body = number, []
        while number < len(lines) and lines[number] != "```":
            body.append(lines[number])
            number += 1
        if number == len(lines):
            raise TutorialError(f"line {start}: the block has no end")
        number += 1
        before = next((lines[i] for i in range(start - 2, -1, -1) if lines[i].strip()), "")
        mark = _MARK.match(before)
        text = "\n".join(body) + "\n"
        if mark and (mark[1] == "changed") == (line == "```diff"):
            yield Block(start, mark[1], mark[2], text)
        elif not mark and line == "```sh":
            yield Block(start, "sh", "", text)
        else:
            raise TutorialError(f"line {start}: the block {line!r} is not marked, or marked wrongly")


def commands_of(block: Block) -> list[Command]:
    commands: list[Command] = []
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        if commands and commands[-1].text.endswith("\\") and not commands[-1].expected:
            commands[-1].text += "\n" + line
        elif line.startswith(_EXPECTED):
            if not commands:
                raise TutorialError(f"line {number}: output without a command")
            commands[-1].expected.append(line.removeprefix(_EXPECTED))
        elif line.startswith("#"):
            raise TutorialError(f"line {number}: neither a command nor {_EXPECTED!r}")
        elif line.strip():
            commands.append(Command(number, line))
    return commands


def missing_line(expected: list[str], output: str) -> str | None:
    """The first of the expected lines that does not come, in their order."""
    lines = iter(output.splitlines())
    for wanted in expected:
        pattern = ".*".join(re.escape(part) for part in wanted.strip().split("…"))
        if not any(re.fullmatch(pattern, line.strip()) for line in lines):
            return wanted
    return None


def changed(text: str, diff: str) -> str:
    """text with the change that the lines of diff show; they stand for one place of it."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    if text.count(before) != 1:
        raise TutorialError(f"what is to be changed stands {text.count(before)} times in the file")
    return text.replace(before, after)


class Run:
    """One reader, who types what the tutorial says into a shell."""

    def __init__(self, prefix: Path, folder: Path, out=sys.stdout) -> None:
        self._folder = folder
        self._out = out
        self._port = str(reserve_port())
        self._work = folder / "work"
        self._work.mkdir()
        self._state = folder / "state.sh"
        self._state.write_text(f"cd {self._work}\n")
        self._environment = {**os.environ, "PATH": f"{prefix / 'bin'}:{os.environ['PATH']}", "HOME": str(folder)}

    def follow(self, tutorial: str) -> None:
        count = 0
        for block in blocks_of(self._localised(tutorial)):
            if block.mark == "sh":
                for command in commands_of(block):
                    self._execute(command)
                    count += 1
                continue
            try:
                self._take(block)
            except (OSError, TutorialError) as error:
                raise TutorialError(f"line {block.line}: {error}") from error
        if count == 0:
            raise TutorialError("there is no command in it")
        print(f"{count} commands did what the tutorial says", file=self._out)

    def _take(self, block: Block) -> None:
        path = self._place() / block.path
        if block.mark == "file":
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x") as file:
                file.write(block.text)
        elif block.mark == "shown":
            if block.text not in path.read_text():
                raise TutorialError(f"{block.path} does not hold these lines")
        else:
            path.write_text(changed(path.read_text(), block.text))

    def _localised(self, text: str) -> str:
        return re.sub(r"\b5200\b", self._port, text).replace("/srv/", f"{self._folder}/srv/")

    def _place(self) -> Path:
        """The folder in which the last command has left the shell."""
        folder = subprocess.run(["bash", "-c", f". {self._state}; pwd"], capture_output=True, text=True, check=True)
        return Path(folder.stdout.strip())

    def _execute(self, command: Command) -> None:
        print(f"$ {command.text}", file=self._out, flush=True)
        script = f". {self._state}\n{command.text}\nstatus=$?\n" \
                 f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {self._state}.new; exit $status\n"
        # A file, not a pipe: a server in the background would hold the pipe open.
        with tempfile.TemporaryFile(dir=self._folder) as output:
            try:
                result = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                        env=self._environment, timeout=COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                raise TutorialError(f"line {command.line}: {command.text}: not within {COMMAND_SECONDS:g} s") from None
            output.seek(0)
            text = output.read().decode(errors="replace")
        print(text, end="", file=self._out, flush=True)
        if result.returncode != 0:
            raise TutorialError(f"line {command.line}: {command.text}: exits with {result.returncode}:\n{text}")
        missing = missing_line(command.expected, text)
        if missing is not None:
            raise TutorialError(f"line {command.line}: {command.text}: no line {missing!r} in:\n{text}")
        os.replace(f"{self._state}.new", self._state)
        self._move_port()

    def _move_port(self) -> None:
        for path in self._work.glob("*/quern.toml"):
            text = path.read_text()
            if ":5200" in text:
                path.write_text(text.replace(":5200", f":{self._port}"))


def wait_for_children(seconds: float) -> list[int]:
    """The children that are still there after that time at most."""
    deadline = time.monotonic() + seconds
    while (left := proctree.children_of(os.getpid())) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def end_leftovers() -> list[str]:
    """Ends the processes that the tutorial has left, and tells which; each is a child of this process by now."""
    # What has been stopped may need a moment to be gone.
    left = wait_for_children(END_SECONDS / 5)
    titles = [f"{pid} {proctree.title(pid)}" for pid in left]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left:
            os.kill(pid, number)
        left = wait_for_children(END_SECONDS)
    while _reap():
        pass
    return titles


def _reap() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def run(tutorial: str, prefix: Path, out=sys.stdout) -> None:
    """TutorialError if anything is not as the tutorial says."""
    proctree.adopt_orphans()
    folder = Path(tempfile.mkdtemp(prefix="quern-tutorial-"))
    try:
        Run(prefix, folder, out).follow(tutorial)
    finally:
        left = end_leftovers()
        shutil.rmtree(folder, ignore_errors=True)
    if left:
        raise TutorialError(f"processes are left at its end: {', '.join(left)}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the tutorial and compares.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--prefix", type=Path, help="where Quern is installed")
    where.add_argument("--build-dir", type=Path, help="where Quern has been built")
    parser.add_argument("tutorial", type=Path, nargs="?", default=TUTORIAL)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quern-prefix-") as installed:
        prefix = arguments.prefix.resolve() if arguments.prefix else Path(installed)
        if arguments.build_dir:
            subprocess.run(["cmake", "--install", arguments.build_dir, "--prefix", prefix], check=True,
                           stdout=subprocess.DEVNULL)
        try:
            run(arguments.tutorial.read_text(), prefix)
        except TutorialError as error:
            print(f"{arguments.tutorial}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
