"""
The first view of a scenario: the decision, on a directory and ACLs built from the paper alone.

No registry, no source, no index. The same question is put to `acl.decision`, to its explanation,
and to the oracle of `tests.properties`, which shares no verb with it; all three must agree before
one is believed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acl.decision.explaining import explain_read
from acl.decision.read import Permit, decide_read
from acl.model.exchange import compile_acl
from acl.model.grants import AclSnapshot
from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, PrincipalKind, everyone, parse_principal
from tests.properties import oracle
from tests.properties.oracle import World
from tests.properties.worlds import directory_of
from tests.scenarios.format import DocumentSpec, SourceState, document_name
from tests.scenarios.installation import STALENESS, TENANT

ACME: Final = TenantId(TENANT)
NAMED: Final = re.compile(r'"id":\s*"([^"]*)"')


@dataclass(frozen=True)
class Paper:
    """
    What sources have said when they were last heard, and when that was.
    """

    heard: Mapping[str, tuple[datetime, SourceState]]

    def fresh(self, now: datetime) -> dict[str, SourceState]:
        """
        Return what counts: the rest is too old.
        """
        return {name: state for name, (at, state) in self.heard.items() if now - at <= STALENESS}

    def world(self, now: datetime) -> World:
        """
        Return what the sources say of groups.
        """
        stated: dict[Principal, list[frozenset[Principal]]] = {}
        for state in self.fresh(now).values():
            for group, members in _groups(state).items():
                stated.setdefault(group, []).append(members)
        return World(ACME, {group: tuple(lists) for group, lists in stated.items()})

    def readable(self, linked: frozenset[Principal], now: datetime) -> frozenset[str]:
        """
        Return the documents that a reader may read.
        """
        world = self.world(now)
        directory = directory_of(world)
        found: set[str] = set()
        for source, state in self.fresh(now).items():
            for document, acl in _snapshots(state).items():
                decision = decide_read(directory.standing_of(linked), acl, now=now)
                permitted = isinstance(decision, Permit)
                explained, _ = explain_read(directory, linked, acl, now=now)
                require_agreement(document, permitted, explained)
                require_agreement(document, permitted, oracle.permits(world, linked, acl, now))
                if permitted:
                    found.add(document_name(source, document))
        return frozenset(found)


def require_agreement(document: str, decided: bool, expected: bool) -> None:  # noqa: FBT001 - two verdicts
    """
    Fail where the decision and a second opinion differ.
    """
    assert expected is decided, f"decision and oracle differ about {document}"


def _snapshots(state: SourceState) -> dict[str, AclSnapshot | None]:
    again = {one for line in state.lines for one in NAMED.findall(line)}
    return {
        document: None if document in again else _acl(state, spec)
        for document, spec in state.documents.items()
    }


def _acl(state: SourceState, spec: DocumentSpec) -> AclSnapshot | None:
    stated = spec.stated_acl()
    if spec.raw is not None or "acl" not in stated:
        return None
    try:
        return compile_acl(stated["acl"], tenant=ACME, authority=AuthorityId(state.authority))
    except ValueError:
        return None


def _groups(state: SourceState) -> dict[Principal, frozenset[Principal]]:
    authority = AuthorityId(state.authority)
    unclear = {one for line in state.group_lines for one in NAMED.findall(line)}
    defined: dict[Principal, frozenset[Principal]] = {}
    for name, listed in state.groups.items():
        try:
            group = Principal(ACME, authority, PrincipalKind.GROUP, name)
            members = {parse_principal(one, tenant=ACME, authority=authority) for one in listed}
        except ValueError:
            continue
        # The exchange format has no groups of everyone: the group is then unknown.
        if everyone(ACME) not in members and name not in unclear:
            defined[group] = frozenset(members)
    return defined
