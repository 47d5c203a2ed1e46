"""
The path of a batch of documents: extract, clean, redact, split, embed, seal.

Each step takes what the one before made. A document that a step cannot take is set aside with
the reason and the others go on.
"""

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from acl.errors import InputError, RedactionError
from acl.index.embedder import Embedder
from acl.index.terms import chunk_weights
from acl.index.writing import StagedChunk
from acl.keys.naming import Namer
from acl.model.documents import INSTRUCTION_LIKE, DocumentCard
from acl.model.identifiers import SourceName
from acl.model.redaction import RedactedText, Redactor
from acl.registry.rows import NewRevision
from acl.screening.instructions import reads_like_an_instruction
from ingestion import split
from ingestion.clean import clean
from ingestion.extract import Extracted, SandboxedExtractor
from ingestion.plan import Work
from ingestion.seal import Draft, Sealer
from ingestion.sources.port import ContentSource

logger = logging.getLogger(__name__)

STEPS: Final = ("extract", "redact", "embed", "seal")
VERSION: Final = "2"

HIDDEN_TEXT: Final = "hidden-text"
HIDDEN_INSTRUCTIONS: Final = "hidden-instructions"
"""
Signals: something was left out that nobody sees; and what was left out reads like an instruction.
"""


@dataclass(frozen=True, slots=True)
class Processed:
    """
    A sealed revision, the points that the index needs for it, and what was noticed about it.
    """

    revision: NewRevision
    points: tuple[StagedChunk, ...]
    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetAside:
    """
    A document that could not be processed, and why.

    `again` if the next sync must try the same content once more: it was not even read.
    """

    work: Work
    reason: str
    again: bool = False


@dataclass(slots=True)
class StepTimes:
    """
    Seconds spent in each step, and what went through, for the benchmark and the summary.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    characters: int = 0
    chunks: int = 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """
        Add the time spent in the block.
        """
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class _Read:
    work: Work
    digest: str
    title: str
    text: str
    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """
    Every step's tool.
    """

    extractor: SandboxedExtractor
    redactor: Redactor
    embedder: Embedder
    sealer: Sealer
    namer: Namer
    default_label: str
    times: StepTimes = field(default_factory=StepTimes)

    def fingerprint(self) -> str:
        """
        Name the versions of all steps; documents processed by others are processed anew.
        """
        named = (VERSION, split.VERSION, self.redactor.fingerprint, self.embedder.variant)
        return "/".join(named)

    def process(
        self,
        source: ContentSource,
        batch: Sequence[Work],
        *,
        ingest_run: str,
        advance: Callable[[str, int], None],
    ) -> tuple[list[Processed], list[SetAside]]:
        """
        Process a batch; `advance(step, documents)` is told of progress.
        """
        aside: list[SetAside] = []
        with self.times.step("extract"):
            read = list(self._read(source, batch, aside))
            advance("extract", len(batch))
        with self.times.step("redact"):
            drafts = list(self._drafts(source.name, read, aside))
            advance("redact", len(batch))
        with self.times.step("embed"):
            points = self._points(drafts)
            advance("embed", len(batch))
        with self.times.step("seal"):
            sealed = [self.sealer.seal(draft, ingest_run=ingest_run) for draft in drafts]
            advance("seal", len(batch))
        self.times.characters += sum(len(one.text) for one in read)
        self.times.chunks += sum(len(some) for some in points)
        noticed = [draft.card.signals for draft in drafts]
        return [Processed(*one) for one in zip(sealed, points, noticed, strict=True)], aside

    def _read(
        self, source: ContentSource, batch: Sequence[Work], aside: list[SetAside]
    ) -> Iterator[_Read]:
        for work in batch:
            try:
                content = source.fetch(work.listed)
            except InputError as error:
                aside.append(SetAside(work, error.diagnostics(), again=True))
                continue
            try:
                extracted = self.extractor.extract(content, mime=work.listed.mime)
            except InputError as error:
                aside.append(SetAside(work, error.diagnostics()))
                continue
            text = clean(extracted.text, extracted.page_starts)
            if not text.text.strip():
                aside.append(SetAside(work, "holds no text"))
                continue
            yield _Read(
                work=work,
                digest=hashlib.sha256(content).hexdigest(),
                title=clean(work.listed.title).text.replace("\n", " "),
                text=text.text,
                signals=(*text.signals, *_hidden(extracted)),
            )

    def _drafts(
        self, source: SourceName, read: Sequence[_Read], aside: list[SetAside]
    ) -> Iterator[Draft]:
        for one, title, text in self._redacted(read, aside):
            try:
                whole, chunks = split.split(text.text)
            except ValueError as error:
                aside.append(SetAside(one.work, str(error)))
                continue
            del whole
            if one.work.listed.acl is None:
                continue  # never planned: content waits for its ACL
            yield Draft(
                source=source,
                document=one.work.listed.document,
                revision=one.work.revision,
                acl=one.work.listed.acl,
                label=one.work.listed.label or self.default_label,
                fingerprint=one.work.fingerprint,
                card_fingerprint=one.work.card_fingerprint,
                card=_card(one, title, text, chunks),
                originals=(*title.originals, *text.originals),
                chunks=tuple(chunks),
            )

    def _redacted(
        self, read: Sequence[_Read], aside: list[SetAside]
    ) -> Iterable[tuple[_Read, RedactedText, RedactedText]]:
        try:
            titles = self.redactor.redact_all([one.title for one in read])
            texts = self.redactor.redact_all([one.text for one in read])
        except RedactionError as error:
            logger.warning("redacting one by one: %s", error.diagnostics())
            return self._redacted_singly(read, aside)
        return zip(read, titles, texts, strict=True)

    def _redacted_singly(
        self, read: Sequence[_Read], aside: list[SetAside]
    ) -> Iterator[tuple[_Read, RedactedText, RedactedText]]:
        # One text that cannot be redacted must not hold up the rest of its batch.
        for one in read:
            try:
                yield one, self.redactor.redact(one.title), self.redactor.redact(one.text)
            except RedactionError as error:
                aside.append(SetAside(one.work, error.diagnostics()))

    def _points(self, drafts: Sequence[Draft]) -> list[tuple[StagedChunk, ...]]:
        texts = [[embedded_text(d.card.title, c.text) for c in d.chunks] for d in drafts]
        vectors = self.embedder.embed([text for some in texts for text in some])
        points: list[tuple[StagedChunk, ...]] = []
        row = 0
        for draft, some in zip(drafts, texts, strict=True):
            document = self.namer.document(draft.source, draft.document)
            points.append(
                tuple(
                    StagedChunk(
                        chunk=self.namer.chunk(document, draft.revision, ordinal),
                        source=draft.source,
                        document=document,
                        revision=draft.revision,
                        dense=vectors[row + ordinal],
                        sparse=self._sparse(text),
                    )
                    for ordinal, text in enumerate(some)
                )
            )
            row += len(some)
        return points

    def _sparse(self, text: str) -> dict[int, float]:
        named: dict[int, float] = {}
        for term, weight in chunk_weights(text).items():
            # Two words may share a name; the index takes each name once.
            name = self.namer.term(term)
            named[name] = named.get(name, 0.0) + weight
        return named


def embedded_text(title: str, text: str) -> str:
    """
    Return what stands for a chunk in the index: its document's title, then its text.
    """
    return f"{title}\n{text}"


def _hidden(extracted: Extracted) -> tuple[str, ...]:
    if not extracted.hidden:
        return ()
    commanding = reads_like_an_instruction(extracted.unseen)
    return (HIDDEN_TEXT, HIDDEN_INSTRUCTIONS) if commanding else (HIDDEN_TEXT,)


def _card(
    one: _Read, title: RedactedText, text: RedactedText, chunks: Sequence[split.TextChunk]
) -> DocumentCard:
    kinds = Counter(finding.kind for found in (title, text) for finding in found.findings)
    commanding = [at for at, chunk in enumerate(chunks) if reads_like_an_instruction(chunk.text)]
    signals = one.signals
    if commanding and INSTRUCTION_LIKE not in signals:
        signals = (*signals, INSTRUCTION_LIKE)
    return DocumentCard(
        title=title.text,
        url=one.work.listed.url,
        mime=one.work.listed.mime,
        modified=one.work.listed.modified,
        content_sha256=one.digest,
        redactions=tuple(sorted(kinds.items())),
        signals=signals,
        author=one.work.listed.author,
        instructions=tuple(commanding),
    )
