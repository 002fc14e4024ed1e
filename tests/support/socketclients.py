"""Clients of stream and datagram sockets, by the address as quern.toml writes it. Every wait has a deadline."""

from __future__ import annotations

import os
import socket
import ssl
import tempfile

from quernserver import TIME_SCALE

_TIMEOUT = 10.0 * TIME_SCALE


def _open(address: str, kind: socket.SocketKind) -> tuple[socket.socket, tuple | str]:
    if address.startswith("unix:"):
        return socket.socket(socket.AF_UNIX, kind), address.removeprefix("unix:")
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    return socket.socket(family, kind), (host.strip("[]"), int(port))


class StreamClient:
    """"127.0.0.1:5201", "[::1]:5201", "unix:/run/app.sock"; with tls, a context, it speaks TLS."""

    def __init__(self, address: str, tls: ssl.SSLContext | None = None, host: str | None = None,
                 receive_buffer: int = 0) -> None:
        self.socket, target = _open(address, socket.SOCK_STREAM)
        self.socket.settimeout(_TIMEOUT)
        try:
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.connect(target)
            if tls:
                self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self) -> StreamClient:
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def end(self) -> None:
        """Nothing more is sent; what comes is still read."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self, size: int) -> bytes:
        """Exactly so many bytes; fewer only if the server has closed."""
        data = bytearray()
        while len(data) < size:
            piece = self.socket.recv(min(size - len(data), 1 << 16))
            if not piece:
                break
            data += piece
        return bytes(data)

    def receive_all(self) -> bytes:
        """What comes until the server closes, by a reset or in good order."""
        data = bytearray()
        try:
            while piece := self.socket.recv(1 << 16):
                data += piece
        except ConnectionResetError:
            pass
        return bytes(data)

    def ask(self, data: bytes, size: int) -> bytes:
        self.send(data)
        return self.receive(size)


class DatagramClient:
    """Of UDP or a Unix datagram socket, which has a path of its own unless it is nameless."""

    def __init__(self, address: str, nameless: bool = False) -> None:
        self.socket, self.target = _open(address, socket.SOCK_DGRAM)
        self.socket.settimeout(_TIMEOUT)
        self.path: str | None = None
        if self.socket.family == socket.AF_UNIX and not nameless:
            self.path = tempfile.mktemp(prefix="quern-peer-", suffix=".sock")
            self.socket.bind(self.path)
        elif self.socket.family != socket.AF_UNIX:
            self.socket.bind(("127.0.0.1" if self.socket.family == socket.AF_INET else "::1", 0))

    def __enter__(self) -> DatagramClient:
        return self

    def __exit__(self, *_) -> None:
        self.vanish()

    def vanish(self) -> None:
        self.socket.close()
        if self.path and os.path.exists(self.path):
            os.unlink(self.path)

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self.target)

    def receive(self) -> bytes:
        return self.socket.recv(1 << 16)

    def ask(self, data: bytes) -> bytes:
        self.send(data)
        return self.receive()
