"""A small Internet in two network namespaces, of servers that none of us wrote.

One namespace is the world: BIND as root, com and google.com (a view apiece, chosen by the address
that was asked), Unbound as the resolver, nginx on TLS. The other is a person's machine, with a
link, a route and a resolver. The addresses are those of the real Internet, so that netlab's own
root hints lead here; no packet can leave, since the only link joins the two namespaces.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from netlab.lab.authority import Authority
from tests.witness import SBIN, find

WORLD, PERSON = f"nl-world-{os.getpid()}", f"nl-person-{os.getpid()}"
ROOT, COM, GOOGLE = "198.41.0.4", "192.5.6.30", "216.239.32.10"
RESOLVER, WEB, WEB6 = "10.53.0.53", "142.250.76.36", "2404:6800:400a:80b::2004"
# A global address: from a local one (RFC 4193), IPv4 would be preferred (RFC 6724 §2.1).
GATE6, PERSON6 = "2404:6800:4000::1", "2404:6800:4000::20"
PORTS_UP = 10.0

NAMED = """
options {{ directory "{dir}"; pid-file none; session-keyfile none; recursion no;
  listen-on {{ {root}; {com}; {google}; }}; listen-on-v6 {{ none; }}; dnssec-validation no;
  allow-query {{ any; }}; minimal-responses no; }};
controls {{ }};
view root {{ match-destinations {{ {root}; }}; zone "." {{ type primary; file "root.zone"; }}; }};
view com {{ match-destinations {{ {com}; }}; zone "com" {{ type primary; file "com.zone"; }}; }};
view google {{ match-destinations {{ {google}; }};
  zone "google.com" {{ type primary; file "google.zone"; }}; }};
"""

ZONES = {
    "root.zone": """$TTL 518400
. IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400
. IN NS a.root-servers.net.
a.root-servers.net. IN A {root}
com. 172800 IN NS a.gtld-servers.net.
net. 172800 IN NS a.gtld-servers.net.
a.gtld-servers.net. 172800 IN A {com}
""",
    "com.zone": """$TTL 172800
com. IN SOA a.gtld-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400
com. IN NS a.gtld-servers.net.
google.com. IN NS ns1.google.com.
ns1.google.com. IN A {google}
""",
    "google.zone": """$TTL 300
google.com. IN SOA ns1.google.com. dns-admin.google.com. 1 900 900 1800 60
google.com. 345600 IN NS ns1.google.com.
ns1.google.com. 345600 IN A {google}
www.google.com. 300 IN A {web}
www.google.com. 300 IN AAAA {web6}
shop.google.com. 600 IN CNAME www.google.com.
v6dead.google.com. 300 IN A {web}
v6dead.google.com. 300 IN AAAA 2404:6800:400a:80b::dead
closed.google.com. 300 IN A 142.250.76.99
""",
}

UNBOUND = """
server:
  interface: {resolver}
  access-control: 0.0.0.0/0 allow
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{dir}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  module-config: "iterator"
  root-hints: "{dir}/hints"
  do-ip6: no
  num-threads: 1
  target-fetch-policy: "0 0 0 0 0"
remote-control:
  control-enable: no
"""

NGINX = """
daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {dir}/b; proxy_temp_path {dir}/p;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen {web}:80; listen [{web6}]:80; return 301 https://$host$request_uri; }}
  server {{
    listen {web}:443 ssl http2; listen [{web6}]:443 ssl http2;
    ssl_certificate {dir}/chain.pem; ssl_certificate_key {dir}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3; gzip on; gzip_types text/html;
    add_header Strict-Transport-Security "max-age=31536000" always;
    location / {{ root {dir}/www; etag on; }}
  }}
}}
"""

HEAD = "<!doctype html><title>Small net</title><link rel=stylesheet href=/a.css><p>"
PAGE = HEAD + "words " * 800


@dataclass(frozen=True, slots=True)
class SmallNet:
    """ca: PEM file of the only trust anchor there is in it."""

    ca: Path

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command, as run on the person's machine."""
        return [_program("ip"), "netns", "exec", PERSON, *command]

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "PATH": SBIN, "SSL_CERT_FILE": str(self.ca), "NO_COLOR": "1"}

    def run(self, command: Sequence[str], timeout: float = 30) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.inside(command), capture_output=True, text=True, errors="replace",
            timeout=timeout, check=False,
            env=self.environment(), stdin=subprocess.DEVNULL,
        )  # fmt: skip


def _program(name: str) -> str:
    path = find(name)
    assert path is not None, name
    return path


def _ip(*words: str, namespace: str | None = None) -> None:
    inside = ["-n", namespace] if namespace else []
    subprocess.run([_program("ip"), *inside, *words], check=True, capture_output=True)


def _link() -> None:
    """Two namespaces and the wire between them."""
    _ip("link", "add", "w0", "netns", WORLD, "type", "veth", "peer", "name", "p0", "netns", PERSON)
    for address in (ROOT, COM, GOOGLE, RESOLVER, WEB, "142.250.76.99", "192.168.7.1"):
        bits = "24" if address.startswith("192.168") else "32"
        _ip("addr", "add", f"{address}/{bits}", "dev", "w0", namespace=WORLD)
    _ip("addr", "add", "192.168.7.20/24", "dev", "p0", namespace=PERSON)
    for address, device, space in (
        (f"{GATE6}/64", "w0", WORLD), (f"{WEB6}/128", "w0", WORLD), (f"{PERSON6}/64", "p0", PERSON),
    ):  # fmt: skip
        _ip("addr", "add", address, "dev", device, "nodad", namespace=space)
    for device, space in (("w0", WORLD), ("p0", PERSON), ("lo", WORLD), ("lo", PERSON)):
        _ip("link", "set", device, "up", namespace=space)
    _ip("route", "add", "default", "via", "192.168.7.1", namespace=PERSON)
    _ip("-6", "route", "add", "default", "via", GATE6, namespace=PERSON)
    # What the world does not have is dropped in silence, as far away it often is.
    _ip("-6", "route", "add", "blackhole", "2404:6800:400a:80b::dead", namespace=WORLD)


def _files(folder: Path) -> None:
    """Everything that the servers read."""
    names = {
        "dir": folder, "root": ROOT, "com": COM, "google": GOOGLE, "resolver": RESOLVER,
        "web": WEB, "web6": WEB6,
    }  # fmt: skip
    for name, text in {
        **ZONES, "named.conf": NAMED, "unbound.conf": UNBOUND, "nginx.conf": NGINX,
        "hints": ". 518400 NS a.root-servers.net.\na.root-servers.net. 518400 A {root}\n",
    }.items():  # fmt: skip
        (folder / name).write_text(text.format(**names))
    (folder / "www").mkdir()
    (folder / "www" / "index.html").write_text(PAGE)
    authority = Authority(folder)
    issued = authority.issue(("www.google.com", "*.google.com"))
    (folder / "chain.pem").write_bytes(b"".join(one.pem for one in (issued.leaf, *issued.chain)))
    (folder / "key.pem").write_bytes(issued.leaf.key_pem)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def _wait_for_port(address: str, port: int) -> None:
    """Wait until a server of the world listens; asked from the person's side."""
    probe = f"import socket; socket.create_connection(({address!r}, {port}), 1)"
    end = time.monotonic() + PORTS_UP
    command = [_program("ip"), "netns", "exec", PERSON, "python3", "-c", probe]
    while subprocess.run(command, capture_output=True, check=False).returncode:
        assert time.monotonic() < end, f"nothing listens on {address}:{port}"


@contextmanager
def _serving(command: Sequence[str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        server = subprocess.Popen(
            [_program("ip"), "netns", "exec", WORLD, *command],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        yield
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(5)


@contextmanager
def small_net() -> Iterator[SmallNet]:
    """Build it, and leave nothing behind."""
    etc = Path("/etc/netns") / PERSON
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="smallnet"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        for space in (WORLD, PERSON):
            _ip("netns", "add", space)
            stack.callback(_ip, "netns", "del", space)
        etc.mkdir(parents=True)
        stack.callback(shutil.rmtree, etc, ignore_errors=True)
        (etc / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
        _link()
        _files(folder)
        conf = f"{folder}/named.conf"
        for name, command, address, port in (
            ("named", [_program("named"), "-g", "-n", "1", "-c", conf], ROOT, 53),
            ("unbound", [_program("unbound"), "-d", "-c", f"{folder}/unbound.conf"], RESOLVER, 53),
            ("nginx", [_program("nginx"), "-c", f"{folder}/nginx.conf"], WEB, 443),
        ):
            stack.enter_context(_serving(command, folder / f"{name}.log"))
            _wait_for_port(address, port)
        yield SmallNet(folder / "netlab-lab-root-ca.pem")
