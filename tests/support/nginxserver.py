"""An nginx of a test's own, with the routes of the welcome plugin that the conformance cases ask for."""

from __future__ import annotations

from foreignserver import ForeignServer, find_program
from ports import reserve_port
from rawhttp import RawConnection

NGINX_BIN = find_program("nginx")

# The front reads and checks a whole request before it asks the back, as Quern's master does with its workers.
_CONFIG = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    client_max_body_size {body};
    large_client_header_buffers 4 8k;
    lingering_close always;
    keepalive_requests 10000;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://unix:{directory}/back.sock;
            proxy_http_version 1.1;
            proxy_ignore_client_abort on;
        }}
    }}
    server {{
        listen unix:{directory}/back.sock;
        location = /hello/end {{ return 200 "end"; }}
        location = / {{ return 200 "page"; }}
        location = /json {{ return 200 "{{}}"; }}
        location = /throw {{ return 500; }}
        location = /echo {{ if ($request_method != POST) {{ return 405; }} return 200 "echo"; }}
        location ~ ^/(hello|bytes)/[^/]+$ {{
            if ($request_method !~ ^(GET|HEAD)$) {{ return 405; }}
            return 200 "answer";
        }}
        location ~ ^/(slow|later)$ {{ return 200 "answer"; }}
        location / {{ return 404; }}
    }}
}}
"""


class NginxServer(ForeignServer):
    def __init__(self, *, body: int) -> None:
        """body: bytes of the longest request body."""
        super().__init__("nginx")
        self.port = reserve_port()
        config = self.directory / "nginx.conf"
        config.write_text(_CONFIG.format(directory=self.directory, port=self.port, body=body))
        self.launch([NGINX_BIN, "-p", self.directory, "-c", config, "-e", self.directory / "error.log"], self._answers)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def _answers(self) -> bool:
        try:
            with RawConnection(self.address) as client:
                return client.request("GET", "/hello/ready").status == 200
        except OSError:
            return False
