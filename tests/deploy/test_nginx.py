"""resources/deploy/nginx and its part of Quern's settings."""

from __future__ import annotations

import unittest

from proxies import Nginx
from proxycase import ProxyTestCase, ProxyTests, SocketPermissionTests


@unittest.skipUnless(Nginx.PROGRAM, "nginx is not installed (Debian: nginx-light)")
class BehindNginx(ProxyTests, SocketPermissionTests, ProxyTestCase):
    PROXY = Nginx


@unittest.skipUnless(Nginx.PROGRAM, "nginx is not installed (Debian: nginx-light)")
class BehindNginxByTcp(ProxyTests, ProxyTestCase):
    PROXY = Nginx
    BY = "tcp"


if __name__ == "__main__":
    unittest.main()
