"""A recording as JSON: what `--json` prints is what `--save` keeps."""

from netlab.recording.records import Recording
from netlab.recording.storage import dumps


def draw(recording: Recording) -> str:
    return dumps(recording)
