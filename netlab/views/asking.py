"""Predict before you look: a chapter's questions, and what became of a guess."""

from netlab.recording.records import Question
from netlab.views.sheet import Sheet, gap
from netlab.views.story import Chapter
from netlab.views.style import Line

BODY = 4
GUESS = "  {keys}: your guess   any other key: show me   q: stop"


def asked(question: Question, sheet: Sheet) -> list[Line]:
    """The question and its choices, numbered as the keys are."""
    made = sheet.paragraph(question.prompt, BODY, "heading")
    for number, choice in enumerate(question.choices, start=1):
        made += sheet.paragraph(choice, BODY, first=f"  {number}  ")
    return made


def judged(question: Question, key: str, sheet: Sheet) -> list[Line]:
    """The answer, after the chapter that shows it; key: what was pressed."""
    right = question.answer + 1
    guess = guessed(question, key)
    if guess is None:
        lead = f"It is {right}."
    elif guess == right:
        lead = f"You said {guess}, and so it is."
    else:
        lead = f"You said {guess}; it is {right}, {question.choices[question.answer]}."
    return sheet.paragraph(f"{lead} {question.why}", BODY, "heading")


def guessed(question: Question, key: str) -> int | None:
    """The number of the choice that was picked; None where it was none of them."""
    number = int(key) if key.isascii() and key.isdigit() else 0
    return number if 1 <= number <= len(question.choices) else None


def prompt(question: Question) -> str:
    return GUESS.format(keys=f"1-{len(question.choices)}")


def told(chapter: Chapter, sheet: Sheet) -> list[Line]:
    """All of them with their answers, where nobody is asked."""
    made: list[Line] = []
    for question in chapter.all(Question):
        lines = asked(question, sheet)
        answer = f"{question.answer + 1}, {question.choices[question.answer]}: {question.why}"
        lines += sheet.paragraph(answer, BODY, first="answer  ")
        made += gap(lines) if made else lines
    return made
