"""Opens connections that make one request each and then rest: idleclients.py PORT COUNT [tls].

Prints "ready" when all rest, answers each line of input with "all open" or what is wrong, and ends with its input.
"""

from __future__ import annotations

import resource
import socket
import ssl
import sys

# One source address has some 28,000 ports for one destination, and connections of a former run still hold theirs.
_PER_SOURCE = 2500
_REQUEST = b"GET /hello/bar HTTP/1.1\r\nHost: bench\r\n\r\n"


def tls_context() -> ssl.SSLContext:
    """Takes any certificate: what the connections cost is measured, not whom they reach."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(port: int, source: str, tls: ssl.SSLContext | None) -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: the port is chosen at connect()
    client.settimeout(20)
    client.bind((source, 0))
    client.connect(("127.0.0.1", port))
    if tls:
        client = tls.wrap_socket(client)
    client.sendall(_REQUEST)
    answer = b""
    while not answer.endswith(b"}"):
        data = client.recv(4096)
        if not data:
            raise ConnectionError(f"closed after {answer!r}")
        answer += data
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError(f"refused: {answer!r}")
    client.setblocking(False)
    return client


def is_open(client: socket.socket) -> bool:
    try:
        # Past the layer of TLS, which knows no MSG_PEEK; what it may still hold are tickets.
        return socket.socket.recv(client, 1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tls = tls_context() if sys.argv[3:] == ["tls"] else None
    clients = []
    try:
        for number in range(count):
            clients.append(connect(port, f"127.0.0.{2 + number // _PER_SOURCE}", tls))
    except OSError as error:
        print(f"connection {len(clients) + 1}: {error}", flush=True)
        return
    print("ready", flush=True)
    for _ in sys.stdin:
        closed = sum(not is_open(client) for client in clients)
        print(f"{closed} of {count} were closed" if closed else "all open", flush=True)


if __name__ == "__main__":
    main()
