"""Options that mean the same in every command, each declared here and nowhere else.

A command takes those of a dataclass by a parameter of its type (`look: Look`): `guarded` spreads
it into the options.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from netlab.errors import NetlabError


class Networks(StrEnum):
    """Which network an experiment runs on."""

    auto = "auto"
    internet = "internet"
    lab = "lab"


class LabNetworks(StrEnum):
    """What can be chosen where an experiment needs both ends to be ours."""

    auto = "auto"
    lab = "lab"


NetworkOption = Annotated[
    Networks,
    typer.Option(
        "--network",
        help="The internet, or the embedded lab; auto takes the lab when there is no way out.",
    ),
]
LabOption = Annotated[
    LabNetworks,
    typer.Option("--network", help="The embedded lab: both ends have to be netlab's own for this."),
]
Brief = Annotated[bool, typer.Option("--brief", help="One line a chapter.")]
Deep = Annotated[bool, typer.Option("--deep", help="Everything: all facts, fields and bytes.")]
StepByStep = Annotated[
    bool, typer.Option("--step", help="One chapter at a time, at a key press (at a terminal only).")
]
Plain = Annotated[bool, typer.Option("--plain", help="No colour, no boxes, no animation.")]
Json = Annotated[bool, typer.Option("--json", help="Print the recording as JSON instead.")]
Mermaid = Annotated[bool, typer.Option("--mermaid", help="Print a Mermaid sequence diagram.")]
Har = Annotated[bool, typer.Option("--har", help="Print an HTTP Archive (HAR 1.2).")]
Save = Annotated[
    str | None, typer.Option("--save", metavar="FILE", help="Keep the recording in FILE.")
]
Force = Annotated[bool, typer.Option("--force", help="Let --save overwrite FILE.")]
KeepSecrets = Annotated[
    bool,
    typer.Option(
        "--keep-secrets", help="Keep cookies, tokens and bodies in what is saved and exported."
    ),
]


Insecure = Annotated[
    bool, typer.Option("--insecure", "-k", help="Go on with a certificate that fails.")
]
CaCert = Annotated[
    str | None, typer.Option("--cacert", metavar="FILE", help="Trust the anchors in FILE only.")
]
Resolver = Annotated[
    str | None, typer.Option("--resolver", metavar="IP[:PORT]", help="Ask this resolver.")
]
Fields = Annotated[
    list[str] | None,
    typer.Option("-H", "--header", metavar="FIELD", help="Send 'Name: value' (repeatable)."),
]
MaxTime = Annotated[
    str, typer.Option("--max-time", metavar="TIME", help="For the whole: 30, 1.5s, 200ms …")
]
Distance = Annotated[
    list[str] | None,
    typer.Option(
        "--distance", metavar="WHO=TIME", help="In the lab: how far away a server plays to be."
    ),
]
Listen = Annotated[
    str, typer.Option("--listen", metavar="HOST:PORT", help="Port 0 takes any that is free.")
]


@dataclass(frozen=True, slots=True)
class Look:
    """How a recording is shown, and where it is kept."""

    brief: Brief = False
    deep: Deep = False
    step: StepByStep = False
    plain: Plain = False
    json: Json = False
    mermaid: Mermaid = False
    save: Save = None
    force: Force = False
    keep_secrets: KeepSecrets = False

    @property
    def exports(self) -> int:
        """How many other programs' forms were asked for."""
        return self.json + self.mermaid

    def __post_init__(self) -> None:
        if self.brief and self.deep:
            raise NetlabError("--brief and --deep exclude each other.", advice="leave out one")
        if self.exports > 1:
            raise NetlabError(
                "--json, --mermaid and --har exclude each other.", advice="leave out all but one"
            )
        if self.force and self.save is None:
            raise NetlabError(
                "--force belongs to --save FILE.", advice="--save FILE --force, or neither"
            )


@dataclass(frozen=True, slots=True)
class HttpLook(Look):
    """A recording of HTTP, which has one form more."""

    har: Har = False

    @property
    def exports(self) -> int:
        return self.json + self.mermaid + self.har


@dataclass(frozen=True, slots=True)
class LabLook(Look):
    """How a run in the lab is shown; --network may be given there as everywhere."""

    network: LabOption = LabNetworks.auto
