"""Servers in the background, and what follows them in a restart."""

from __future__ import annotations

import proctree
from quernserver import TIME_SCALE, wait_until
from rawhttp import RawConnection
from workserver import WorkServer, WorkTestCase


class DaemonTestCase(WorkTestCase):
    def daemon(self, **settings) -> WorkServer:
        server = WorkServer(**settings)
        self._servers.append(server)
        server.start_daemon()
        return server

    def restart(self, work: WorkServer) -> int:
        """Returns the pid of the one before, which may still be about to leave."""
        self.assert_exit(work.command("call", "server.restart", timeout=60), 0, "server.restart is done")
        return work.adopt_successor()

    def is_busy(self, work: WorkServer) -> bool:
        """A worker is at a request."""
        return any(each["inFlight"] for each in work.status()["workers"])

    def wait_left(self, pid: int, seconds: float = 10.0) -> None:
        wait_until(lambda: not proctree.alive(pid), f"the end of {pid}", seconds)

    def connection(self, work: WorkServer) -> RawConnection:
        connection = RawConnection(work.address, timeout=20 * TIME_SCALE)
        self.addCleanup(connection.close)
        return connection
