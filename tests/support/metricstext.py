"""The text that Prometheus scrapes, read for itself, and the tools of Prometheus that look at it."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
from dataclasses import dataclass

from quernserver import TIME_SCALE

PROMTOOL = shutil.which("promtool")
PROMETHEUS = shutil.which("prometheus")
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict[str, str]
    value: float


class Metrics:
    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = []
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, labels, value = _SAMPLE.match(line).groups()
                self.samples.append(Sample(name, dict(_LABEL.findall(labels or "")), float(value)))

    def all(self, name: str, **labels: str) -> list[Sample]:
        return [sample for sample in self.samples
                if sample.name == name and labels.items() <= sample.labels.items()]

    def value(self, name: str, **labels: str) -> float:
        """The sum of all that have these labels; 0 if there are none."""
        return sum(sample.value for sample in self.all(name, **labels))

    def families(self) -> set[str]:
        return set(re.findall(r"^# TYPE (\S+)", self.text, re.MULTILINE))


def scrape(port: int, path: str = "/actuator/prometheus", **headers: str) -> Metrics:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * TIME_SCALE)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
        assert response.status == 200, f"{response.status}: {text}"
        assert response.getheader("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
        return Metrics(text)
    finally:
        connection.close()


def promtool_complaints(text: str) -> str:
    """What `promtool check metrics` has against the text; empty if nothing."""
    result = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    complaints = result.stdout + result.stderr
    return complaints or ("" if result.returncode == 0 else f"exit status {result.returncode}")
