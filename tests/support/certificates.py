"""Certificates of an authority of the test's own, made by openssl. Files lie in one folder, which the test removes."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    certificate: Path  # with its issuer behind it
    key: Path

    @property
    def settings(self) -> dict[str, str]:
        return {"ssl_cert_file": str(self.certificate), "ssl_key_file": str(self.key)}

    def serial(self) -> int:
        result = _openssl("x509", "-in", str(self.certificate), "-noout", "-serial")
        return int(result.strip().removeprefix("serial="), 16)

    def fingerprint(self) -> str:
        """SHA-256, as 64 digits."""
        result = _openssl("x509", "-in", str(self.certificate), "-noout", "-fingerprint", "-sha256")
        return result.strip().partition("=")[2].replace(":", "").lower()


def _openssl(*words: str) -> str:
    result = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, f"openssl {' '.join(words)}: {result.stderr}"
    return result.stdout


EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")  # what openssl req makes a key of


class Authority:
    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self.name = name
        self.certificate = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"
        _openssl("req", "-x509", "-newkey", *EC, "-nodes", "-days", "90", "-subj", f"/CN={name}",
                 "-keyout", str(self.key), "-out", str(self.certificate))

    def issue(self, file: str, *hosts: str, days: int = 90, subject: str = "",
              algorithm: tuple[str, ...] = EC) -> Identity:
        """A certificate for hosts, or one of a client that has none; file begins the names of its files."""
        identity = Identity(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        request = self.folder / f"{file}.csr"
        _openssl("req", "-newkey", *algorithm, "-nodes", "-subj", f"/CN={subject or file}", "-keyout", str(identity.key),
                 "-out", str(request))
        extensions = self.folder / f"{file}.ext"
        extensions.write_text(f"subjectAltName={','.join(f'DNS:{host}' for host in hosts)}\n" if hosts else "")
        _openssl("x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.key),
                 "-CAcreateserial", "-days", str(days), "-extfile", str(extensions), "-out", str(identity.certificate))
        identity.certificate.write_text(identity.certificate.read_text() + self.certificate.read_text())
        return identity

    def context(self, client: Identity | None = None, **options) -> ssl.SSLContext:
        """Of a client that believes this authority; options are attributes of the context."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if client:
            context.load_cert_chain(client.certificate, client.key)
        for name, value in options.items():
            setattr(context, name, value)
        return context
