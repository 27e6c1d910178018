"""What every experiment is handed: a notebook, a network, and where in the story it stands."""

from dataclasses import dataclass, replace

from netlab.network.base import Network
from netlab.recording.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Bench:
    """prefix is put before every step's id in a repeated journey (`2/`, `again/1/`)."""

    recorder: Recorder
    network: Network
    prefix: str = ""

    def step(self, topic: str, title: str, parent: str | None = None) -> str:
        """Open the chapter of this topic in this journey; answers the step's id.

        parent is a topic of the same journey.
        """
        above = None if parent is None else self.prefix + parent
        return self.recorder.step(self.prefix + topic, title, topic, above)

    def under(self, prefix: str) -> "Bench":
        return replace(self, prefix=prefix)
