"""
What changes a directory's groups; the rules stand in `provisioning`.
"""

import uuid
from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from acl.directory.changes import change_members
from acl.directory.stored import replace_group
from acl.model.principals import Principal, PrincipalKind
from acl.model.provisioning import Condition, IdAttribute, Kept, KeptGroup, StatedGroup
from acl.registry.directory_tables import scim_groups, scim_members
from acl.registry.epochs import mark_changed
from acl.registry.errors import PreconditionFailedError
from acl.registry.provisioned import kept_group
from acl.registry.provisioning import (
    NotProvisionedError,
    Provisioned,
    Provisioning,
    Record,
    TakenError,
    Turn,
    UnusableStatementError,
)
from acl.registry.views import MAX_KEYS_A_QUERY

NOBODY: frozenset[str] = frozenset()


class GroupProvisioning(Provisioning):
    """
    Creates, changes and deletes groups.
    """

    def create(self, stated: StatedGroup, record: Record, *, now: datetime) -> Kept:
        """
        Provision a group.

        Raises:
            TakenError: Another one has the id that ACLs name.
            UnusableStatementError: It has no such id, or a member that is not provisioned.
        """
        kept = Kept(str(uuid.uuid4()), 1, now, now)
        principal = self._named(kept.id, stated.display_name, stated.external_id)
        with self._turn(now) as turn:
            self._require_free(turn, kept.id, principal)
            values = {"directory": self._directory.name, "id": kept.id, "created": now}
            values |= _columns(stated, principal, kept)
            turn.connection.execute(insert(scim_groups).values(**values))
            self._join(turn, kept.id, stated.members)
            self._define(turn, principal, stated.members)
            record(_provisioned(turn, kept, principal, added=stated.members))
        return kept

    def change(
        self,
        identifier: str,
        condition: Condition,
        to: Callable[[StatedGroup], StatedGroup],
        record: Record,
        *,
        now: datetime,
    ) -> Kept:
        """
        Let a group become what `to` says of it.

        Raises:
            NotProvisionedError: There is none.
            PreconditionFailedError: The condition does not hold for its version.
            TakenError, UnusableStatementError: As for `create`.
        """
        with self._turn(now) as turn:
            found = self._found(turn, identifier, condition)
            before = found.stated
            stated = to(before)
            old = self._named(identifier, before.display_name, before.external_id)
            new = self._named(identifier, stated.display_name, stated.external_id)
            if stated == before:
                record(_provisioned(turn, found.kept, new, changed=False))
                return found.kept
            kept = Kept(identifier, found.kept.version + 1, found.kept.created, now)
            joining, leaving = stated.members - before.members, before.members - stated.members
            self._require_free(turn, identifier, new)
            self._write(turn, kept, stated, new)
            self._join(turn, identifier, joining)
            self._leave(turn, identifier, leaving)
            if old != new:
                self._rename(turn, identifier, old, new, stated)
            elif joining or leaving:
                self._change(turn, new, joining, leaving)
            record(_provisioned(turn, kept, new, added=joining, removed=leaving))
        return kept

    def delete(
        self, identifier: str, condition: Condition, record: Record, *, now: datetime
    ) -> None:
        """
        Delete a group: it is undefined, which is unknown and not empty, and in no other group.

        Raises:
            NotProvisionedError: There is none.
            PreconditionFailedError: The condition does not hold for its version.
        """
        with self._turn(now) as turn:
            found = self._found(turn, identifier, condition)
            principal = self._named(identifier, found.display_name, found.external_id)
            self._take_from_parents(turn, identifier, principal)
            mine = scim_groups.c.directory == self._directory.name
            turn.connection.execute(
                delete(scim_members).where(
                    scim_members.c.directory == self._directory.name,
                    scim_members.c.group == identifier,
                )
            )
            turn.connection.execute(delete(scim_groups).where(mine, scim_groups.c.id == identifier))
            self._undefine(turn, principal)
            record(_provisioned(turn, found.kept, principal, removed=found.stated.members))

    def _named(self, identifier: str, display_name: str, external_id: str | None) -> Principal:
        named = self._directory.group_id
        values = {
            IdAttribute.ID: identifier,
            IdAttribute.EXTERNAL_ID: external_id,
            IdAttribute.DISPLAY_NAME: display_name,
        }
        return self._principal(PrincipalKind.GROUP, named, values[named])

    def _found(self, turn: Turn, identifier: str, condition: Condition) -> KeptGroup:
        found = kept_group(turn.connection, self._directory.name, identifier)
        if found is None:
            raise NotProvisionedError
        if not condition.holds(found.kept.version):
            raise PreconditionFailedError
        return found

    def _require_free(self, turn: Turn, identifier: str, principal: Principal) -> None:
        others = select(scim_groups.c.id).where(
            scim_groups.c.directory == self._directory.name,
            scim_groups.c.id != identifier,
            scim_groups.c.principal == principal.id,
        )
        if turn.connection.execute(others).first() is not None:
            raise TakenError

    def _write(self, turn: Turn, kept: Kept, stated: StatedGroup, principal: Principal) -> None:
        turn.connection.execute(
            update(scim_groups)
            .where(scim_groups.c.directory == self._directory.name, scim_groups.c.id == kept.id)
            .values(**_columns(stated, principal, kept))
        )

    def _join(self, turn: Turn, identifier: str, members: Collection[str]) -> None:
        known = self._resolved(turn.connection, members)
        if unknown := sorted(set(members) - known.keys()):
            msg = f"no user or group of this directory has the id {unknown[0]!r:.80}"
            raise UnusableStatementError(msg)
        rows = [
            {
                "directory": self._directory.name,
                "group": identifier,
                "member": member,
                "is_group": is_group,
            }
            for member, (_, is_group) in sorted(known.items())
        ]
        if rows:
            turn.connection.execute(insert(scim_members), rows)

    def _leave(self, turn: Turn, identifier: str, members: Collection[str]) -> None:
        leaving = sorted(members)
        for start in range(0, len(leaving), MAX_KEYS_A_QUERY):
            turn.connection.execute(
                delete(scim_members).where(
                    scim_members.c.directory == self._directory.name,
                    scim_members.c.group == identifier,
                    scim_members.c.member.in_(leaving[start : start + MAX_KEYS_A_QUERY]),
                )
            )

    def _change(
        self, turn: Turn, group: Principal, joining: Collection[str], leaving: Collection[str]
    ) -> None:
        change_members(
            turn.connection,
            self._directory.name,
            group,
            added=self._principals(turn, joining),
            removed=self._principals(turn, leaving),
            epoch=turn.epoch,
        )
        mark_changed(turn.connection, turn.epoch, directory=True)

    def _rename(
        self, turn: Turn, identifier: str, old: Principal, new: Principal, stated: StatedGroup
    ) -> None:
        self._undefine(turn, old)
        self._define(turn, new, stated.members)
        self._put_in_parents(turn, identifier, old, new)

    def _define(self, turn: Turn, group: Principal, members: Collection[str]) -> None:
        belonging = self._principals(turn, members)
        replace_group(turn.connection, self._directory.name, group, belonging, turn.epoch)
        mark_changed(turn.connection, turn.epoch, directory=True)

    def _undefine(self, turn: Turn, group: Principal) -> None:
        replace_group(turn.connection, self._directory.name, group, None, turn.epoch)
        mark_changed(turn.connection, turn.epoch, directory=True)

    def _principals(self, turn: Turn, members: Collection[str]) -> frozenset[Principal]:
        resolved = self._resolved(turn.connection, members).values()
        return frozenset(principal for principal, _ in resolved)


def _columns(stated: StatedGroup, principal: Principal, kept: Kept) -> dict[str, object]:
    return {
        "display_name": stated.display_name,
        "display_name_folded": stated.display_name.casefold(),
        "external_id": stated.external_id,
        "principal": principal.id,
        "version": kept.version,
        "modified": kept.modified,
    }


def _provisioned(
    turn: Turn,
    kept: Kept,
    principal: Principal,
    *,
    changed: bool = True,
    added: Collection[str] = NOBODY,
    removed: Collection[str] = NOBODY,
) -> Provisioned:
    return Provisioned(
        kept.id,
        kept.version,
        turn.epoch,
        principal,
        changed,
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
    )
