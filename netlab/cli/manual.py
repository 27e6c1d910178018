"""The man page, made from the commands themselves: `python -m netlab.cli.manual > docs/netlab.1`.

What `--help` says and what the page says come from one source, so they cannot differ; a test holds
the file that is shipped to what this writes.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from netlab.cli.options import Look
from netlab.errors import Exit

ENDS = {
    Exit.OK: "It came to its end. An HTTP error status is the server's answer, not a fault.",
    Exit.BUG: "A mistake in netlab itself.",
    Exit.USAGE: "The command line was not understood.",
    Exit.NAME: "It broke at the name.",
    Exit.CONNECT: "It broke at the connection.",
    Exit.TLS: "It broke at TLS.",
    Exit.HTTP: "It broke at HTTP.",
    Exit.TIMEOUT: "It took too long.",
    Exit.FILE: "A file could not be read or written.",
    Exit.INTERRUPT: "It was interrupted (Ctrl-C).",
    Exit.PIPE: "Whoever read the output had gone.",
}
ENVIRONMENT = (
    ("COLUMNS", "How wide to write; otherwise the terminal tells, or it is 80."),
    ("NO_COLOR", "No colour, whatever its value."),
    ("SSL_CERT_FILE", "The trust anchors, as for OpenSSL; --cacert goes before it."),
    ("NETLAB_CLIENT_SECRET", "The secret of netlab oauth walkthrough --client-secret."),
    ("NETLAB_TRACEBACK", "Set it to see where netlab itself broke."),
    ("XDG_STATE_HOME", "Where netlab/tour.json lies; ~/.local/state without it."),
    ("XDG_RUNTIME_DIR", "Where netlab lab up announces itself to later commands."),
)
SEE = ("dig(1)", "curl(1)", "openssl(1)", "tshark(1)", "tcpdump(8)", "ss(8)", "strace(1)")


SHARED = frozenset(field.name for field in fields(Look))


def page() -> str:
    """The whole page, as man(7) has it."""
    import typer

    from netlab import __version__
    from netlab.cli.app import app

    root = typer.main.get_command(app)
    context = root.make_context("netlab", [], resilient_parsing=True)
    lines = [
        '.\\" Made by python -m netlab.cli.manual from the commands; change those.',
        f'.TH NETLAB 1 "" "netlab {__version__}" "User Commands"',
        ".SH NAME", "netlab \\- understand what a network does: it is really run, then explained",
        ".SH SYNOPSIS", ".B netlab", ".br", ".B netlab", ".I COMMAND", "[\\fIOPTIONS\\fR]",
        ".SH DESCRIPTION", words(root.help or ""),
        ".PP", "Without a command it offers the six questions that it answers; at a terminal they",
        "can be picked with the keys.", ".SH COMMANDS",
    ]  # fmt: skip
    for made, inner in leaves(root, context):
        lines += command(made, inner)
    lines += [".SH OPTIONS OF EVERY EXPERIMENT", *of_every_experiment(root, context)]
    lines += [".SH EXIT STATUS"]
    for code, meaning in ENDS.items():
        lines += [".TP", f".B {int(code)}", words(meaning)]
    lines += [".SH ENVIRONMENT"]
    for name, meaning in ENVIRONMENT:
        lines += [".TP", f".B {name}", words(meaning)]
    lines += [".SH SEE ALSO", ",\n".join(f".BR {one.replace('(', ' (')}" for one in SEE).replace(
        "),", ") ,"), ""]  # fmt: skip
    return "\n".join(lines)


def leaves(made: Any, context: Any) -> Iterator[tuple[Any, Any]]:
    """Every command that runs something, in the order of `--help`."""
    if not hasattr(made, "list_commands"):
        yield made, context
        return
    for name in made.list_commands(context):
        found = made.get_command(context, name)
        if found is not None and not found.hidden:
            inner = found.make_context(name, [], parent=context, resilient_parsing=True)
            yield from leaves(found, inner)


def command(made: Any, context: Any) -> list[str]:
    """One command; what it shares with all experiments stands in a section of its own."""
    usage = re.sub(r"[{}]", "", " ".join(made.collect_usage_pieces(context)))
    parameters = made.get_params(context)
    shared = SHARED if {parameter.name for parameter in parameters} >= SHARED else frozenset()
    lines = [f'.SS "{words(context.command_path)} {words(usage)}"', words(made.help or "")]
    lines += described([one for one in parameters if one.name not in shared], context)
    if shared:
        lines += [".PP", "It also takes the options of every experiment, below."]
    if lined := examples_of(made):
        lines += [".PP", ".nf", *(f".RS 2\n{words(line)}\n.RE" for line in lined), ".fi"]
    return lines


def described(parameters: list[Any], context: Any) -> list[str]:
    records = [one.get_help_record(context) for one in parameters]
    rows = [record for record in records if record is not None and record[0] != "-h, --help"]
    return [line for row in rows for line in (".TP", f".B {head(row[0])}", words(row[1]))]


def head(text: str) -> str:
    """An option and its value; Typer's versions differ in the brackets around a choice."""
    return words(re.sub(r"\[([\w.-]+(?:\|[\w.-]+)+)\]", r"<\1>", text))


def of_every_experiment(root: Any, context: Any) -> list[str]:
    made, inner = next(one for one in leaves(root, context) if one[0].name == "trace")
    return described([one for one in made.get_params(inner) if one.name in SHARED], inner)


def examples_of(made: Any) -> list[str]:
    """The lines of its epilog that are commands."""
    rows = (made.epilog or "").splitlines()
    return [row.strip() for row in rows if row.startswith("  ")]


def words(text: str) -> str:
    """Text that roff leaves as it is: one line, no request, and hyphens that can be copied."""
    folded = re.sub(r"\s+", " ", text).strip()
    plain = folded.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    plain = "".join(one if one.isascii() else f"\\[u{ord(one):04X}]" for one in plain)
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(page())
