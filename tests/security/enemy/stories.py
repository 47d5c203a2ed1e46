"""
What an owner does, in two steps: bob is shut out, then something is written that he must not get.

Everything that holds `CANARY` is forbidden to bob for ever; alice gets it in the end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from tests.ingestion.world import allow

CANARY: Final = "zanzibarcanary"
BEFORE: Final = "Words for alice."
OLD: Final = "Words for alice and for bob."
ALICE: Final = "user:alice"
BOB: Final = "user:bob"
FOLDER: Final = "group:folder"
PLAN: Final = "plan"


class Step(Enum):
    """
    How far the owner is.
    """

    CLOSED = auto()
    """Nothing secret is there and bob is not in; the beginning of every story."""
    OPEN = auto()
    REVOKED = auto()
    FILLED = auto()


@dataclass(frozen=True)
class State:
    """
    What the source says: lines of `documents.jsonl`, and members of the folder's group.
    """

    documents: tuple[Mapping[str, Any], ...]
    members: tuple[str, ...] = (ALICE,)


@dataclass(frozen=True)
class Story:
    """
    What the source says at each step, when the secret is this.

    `apart`: the group is another source's. `text`: the secret is in a text, not in an address.
    """

    told: Callable[[Step, str], State]
    apart: bool = False
    text: bool = True


def secret(number: int) -> str:
    """
    Return what bob must not get, another one for every number.
    """
    return f"{CANARY}-{number}-"


def _line(name: str, text: str, *readers: str, **more: str) -> dict[str, Any]:
    return {"id": name, "text": text, "title": text, "acl": allow(*readers), **more}


def _members(step: Step) -> tuple[str, ...]:
    return (ALICE, BOB) if step is Step.OPEN else (ALICE,)


def _content(step: Step, hidden: str) -> str:
    texts = {Step.CLOSED: BEFORE, Step.FILLED: f"Words with {hidden}."}
    return texts.get(step, OLD)


TWIN: Final = (_line("twin", OLD, ALICE, BOB), _line("shelf", OLD, FOLDER))
"""
Always there, with the readers that the other document had: no readership goes out of use, so
nothing is hidden from bob only because nobody bears its name any more.
"""


def by_name(step: Step, hidden: str) -> State:
    """
    A: bob is taken off the document, then the secret is written into it.
    """
    return State((_line(PLAN, _content(step, hidden), *_members(step)), *TWIN))


def by_group(step: Step, hidden: str) -> State:
    """
    A: bob is put out of the group, then the secret is written into its document.
    """
    return State((_line(PLAN, _content(step, hidden), FOLDER), *TWIN), _members(step))


def address(step: Step, hidden: str) -> State:
    """
    A: bob is taken off the document, then its address becomes one that lets whoever has it in.
    """
    where = hidden if step is Step.FILLED else "old"
    line = _line(PLAN, OLD, *_members(step), url=f"https://corp.example/{where}")
    return State((line, *TWIN))


def new_below(step: Step, hidden: str) -> State:
    """
    B: bob is put out of the folder, then a new document appears in it.
    """
    new = (_line(PLAN, _content(step, hidden), FOLDER),) if step is Step.FILLED else ()
    return State((*new, *TWIN), _members(step))


def moved_below(step: Step, hidden: str) -> State:
    """
    B: bob is put out of the folder, then alice's own document is moved into it.
    """
    readers = FOLDER if step is Step.FILLED else ALICE
    return State((_line(PLAN, f"Words with {hidden}.", readers), *TWIN), _members(step))


STORIES: Final[Mapping[str, Story]] = {
    "A, by name": Story(by_name),
    "A, by group": Story(by_group),
    "A, address": Story(address, text=False),
    "B, new": Story(new_below),
    "B, moved": Story(moved_below),
    "C, group elsewhere": Story(by_group, apart=True),
}
