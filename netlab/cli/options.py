"""Options that mean the same in every command, and how a command is to be shown."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

LOOK = "How it looks"
KEEP = "What is kept"


class Networks(StrEnum):
    """Which network an experiment runs on."""

    auto = "auto"
    internet = "internet"
    lab = "lab"


NetworkOption = Annotated[
    Networks,
    typer.Option(
        "--network",
        help="The internet, or the embedded lab; auto takes the lab when there is no way out.",
    ),
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


@dataclass(frozen=True, slots=True)
class Look:
    """How a recording is shown, and where it is kept."""

    brief: bool = False
    deep: bool = False
    step: bool = False
    plain: bool = False
    json: bool = False
    mermaid: bool = False
    har: bool = False
    save: str | None = None
    force: bool = False
    keep_secrets: bool = False

    def __post_init__(self) -> None:
        if self.brief and self.deep:
            raise typer.BadParameter("--brief and --deep exclude each other.")
        if self.json + self.mermaid + self.har > 1:
            raise typer.BadParameter("--json, --mermaid and --har exclude each other.")
        if self.force and self.save is None:
            raise typer.BadParameter("--force belongs to --save FILE.")
