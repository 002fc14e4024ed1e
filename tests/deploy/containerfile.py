"""A Containerfile, carried out without a container engine: its last stage, in a Debian of debootstrap's, by chroot.

Only what the recipe uses is known; anything else is an error, so that nothing is left out unseen.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import proctree
from foreignserver import find_program
from quernserver import TIME_SCALE

# Of Debian's releases, as images name them.
_SUITES = {"12": "bookworm"}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FETCH_SECONDS = 900 * TIME_SCALE


@dataclass(frozen=True)
class Step:
    """One instruction, its lines put together."""

    word: str
    rest: str


@dataclass
class Stage:
    image: str
    name: str
    steps: list[Step] = field(default_factory=list)


def parse(text: str) -> list[Stage]:
    stages: list[Stage] = []
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", lines).splitlines():
        if not line.strip():
            continue
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            image, _, name = rest.strip().partition(" AS ")
            stages.append(Stage(image.strip(), name.strip()))
        else:
            stages[-1].steps.append(Step(word, rest.strip()))
    return stages


@dataclass
class Image:
    """What the last stage says about running it. user: uid and gid."""

    environment: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    folder: str = "/"
    user: tuple[int, int] = (0, 0)
    volumes: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    stop_signal: str = "SIGTERM"
    health: list[str] = field(default_factory=list)
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


@functools.cache
def obstacle() -> str:
    """Why no root of a container can be made or entered here; empty if it can."""
    if os.geteuid() != 0:
        return "needs root"
    if not find_program("debootstrap"):
        return "debootstrap is not installed"
    return namespace_obstacle()


@functools.cache
def namespace_obstacle() -> str:
    """Why no mounts and processes of our own may be had; empty if they may."""
    tried = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "true"], capture_output=True,
                           text=True, timeout=60)
    return f"no namespaces may be made here: {tried.stderr.strip()}" if tried.returncode else ""


def sources(suite: str) -> list[tuple[str, str]]:
    """Where this machine's apt has the suite and its updates from: (address, suite)."""
    result = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                             "Created-By: Packages"], capture_output=True, text=True, timeout=60)
    rows = [line.split() for line in result.stdout.splitlines()]
    found = [(row[0], row[1]) for row in rows
             if len(row) == 3 and row[2] == "main" and row[1] in (suite, f"{suite}-updates", f"{suite}-security")]
    return list(dict.fromkeys(found))


def _apt_environment() -> dict[str, str]:
    """The proxy that this machine's apt uses, if any."""
    shell = subprocess.run(["apt-config", "shell", "HTTP", "Acquire::http::Proxy", "HTTPS", "Acquire::https::Proxy"],
                           capture_output=True, text=True, timeout=60).stdout
    found = dict(re.findall(r"^(HTTPS?)='(.*)'$", shell, re.MULTILINE))
    known = {f"{name.lower()}_proxy": value for name, value in found.items() if value not in ("", "DIRECT")}
    return {name: os.environ[name] for name in ("http_proxy", "https_proxy", "no_proxy") if name in os.environ} | known


def inside(root: Path, command: Sequence[str], image: Image, *, prepare: str = "true",
           variables: dict[str, str] | None = None) -> list[str]:
    """The command line that runs command in root as an engine would: as process 1 of its own namespace, as the image's
    user, with nothing of our environment. prepare: shell commands before that, in its mount namespace; $root is root."""
    environment = {**image.environment, **(variables or {})}
    user, group = (str(number) for number in image.user)
    entered = ["chroot", str(root), "setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups",
               "--inh-caps=-all", "--no-new-privs", "--pdeathsig=KILL",
               "env", "--ignore-environment", f"--chdir={image.folder}",
               *(f"{name}={value}" for name, value in environment.items()), *command]
    if image.user == (0, 0):
        entered[entered.index("--inh-caps=-all"):entered.index("--pdeathsig=KILL")] = []
    script = f"set -e; root={shlex.quote(str(root))}; mount -t proc proc \"$root/proc\"; {prepare}; exec {shlex.join(entered)}"
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]


class Builder:
    """Makes the root of the last stage below folder. What comes before its first COPY stays there for later runs."""

    def __init__(self, text: str, folder: Path) -> None:
        self.stages = parse(text)
        self.folder = folder
        self.last = self.stages[-1]
        self.image = Image()
        name, _, tag = self.last.image.partition(":")
        assert name == "debian", self.last.image
        self.suite = _SUITES[tag.partition("-")[0]]

    def stage(self, name: str) -> Stage:
        return next(stage for stage in self.stages if stage.name == name)

    def build(self, root: Path, context: Path, other_stages: dict[str, Path]) -> Image:
        """Makes root. context: the folder that is built from. other_stages: the roots of those that are copied from."""
        steps = self.last.steps
        first = next(i for i, step in enumerate(steps) if step.word == "COPY")
        with self._base(steps[:first]) as base:
            subprocess.run(["cp", "--archive", "--reflink=auto", str(base), str(root)], check=True, timeout=_FETCH_SECONDS)
        for step in steps[:first]:
            self._note(step)
        for step in steps[first:]:
            if step.word == "RUN":
                _run(root, step.rest, self.image)
            elif step.word == "COPY":
                _copy(root, step.rest, context, other_stages)
            else:
                self._note(step)
        return self.image

    @contextmanager
    def _base(self, steps: list[Step]) -> Iterator[Path]:
        """The root after these steps."""
        found = sources(self.suite)
        assert found, f"apt has no source for {self.suite}"
        key = repr((self.suite, os.uname().machine, found, steps)).encode()
        base = self.folder / f"base-{hashlib.sha256(key).hexdigest()[:16]}"
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not base.exists():
                for old in self.folder.glob("base-*"):
                    shutil.rmtree(old)
                unfinished = self.folder / "base-unfinished"
                _bootstrap(unfinished, self.suite, found)
                for step in steps:
                    if step.word == "RUN":
                        _run(unfinished, step.rest, Image())
                unfinished.rename(base)
            yield base

    def _note(self, step: Step) -> None:
        image, rest = self.image, step.rest
        match step.word:
            case "RUN":
                pass
            case "ENV":
                for word in shlex.split(rest):
                    name, _, value = word.partition("=")
                    image.environment[name] = value
            case "WORKDIR":
                image.folder = rest
            case "USER":
                user, _, group = rest.partition(":")
                image.user = (int(user), int(group))
            case "VOLUME":
                image.volumes.append(rest)
            case "EXPOSE":
                image.ports.append(int(rest))
            case "STOPSIGNAL":
                image.stop_signal = rest
            case "HEALTHCHECK":
                image.health = json.loads(rest[rest.index("CMD ") + 4:])
            case "ENTRYPOINT":
                image.entry = json.loads(rest)
            case "CMD":
                image.command = json.loads(rest)
            case _:
                raise AssertionError(f"not known here: {step}")


class Unavailable(Exception):
    """There is no Debian to be had on this machine."""


def _bootstrap(root: Path, suite: str, found: list[tuple[str, str]]) -> None:
    address = next(address for address, name in found if name == suite)
    result = subprocess.run([find_program("debootstrap"), "--variant=minbase", suite, str(root), address],
                            capture_output=True, text=True, timeout=_FETCH_SECONDS, env={**os.environ, **_apt_environment()},
                            stdin=subprocess.DEVNULL, preexec_fn=proctree.die_with_parent)
    if result.returncode != 0:
        raise Unavailable(f"debootstrap {suite} from {address}: {(result.stdout + result.stderr).strip()[-500:]}")
    lines = [f"deb {place} {name} main\n" for place, name in found]
    (root / "etc/apt/sources.list").write_text("".join(lines))
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")


def _run(root: Path, text: str, image: Image) -> None:
    result = subprocess.run(inside(root, ["/bin/sh", "-c", text], image, variables=_apt_environment()),
                            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_FETCH_SECONDS,
                            preexec_fn=proctree.die_with_parent)
    assert result.returncode == 0, f"RUN {text}: {result.stdout[-1000:]}{result.stderr[-2000:]}"


def _copy(root: Path, text: str, context: Path, other_stages: dict[str, Path]) -> None:
    words = text.split()
    origin = context
    if words[0].startswith("--from="):
        origin = other_stages[words.pop(0).removeprefix("--from=")]
    source, target = (word.lstrip("/") for word in words)
    target_path = root / target
    target_path.parent.mkdir(parents=True, exist_ok=True)
    if (origin / source).is_dir():
        shutil.copytree(origin / source, target_path, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(origin / source, target_path)
