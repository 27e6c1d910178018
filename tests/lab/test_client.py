"""The lab's life: started, commanded, and gone with its parent."""

import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlab.errors import NetlabError
from netlab.lab import Lab
from netlab.lab.directory import Directory
from netlab.lab.service import Dialled

GOOGLE = ("tcp", "203.0.113.10", 443)
SERVICE = "web:www.google.com"


@pytest.fixture(scope="module")
def own() -> Iterator[Lab]:
    """A lab to be rough with: the session's stays as it is."""
    with Lab.start({"web:www.example.com": 0.05, "ns": 0.0}) as lab:
        yield lab


def dialled(lab: Lab) -> Dialled:
    found = lab.directory.dialled(*GOOGLE)
    assert found is not None
    return found


def ask(where: Dialled, host: str) -> tuple[bytes, int]:
    """A request in the clear; the status line, and our port."""
    with socket.create_connection(where, 5) as plain:
        plain.sendall(f"HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return plain.recv(4096).partition(b"\r\n")[0], plain.getsockname()[1]


def test_the_directory_survives_the_pipe(lab: Lab) -> None:
    directory = lab.directory
    assert Directory.from_json(directory.to_json()) == directory
    assert directory.resolver == ("192.0.2.53", 53)
    assert directory.dialled("udp", *directory.resolver) is not None
    assert all(host in ("127.0.0.1", "::1") for host, _ in directory.endpoints.values())
    assert Path(directory.ca_file).read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_it_stands_soon(lab: Lab) -> None:
    print(f"the lab stood in {lab.directory.started_in * 1000:.0f} ms")
    assert 0 < lab.directory.started_in < 5  # a guard against hanging: machines differ


def test_its_files_are_private(lab: Lab) -> None:
    folder = Path(lab.directory.ca_file).parent
    assert folder.stat().st_mode & 0o077 == 0


def test_a_stopped_service_refuses_and_starts_at_the_same_port(own: Lab) -> None:
    where = dialled(own)
    open_before = socket.create_connection(where, 5)
    own.command("stop", service=SERVICE)
    with open_before:
        assert open_before.recv(1) == b""  # what was under way is cut
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where, 5)
    own.command("start", service=SERVICE)
    assert dialled(own) == where
    socket.create_connection(where, 5).close()
    own.sync()
    events = [entry.event for entry in own.entries() if entry.service == SERVICE]
    assert [event for event in events if event in ("stopped", "started")] == ["stopped", "started"]


def test_every_service_can_be_stopped_and_started(own: Lab) -> None:
    for service in own.directory.services:
        own.command("stop", service=service)
        own.command("start", service=service)
    assert ask(dialled_plain(own), "www.google.com")[0] == b"HTTP/1.1 301 Moved Permanently"


def dialled_plain(lab: Lab) -> Dialled:
    found = lab.directory.dialled("tcp", "203.0.113.10", 80)
    assert found is not None
    return found


def test_a_distance_is_kept_and_told(own: Lab) -> None:
    where = own.directory.dialled("tcp", "203.0.113.30", 80)
    assert where is not None
    start = time.perf_counter()
    _, port = ask(where, "www.example.com")
    assert time.perf_counter() - start >= 0.05
    own.sync()
    mine = [entry for entry in own.entries() if entry.peer_port == port]
    assert [entry.event for entry in mine][:3] == ["accepted", "delay", "request"]
    delay = mine[1]
    assert delay.detail == {"what": "http"}
    assert delay.until is not None
    # One clock for both processes: the lab's instants lie within ours.
    assert start < mine[0].at <= delay.at < delay.until < time.perf_counter()
    assert delay.until - delay.at >= 0.05


def test_a_distance_delays_tls_and_http_each(own: Lab) -> None:
    """The handshake's first flight waits, and then the answer; TCP's handshake never does."""
    where = own.directory.dialled("tcp", "203.0.113.30", 443)
    assert where is not None
    context = ssl.create_default_context(cafile=own.directory.ca_file)
    with (
        socket.create_connection(where, 5) as plain,
        context.wrap_socket(plain, server_hostname="example.com") as secured,
    ):
        port = secured.getsockname()[1]
        secured.sendall(b"HEAD / HTTP/1.1\r\nHost: example.com\r\n\r\n")
        assert secured.recv(4096).startswith(b"HTTP/1.1 200 OK")
    own.sync()
    mine = [entry for entry in own.entries() if entry.peer_port == port]
    told = [(entry.event, entry.detail.get("what")) for entry in mine][:5]
    assert told == [
        ("accepted", None), ("delay", "tls"), ("tls", None), ("delay", "http"), ("request", None),
    ]  # fmt: skip


def test_a_distance_of_a_whole_kind(own: Lab) -> None:
    own.command("distance", service="web", seconds=0.03)
    assert own.directory.distances["web"] == 0.03
    _, port = ask(dialled_plain(own), "www.google.com")
    own.command("distance", service="web", seconds=0)
    _, later = ask(dialled_plain(own), "www.google.com")
    own.sync()
    delayed = [entry.peer_port for entry in own.entries() if entry.event == "delay"]
    assert port in delayed
    assert later not in delayed


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("stop", {"service": "web:nowhere"}, "no service 'web:nowhere'"),
        ("distance", {"service": SERVICE, "seconds": -1}, "between 0 and 60"),
        ("distance", {"service": SERVICE, "seconds": "1"}, "a number of seconds"),
        ("distance", {"service": SERVICE, "seconds": float("nan")}, "between 0 and 60"),
        ("fault", {"service": "web:nowhere", "kind": "silent"}, "no service 'web:nowhere'"),
        ("fault", {"service": SERVICE, "kind": "lame"}, "knows no fault 'lame'"),
        ("fault", {"service": SERVICE}, "knows no fault None"),
        ("explode", {}, "no command 'explode'"),
    ],
)
def test_commands_that_cannot_be_obeyed(
    own: Lab, name: str, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(NetlabError, match=said):
        own.command(name, **arguments)
    own.sync()


def test_a_lab_that_cannot_stand_says_why() -> None:
    with pytest.raises(NetlabError) as caught:
        Lab.start({"web:nowhere": 1})
    assert "web:nowhere" in caught.value.cause


def test_close_ends_it_and_leaves_nothing() -> None:
    lab = Lab.start()
    where, folder = dialled(lab), Path(lab.directory.ca_file).parent
    lab.close()
    lab.close()
    assert not lab.alive
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where, 5)
    with pytest.raises(NetlabError):
        lab.sync()


def test_it_can_be_closed_before_it_stands() -> None:
    Lab.spawn().close()


def test_many_threads_command_at_once(own: Lab) -> None:
    threads = [threading.Thread(target=own.sync) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


PARENT = """
import sys
from netlab.lab import Lab
lab = Lab.start()
print(*lab.directory.dialled("tcp", "203.0.113.10", 443), lab.directory.ca_file, flush=True)
sys.stdin.read()
"""


def gone(stream: int, seconds: float) -> bool:
    """Whether every process that holds the other end of this pipe has ended in time."""
    ready, _, _ = select.select([stream], [], [], seconds)
    return bool(ready) and os.read(stream, 1) == b""


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX systems do")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_parent(number: signal.Signals) -> None:
    """The lab inherits the parent's stderr: that pipe's end of file is the death of both."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        assert parent.stderr is not None
        host, port, ca_file = parent.stdout.readline().split()
        parent.send_signal(number)
        assert gone(parent.stderr.fileno(), 10)
    assert not Path(ca_file).parent.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), 5)


@pytest.mark.skipif(os.name != "posix", reason="closes a descriptor as a shell does")
@pytest.mark.parametrize("closed", ["</dev/null", "<&-"])
def test_without_a_control_pipe_it_ends_by_itself(closed: str, tmp_path: Path) -> None:
    line = f'exec "$0" -m netlab.lab.process {closed}'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable], capture_output=True, timeout=30,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="signals a process group as a terminal does")
def test_ctrl_c_is_the_parents_business(own: Lab) -> None:
    os.kill(own.directory.pid, signal.SIGINT)
    own.sync()
    assert own.alive


@pytest.mark.skipif(os.name != "posix", reason="signals a process group as a terminal does")
def test_ctrl_c_while_the_lab_starts_is_the_parents_business() -> None:
    parent = (
        "import os, signal; from netlab.lab import Lab; signal.signal(2, lambda *_: None); "
        "lab = Lab.spawn(); os.killpg(0, 2); lab.wait_ready(); lab.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", parent], capture_output=True, timeout=30, start_new_session=True
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_working_directory_lends_it_no_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)  # "." there would be a wish to look here
    with Lab.start() as lab:
        lab.sync()


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, netlab.lab\n"
        "from netlab.lab import Lab\n"
        "heavy = {'asyncio', 'ssl', 'cryptography', 'dns', 'h2', 'h11'} & set(sys.modules)\n"
        "print(*heavy)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split() == []


def test_a_settled_lab_has_nothing_left_to_make() -> None:
    """The first handshake of a settled lab costs no more than its later ones, by far."""
    with Lab.start() as lab:
        lab.settle()
        context = ssl.create_default_context(cafile=lab.directory.ca_file)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            with (
                socket.create_connection(dialled(lab), 5) as plain,
                context.wrap_socket(plain, server_hostname="www.google.com"),
            ):
                times.append(time.perf_counter() - start)
    assert times[0] < 0.05 + 2 * max(times[1:])
