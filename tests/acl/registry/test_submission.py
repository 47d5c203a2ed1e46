"""
The order of pushes, and what of a source a listing leaves alone.
"""

import pytest

from acl.keys.envelope import Meaning, new_envelope
from acl.model.documents import DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentId
from acl.model.pushes import Conditions
from acl.registry.errors import PreconditionFailedError, StaleEventError
from acl.registry.pushing import PushWriter, SealedBody, StatedDocument
from acl.registry.pushing_groups import PushedGroupWriter
from acl.registry.submission import Accepted, Submission
from acl.registry.writing import PermissionChange
from tests.acl.people import ACME, ALICE, BOB, CORP, ENG, HANDBOOK, NOON, readable_by
from tests.acl.registry.registries import KEK, NAMER, SEALER, Registry, new_revision

PLAN = DocumentId("plan")
FOR_ALICE, FOR_BOB = readable_by(ALICE), readable_by(BOB)


def push(registry: Registry, acl: AclSnapshot, **conditions: object) -> Accepted:
    """
    State who may read the plan.
    """

    def seal(revision: int) -> SealedBody:
        _, key = new_envelope(Meaning(ACME, HANDBOOK, PLAN, revision), KEK)
        return SealedBody(key, b"sealed")

    writer = PushWriter(registry.writer._database, ACME, NAMER, SEALER)  # noqa: SLF001
    stated = StatedDocument(PLAN, acl, "internal", "content", "f" * 64, "c" * 64)
    return writer.put_document(submission(**conditions), stated, seal, lambda _: None)


def submission(**conditions: object) -> Submission:
    told = Conditions(**conditions)  # type: ignore[arg-type]
    return Submission(HANDBOOK, CORP, "client", NOON, told, observes=False)


def readership(registry: Registry) -> str | None:
    stated = registry.statement("plan")
    return stated.readership if stated else None


@pytest.mark.promise("push-order")
def test_an_older_event_is_refused(registry: Registry) -> None:
    push(registry, FOR_ALICE, event=2)

    with pytest.raises(StaleEventError):
        push(registry, FOR_BOB, event=1)

    assert FOR_ALICE.digest() == readership(registry)
    push(registry, FOR_BOB, event=3)
    assert FOR_BOB.digest() == readership(registry)


@pytest.mark.promise("push-order")
def test_one_event_is_one_statement(registry: Registry) -> None:
    first = push(registry, FOR_ALICE, event=2)

    assert first.revision == push(registry, FOR_ALICE, event=2).revision
    with pytest.raises(StaleEventError):
        push(registry, FOR_BOB, event=2)


@pytest.mark.promise("push-order")
def test_a_push_without_an_event_leaves_the_stored_one(registry: Registry) -> None:
    push(registry, FOR_BOB, event=2)
    push(registry, FOR_ALICE)

    with pytest.raises(StaleEventError):
        push(registry, FOR_BOB, event=1)

    assert FOR_ALICE.digest() == readership(registry)


def test_a_revision_that_was_replaced_is_refused(registry: Registry) -> None:
    seen = push(registry, FOR_ALICE).revision
    push(registry, FOR_BOB, match=frozenset({seen}))

    with pytest.raises(PreconditionFailedError):
        push(registry, FOR_ALICE, match=frozenset({seen}))

    assert FOR_BOB.digest() == readership(registry)


@pytest.mark.promise("push-owns")
def test_a_listing_changes_nothing_that_was_pushed(registry: Registry) -> None:
    """
    Neither its permission, nor its content, nor a group; whatever the sync had planned.
    """
    push(registry, FOR_ALICE)
    groups = PushedGroupWriter(registry.writer._database, ACME)  # noqa: SLF001
    groups.put_group(submission(), ENG, frozenset({ALICE}), lambda _: None)
    before = registry.statement("plan")
    change = PermissionChange(PLAN, DocumentState.LIVE, FOR_BOB, "internal")
    apply, commit = registry.writer.apply_permissions, registry.writer.commit_revisions

    assert [] == apply(HANDBOOK, [change], {ENG: frozenset({BOB})}, now=NOON)
    assert [] == apply(HANDBOOK, [], {}, now=NOON)
    assert [] == commit(HANDBOOK, [new_revision("plan", FOR_BOB, 7, 1)], now=NOON)

    assert before == registry.statement("plan")
    view, _ = registry.reader.current()
    assert {ENG: frozenset({ALICE})} == view.directory.definitions
