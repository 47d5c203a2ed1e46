"""
A registry with one plan that alice may read, and readers who ask for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from acl.identity.linking import IdentityLink
from acl.identity.reader import VerifiedReader
from acl.model.documents import Hit
from acl.model.identifiers import SourceName
from acl.model.labels import NO_LABEL_POLICY, LabelPolicy
from acl.model.switches import Switch, SwitchKind
from acl.registry.database import migrate
from acl.registry.switchboard import SwitchBoard
from retrieval.admit import Directories
from retrieval.authorize import Authorized, Authorizer, LabelPolicies, SourceBudgets
from retrieval.recheck import Rechecker
from tests.acl.identity.readers import proven
from tests.acl.people import ACME, ALICE, CORP, HANDBOOK, NOON, readable_by
from tests.acl.registry.registries import NAMER, Registry, copied, key_of

ISSUER: Final = "https://idp.acme.example"
SEARCH: Final = "rag.search"
HOUR: Final = timedelta(hours=1)
PLAN: Final = readable_by(ALICE)


def reader(subject: str = "alice", **members: object) -> VerifiedReader:
    """
    Return whom a token would prove.
    """
    said: dict[str, object] = {"issuer": ISSUER, "expires_at": NOON + HOUR}
    return proven(subject, **(said | members))


@dataclass
class Scene:
    """
    A registry, and the first and the last door before it.
    """

    registry: Registry
    board: SwitchBoard
    authorizer: Authorizer
    rechecker: Rechecker

    def at(self, moment: datetime) -> "Scene":
        """
        Return the same at another moment.
        """
        return replace(
            self,
            authorizer=replace(self.authorizer, clock=lambda: moment),
            rechecker=replace(self.rechecker, clock=lambda: moment),
        )

    def labelled(self, *order: str) -> "Scene":
        """
        Return the same where nobody may carry away more than the lowest of these labels.
        """
        labels = LabelPolicies({ISSUER: LabelPolicy(order, order[0])})
        return replace(self, authorizer=replace(self.authorizer, labels=labels))

    def budgeted(self, **hours: int) -> "Scene":
        """
        Return the same with these sources configured.
        """
        budgets = SourceBudgets({SourceName(name): n * HOUR for name, n in hours.items()})
        return replace(
            self,
            authorizer=replace(self.authorizer, budgets=budgets),
            rechecker=replace(self.rechecker, budgets=budgets),
        )

    def asks(self, subject: str = "alice", **more: object) -> Authorized:
        """
        Pass the first door.
        """
        return self.authorizer.authorize(reader(subject), needs=SEARCH, **more)  # type: ignore[arg-type]

    def hit(self, document: str = "plan") -> Hit:
        """
        Return what an index that followed the registry would find.
        """
        stated = self.registry.statement(document)
        assert stated is not None
        assert stated.readership is not None
        return Hit(
            NAMER.chunk(stated.key, stated.revision, 0),
            stated.key,
            NAMER.readership(stated.readership, stated.label),
            stated.revision,
            stated.acl_revision,
        )

    def settle(self) -> None:
        """
        Say that the index has followed.
        """
        self.registry.settle(*self.registry.writer.unsettled())

    def off(self, kind: SwitchKind, within: str, name: str) -> None:
        """
        Switch something off.
        """
        assert self.board.switch_off(Switch(kind, within, name), "a test", now=NOON)


@contextmanager
def scene_in(directory: Path) -> Iterator[Scene]:
    """
    Yield a scene of its own: the plan, and a twin of equal readers that keeps its ACL in force.
    """
    template = directory / "template.db"
    migrate(f"sqlite:///{template}")
    (directory / "one").mkdir()
    with copied(template, directory / "one") as registry:
        registry.commit("plan", PLAN)
        registry.commit("twin", PLAN)
        registry.settle(key_of("plan"), key_of("twin"))
        registry.writer.observed(HANDBOOK, at=NOON)
        budgets = SourceBudgets({HANDBOOK: HOUR})
        authorizer = Authorizer(
            registry.reader,
            (IdentityLink(ISSUER, "sub", CORP),),
            budgets,
            LabelPolicies({ISSUER: NO_LABEL_POLICY}),
            Directories(),
            ACME,
            lambda: NOON,
        )
        rechecker = Rechecker(registry.reader, budgets, NAMER, lambda: NOON)
        yield Scene(registry, SwitchBoard(registry.writer._database), authorizer, rechecker)  # noqa: SLF001
