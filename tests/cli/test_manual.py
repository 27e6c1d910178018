"""The man page says what `--help` says, because both come from the commands."""

from pathlib import Path

import pytest

from netlab.cli import manual
from netlab.errors import Exit
from tests.cli import commands
from tests.witness import need, output

SHIPPED = Path(__file__).parents[2] / "docs" / "netlab.1"


@pytest.fixture(scope="module")
def page() -> str:
    return manual.page()


def test_the_page_that_is_shipped_is_what_the_commands_make(page: str) -> None:
    again = "run: python -m netlab.cli.manual > docs/netlab.1"
    assert SHIPPED.read_text(encoding="utf-8") == page, again


def test_every_command_and_option_stands_in_it(page: str) -> None:
    for path, command, context in commands.every():
        assert f'.SS "{manual.words(path)} ' in page
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None and parameter.name != "help":
                assert f".B {manual.words(record[0])}\n" in page, (path, record[0])


def test_every_way_to_end_is_told(page: str) -> None:
    assert set(manual.ENDS) == set(Exit)
    for code in Exit:
        assert f".TP\n.B {int(code)}\n" in page


def test_nothing_in_it_is_taken_for_a_request(page: str) -> None:
    assert page.isascii()
    requests = {row.split()[0] for row in page.splitlines() if row.startswith((".", "'"))}
    assert requests == {'.\\"', ".TH", ".SH", ".SS", ".TP", ".B", ".I", ".BR", ".br", ".PP",
                        ".nf", ".fi", ".RS", ".RE"}  # fmt: skip


@pytest.mark.witness
@pytest.mark.parametrize(
    "command",
    [["groff", "-man", "-Tutf8", "-ww", "-z"], ["mandoc", "-T", "lint", "-W", "error"]],
    ids=["groff", "mandoc"],
)
def test_those_who_read_man_pages_find_nothing_wrong(command: list[str]) -> None:
    need(command[0])
    assert output([*command, str(SHIPPED)]) == ""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (".hidden", "\\&.hidden"), ("'quote", "\\&'quote"), ("a\n  b", "a b"),
        ("--x \\ \"y\"", "\\-\\-x \\e \\(dqy\\(dq"), ("한", "\\[uD55C]"),
    ],
)  # fmt: skip
def test_text_stays_text(text: str, written: str) -> None:
    assert manual.words(text) == written
