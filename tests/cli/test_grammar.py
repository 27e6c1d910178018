"""One grammar: the same options everywhere, and what is not understood told as errors are."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import pytest
import typer

from netlab.cli import obey, options
from netlab.cli.grammar import gathered, spread_of
from netlab.cli.guard import guarded
from netlab.errors import Exit, NetlabError
from tests.cli import commands
from tests.journeys.command import netlab
from tests.papers.test_commands import RUNS

EVERY = {path: (command, context) for path, command, context in commands.every()}
LOOKS = {field.name for field in fields(options.Look)}
EXAMPLES = [(path, line) for path, (made, _) in EVERY.items() for line in commands.examples(made)]
OWN_PLACE = ("netlab replay", "netlab doctor", "netlab lb run")
"""What runs on no network that could be chosen: a file, this machine, a person's own servers."""
QUICK = ("lab hosts", "explain", "oauth attack --list", "completion", "tour --list")
SERVING = ("lab up", "serve", "ws chat", "lb run", "localhost:3000", "host:8443", "run.json")
"""Examples that wait for somebody, or for something that a reader has."""


def parameters(path: str) -> dict[str, typer.models.ParameterInfo]:
    return {one.name: one for one in EVERY[path][0].params}


def spoken(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str]:
    code = obey(line.split())
    told = capsys.readouterr()
    assert told.out == ""
    return code, told.err


@pytest.mark.parametrize("path", EVERY)
def test_what_can_be_shown_can_be_shown_in_every_way(path: str) -> None:
    names = set(parameters(path))
    if "json" in names:
        assert names >= LOOKS
        assert ("network" in names) != (path in OWN_PLACE)


@pytest.mark.parametrize("name", ["network", "plain", "max_time", "cacert", "resolver", "header"])
def test_an_option_is_spelt_alike_wherever_it_is(name: str) -> None:
    spelt = {tuple(made[name].opts) for made in map(parameters, EVERY) if name in made}  # type: ignore[attr-defined]
    assert len(spelt) == 1


@pytest.mark.parametrize("path", EVERY)
def test_an_option_says_what_its_value_is_in_words_of_ours(path: str) -> None:
    """`--count N`: what Typer would put there differs from one of its versions to the next."""
    made, context = EVERY[path]
    records = [one.get_help_record(context) for one in made.get_params(context)]
    typed = [
        r[0] for r in records if r and re.search(r"(?i)\b(int|integer|float|text|str)\b", r[0])
    ]
    assert typed == []


@pytest.mark.parametrize("path", EVERY)
def test_every_help_has_examples_of_that_command(path: str) -> None:
    made = commands.examples(EVERY[path][0])
    assert made
    for line in made:
        assert " ".join(["netlab", *line]).startswith(path)


def test_every_group_has_examples_of_its_own_commands() -> None:
    for name in commands.root().list_commands(None):
        found = commands.root().get_command(None, name)
        if hasattr(found, "list_commands"):
            made = commands.examples(found)
            assert made, name
            for line in made:
                assert line[0] == name
                commands.read(line)


@pytest.mark.parametrize(("path", "line"), EXAMPLES)
def test_every_example_is_understood(path: str, line: list[str]) -> None:
    commands.read(line)


@pytest.mark.parametrize("line", [line for _, line in EXAMPLES if " ".join(line).startswith(QUICK)])
def test_quick_examples_run(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert obey(line) == Exit.OK
    assert capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "line",
    [
        line
        for _, line in EXAMPLES
        if not any(w in " ".join(line) for w in SERVING)
        and shlex.join(["netlab", *line]) not in RUNS
    ],
    ids=" ".join,
)
def test_every_example_runs(line: list[str], tmp_path: Path) -> None:
    """In the lab where a network may be chosen; nothing is asked of anybody.

    What a page or a paper offers too is run with those (tests/papers/test_commands.py).
    """
    taken = commands.read(line)
    wants = taken.get("network") == options.Networks.auto and "--issuer" not in line
    more = ["--network", "lab"] if wants else []
    ran = netlab(*line, *more, timeout=150, env={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert ran.code == Exit.OK, ran.err


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("trcae www.google.com", "did you mean netlab trace?"),
        ("websocket", "did you mean netlab ws?"),
        ("www.google.com", "netlab trace www.google.com shows"),
        ("zzz", "netlab --help names them all"),
        ("ws handshak", "did you mean netlab ws handshake?"),
        ("oauth walktrough", "did you mean netlab oauth walkthrough?"),
        ("lab host", "did you mean netlab lab hosts?"),
        ("trace --newtork lab", "did you mean --network?"),
        ("ws cost --breif", "did you mean --brief?"),
        ("socketio connect --namspace x", "did you mean --namespace?"),
        ("ws handshake --no-compresion", "did you mean --no-compression?"),
        ("trace a --network labb", "did you mean lab?"),
        ("oauth walkthrough --grant implict", "did you mean implicit?"),
        ("trace", "for instance: netlab trace www.google.com"),
        ("ws handshake --max-time", "netlab ws handshake --help"),
        ("trace a b", "netlab trace --help"),
        ("ws cost --count many", "netlab ws cost --help"),
        ("explain hapy-eyeballs", "happy-eyeballs"),
        ("tour --list --all", "leave out all but one"),
    ],
)
def test_the_nearest_right_one_is_named(
    line: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = spoken(capsys, line)
    assert code == Exit.USAGE
    assert told.startswith("netlab: ")
    assert advice in told.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ws cost --count 999", "--count 999: it is a whole number from 1 to 200."),
        ("oauth serve --device-interval x", "--device-interval x: not a length of time"),
        ("lb demo --rate x", "--rate x: it is a number from 1 to 5000."),
        ("trace a --network inter", "--network inter: it is one of auto, internet, lab."),
        ("ws cost --network internet", "--network internet: it is one of auto, lab."),
        ("trace", "`netlab trace` wants TARGET."),
        ("trace a b c", "`netlab trace` does not take b c."),
        ("ws cost --count", "--count wants a value."),
        ("socketio connect x --emit a", "--emit wants 2 values."),
        ("trace a --plain=yes", "--plain"),
        ("trace x --brief --deep", "--brief and --deep exclude each other."),
        ("trace x --json --har", "--json, --mermaid and --har exclude each other."),
        ("replay x --force", "--force belongs to --save FILE."),
        ("oauth walkthrough --network internet", "--network internet: which provider?"),
        ("oauth walkthrough --network lab --issuer google", "exclude each other."),
    ],
)
def test_what_is_wrong_is_said_first(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = spoken(capsys, line)
    assert code == Exit.USAGE
    assert said in told.splitlines()[0]


@pytest.mark.parametrize("name", ["", "ws", "socketio", "oauth", "lab"])
def test_a_group_alone_says_what_it_has(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert obey(name.split()) == Exit.OK
    told = capsys.readouterr()
    assert "Commands:" in told.out
    assert "..." not in told.out.partition("Commands:")[2], "folded, never cut"
    assert told.err == ""


@pytest.mark.parametrize("path", EVERY)
def test_no_help_is_wider_than_the_terminal(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Examples alone are not folded: they are there to be copied."""
    monkeypatch.setenv("COLUMNS", "60")
    assert obey([*path.split()[1:], "--help"]) == Exit.OK
    said = capsys.readouterr().out.partition("\n  Example")[0]
    assert max(map(len, said.splitlines())) <= 60


@dataclass(frozen=True)
class Inner:
    first: Annotated[int, typer.Option("--first")] = 1


@dataclass(frozen=True)
class Outer(Inner):
    second: Annotated[str, typer.Option("--second")] = "b"


def test_a_dataclass_of_options_is_spread_and_gathered() -> None:
    def command(more: Outer, own: Annotated[bool, typer.Option("--own")] = False) -> Exit:
        return Exit.OK

    shown, spreads = spread_of(command)
    assert [one.name for one in shown] == ["own", "second", "first"]
    given = {"own": True, "first": 3, "second": "c"}
    assert gathered(spreads, given) == {"own": True, "more": Outer(first=3, second="c")}


def test_a_guarded_command_is_handed_its_dataclass() -> None:
    heard: list[Outer] = []

    @guarded
    def command(more: Outer) -> Exit:
        heard.append(more)
        return Exit.NAME

    with pytest.raises(typer.Exit) as ended:
        command(first=5, second="z")
    assert (ended.value.exit_code, heard) == (Exit.NAME, [Outer(5, "z")])


def test_what_a_dataclass_refuses_is_an_error_like_any_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @guarded
    def command(look: options.Look) -> Exit:
        raise AssertionError(look)

    flags = dict.fromkeys(LOOKS, False) | {"save": None, "brief": True, "deep": True}
    with pytest.raises(typer.Exit) as ended:
        command(**flags)
    assert ended.value.exit_code == Exit.USAGE
    assert "exclude" in capsys.readouterr().err


@pytest.mark.parametrize("line", [["trace", "www.google.com"], ["tour"], ["doctor"]])
def test_a_reader_who_has_gone_is_no_fault(line: list[str]) -> None:
    """`netlab … | head -0`: no traceback, whatever is written."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "netlab", *line, "--help"],
        stdout=write, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=30, check=False,
    )  # fmt: skip
    os.close(write)
    assert b"Traceback" not in done.stderr
    assert done.returncode == Exit.PIPE


def test_errors_of_a_command_keep_their_code(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> Exit:
        raise NetlabError("it broke", exit=Exit.FILE)

    with pytest.raises(typer.Exit) as ended:
        guarded(command)()
    assert ended.value.exit_code == Exit.FILE
    assert capsys.readouterr().err == "netlab: it broke\n"
