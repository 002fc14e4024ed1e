"""resources/deploy/apache and its part of Quern's settings."""

from __future__ import annotations

import unittest

from proxies import Apache
from proxycase import ProxyTestCase, ProxyTests, SocketPermissionTests


@unittest.skipUnless(Apache.PROGRAM, "Apache is not installed (Debian: apache2-bin)")
class BehindApache(ProxyTests, SocketPermissionTests, ProxyTestCase):
    PROXY = Apache


@unittest.skipUnless(Apache.PROGRAM, "Apache is not installed (Debian: apache2-bin)")
class BehindApacheByTcp(ProxyTests, ProxyTestCase):
    PROXY = Apache
    BY = "tcp"


if __name__ == "__main__":
    unittest.main()
