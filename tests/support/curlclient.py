"""curl, run by a test against a server of its own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from quernserver import QuernTestCase


@dataclass(frozen=True)
class Got:
    """What curl got from one URL."""

    status: int
    fields: list[tuple[str, str]]  # names in lower case
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


class ClientTestCase(QuernTestCase):
    SETTINGS: dict = {}

    def setUp(self) -> None:
        self.quern = self.serve(**self.SETTINGS)
        self.url = f"http://127.0.0.1:{self.quern.port}"
        self.folder = self.quern.directory

    def run_curl(self, *words: str, data: bytes = b"") -> subprocess.CompletedProcess:
        result = subprocess.run(["curl", "--silent", "--show-error", "--max-time", "20", *words], input=data,
                                capture_output=True, cwd=self.folder, timeout=30)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def curl(self, target: str, *words: str, data: bytes = b"") -> Got:
        """The last answer to target; what comes before it, such as 100, is left out."""
        head, body = self.folder / "curl.head", self.folder / "curl.body"
        body.write_bytes(b"")
        self.run_curl("--dump-header", str(head), "--output", str(body), *words, self.url + target, data=data)
        heads = [part for part in head.read_bytes().decode("latin-1").split("\r\n\r\n") if part.startswith("HTTP/")]
        status, *fields = heads[-1].split("\r\n")
        pairs = [field.split(":", 1) for field in fields]
        return Got(int(status.split()[1]), [(name.lower(), value.strip()) for name, value in pairs], body.read_bytes())

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path
