"""
Step 8. What is about to leave, and how it is recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from acl.audit.events import AuditEvent
from acl.model.identifiers import ChunkId, Epoch
from retrieval.authorize import Authorized
from retrieval.cite import cite
from retrieval.passage import Passage

FIND: Final = "find"
FETCH: Final = "fetch"
"""
What agents' `search` and `fetch` are in statements and records: titles without texts, and a text
by the name that its reader gave.
"""


@dataclass(frozen=True, slots=True)
class Departure:
    """
    The texts that one request is about to release, exactly as its reader will get them.

    A document that is fetched whole is one passage here. `context` is what a search lays out for
    a language model.
    """

    request_id: str
    operation: str
    may: Authorized
    epoch: Epoch
    passages: tuple[Passage, ...]
    context: str | None = None


def titles_of(leaving: Departure) -> Departure:
    """
    Return what is left of a search of which titles only are to leave: each document once, by its
    best passage, without text and citation.
    """
    best = {one.key: one for one in reversed(leaving.passages)}
    titles = tuple(
        replace(one, text="", citation="") for one in leaving.passages if best[one.key] is one
    )
    return replace(leaving, operation=FIND, passages=titles, context=None)


def as_one(parts: Sequence[Passage], text: str, named: str | None = None) -> tuple[Passage, ...]:
    """
    Return a document as one passage, named as its reader or else its source names it; none if it
    has no parts.
    What was noticed about any part was noticed about it.
    """
    if not parts:
        return ()
    first, last = parts[0], parts[-1]
    span = replace(first.provenance.span, start=0, end=last.provenance.span.end)
    noticed = tuple(dict.fromkeys(one for part in parts for one in part.provenance.trust))
    provenance = replace(first.provenance, span=span, trust=noticed)
    return (
        cite(
            replace(
                first, id=ChunkId(named or provenance.document), text=text, provenance=provenance
            )
        ),
    )


def event_of(
    leaving: Departure, parts: Sequence[Passage], details: Mapping[str, object], *, at: datetime
) -> AuditEvent:
    """
    Return the audit record of a release, which names `parts`; there may be none.
    """
    may = leaving.may
    limited = "limited" if "limited" in details else "nothing released"
    return AuditEvent(
        at=at,
        request_id=leaving.request_id,
        action=leaving.operation,
        outcome="released" if parts else limited,
        issuer=may.reader.issuer,
        subject=may.reader.subject,
        client=may.reader.client,
        actors=may.reader.actors,
        details={
            **details,
            "who": may.reader.sentence(),
            "epoch": leaving.epoch,
            "ceiling": may.scope.ceiling.top,
            "withheld_by_client_policy": may.withheld,
            "principals": sorted(map(str, may.linked)),
            "released": [_released(passage) for passage in parts],
        },
    )


def _released(passage: Passage) -> dict[str, object]:
    provenance = passage.provenance
    return {
        "passage": passage.id,
        "source": provenance.source,
        "document": provenance.document,
        "revision": provenance.revision,
        "acl_revision": provenance.acl_revision,
        "label": provenance.label,
    }
