"""What `netlab tour` does: a question, a command that is really run, a sentence; and the next stop.

What has been seen is kept after each stop, so that the tour can be left at any time. Where nobody
can be asked it names its stops, and runs what it is told to.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from netlab.cli import keys, state
from netlab.cli.keys import Key
from netlab.cli.tourpage import Page, asked, ended, listing, running, told
from netlab.errors import Exit, NetlabError
from netlab.explain.tour import Depth, Stop, stops
from netlab.processes import command_line
from netlab.views.paint import wants_colour

FILE = "tour.json"
GRACE = 10.0
"""Seconds in which an interrupted stop may clear up after itself."""
LEAVE = ("q", "Q", "escape", "end")

Run = Callable[[Sequence[str]], int]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed after `netlab tour`."""

    listed: bool = False
    stop: int | None = None
    every: bool = False
    reset: bool = False
    brief: bool = False
    deep: bool = False
    plain: bool = False

    def __post_init__(self) -> None:
        if self.brief and self.deep:
            raise NetlabError("--brief and --deep exclude each other.", advice="leave out one")
        if self.listed + self.every + self.reset + (self.stop is not None) > 1:
            raise NetlabError(
                "--list, --stop, --all and --reset exclude each other.",
                advice="leave out all but one",
            )

    @property
    def depth(self) -> Depth | None:
        return "brief" if self.brief else "deep" if self.deep else None


class Left(Exception):
    """The person has had enough for now."""


def go(
    wish: Wish,
    every: Sequence[Stop] | None = None,
    run: Run | None = None,
    keyboard: Callable[[], AbstractContextManager[Key]] | None = None,
) -> Exit:
    """run: does a stop's command, and answers how it ended. keyboard: where keys are pressed."""
    every = every or stops()
    page = Page(sys.stdout, wants_colour(sys.stdout) and not wish.plain)
    memory = Memory(state.folder() / FILE)
    if wish.reset:
        memory.forget()
        page.text("Forgotten: the tour begins at its first stop.")
        return Exit.OK
    if keyboard is None and keys.available():
        keyboard = keys.keyboard
    if wish.listed or (keyboard is None and wish.stop is None and not wish.every):
        listing(page, every, memory.seen)
        return Exit.OK
    guide = Guide(wish, every, run or child, keyboard, page, memory)
    if wish.every:
        return guide.all()
    return guide.onward() if wish.stop is None else guide.alone(wish.stop)


class Memory:
    """Which stops have been seen: by name, so that a stop which is added later is still new.

    The tour goes on where nothing can be read or kept, and says so once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._complained = False

    @cached_property
    def seen(self) -> dict[str, int]:
        """Each stop that was seen, with the answer that was given (-1 for none)."""
        try:
            found = state.read(self.path).get("seen", {})
        except NetlabError as error:
            self._complain("What was seen of the tour is not known", error)
            return {}
        entries = found.items() if isinstance(found, dict) else ()
        return {str(key): one for key, one in entries if isinstance(one, int)}

    def keep(self, stop: Stop, answer: int) -> None:
        self.seen[stop.id] = answer
        try:
            state.write(self.path, {"version": 1, "seen": self.seen})
        except NetlabError as error:
            self._complain("The tour cannot be taken up again later", error)

    def forget(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise NetlabError(
                f"{self.path} cannot be removed.",
                cause=str(error.strerror or error),
                exit=Exit.FILE,
            ) from None

    def _complain(self, what: str, error: NetlabError) -> None:
        if not self._complained:
            sys.stderr.write(f"{what}: {error.what} ({error.cause})\n")
        self._complained = True


@dataclass(frozen=True, slots=True)
class Guide:
    wish: Wish
    every: Sequence[Stop]
    run: Run
    keyboard: Callable[[], AbstractContextManager[Key]] | None
    page: Page
    memory: Memory

    def onward(self) -> Exit:
        """From the first stop that has not been seen, until the person leaves."""
        seen = self.memory.seen
        left = [number for number, stop in enumerate(self.every) if stop.id not in seen]
        for number in left:
            try:
                code = self.visit(number)
                if code is None and number != left[-1]:
                    self.pause()
            except Left:
                return self.leave(Exit.OK)
            except KeyboardInterrupt:
                return self.leave(Exit.INTERRUPT)
            if code is not None:
                return code
        ended(self.page, self.every, self.memory.seen)
        return Exit.OK

    def alone(self, number: int) -> Exit:
        if number > len(self.every):
            raise NetlabError(
                f"--stop {number}: there are {len(self.every)}.", advice="netlab tour --list"
            )
        try:
            return self.visit(number - 1) or Exit.OK
        except Left:
            return Exit.OK

    def all(self) -> Exit:
        for number, stop in enumerate(self.every):
            asked(self.page, number, self.every)
            if code := self.experiment(stop, None):
                return code
        return Exit.OK

    def visit(self, number: int) -> Exit | None:
        """One stop; None when it went as it should."""
        return self.experiment(self.every[number], self.answer(number))

    def experiment(self, stop: Stop, answer: int | None) -> Exit | None:
        """Run it, say what it was about, and keep that it was seen."""
        command = stop.command(self.wish.depth, self.wish.plain)
        running(self.page, command)
        code = self.run(command)
        if code == Exit.INTERRUPT:
            raise KeyboardInterrupt
        if code != stop.ends:
            self.page.text(
                f"This stop ended with exit code {code}, which it should not. netlab doctor says "
                "what this machine lacks; --stop goes to another one."
            )
            return Exit(code) if code in set(map(int, Exit)) - {0} else Exit.BUG
        told(self.page, stop, answer)
        if self.keyboard is not None:
            self.memory.keep(stop, -1 if answer is None else answer)
        return None

    def answer(self, number: int) -> int | None:
        """Ask; the choice that was pressed, None where nobody is asked or wants to say.

        The question is written once keys are read: what was typed before it is no answer to it.
        """
        if self.keyboard is None:
            asked(self.page, number, self.every)
            return None
        with self.keyboard() as key:
            asked(self.page, number, self.every, keys=True)
            while (pressed := taken(key())) not in ("enter", " "):
                digit = pressed.isascii() and pressed.isdigit()
                if digit and 0 < int(pressed) <= len(self.every[number].choices):
                    return int(pressed) - 1
        return None

    def pause(self) -> None:
        if self.keyboard is not None:
            with self.keyboard() as key:
                self.page.quiet("any key: the next stop   q: leave, and go on another time")
                taken(key())

    def leave(self, code: Exit) -> Exit:
        number = len([stop for stop in self.every if stop.id in self.memory.seen])
        self.page.text(
            f"Left after {number} of {len(self.every)} stops. netlab tour goes on from here."
        )
        if code is Exit.INTERRUPT:
            sys.stderr.write("interrupted\n")
        return code


def taken(pressed: str) -> str:
    """The key, unless it is one by which a person leaves."""
    if pressed in LEAVE:
        raise Left
    return pressed


def child(words: Sequence[str]) -> int:
    """The command as a person would type it, in a process of its own, at this terminal."""
    sys.stdout.flush()
    process = subprocess.Popen(command_line("netlab.cli", *words))
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The terminal has told the stop as well: it ends by itself, and shows what it has.
        try:
            process.wait(GRACE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
        raise
