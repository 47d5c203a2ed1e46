"""
Which directories are believed, and whether they admit a reader. Part of step 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acl.decision.admission import People, SpeakingDirectory, refusal
from acl.model.definers import Definer
from acl.model.identifiers import SourceName
from acl.model.principals import Principal
from acl.model.switches import Switches
from acl.registry.permissions import Currency
from retrieval.errors import NotAdmittedError

SKEW = timedelta(minutes=5)
"""
How far ahead of ours the clock of another process may be.
"""


@dataclass(frozen=True, slots=True)
class Directories:
    """
    The configured directories: which of them speak for users, and how long each may be silent.

    `None` is a directory that tells of changes only, so that its silence means nothing. Those that
    speak for users are provisioned by SCIM; the others are read by LDAP.
    """

    speaking: tuple[SpeakingDirectory, ...] = ()
    staleness: Mapping[SourceName, timedelta | None] = field(default_factory=dict)

    def believed(
        self, currency: Currency, switches: Switches, now: datetime
    ) -> frozenset[SourceName]:
        """
        Return the directories whose groups and users count: heard as what they are configured
        to be. What another kind of system has said under the same name does not count.
        """
        return frozenset(
            name
            for name, budget in self.staleness.items()
            if name not in switches.sources()
            and (seen := currency.heard.get((name, self.kinds()[name]))) is not None
            and (budget is None or -SKEW <= now - seen <= budget)
        )

    def kinds(self) -> Mapping[SourceName, Definer]:
        """
        Return what kind of system each directory is.
        """
        provisioned = {one.name for one in self.speaking}
        return {
            name: Definer.SCIM if name in provisioned else Definer.LDAP for name in self.staleness
        }

    def refusal(
        self,
        linked: frozenset[Principal],
        people: People,
        believed: frozenset[SourceName],
    ) -> str | None:
        """
        Say why a reader with these identity links is refused; see `acl.decision.admission`.
        """
        return refusal(linked, people, self.speaking, believed)

    def require_admitted(
        self,
        linked: frozenset[Principal],
        people: People,
        believed: frozenset[SourceName],
    ) -> None:
        """
        Refuse whom a directory does not admit.

        Raises:
            NotAdmittedError: It says that the reader is gone, or does not know it.
        """
        reason = self.refusal(linked, people, believed)
        if reason is not None:
            raise NotAdmittedError(reason)
