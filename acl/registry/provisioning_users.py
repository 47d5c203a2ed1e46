"""
What changes a directory's users; the rules stand in `provisioning`.
"""

from sqlalchemy import Connection, or_, select

from acl.directory.people import set_state
from acl.model.principals import Principal, PrincipalKind
from acl.model.provisioning import IdAttribute, Kept, KeptUser, StatedUser, UserState
from acl.registry.directory_tables import scim_users
from acl.registry.errors import TakenError
from acl.registry.provisioned import kept_user
from acl.registry.provisioning import Provisioned, Provisioning, Turn


class UserProvisioning(Provisioning[StatedUser, KeptUser]):
    """
    Creates, changes and deletes users. The principal of one that is deleted is refused.
    """

    _table = scim_users

    def _kept(self, connection: Connection, identifier: str) -> KeptUser | None:
        return kept_user(connection, self._directory.name, identifier)

    def _named(self, identifier: str, stated: StatedUser) -> Principal:
        named = self._directory.user_id
        values = {
            IdAttribute.ID: identifier,
            IdAttribute.EXTERNAL_ID: stated.external_id,
            IdAttribute.USER_NAME: stated.user_name,
        }
        return self._principal(PrincipalKind.USER, named, values[named])

    def _columns(self, stated: StatedUser, principal: Principal, kept: Kept) -> dict[str, object]:
        return {
            "user_name": stated.user_name,
            "user_name_folded": stated.user_name.casefold(),
            "external_id": stated.external_id,
            "active": stated.active,
            "principal": principal.id,
            "version": kept.version,
            "modified": kept.modified,
        }

    def _require_free(
        self, turn: Turn, identifier: str, stated: StatedUser, principal: Principal
    ) -> None:
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

    def _made(
        self, turn: Turn, kept: Kept, stated: StatedUser, principal: Principal
    ) -> tuple[KeptUser, Provisioned]:
        self._set_state(turn, principal, _state(stated))
        return KeptUser(kept, stated), _provisioned(turn, kept, principal, _state(stated))

    def _changed(
        self,
        turn: Turn,
        before: KeptUser,
        kept: Kept,
        stated: StatedUser,
        old: Principal,
        new: Principal,
    ) -> tuple[KeptUser, Provisioned]:
        del before
        if old != new:
            self._set_state(turn, old, UserState.DELETED)
            self._put_in_parents(turn, kept.id, old, new)
        return self._made(turn, kept, stated, new)

    def _unchanged(self, turn: Turn, found: KeptUser, principal: Principal) -> Provisioned:
        return _provisioned(turn, found.kept, principal, _state(found.stated), changed=False)

    def _gone(self, turn: Turn, found: KeptUser, principal: Principal) -> Provisioned:
        self._set_state(turn, principal, UserState.DELETED)
        return _provisioned(turn, found.kept, principal, UserState.DELETED)

    def _set_state(self, turn: Turn, principal: Principal, state: UserState) -> None:
        set_state(turn.connection, self._directory.name, principal.id, state, turn.epoch)


def _state(stated: StatedUser) -> UserState:
    return UserState.ACTIVE if stated.active else UserState.INACTIVE


def _provisioned(
    turn: Turn, kept: Kept, principal: Principal, state: UserState, *, changed: bool = True
) -> Provisioned:
    return Provisioned(kept.id, kept.version, turn.epoch, principal, changed, state.value)
