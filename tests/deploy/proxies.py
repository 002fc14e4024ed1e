"""nginx and Apache, run with the files of resources/deploy, in front of a Quern that has its part of them."""

from __future__ import annotations

import os
import pwd
import signal
import ssl
from abc import abstractmethod
from pathlib import Path

from certificates import Identity
from foreignserver import ForeignServer, find_program
from ports import reserve_port
from rawhttp import RawConnection
from recipes import recipe, uncommented

_MODULES = Path("/usr/lib/apache2/modules")

# What stands around conf.d/*.conf in Debian's nginx.conf, as far as it changes anything here.
_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log {folder}/access.log;
    gzip on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""

# The modules that Debian enables by itself, and what its apache2.conf and mods-enabled/reqtimeout.conf say.
_APACHE_MODULES = ("mpm_event access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user "
                   "autoindex deflate dir env filter mime negotiation reqtimeout setenvif status")
_APACHE = """
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache2.pid
ServerName localhost
Timeout 300
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
TypesConfig /dev/null
LogFormat "%h %l %u %t \\"%r\\" %>s %O" combined
ErrorLog {folder}/error.log
RequestReadTimeout header=20-40,minrate=500
RequestReadTimeout body=10,minrate=500
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
Listen 127.0.0.1:{port}
IncludeOptional {folder}/sites-enabled/*.conf
"""


def account() -> str:
    """As root a proxy is run as the user that Debian has for it, who may read what is his alone; else as ourselves: ""."""
    if os.geteuid() != 0:
        return ""
    try:
        return pwd.getpwnam("www-data").pw_name
    except KeyError:
        return ""


class Proxy(ForeignServer):
    """backend: the path of Quern's Unix socket, or its port. tls: what it shows its clients, who speak HTTPS then.
    patience: seconds that it waits for Quern, where the recipe has 75."""

    def __init__(self, name: str, backend: Path | int, *, tls: Identity | None = None, patience: int = 75) -> None:
        super().__init__(name)
        self.backend = backend
        self.tls = tls
        self.patience = patience
        self.port = reserve_port()
        # Files that it serves itself.
        self.root = self.directory / "public"
        (self.root / "assets").mkdir(parents=True)
        self.directory.chmod(0o755)

    @abstractmethod
    def start(self) -> None: ...

    def connect(self, *, source: str = "") -> RawConnection:
        connection = RawConnection(("127.0.0.1", self.port), source=source)
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connection.socket = context.wrap_socket(connection.socket)
        return connection

    def log(self) -> str:
        return self.text() + "".join(file.read_text(errors="replace") for file in self.directory.glob("*error.log"))

    def _answers(self) -> bool:
        try:
            with self.connect() as client:
                return client.request("GET", "/hello/ready").status != 0
        except OSError:
            return False


class Nginx(Proxy):
    PROGRAM = find_program("nginx")

    def start(self) -> None:
        replaced = {"listen 80;": f"listen 127.0.0.1:{self.port};", "/srv/quern/public": str(self.root)}
        if isinstance(self.backend, int):
            replaced |= {**uncommented("server 127.0.0.1:5200;"), "server unix:/run/quern-http/http.sock;": "",
                         "127.0.0.1:5200": f"127.0.0.1:{self.backend}"}
        else:
            replaced |= {"/run/quern-http/http.sock": str(self.backend)}
        replaced |= {" 75s;": f" {self.patience}s;"}
        if self.tls:
            replaced |= {"    listen 127.0.0.1": "    #listen 127.0.0.1",
                         **uncommented("listen 443 ssl;", "ssl_certificate ", "ssl_certificate_key "),
                         "listen 443": f"listen 127.0.0.1:{self.port}",
                         "/etc/ssl/quern.pem": str(self.tls.certificate), "/etc/ssl/quern.key": str(self.tls.key)}
        folder = self.directory / "conf.d"
        folder.mkdir()
        (folder / "quern.conf").write_text(recipe("nginx/quern.conf", replaced))
        config = self.directory / "nginx.conf"
        config.write_text(_NGINX.format(folder=self.directory))
        self.launch([self.PROGRAM, "-p", self.directory, "-c", config, "-e", self.directory / "error.log"],
                    self._answers, account=account())


class Apache(Proxy):
    PROGRAM = find_program("apache2")
    END = signal.SIGKILL

    def start(self) -> None:
        replaced = {"*:80": f"*:{self.port}", "/srv/quern/public": str(self.root)}
        active, other = "ProxyPass / unix:", "ProxyPass / http://127.0.0.1:5200/"
        if isinstance(self.backend, int):
            replaced |= {**uncommented(other), active: f"#{active}", "127.0.0.1:5200": f"127.0.0.1:{self.backend}"}
        else:
            replaced |= {"/run/quern-http/http.sock": str(self.backend)}
        replaced |= {" timeout=75 ": f" timeout={self.patience} "}
        modules = f"{_APACHE_MODULES} {self._modules_of_recipe()}"
        if self.tls:
            modules += " socache_shmcb ssl"
            replaced |= {**uncommented("SSLEngine on", "SSLCertificateFile ", "SSLCertificateKeyFile "),
                         "/etc/ssl/quern.pem": str(self.tls.certificate), "/etc/ssl/quern.key": str(self.tls.key)}
        folder = self.directory / "sites-enabled"
        folder.mkdir()
        (folder / "quern.conf").write_text(recipe("apache/quern.conf", replaced))
        config = self.directory / "apache2.conf"
        loaded = "".join(f"LoadModule {name}_module {_MODULES}/mod_{name}.so\n" for name in modules.split())
        config.write_text(loaded + _APACHE.format(folder=self.directory, port=self.port))
        self.launch([self.PROGRAM, "-DFOREGROUND", "-f", config], self._answers, account=account(),
                    environment={**os.environ, "APACHE_LOG_DIR": str(self.directory)})

    @staticmethod
    def _modules_of_recipe() -> str:
        """Those that it says are to be enabled, and no other."""
        line = next(line for line in recipe("apache/quern.conf", {}).splitlines() if "a2enmod" in line)
        return line.partition("a2enmod")[2].partition("&&")[0]
