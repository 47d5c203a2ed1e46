"""
The way out: what each step of a question costs, beside the bare search and the bare encoder.

The reading room's collaborators are wrapped, not changed. Sanitising and citing have no
collaborator; they are the time between the end of unsealing and the audit record. The bare
parts are asked the same question, in turns before and after the whole: the encoder, and one
call of the engine with the same vectors and the same filter.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from acl.index.embedder import Embedder
from acl.index.engine_lease import EngineLease
from acl.index.terms import question_weights
from acl.model.identifiers import SourceName
from retrieval.answer import ReadingRoom
from retrieval.asked import AskedQuestion
from tests.benchmarks.corpus import Corpus

LIMIT = 10
WARM_UP_QUESTIONS = 20
STAGES = (
    "authenticate",
    "authorize",
    "redact",
    "embed",
    "search",
    "recheck",
    "unseal",
    "sanitise and cite",
    "audit",
)
REST = "the rest"
WHOLE = "whole answer"
RAW_EMBED = "encoder alone"
RAW_SEARCH = "engine search alone"
RAW = "encoder and engine alone"


@dataclass(slots=True)
class Stopwatch:
    """
    Seconds of each stage of one question, and when each ended.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)

    def timing(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """
        Return the work, timed.
        """

        def timed(*arguments: object, **named: object) -> Any:  # noqa: ANN401 - as the work's
            self.began[stage] = time.perf_counter()
            try:
                return work(*arguments, **named)
            finally:
                self.ended[stage] = time.perf_counter()
                self.seconds[stage] = self.ended[stage] - self.began[stage]

        return timed


class Timed:
    """
    Stands where a collaborator stood; some of its methods are timed.
    """

    def __init__(self, real: object, watch: Stopwatch, stages: Mapping[str, str]) -> None:
        self._real = real
        self._timed = {
            method: watch.timing(stage, getattr(real, method)) for method, stage in stages.items()
        }

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the collaborator's
        return self._timed[name] if name in self._timed else getattr(self._real, name)


@dataclass(frozen=True, slots=True)
class AskResult:
    """
    Milliseconds of every question, by what was measured.
    """

    milliseconds: dict[str, list[float]]
    passages: int

    def to_json(self) -> dict[str, object]:
        """
        Return percentiles and ratios as JSON values.
        """
        found = {name: _percentiles(values) for name, values in self.milliseconds.items()}
        whole, raw = np.array(self.milliseconds[WHOLE]), np.array(self.milliseconds[RAW])
        return {
            "questions": len(whole),
            "passages": self.passages,
            "stages_ms": found,
            "ratios": {
                "whole to raw, p50": found[WHOLE]["p50"] / found[RAW]["p50"],
                "whole to raw, p95": found[WHOLE]["p95"] / found[RAW]["p95"],
                "whole to raw, median of the questions' ratios": float(np.median(whole / raw)),
            },
        }


class AskBench:
    """
    Asks one reading room.
    """

    def __init__(
        self,
        room: ReadingRoom,
        *,
        embedder: Embedder,
        lease: EngineLease,
        token: Callable[[str], str],
    ) -> None:
        self._watch = Stopwatch()
        self._plain = room
        self._room = with_timing(room, self._watch)
        self._embedder = embedder
        self._lease = lease
        self._token = token

    def run(self, corpus: Corpus, questions: int) -> AskResult:
        """
        Warm up, then ask, each question by the next reader.
        """
        headers = [f"Bearer {self._token(reader)}" for reader in corpus.readers]
        measured: dict[str, list[float]] = {}
        passages = 0
        for number in range(-WARM_UP_QUESTIONS, questions):
            header = headers[number % len(headers)]
            question = corpus.questions[number % len(corpus.questions)]
            raw = self._ask_raw(header, question) if number % 2 else {}
            times, found = self._ask(header, question)
            times |= raw or self._ask_raw(header, question)
            if number >= 0:
                passages += found
                for name, seconds in times.items():
                    measured.setdefault(name, []).append(1_000 * seconds)
        return AskResult(measured, passages)

    def _ask(self, header: str, question: str) -> tuple[dict[str, float], int]:
        started = time.perf_counter()
        answer = self._room.answer([header], AskedQuestion(question, LIMIT))
        whole = time.perf_counter() - started
        watch = self._watch
        seconds = dict(watch.seconds)
        seconds["sanitise and cite"] = watch.began["audit"] - watch.ended["unseal"]
        times = {stage: seconds[stage] for stage in STAGES}
        return {**times, REST: whole - sum(times.values()), WHOLE: whole}, len(answer.passages)

    def _ask_raw(self, header: str, question: str) -> dict[str, float]:
        room = self._plain
        reader = room.verifier.verify(header.removeprefix("Bearer "))
        scope = room.authorizer.authorize(reader, needs="rag.search").scope
        redacted = room.preparer.redact(question)
        name = room.preparer.namer.term
        sparse = {name(term): weight for term, weight in question_weights(redacted).items()}
        sources = [room.preparer.namer.source(SourceName(one)) for one in scope.sources]
        within = [scope.readerships.packed(), sources, list(scope.withheld)]
        started = time.perf_counter()
        dense = self._embedder.embed([redacted])[0].tobytes()
        embedded = time.perf_counter()
        if scope.readerships:
            asked = [dense, list(sparse.keys()), list(sparse.values())]
            self._lease.call("search", asked, within, room.search.candidates)
        searched = time.perf_counter()
        return {
            RAW_EMBED: embedded - started,
            RAW_SEARCH: searched - embedded,
            RAW: searched - started,
        }


def with_timing(room: ReadingRoom, watch: Stopwatch) -> ReadingRoom:
    """
    Return the room with every collaborator timed.
    """
    searcher: Any = Timed(room.search.searcher, watch, {"search": "search"})
    timed: dict[str, Any] = {
        "verifier": Timed(room.verifier, watch, {"verify": "authenticate"}),
        "authorizer": Timed(room.authorizer, watch, {"authorize": "authorize"}),
        "preparer": Timed(room.preparer, watch, {"redact": "redact", "embed": "embed"}),
        "search": replace(room.search, searcher=searcher),
        "rechecker": Timed(room.rechecker, watch, {"still_readable": "recheck"}),
        "unsealer": Timed(room.unsealer, watch, {"passages": "unseal"}),
        "trail": Timed(room.trail, watch, {"append": "audit"}),
    }
    return replace(room, **timed)


def _percentiles(values: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": float(p50), "p95": float(p95), "mean": float(np.mean(values))}
