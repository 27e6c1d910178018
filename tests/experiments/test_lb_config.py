"""Configurations, held against the programs that they are for."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from netlab.balance.algorithms import NAMES
from netlab.balance.settings import Check, Passive, Server, Settings
from netlab.errors import NetlabError
from netlab.experiments.loadbalancing import haproxyconf, nginxconf
from netlab.experiments.loadbalancing.engines import find
from tests.witness import need

SERVERS = (Server("b1", "127.0.0.1", 9001, 2), Server("b2", "::1", 9002))
BOTH = [name for name in NAMES if name not in haproxyconf.LACKS]


def settings(
    algorithm: str = "roundrobin", key: str = "source", layer: Literal[4, 7] = 7,
    sticky: str | None = None, check: Check | None = None, passive: Passive | None = None,
) -> Settings:  # fmt: skip
    return Settings(
        SERVERS, ("127.0.0.1", 8080), algorithm, layer, key, sticky=sticky, check=check,
        passive=passive,
    )  # fmt: skip


def haproxy_takes(text: str, folder: Path) -> None:
    need("haproxy")
    (folder / "haproxy.cfg").write_text(text)
    done = subprocess.run(
        [find("haproxy") or "", "-c", "-f", str(folder / "haproxy.cfg")],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, text + done.stderr
    assert "ALERT" not in done.stderr
    assert "WARNING" not in done.stderr


def nginx_takes(text: str, folder: Path) -> None:
    need("nginx")
    (folder / "nginx.conf").write_text(text)
    own = f"pid {folder}/pid; error_log stderr;"
    done = subprocess.run(
        [find("nginx") or "", "-t", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", own],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, text + done.stderr


@pytest.mark.witness
@pytest.mark.parametrize("algorithm", BOTH)
def test_both_take_every_algorithm_that_they_have(algorithm: str, tmp_path: Path) -> None:
    key = "header:X-Key" if algorithm in ("source", "consistent") else "source"
    haproxy_takes(haproxyconf.text(settings(algorithm, key)), tmp_path)
    nginx_takes(nginxconf.text(settings(algorithm, key)), tmp_path)


@pytest.mark.witness
def test_haproxy_takes_checks_cookies_and_layer_4(tmp_path: Path) -> None:
    full = settings(sticky="SRV", check=Check("/health"), passive=Passive())
    haproxy_takes(haproxyconf.text(full), tmp_path)
    four = settings(layer=4, check=Check(), passive=Passive())
    haproxy_takes(haproxyconf.text(four), tmp_path)


@pytest.mark.witness
@pytest.mark.parametrize("key", ["path", "cookie:sid", "source"])
def test_both_hash_by_every_key(key: str, tmp_path: Path) -> None:
    haproxy_takes(haproxyconf.text(settings("consistent", key)), tmp_path)
    nginx_takes(nginxconf.text(settings("consistent", key, passive=Passive())), tmp_path)


@pytest.mark.parametrize("text", [haproxyconf.text, nginxconf.text])
@pytest.mark.parametrize("algorithm", ["maglev", "ewma"])
def test_what_they_lack_is_told(text: Callable[[Settings], str], algorithm: str) -> None:
    with pytest.raises(NetlabError, match="lacks") as raised:
        text(settings(algorithm))
    assert "nearest" in raised.value.advice


@pytest.mark.parametrize(
    "wish",
    [
        settings(sticky="SRV"),
        settings(check=Check("/health")),
        settings(sticky="a'b"),
        settings("consistent", "header:a|b"),
    ],
)
def test_nginx_is_not_made_to_say_what_it_does_not_do(wish: Settings) -> None:
    with pytest.raises(NetlabError):
        nginxconf.text(wish)


@pytest.mark.parametrize(
    "wish",
    [settings(sticky="a'b"), settings(check=Check("/#x")), settings("source", "cookie:a#b")],
)
def test_nothing_that_a_configuration_reads_otherwise_gets_into_it(wish: Settings) -> None:
    with pytest.raises(NetlabError, match="cannot stand"):
        haproxyconf.text(wish)


def test_weights_are_finer_where_chance_or_a_ring_needs_it() -> None:
    assert "weight 200" in haproxyconf.text(settings("consistent"))
    assert "weight 2\n" in haproxyconf.text(settings("leastconn"))
    heavy = Settings((Server("b1", "127.0.0.1", 9001, 256),), algorithm="random")
    assert "weight 256" in haproxyconf.text(heavy)
