"""Names that stand in a hosts file."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.network import hosts

TEXT = """127.0.0.1 localhost
::1	localhost ip6-localhost   # the same
192.0.2.7 Intranet.Example. intranet
# 192.0.2.8 intranet
192.0.2.9
not-an-address intranet
192.0.2.10 intranet
192.0.2.7 intranet
"""


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("localhost", ("127.0.0.1", "::1")),
        ("INTRANET", ("192.0.2.7", "192.0.2.10")),
        ("intranet.example.", ("192.0.2.7",)),
        ("example", ()),
        ("192.0.2.7", ()),
    ],
)
def test_a_name_and_its_addresses(host: str, addresses: tuple[str, ...]) -> None:
    assert hosts.parse(TEXT, host) == (6, addresses)


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(TEXT)
    found = hosts.look_up("ip6-localhost", str(file))
    assert found == hosts.HostsFile(str(file), 6, ("::1",))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    found = hosts.look_up("localhost", str(tmp_path / "none"))
    assert (found.entries, found.match, found.readable) == (0, (), False)


def test_only_so_much_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "LIMIT", 20)
    (tmp_path / "hosts").write_text(TEXT)
    assert hosts.look_up("intranet", str(tmp_path / "hosts")).entries == 1


@settings(deadline=None)
@given(st.text())
def test_no_text_makes_reading_fail(text: str) -> None:
    entries, match = hosts.parse(text, "x")
    assert entries >= len(match)
