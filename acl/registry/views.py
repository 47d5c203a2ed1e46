"""
Who may read what, as the registry has it at one epoch: groups, readerships and switches.

A request works on one `PermissionView`, whose parts were committed together. Views are built
when somebody asks at a new epoch, and share with their predecessor whatever did not change: a
group change reads no document, and a document's change reads no group. The epoch itself is
read anew for every request, which is what makes a revocation hold at the next one.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from sqlalchemy import Connection, select

from acl.decision.admission import People
from acl.decision.compiled import Gates, Memberships, PrincipalNumbers
from acl.decision.membership import Directory, Standing
from acl.decision.visibility import VisibilityIndex
from acl.directory.people import load_people, people_changed
from acl.directory.stored import load_directory
from acl.keys.naming import Namer
from acl.model.documents import DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import (
    DocumentKey,
    Epoch,
    ReadershipDigest,
    ReadershipKey,
    SourceName,
    TenantId,
)
from acl.model.principals import Principal
from acl.model.switches import Switches
from acl.registry import tables
from acl.registry.switching import load_switches

logger = logging.getLogger(__name__)

MAX_KEYS_A_QUERY: Final = 500
"""
Keys looked up in one statement; SQLite allows a limited number of parameters.
"""

MAX_STANDINGS: Final = 1_024
MAX_HELD: Final = 500_000
"""
Readers whose groups are remembered, and principals in all of them; they are forgotten with the
directory they come from.
"""

SPARE: Final = 1_000


class Groups:
    """
    The directory of one epoch, and the standing of readers in it.
    """

    def __init__(self, directory: Directory, numbers: PrincipalNumbers) -> None:
        self.directory = directory
        self.memberships = Memberships.compile(directory, numbers)
        self._standings: dict[frozenset[Principal], Standing] = {}
        self._held = 0

    def standing_of(self, linked: frozenset[Principal]) -> Standing:
        """
        Expand a reader's linked principals; remembered, because the last door asks again.
        """
        found = self._standings.get(linked)
        if found is None:
            found = self.directory.standing_of(linked)
            self._held += len(found.principals)
            if len(self._standings) >= MAX_STANDINGS or self._held > MAX_HELD:
                self._standings, self._held = {}, len(found.principals)
            self._standings[linked] = found
        return found


@dataclass(frozen=True, slots=True)
class PermissionView:
    """
    Groups, people, readerships and switches of one epoch.

    `believed` are the sources and directories whose groups count. `by_digest` holds the ACLs of
    live documents; `readerships` names them as the index does, with their label.
    """

    epoch: Epoch
    believed: frozenset[SourceName]
    groups: Groups
    people: People
    visibility: VisibilityIndex
    by_digest: Mapping[ReadershipDigest, AclSnapshot]
    readerships: Mapping[ReadershipKey, tuple[ReadershipDigest, str]]
    switches: Switches
    switched_off: frozenset[DocumentKey]

    @property
    def directory(self) -> Directory:
        """
        The group definitions.
        """
        return self.groups.directory


@dataclass(frozen=True, slots=True)
class Edition:
    """
    The epoch, and the epochs at which documents' permissions, and groups, last changed.
    """

    epoch: Epoch
    documents: int
    directory: int


@dataclass(frozen=True, slots=True)
class _Stamp:
    """
    What a view depends on; equal stamps, equal view.
    """

    edition: Edition
    believed: frozenset[SourceName]
    unknown: frozenset[Principal]

    def same_groups(self, other: "_Stamp") -> bool:
        return (self.edition.directory, self.believed, self.unknown) == (
            other.edition.directory,
            other.believed,
            other.unknown,
        )


@dataclass(frozen=True, slots=True)
class _Built:
    """
    A view, what it was built from, its ACLs in numbers, and how many principals were numbered
    when the numbers began. `people` is the epoch at which a directory last spoke of a user.
    """

    stamp: _Stamp
    people: Epoch
    view: PermissionView
    gates: Gates
    numbered_at_first: int


class ViewBuilder:
    """
    Builds the views of one process, one after another.
    """

    def __init__(self, tenant: TenantId, namer: Namer) -> None:
        self._tenant = tenant
        self._namer = namer
        self._one_at_a_time = Lock()
        self._last: _Built | None = None

    def view(
        self,
        connection: Connection,
        edition: Edition,
        believed: Callable[[Switches], frozenset[SourceName]],
    ) -> PermissionView:
        """
        Return the view of the connection's epoch, with the groups of the sources `believed`.
        """
        with self._one_at_a_time:
            last = self._last
            # A switch is thrown with an epoch of its own.
            known = last is not None and last.stamp.edition.epoch == edition.epoch
            switches = last.view.switches if last and known else load_switches(connection)
            stamp = _Stamp(edition, believed(switches), switches.groups(self._tenant))
            if last is None or last.stamp != stamp:
                last = self._last = self._build(connection, stamp, switches)
            return last.view

    def _build(self, connection: Connection, stamp: _Stamp, switches: Switches) -> _Built:
        last = self._reusable()
        # Those of the gates that are used again, or new ones: numbers of two never meet.
        numbers = last.gates.numbers if last is not None else PrincipalNumbers()
        if last is not None and last.stamp.same_groups(stamp):
            groups = last.view.groups
        else:
            directory = load_directory(connection, self._tenant, stamp.believed, stamp.unknown)
            groups = Groups(directory, numbers)
        if last is not None and last.stamp.edition.documents == stamp.edition.documents:
            gates, by_digest, named = last.gates, last.view.by_digest, last.view.readerships
        else:
            known = last.view.by_digest if last is not None else {}
            live = _live_classes(connection)
            by_digest = _acls(connection, self._tenant, {digest for digest, _ in live}, known)
            named = {self._namer.readership(*one): one for one in live if one[0] in by_digest}
            before = last.gates if last is not None else Gates.none(self._tenant, numbers)
            gates = before.extended(by_digest)
        spoken = people_changed(connection)
        same_people = last is not None and last.people == spoken
        people = last.view.people if last and same_people else load_people(connection)
        view = PermissionView(
            epoch=stamp.edition.epoch,
            believed=stamp.believed,
            groups=groups,
            people=people,
            visibility=VisibilityIndex(groups.directory, groups.memberships, gates, named),
            by_digest=by_digest,
            readerships=named,
            switches=switches,
            switched_off=frozenset(self._namer.document(*one) for one in switches.documents()),
        )
        at_first = last.numbered_at_first if last is not None else len(numbers)
        return _Built(stamp, spoken, view, gates, at_first)

    def _reusable(self) -> _Built | None:
        # Numbers are never taken back: once most of them stand for what is gone, begin anew.
        last = self._last
        if last is None:
            return None
        dead_acls = len(last.gates.places) > SPARE + 2 * len(last.view.by_digest)
        dead_principals = len(last.gates.numbers) > SPARE + 2 * last.numbered_at_first
        return None if dead_acls or dead_principals else last


def _live_classes(connection: Connection) -> list[tuple[ReadershipDigest, str]]:
    found = (
        select(tables.documents.c.readership, tables.documents.c.label)
        .where(tables.documents.c.state == DocumentState.LIVE.value)
        .where(tables.documents.c.readership.is_not(None))
        .distinct()
    )
    return [(ReadershipDigest(row[0]), row[1]) for row in connection.execute(found)]


def _acls(
    connection: Connection,
    tenant: TenantId,
    wanted: set[ReadershipDigest],
    known: Mapping[ReadershipDigest, AclSnapshot],
) -> dict[ReadershipDigest, AclSnapshot]:
    """
    Return the ACLs with these digests; a known one is what its digest says for ever.
    """
    loaded = {digest: known[digest] for digest in wanted if digest in known}
    missing = sorted(wanted - loaded.keys())
    for start in range(0, len(missing), MAX_KEYS_A_QUERY):
        some = missing[start : start + MAX_KEYS_A_QUERY]
        rows = select(tables.readerships).where(tables.readerships.c.digest.in_(some))
        loaded |= verified_acls(connection.execute(rows), tenant)
    return loaded


def verified_acls(
    rows: Iterable[Sequence[Any]], tenant: TenantId
) -> dict[ReadershipDigest, AclSnapshot]:
    """
    Read ACLs. One whose content does not have the digest it is filed under has been edited: it
    is left out, so nobody reads by it.
    """
    loaded: dict[ReadershipDigest, AclSnapshot] = {}
    for row in rows:
        digest, gates = str(row[0]), str(row[1])
        snapshot = _parsed(tenant, gates)
        if snapshot is None or snapshot.digest() != digest:
            logger.critical("readership %s was edited; nobody reads by it", digest)
            continue
        loaded[ReadershipDigest(digest)] = snapshot
    return loaded


def _parsed(tenant: TenantId, gates: str) -> AclSnapshot | None:
    try:
        return AclSnapshot.from_json(tenant, json.loads(gates))
    except (ValueError, RecursionError):
        return None
