"""
What is ingested and who asks: the real proposals, or the fictional company where they are absent.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from readership.demo.company import lay_out as lay_out_company
from tests.real_data import kubernetes
from tests.real_data.kubernetes import write_exchange, write_lines
from tests.real_data.world import SOURCE
from tests.real_data.world import lay_out as lay_out_proposals

FIXTURES = Path(__file__).parents[2] / "fixtures" / "company"


@dataclass(frozen=True, slots=True)
class Corpus:
    """
    A laid-out installation whose source begins empty and grows by `reveal`.
    """

    name: str
    configuration: Path
    folder: Path
    lines: Sequence[dict[str, object]]
    readers: Sequence[str]
    questions: Sequence[str]

    def reveal(self, documents: int) -> None:
        """
        Let the source list its first so many documents.
        """
        write_lines(self.folder / "documents.jsonl", self.lines[:documents])


def lay_out(directory: Path, documents: int) -> Corpus:
    """
    Lay out an installation with the best data that there are.
    """
    if kubernetes.available():
        return _proposals(directory, documents)
    return _company(directory, documents)


def _proposals(directory: Path, documents: int) -> Corpus:
    data = kubernetes.load()
    # Evenly over all groups of owners; a step that shares no factor shuffles them repeatably.
    count = len(data.proposals)
    chosen = [data.proposals[n * 101 % count] for n in range(min(documents, count))]
    file = lay_out_proposals(directory)
    folder = directory / SOURCE
    write_exchange(data, folder, documents=chosen)
    return Corpus(
        name="kubernetes/enhancements, whole texts",
        configuration=file,
        folder=folder,
        lines=_lines(folder),
        readers=_by_visibility({person for one in chosen for person in one.readers}, data),
        questions=[f"What does {one.title} change, and why?" for one in data.proposals],
    )


def _by_visibility(people: set[str], data: kubernetes.Kubernetes) -> list[str]:
    return [name for _, name in sorted((len(data.readable_by(one)), one) for one in people)]


def _company(directory: Path, documents: int) -> Corpus:
    file = lay_out_company(directory)
    folder = directory / "company"
    asked = json.loads((FIXTURES / "questions.json").read_text(encoding="utf-8"))
    return Corpus(
        name="the fictional company of fixtures/, because ../shared/data/kubernetes is absent",
        configuration=file,
        folder=folder,
        lines=_lines(folder)[:documents],
        readers=sorted(asked["readable"]),
        questions=[str(one["question"]) for one in asked["questions"]],
    )


def _lines(folder: Path) -> list[dict[str, object]]:
    text = (folder / "documents.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
