"""
`readership forget`: lets go of what a system said that is not configured any more.
"""

import secrets
from collections.abc import Mapping

from acl.audit.events import AuditEvent
from acl.model.definers import Definer
from acl.model.identifiers import SourceName
from acl.registry.forgetting import Forgetting, LeftBehind
from acl.settings import Configuration
from acl.wiring import Ground, open_ground
from retrieval.wiring import speaking_directories


def forget(configuration: Configuration, name: str, reason: str) -> LeftBehind:
    """
    Let go of everything that was said under a name; the history keeps it.

    Raises:
        ConfigurationError: The name is configured, or nobody has spoken under it.
        RegistryUnavailableError: It could not be committed; nothing has changed.
        AuditUnavailableError: It is in force, but was not recorded.
    """
    ground = open_ground(configuration, may_write=True)
    try:
        now = ground.clock()
        left, epoch = _forgetting(ground).forget(SourceName(name), now=now)
        ground.trail.append(
            AuditEvent(
                at=now,
                request_id=secrets.token_hex(16),
                action="forget",
                outcome="done",
                details={"forgotten": str(left), "reason": reason, "epoch": epoch},
            )
        )
        return left
    finally:
        ground.close()


def left_behind(ground: Ground) -> list[LeftBehind]:
    """
    Return what counts of systems that are not configured any more.
    """
    return _forgetting(ground).left_behind()


def _forgetting(ground: Ground) -> Forgetting:
    return Forgetting(ground.database, ground.tenant, _configured(ground.configuration))


def _configured(configuration: Configuration) -> Mapping[SourceName, Definer]:
    sources = {SourceName(one.name): Definer.SOURCE for one in configuration.settings.sources}
    return {**sources, **speaking_directories(configuration).kinds()}
