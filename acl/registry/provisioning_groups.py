"""
What changes a directory's groups; the rules stand in `provisioning`.
"""

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select

from acl.directory.changes import change_members
from acl.directory.stored import replace_group
from acl.model.principals import Principal, PrincipalKind
from acl.model.provisioning import IdAttribute, Kept, KeptGroup, StatedGroup
from acl.registry.directory_tables import scim_groups, scim_members
from acl.registry.epochs import mark_changed
from acl.registry.errors import TakenError, UnusableStatementError
from acl.registry.provisioned import kept_group
from acl.registry.provisioning import Provisioned, Provisioning, Turn
from acl.registry.views import MAX_KEYS_A_QUERY

NOBODY: frozenset[str] = frozenset()


class GroupProvisioning(Provisioning[StatedGroup, KeptGroup]):
    """
    Creates, changes and deletes groups. One that is deleted is undefined: unknown, not empty.
    """

    _table = scim_groups

    def _kept(self, connection: Connection, identifier: str) -> KeptGroup | None:
        return kept_group(connection, self._directory.name, identifier)

    def _named(self, identifier: str, stated: StatedGroup) -> Principal:
        named = self._directory.group_id
        values = {
            IdAttribute.ID: identifier,
            IdAttribute.EXTERNAL_ID: stated.external_id,
            IdAttribute.DISPLAY_NAME: stated.display_name,
        }
        return self._principal(PrincipalKind.GROUP, named, values[named])

    def _columns(self, stated: StatedGroup, principal: Principal, kept: Kept) -> dict[str, object]:
        return {
            "display_name": stated.display_name,
            "display_name_folded": stated.display_name.casefold(),
            "external_id": stated.external_id,
            "principal": principal.id,
            "version": kept.version,
            "modified": kept.modified,
        }

    def _require_free(
        self, turn: Turn, identifier: str, stated: StatedGroup, principal: Principal
    ) -> None:
        del stated  # two groups may be called the same
        others = select(scim_groups.c.id).where(
            scim_groups.c.directory == self._directory.name,
            scim_groups.c.id != identifier,
            scim_groups.c.principal == principal.id,
        )
        if turn.connection.execute(others).first() is not None:
            raise TakenError

    def _made(
        self, turn: Turn, kept: Kept, stated: StatedGroup, principal: Principal
    ) -> tuple[KeptGroup, Provisioned]:
        nested = self._join(turn, kept.id, stated.members)
        self._define(turn, principal, stated.members)
        made = _kept_group(kept, stated, nested)
        return made, _provisioned(turn, kept, principal, added=stated.members)

    def _changed(
        self,
        turn: Turn,
        before: KeptGroup,
        kept: Kept,
        stated: StatedGroup,
        old: Principal,
        new: Principal,
    ) -> tuple[KeptGroup, Provisioned]:
        were = before.stated.members
        joining, leaving = stated.members - were, were - stated.members
        nested = self._join(turn, kept.id, joining) | set(before.groups or ())
        self._leave(turn, kept.id, leaving)
        if old != new:
            self._undefine(turn, old)
            self._define(turn, new, stated.members)
            self._put_in_parents(turn, kept.id, old, new)
        elif joining or leaving:
            self._change(turn, new, joining, leaving)
        after = _kept_group(kept, stated, nested)
        return after, _provisioned(turn, kept, new, added=joining, removed=leaving)

    def _unchanged(self, turn: Turn, found: KeptGroup, principal: Principal) -> Provisioned:
        return _provisioned(turn, found.kept, principal, changed=False)

    def _gone(self, turn: Turn, found: KeptGroup, principal: Principal) -> Provisioned:
        turn.connection.execute(
            delete(scim_members).where(
                scim_members.c.directory == self._directory.name,
                scim_members.c.group == found.kept.id,
            )
        )
        self._undefine(turn, principal)
        return _provisioned(turn, found.kept, principal, removed=found.stated.members)

    def _join(self, turn: Turn, identifier: str, members: Collection[str]) -> set[str]:
        """
        Write who joins; return those who are groups.
        """
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
        return {member for member, (_, is_group) in known.items() if is_group}

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


def _kept_group(kept: Kept, stated: StatedGroup, nested: Collection[str]) -> KeptGroup:
    members = sorted(stated.members)
    return KeptGroup(
        kept,
        stated.display_name,
        stated.external_id,
        tuple(one for one in members if one not in nested),
        tuple(one for one in members if one in nested),
    )


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
