"""
Who asks, and how an answer is held against the oracle's.
"""

from dataclasses import dataclass
from typing import Final

from retrieval.passage import Answer
from tests.real_data.kubernetes import Kubernetes
from tests.real_data.oracle import Judge, Verdict

LIMIT: Final = 20
"""
Passages a question asks for: more than the readers of few documents have chunks.
"""

OWNERS: Final = 46
STRANGERS: Final = 6


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    One question of one reader: what was released, and what the oracle says to it.
    """

    reader: str
    question: str
    chunks: tuple[str, ...]
    documents: frozenset[str]
    expected: tuple[str, ...]
    verdict: Verdict

    @classmethod
    def of(cls, reader: str, question: str, answer: Answer, judge: Judge) -> "Comparison":
        """
        Hold an answer against the oracle.
        """
        released = [str(passage.id) for passage in answer.passages]
        return cls(
            reader=reader,
            question=question,
            chunks=tuple(released),
            documents=frozenset(str(p.provenance.document) for p in answer.passages),
            expected=tuple(judge.expected()),
            verdict=judge.verdict(released),
        )


def chosen_readers(data: Kubernetes) -> list[str]:
    """
    Return readers of one document and readers of all, evenly in between, then strangers: people
    in many teams who own nothing, somebody in no team, and an owner's name in capitals.
    """
    counted = {person: len(data.readable_by(person)) for person in data.people}
    owners = sorted((p for p in counted if counted[p]), key=lambda p: (counted[p], p))
    evenly = [owners[n * (len(owners) - 1) // (OWNERS - 1)] for n in range(OWNERS)]
    teams = {p: sum(p in team.people for team in data.teams.values()) for p in data.people}
    strangers = sorted((p for p in counted if not counted[p]), key=lambda p: (-teams[p], p))
    return [*evenly, *strangers[: STRANGERS - 2], "nobody-at-all", owners[-1].upper()]
