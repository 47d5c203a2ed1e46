"""
The way in: how fast documents pass, step by step, beside the raw parts alone.

The source grows in rounds. After each round's sync, the very calls that it made of redactor and
encoder are made again with nothing around them: same texts, same batches, same processes. So
whole and parts alternate; a ratio is the median of the rounds' own ratios, with its spread,
because on a machine that others use too the sums of all rounds compare different hours.
"""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ingestion.pipeline import STEPS
from ingestion.reconcile import Progress, Reconciler
from ingestion.wiring import build_source
from readership.syncing import SyncSession
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.recording import RecordingEmbedder, RecordingRedactor
from tests.real_data.kubernetes import write_lines

WARM_UP_DOCUMENTS = 2
PRESIDIO = "Presidio alone"
ENCODER = "encoder alone"
WHOLE = "whole sync"
COMMIT = "observe, commit, index"


@dataclass(slots=True)
class IngestResult:
    """
    Seconds by what was measured, and what passed in them.
    """

    documents: int = 0
    characters: int = 0
    chunks: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    syncs: dict[str, float] = field(default_factory=dict)
    rounds: list[dict[str, float]] = field(default_factory=list)

    def add_round(self, seconds: dict[str, float]) -> None:
        """
        Add one round, and keep its ratios of the whole and of the steps to the raw parts.
        """
        for name, one in seconds.items():
            self.add(name, one)
        raw = seconds[PRESIDIO] + seconds[ENCODER]
        self.rounds.append(
            {
                "redact step to Presidio alone": seconds["redact"] / seconds[PRESIDIO],
                "embed step to encoder alone": seconds["embed"] / seconds[ENCODER],
                "whole sync to Presidio and encoder alone": seconds[WHOLE] / raw,
            }
        )

    def add(self, name: str, seconds: float) -> None:
        """
        Add to what was measured.
        """
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def to_json(self) -> dict[str, object]:
        """
        Return everything, rates and ratios included, as JSON values.
        """
        return {
            "documents": self.documents,
            "characters": self.characters,
            "chunks": self.chunks,
            "stages": {
                name: {
                    "seconds": seconds,
                    "characters_per_second": self.characters / seconds,
                    "chunks_per_second": self.chunks / seconds,
                    "share_of_whole": seconds / self.seconds[WHOLE],
                }
                for name, seconds in self.seconds.items()
            },
            "ratios": {
                name: _spread([one[name] for one in self.rounds]) for name in self.rounds[0]
            },
            "later_syncs": {
                name: {"seconds": seconds, "ratio_to_first": seconds / self.seconds[WHOLE]}
                for name, seconds in self.syncs.items()
            },
        }


class IngestBench:
    """
    Syncs a growing source and times it.
    """

    def __init__(self, session: SyncSession, corpus: Corpus) -> None:
        self._session = session
        self._corpus = corpus
        self._settings = session.ground.configuration.settings.sources[0]
        self._redactor = RecordingRedactor(session.redactor)
        self._embedder = RecordingEmbedder(session.embedder)
        session.redactor, session.embedder = self._redactor, self._embedder

    def run(self, rounds: int, told: Callable[[str], None]) -> IngestResult:
        """
        Warm up, then measure in rounds, then what later syncs cost.
        """
        result = IngestResult()
        total = len(self._corpus.lines)
        shown = min(WARM_UP_DOCUMENTS, total)
        self._round(shown, IngestResult())
        for number in range(1, rounds + 1):
            told(f"ingestion, round {number} of {rounds}")
            upto = shown + (total - shown) * number // rounds
            self._round(upto, result)
        result.documents = total - shown
        result.syncs["nothing changed"] = self._sync()[0]
        result.syncs["one group lost a member"] = self._revoke()
        self._session.redactor, self._session.embedder = self._redactor.real, self._embedder.real
        return result

    def _round(self, upto: int, result: IngestResult) -> None:
        self._corpus.reveal(upto)
        seconds, reconciler = self._sync()
        times = reconciler.pipeline.times
        result.characters += times.characters
        result.chunks += times.chunks
        result.add_round(
            {
                **{step: times.seconds.get(step, 0.0) for step in STEPS},
                COMMIT: seconds - sum(times.seconds.values()),
                WHOLE: seconds,
                PRESIDIO: _timed(self._redactor.again),
                ENCODER: _timed(self._embedder.again),
            }
        )

    def _sync(self) -> tuple[float, Reconciler]:
        reconciler = self._session.reconciler(self._settings)
        source = build_source(self._session.ground, self._settings)
        label = self._session.ground.configuration.default_label(self._settings)
        seconds = _timed(lambda: reconciler.sync(source, label, Progress()))
        return seconds, reconciler

    def _revoke(self) -> float:
        # From the start of the sync; the revocation is in force before this ends.
        groups = self._corpus.folder / "groups.jsonl"
        before = groups.read_text(encoding="utf-8")
        lines = before.splitlines()
        write_lines(groups, _without_a_member(lines))
        seconds = self._sync()[0]
        groups.write_text(before, encoding="utf-8")
        self._sync()
        return seconds


def _without_a_member(lines: list[str]) -> list[dict[str, object]]:
    groups: list[dict[str, object]] = [json.loads(line) for line in lines]
    for group in groups:
        match group["members"]:
            case [_, *rest] if rest:
                group["members"] = rest
                break
            case _:
                continue
    return groups


def _spread(ratios: list[float]) -> dict[str, float]:
    return {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
