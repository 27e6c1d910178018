"""Balancers of others: started, asked, told, and gone with whoever started them."""

import asyncio
import os
import threading
from pathlib import Path
from time import monotonic, sleep

import pytest
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from netlab.balance.settings import Server, Settings
from netlab.errors import Exit, NetlabError
from netlab.experiments.loadbalancing import engines
from netlab.experiments.loadbalancing.arrivals import Arrival, even
from netlab.experiments.loadbalancing.engines import Name, make
from netlab.experiments.loadbalancing.engines.base import Program
from netlab.experiments.loadbalancing.farm import Farm, Spec
from netlab.experiments.loadbalancing.load import Load, Sent
from tests.witness import need

SPECS = [Spec("b1", mean=0.0), Spec("b2", mean=0.0), Spec("b3", mean=0.0)]


def settings(farm: Farm, count: int) -> Settings:
    servers = [Server(one.name, one.host, one.port) for one in farm.specs.values()]
    return Settings(tuple(servers[:count]))


def ask(target: tuple[str, int], count: int = 6) -> list[Sent]:
    asked = [Arrival(number, at) for number, at in enumerate(even(count, 500))]
    return asyncio.run(Load(target, 5).run(asked))


def until_only(target: tuple[str, int], names: set[str]) -> None:
    """nginx takes up a new configuration a moment after it was told to."""
    end = monotonic() + 10
    while (found := {one.backend for one in ask(target)}) != names:
        assert monotonic() < end, found


@pytest.mark.witness
@pytest.mark.parametrize("name", ["netlab", "haproxy", "nginx"])
def test_it_balances_drains_restores_grows_and_accounts(name: Name) -> None:
    if name != "netlab":
        need(name)
    engine = make(name)
    with Farm.start(SPECS) as farm:
        try:
            target = engine.start(settings(farm, 2))
            assert {one.backend for one in ask(target)} == {"b1", "b2"}
            engine.drain("b1")
            until_only(target, {"b2"})
            engine.restore("b1")
            until_only(target, {"b1", "b2"})
            last = farm.specs["b3"]
            engine.add(Server("b3", last.host, last.port))
            until_only(target, {"b1", "b2", "b3"})
            account = engine.account()
        finally:
            engine.close()
    if name == "netlab":
        assert [(one.backend, one.state) for one in account.changes] == [
            ("b1", "draining"), ("b1", "up"),
        ]  # fmt: skip
    else:
        assert {row["backend"] for row in account.own} == {"b1", "b2", "b3"}


@pytest.mark.witness
@pytest.mark.parametrize("name", ["netlab", "haproxy", "nginx"])
def test_a_websocket_passes_through_it(name: Name) -> None:
    """With the Host that the client asked for, port and all: servers hold Origin against it."""
    if name != "netlab":
        need(name)
    engine, hosts = make(name), []

    def echo(connection: ServerConnection) -> None:
        assert connection.request is not None
        hosts.append(connection.request.headers["Host"])
        for message in connection:
            connection.send(message)

    with serve(echo, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            port = server.socket.getsockname()[1]
            host, entry = engine.start(Settings((Server("b1", "127.0.0.1", port),)))
            with connect(f"ws://{host}:{entry}/", proxy=None) as client:
                client.send("hello")
                assert client.recv(timeout=10) == "hello"
        finally:
            engine.close()
            server.shutdown()
    assert hosts == [f"{host}:{entry}"]


@pytest.mark.witness
@pytest.mark.parametrize("name", ["haproxy", "nginx"])
def test_it_goes_with_its_parent_and_its_folder_too(name: Name) -> None:
    need(name)
    engine = make(name)
    assert isinstance(engine, Program)
    try:
        engine.start(Settings((Server("b1", "127.0.0.1", 9),)))
        home, leash = engine.folder(), engine.leash
        assert leash is not None
        assert home.exists()
        assert running(engine.pid)
        leash.commands.close()  # as the kernel does it, whatever became of the parent
        leash.process.wait(10)
        end = monotonic() + 5
        while running(engine.pid) and monotonic() < end:
            sleep(0.01)
        assert not running(engine.pid)
        assert not home.exists()
    finally:
        engine.close()


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not status.exists() or "zombie" not in status.read_text()


@pytest.mark.witness
def test_what_it_says_is_told_when_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    need("haproxy")
    monkeypatch.setattr(
        "netlab.experiments.loadbalancing.engines.haproxy.text", lambda *_: "nonsense here\n"
    )
    engine = make("haproxy")
    with pytest.raises(NetlabError, match="did not start") as raised:
        engine.start(Settings((Server("b1", "127.0.0.1", 9),)))
    assert "nonsense" in raised.value.cause
    assert raised.value.exit == Exit.CONNECT
    assert isinstance(engine, Program)
    assert engine.home is None


def test_one_that_is_not_there_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "SBIN", "/nowhere")
    with pytest.raises(NetlabError, match="not on this machine") as raised:
        engines.need("haproxy")
    assert "leave out --engine haproxy" in raised.value.advice
