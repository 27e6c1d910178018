"""A lab that keeps running, and who may find it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlab.errors import NetlabError
from netlab.lab import Lab
from netlab.lab.announce import find, folder, publish, up

pytestmark = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


@pytest.fixture(scope="module")
def own() -> Iterator[Lab]:
    with Lab.start() as lab:
        yield lab


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "announced"


def test_it_lies_where_the_system_empties_it(tmp_path: Path) -> None:
    assert folder({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "netlab"
    assert str(os.getuid()) in folder({}).name
    assert folder({"XDG_RUNTIME_DIR": str(tmp_path / "missing")}) == folder({})


def test_a_found_lab_is_the_announced_one(own: Lab, place: Path) -> None:
    path = publish(own, place)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in place.iterdir()] == [path.name]
    found = find(place)
    assert found is not None
    with found:
        assert found.directory == own.directory
        assert found.entries() == ()
        found.command("stop", service="web:www.google.com")
        found.command("start", service="web:www.google.com")
        found.sync()
        told = [(entry.service, entry.event) for entry in found.entries()]
    assert told == [("web:www.google.com", "stopped"), ("web:www.google.com", "started")]
    own.sync()  # letting go of it ended nothing


def test_a_distance_set_by_one_is_seen_by_all(own: Lab, place: Path) -> None:
    publish(own, place)
    found = find(place)
    assert found is not None
    with found:
        own.command("distance", service="resolver", seconds=0.01)
        found.sync()
        assert found.directory.distances == {"resolver": 0.01}
        own.command("distance", service="resolver", seconds=0)


def test_nothing_announced_nothing_found(place: Path) -> None:
    assert find(place) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": "0", "port": 1}'])
def test_a_file_that_is_no_announcement(place: Path, text: str) -> None:
    place.mkdir(mode=0o700)
    (place / "lab.json").touch(0o600)
    (place / "lab.json").write_text(text)
    assert find(place) is None


def test_others_files_are_not_believed(own: Lab, place: Path, tmp_path: Path) -> None:
    path = publish(own, place)
    path.chmod(0o644)
    assert find(place) is None
    path.chmod(0o600)
    place.chmod(0o755)
    assert find(place) is None
    with pytest.raises(NetlabError, match="not this user's alone"):
        publish(own, place)
    place.chmod(0o700)
    link = tmp_path / "link"
    link.symlink_to(place)
    assert find(link) is None


def test_a_lab_that_died_is_not_found(place: Path) -> None:
    with Lab.start() as lab:
        publish(lab, place)
    assert find(place) is None


def test_a_stranger_on_the_port_gets_no_token(own: Lab, place: Path) -> None:
    """He can repeat what he is told, but not prove that he knows the token."""
    path = publish(own, place)
    data = json.loads(path.read_text())
    heard: list[bytes] = []

    def stranger(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(4096))
            connection.sendall(heard[0])
            heard.append(connection.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        path.write_text(json.dumps(data | {"port": listener.getsockname()[1]}))
        thread = threading.Thread(target=stranger, args=(listener,))
        thread.start()
        assert find(place) is None
        thread.join(5)
    assert data["token"].encode() not in heard[0]
    assert heard[1] == b""


def test_without_the_token_the_port_says_nothing(own: Lab, place: Path) -> None:
    port = json.loads(publish(own, place).read_text())["port"]
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"nonce\nwrong\n" + b'{"command": "stop"}\n')
        with connection.makefile("rb") as lines:
            assert len(lines.readline().strip()) == 64  # its proof, and then nothing
            assert lines.read() == b""


UP = """
import sys
from pathlib import Path
from netlab.lab.announce import up
up(lambda lab: print(lab.directory.pid, flush=True), place=Path(sys.argv[1]))
print("down")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_until_a_signal(place: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", UP, str(place)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        found = find(place)
        assert found is not None
        with found:
            assert found.directory.pid == pid
            with pytest.raises(NetlabError, match=f"up already .process {pid}."):
                up(lambda lab: None, place=place)
            process.send_signal(number)
            assert process.stdout.read() == "down\n"
            assert process.wait(10) == 0
    assert list(place.iterdir()) == []
