"""Draw a recording in the face that was asked for, and keep it where that was asked for."""

import sys
from typing import Literal

from netlab.cli.options import HttpLook, Look
from netlab.recording.records import Recording
from netlab.recording.redaction import redact
from netlab.recording.storage import check, save


def check_target(look: Look) -> None:
    """Refuse before the run what could not be saved after it."""
    if look.save is not None:
        check(look.save, look.force)


def show(recording: Recording, look: Look) -> None:
    """Secrets of any network but the lab leave only when the person asks for that."""
    leaving = recording if look.keep_secrets else redact(recording)
    text = exported(leaving, look)
    if text is not None:
        sys.stdout.write(text)
    else:
        draw(recording, look)
    if look.save is not None:
        save(leaving, look.save, look.force)
        sys.stderr.write(f"saved to {look.save}\n")


def exported(recording: Recording, look: Look) -> str | None:
    """The recording in another program's form, or None when a person is to read it."""
    if look.json:
        from netlab.views import jsonview

        return jsonview.draw(recording)
    if look.mermaid:
        from netlab.views import mermaid

        return mermaid.draw(recording)
    if isinstance(look, HttpLook) and look.har:
        from netlab.views import har

        return har.draw(recording)
    return None


def draw(recording: Recording, look: Look) -> None:
    from netlab.views import journey
    from netlab.views.step import draw_by_step

    drawn = draw_by_step if look.step else journey.draw
    depth: Literal["brief", "default", "deep"] = (
        "brief" if look.brief else "deep" if look.deep else "default"
    )
    drawn(recording, sys.stdout, depth, plain=look.plain)
