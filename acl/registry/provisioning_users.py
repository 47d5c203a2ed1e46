"""
What changes a directory's users; the rules stand in `provisioning`.
"""

import uuid
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update

from acl.directory.people import set_state
from acl.model.principals import Principal, PrincipalKind
from acl.model.provisioning import (
    Condition,
    IdAttribute,
    Kept,
    KeptUser,
    StatedUser,
    UserState,
)
from acl.registry.directory_tables import scim_users
from acl.registry.errors import PreconditionFailedError
from acl.registry.provisioned import kept_user
from acl.registry.provisioning import (
    NotProvisionedError,
    Provisioned,
    Provisioning,
    Record,
    TakenError,
    Turn,
)


class UserProvisioning(Provisioning):
    """
    Creates, changes and deletes users.
    """

    def create(self, stated: StatedUser, record: Record, *, now: datetime) -> KeptUser:
        """
        Provision a user.

        Raises:
            TakenError: Another one has the name, or the id that ACLs name.
            UnusableStatementError: It has no such id, or one that no principal can have.
        """
        kept = Kept(str(uuid.uuid4()), 1, now, now)
        principal = self._named(kept.id, stated)
        with self._turn(now) as turn:
            self._require_free(turn, kept.id, stated, principal)
            values = {"directory": self._directory.name, "id": kept.id, "created": now}
            values |= _columns(stated, principal, kept)
            turn.connection.execute(insert(scim_users).values(**values))
            set_state(
                turn.connection, self._directory.name, principal.id, _state(stated), turn.epoch
            )
            record(_provisioned(turn, kept, principal, _state(stated), changed=True))
        return KeptUser(kept, stated)

    def change(
        self,
        identifier: str,
        condition: Condition,
        to: Callable[[StatedUser], StatedUser],
        record: Record,
        *,
        now: datetime,
    ) -> KeptUser:
        """
        Let a user become what `to` says of it.

        Raises:
            NotProvisionedError: There is none.
            PreconditionFailedError: The condition does not hold for its version.
            TakenError, UnusableStatementError: As for `create`.
        """
        with self._turn(now) as turn:
            before = self._found(turn, identifier, condition)
            stated = to(before.stated)
            principal = self._named(identifier, stated)
            if stated == before.stated:
                state = _state(stated)
                record(_provisioned(turn, before.kept, principal, state, changed=False))
                return before
            kept = Kept(identifier, before.kept.version + 1, before.kept.created, now)
            self._require_free(turn, identifier, stated, principal)
            self._write(turn, kept, stated, principal)
            self._move(turn, identifier, self._named(identifier, before.stated), principal)
            set_state(
                turn.connection, self._directory.name, principal.id, _state(stated), turn.epoch
            )
            record(_provisioned(turn, kept, principal, _state(stated), changed=True))
        return KeptUser(kept, stated)

    def delete(
        self, identifier: str, condition: Condition, record: Record, *, now: datetime
    ) -> None:
        """
        Delete a user: it is in no group any more, and its principal is refused.

        Raises:
            NotProvisionedError: There is none.
            PreconditionFailedError: The condition does not hold for its version.
        """
        with self._turn(now) as turn:
            before = self._found(turn, identifier, condition)
            principal = self._named(identifier, before.stated)
            self._take_from_parents(turn, identifier, principal)
            turn.connection.execute(
                delete(scim_users).where(
                    scim_users.c.directory == self._directory.name, scim_users.c.id == identifier
                )
            )
            set_state(
                turn.connection,
                self._directory.name,
                principal.id,
                UserState.DELETED,
                turn.epoch,
            )
            record(_provisioned(turn, before.kept, principal, UserState.DELETED, changed=True))

    def _named(self, identifier: str, stated: StatedUser) -> Principal:
        named = self._directory.user_id
        values = {
            IdAttribute.ID: identifier,
            IdAttribute.EXTERNAL_ID: stated.external_id,
            IdAttribute.USER_NAME: stated.user_name,
        }
        return self._principal(PrincipalKind.USER, named, values[named])

    def _found(self, turn: Turn, identifier: str, condition: Condition) -> KeptUser:
        found = kept_user(turn.connection, self._directory.name, identifier)
        if found is None:
            raise NotProvisionedError
        if not condition.holds(found.kept.version):
            raise PreconditionFailedError
        return found

    def _require_free(
        self, turn: Turn, identifier: str, stated: StatedUser, principal: Principal
    ) -> None:
        # Writers take turns, so that nobody takes it between this look and the commit.
        others = select(scim_users.c.id).where(
            scim_users.c.directory == self._directory.name,
            scim_users.c.id != identifier,
            or_(
                scim_users.c.user_name_folded == stated.user_name.casefold(),
                scim_users.c.principal == principal.id,
            ),
        )
        if turn.connection.execute(others).first() is not None:
            raise TakenError

    def _write(self, turn: Turn, kept: Kept, stated: StatedUser, principal: Principal) -> None:
        turn.connection.execute(
            update(scim_users)
            .where(scim_users.c.directory == self._directory.name, scim_users.c.id == kept.id)
            .values(**_columns(stated, principal, kept))
        )

    def _move(self, turn: Turn, identifier: str, old: Principal, new: Principal) -> None:
        if old == new:
            return
        set_state(turn.connection, self._directory.name, old.id, UserState.DELETED, turn.epoch)
        self._put_in_parents(turn, identifier, old, new)


def _columns(stated: StatedUser, principal: Principal, kept: Kept) -> dict[str, object]:
    return {
        "user_name": stated.user_name,
        "user_name_folded": stated.user_name.casefold(),
        "external_id": stated.external_id,
        "active": stated.active,
        "principal": principal.id,
        "version": kept.version,
        "modified": kept.modified,
    }


def _state(stated: StatedUser) -> UserState:
    return UserState.ACTIVE if stated.active else UserState.INACTIVE


def _provisioned(
    turn: Turn, kept: Kept, principal: Principal, state: UserState, *, changed: bool
) -> Provisioned:
    return Provisioned(kept.id, kept.version, turn.epoch, principal, changed, state.value)
