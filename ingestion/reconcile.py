"""
Makes registry and index agree with a source, in the order that never shows too much.

1. Finish what an interrupted run left unsettled.
2. Observe the source: documents with their permissions, and groups, at one moment. If its
   permissions changed while they were read, the halves do not belong together: once more.
3. Apply permissions and withdrawals, in one transaction with a new epoch. From here on the
   source counts as observed, and everything that lost a reader has lost it.
4. Refresh what citations say where only that changed.
5. Process new and changed content in batches. Before a batch is committed, the source is
   asked whether its permissions are still those observed; if not, start again at 2.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from acl.errors import InputError
from acl.index.writing import ChunkWriter
from acl.keys.envelope import Meaning
from acl.keys.naming import Namer
from acl.model.definers import Definer
from acl.model.documents import DocumentState
from acl.model.identifiers import DocumentKey
from acl.registry.writing import PermissionChange, RegistryWriter
from ingestion.brake import Brake, Braked, Situation
from ingestion.pipeline import Pipeline, Processed, SetAside
from ingestion.plan import UNREAD, Plan, Work, make_plan, without, without_pushed
from ingestion.settle import Settler
from ingestion.sources.port import Observation, Problem, Source

logger = logging.getLogger(__name__)

BATCH_DOCUMENTS: Final = 16
MAX_ATTEMPTS: Final = 5


class SourceUnsteadyError(InputError):
    """
    The source kept changing while it was read.
    """

    public_message = "the source keeps changing"
    code = "source_unsteady"


class _PermissionsMovedError(Exception):
    pass


@dataclass(slots=True)
class SyncReport:
    """
    What a sync did, for people and for `--json`.
    """

    source: str
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    dry_run: bool = False

    def to_json(self) -> dict[str, object]:
        """
        Return the report as JSON values.
        """
        return {
            "source": self.source,
            "dry_run": self.dry_run,
            "counts": dict(self.counts),
            "problems": [str(problem) for problem in self.problems],
        }


class Progress:
    """
    Told how far a sync is; this one stays silent.
    """

    def start(self, source: str, documents: int) -> None:
        """
        A source's content is about to be processed.
        """

    def advance(self, step: str, documents: int) -> None:
        """
        So many documents have passed a step.
        """


@dataclass(frozen=True, slots=True)
class Reconciler:
    """
    Runs syncs.
    """

    registry: RegistryWriter
    index: ChunkWriter
    pipeline: Pipeline
    settler: Settler
    namer: Namer
    clock: Callable[[], datetime]
    brake: Brake | None = None
    """None only where the operator has switched it off."""
    kind: Definer = Definer.SOURCE

    def plan(self, source: Source, default_label: str) -> SyncReport:
        """
        Say what a sync would do, and do nothing.
        """
        report = SyncReport(source.name, dry_run=True)
        observation = source.observe()
        plan = self._plan(source, observation, default_label)
        return _reported(report, plan, observation)

    def sync(self, source: Source, default_label: str, progress: Progress) -> SyncReport:
        """
        Bring registry and index up to the source.

        Raises:
            InputError: The source cannot be read, or keeps changing. Nothing was concluded.
            RegistryMismatchError: Its name was that of another kind of system.
        """
        self.registry.register_source(source.name, source.authority, self.kind)
        self.settler.settle_all()
        for _ in range(MAX_ATTEMPTS):
            try:
                return self._attempt(source, default_label, progress)
            except _PermissionsMovedError:
                logger.info("%s changed while it was being read; starting again", source.name)
        msg = f"{source.name} changed {MAX_ATTEMPTS} times while it was being read; try again later"
        raise SourceUnsteadyError(msg)

    def _attempt(self, source: Source, default_label: str, progress: Progress) -> SyncReport:
        report = SyncReport(source.name)
        observation = source.observe()
        if not source.unchanged_since(observation):
            raise _PermissionsMovedError
        plan = self._plan(source, observation, default_label)
        self._apply(source, plan, observation)
        self._refresh_cards(source, plan)
        progress.start(source.name, len(plan.work))
        run = str(uuid.uuid4())
        for batch in _batches(plan.work):
            processed, aside = self.pipeline.process(
                source, batch, ingest_run=run, advance=progress.advance
            )
            if not source.unchanged_since(observation):
                raise _PermissionsMovedError
            self._commit(source, processed)
            for signal in (one for done in processed for one in done.signals):
                plan.count(signal)
            self._set_aside(source, aside, default_label, plan, report)
        if plan.work:
            self.index.optimize()
        self.registry.carried_through(source.name, now=self.clock())
        return _reported(report, plan, observation)

    def _plan(self, source: Source, observation: Observation, default_label: str) -> Plan:
        pushed = self.registry.pushed(source.name)
        now = Situation(
            source=source.name,
            observation=without_pushed(observation, pushed),
            known=without(self.registry.known(source.name), pushed.documents),
            pushed=pushed,
            groups=without(self.registry.groups_of(source.name), pushed.groups),
            pipeline=self.pipeline.fingerprint(),
            default_label=default_label,
        )
        braked = self.brake.hold(now) if self.brake else Braked(now.observation)
        withheld = now.observation.documents.keys() - braked.observation.documents.keys()
        plan = make_plan(
            braked.observation,
            without(now.known, withheld),
            now.groups,
            pipeline=now.pipeline,
            default_label=default_label,
        )
        _add_held(plan, braked, len(withheld))
        if left := len(pushed.documents & observation.documents.keys()):
            plan.counts["pushed"] = left
        return plan

    def _apply(self, source: Source, plan: Plan, observation: Observation) -> None:
        now = self.clock()
        touched = self.registry.apply_permissions(
            source.name, plan.changes, plan.groups, now=now, holding=plan.holding
        )
        self.registry.observed(source.name, at=observation.at)
        self.settler.settle(touched)

    def _commit(self, source: Source, processed: Sequence[Processed]) -> None:
        # In one turn: what another process stages meanwhile would be taken for a leftover.
        with self.settler.turn.taken():
            keys = {
                self.namer.document(source.name, one.revision.document): one for one in processed
            }
            pushed = self.registry.pushed_among(list(keys))
            if ours := {key: one for key, one in keys.items() if key not in pushed}:
                self._commit_in_turn(source, ours)

    def _commit_in_turn(self, source: Source, ours: Mapping[DocumentKey, Processed]) -> None:
        revisions = [one.revision for one in ours.values()]
        current = {key: one.revision.revision - 1 for key, one in ours.items()}
        self.registry.mark_unsettled(list(current), now=self.clock())
        self.index.discard_uncommitted(current)
        self.index.stage([point for one in ours.values() for point in one.points])
        self.index.flush()
        self.registry.commit_revisions(source.name, revisions, now=self.clock())
        # Also what a push has taken over since: settling drops what was staged for it.
        self.settler.settle(list(current))

    def _set_aside(
        self,
        source: Source,
        aside: Sequence[SetAside],
        default_label: str,
        plan: Plan,
        report: SyncReport,
    ) -> None:
        for one in aside:
            plan.count("quarantined")
            listed = one.work.listed
            report.problems.append(Problem(listed.where, one.reason, listed.document))
        changes = [_quarantine(one, default_label) for one in aside]
        touched = self.registry.apply_permissions(source.name, changes, None, now=self.clock())
        self.settler.settle(touched)

    def _refresh_cards(self, source: Source, plan: Plan) -> None:
        for work in plan.cards:
            key = self.namer.document(source.name, work.listed.document)
            stored = self.registry.sealed_card(key)
            if stored is None:
                continue
            revision, envelope_key, card = stored
            sealer = self.pipeline.sealer
            meaning = Meaning(sealer.tenant, source.name, work.listed.document, revision)
            renewed = sealer.resealed_card(meaning, envelope_key, card, work.listed)
            self.registry.replace_card(key, revision, renewed, work.card_fingerprint)
        waited = plan.after_cards
        self.settler.settle(
            self.registry.apply_permissions(source.name, waited, None, now=self.clock())
        )


def _quarantine(one: SetAside, default_label: str) -> PermissionChange:
    listed = one.work.listed
    return PermissionChange(
        document=listed.document,
        state=DocumentState.QUARANTINED,
        acl=listed.acl,
        label=listed.label or default_label,
        reason=one.reason,
        fingerprint=UNREAD if one.again else one.work.fingerprint,
    )


def _add_held(plan: Plan, braked: Braked, withheld: int) -> None:
    plan.changes += braked.changes
    plan.holding = braked.holding
    if braked.held:
        plan.counts["seen"] = plan.counts.get("seen", 0) + withheld
        plan.counts["held"] = braked.held


def _batches(work: Sequence[Work]) -> Iterator[Sequence[Work]]:
    for start in range(0, len(work), BATCH_DOCUMENTS):
        yield work[start : start + BATCH_DOCUMENTS]


def _reported(report: SyncReport, plan: Plan, observation: Observation) -> SyncReport:
    report.counts = plan.counts
    report.problems = [*observation.problems, *report.problems]
    # What names no document has no state to be counted by: malformed lines, and groups.
    if nameless := sum(problem.document is None for problem in report.problems):
        report.counts["unusable"] = nameless
    return report
