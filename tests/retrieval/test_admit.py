"""
Whoever a directory does not admit is refused at the first door, from the next request on.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import pytest

from acl.decision.admission import SpeakingDirectory
from acl.model.identifiers import DocumentId, SourceName
from acl.model.provisioning import Condition, IdAttribute, ProvisionedDirectory, StatedUser
from acl.model.switches import SwitchKind
from acl.registry.history import History
from acl.registry.provisioning import Provisioned
from acl.registry.provisioning_users import UserProvisioning
from retrieval.admit import Directories
from retrieval.errors import NotAdmittedError
from retrieval.explain import Explainer, Explanation, Person
from tests.acl.people import ACME, CORP, HANDBOOK, NOON
from tests.retrieval.scene import HOUR, ISSUER, Scene

HR: Final = SourceName("hr")
ALICE: Final = StatedUser("alice", None, active=True)
GONE: Final = replace(ALICE, active=False)
SPEAKING: Final = (SpeakingDirectory(HR, CORP, admits_unknown=False),)


def ignored(done: Provisioned) -> None:
    del done


@dataclass
class Office:
    """
    A scene in which a directory speaks for the readers.
    """

    scene: Scene
    users: UserProvisioning
    directories: Directories

    def create(self) -> str:
        return self.users.create(ALICE, ignored, now=NOON).kept.id

    def become(self, identifier: str, stated: StatedUser) -> None:
        self.users.change(identifier, Condition(), lambda _: stated, ignored, now=NOON)

    def why(self, at: int | None = None) -> Explanation:
        authorizer = self.scene.authorizer
        explainer = Explainer(
            authorizer.permissions,
            History(self.scene.registry.database, ACME),
            authorizer.links,
            authorizer.budgets,
            authorizer.labels,
            self.directories,
            ACME,
            lambda: NOON,
        )
        asked = Person(ISSUER, "alice")
        (found,) = explainer.explain(asked, DocumentId("plan"), HANDBOOK, at)  # type: ignore[arg-type]
        return found


@pytest.fixture
def office(doors: Scene) -> Office:
    by = IdAttribute.USER_NAME
    named = ProvisionedDirectory(HR, CORP, by, IdAttribute.ID)
    writing = doors.registry.writer._database  # noqa: SLF001 - the same registry
    directories = Directories(SPEAKING, {HR: None})
    scene = replace(doors, authorizer=replace(doors.authorizer, directories=directories))
    return Office(scene, UserProvisioning(writing, ACME, named), directories)


@pytest.mark.promise("scim-deactivation")
def test_whoever_leaves_is_refused_and_whoever_returns_is_not(office: Office) -> None:
    """
    Every time: one view after another, of one process.
    """
    with pytest.raises(NotAdmittedError):
        office.scene.asks()
    one = office.create()
    for _ in range(3):
        office.scene.asks()
        office.become(one, GONE)
        with pytest.raises(NotAdmittedError) as refused:
            office.scene.asks()
        assert "inactive in directory hr" in refused.value.diagnostics()
        office.become(one, ALICE)
    office.users.delete(one, Condition(), ignored, now=NOON)
    with pytest.raises(NotAdmittedError) as refused:
        office.scene.asks()
    assert "deleted in directory hr" in refused.value.diagnostics()


@pytest.mark.promise("scim-deactivation")
def test_an_explanation_says_so_now_and_of_the_past(office: Office) -> None:
    one = office.create()
    admitted = office.scene.registry.epoch()
    assert office.why().permitted

    office.become(one, GONE)
    refused = office.scene.registry.epoch()

    assert "directory" == office.why().missing
    assert office.why(at=admitted).permitted
    assert "directory" == office.why(at=refused).missing
    assert "directory" == office.why(at=admitted - 1).missing


@pytest.mark.promise("scim-deactivation")
@pytest.mark.parametrize(("late", "admitted"), [(-1, True), (0, True), (1, False)])
def test_a_directory_is_believed_as_long_as_its_budget(
    office: Office,
    late: int,
    admitted: bool,  # noqa: FBT001 - a case
) -> None:
    office.create()
    directories = replace(office.directories, staleness={HR: HOUR})
    moment = NOON + HOUR + timedelta(microseconds=late)
    permissions = office.scene.authorizer.permissions
    view, currency = permissions.current()

    believed = directories.believed(currency, view.switches, moment)

    assert admitted == (HR in believed)


@pytest.mark.promise("switches")
def test_a_directory_that_is_switched_off_admits_nobody(office: Office) -> None:
    office.create()
    office.scene.asks()

    office.scene.off(SwitchKind.SOURCE, "", HR)

    with pytest.raises(NotAdmittedError):
        office.scene.asks()


@pytest.mark.promise("scim-deactivation")
def test_a_directory_that_is_left_out_of_the_configuration_lets_nobody_back_in(
    office: Office,
) -> None:
    """
    The control: whoever it had called active, and whom it had never named, are asked nothing.
    """
    bare = replace(
        office.scene, authorizer=replace(office.scene.authorizer, directories=Directories())
    )
    bare.asks()
    one = office.create()
    bare.asks()
    office.become(one, GONE)

    with pytest.raises(NotAdmittedError) as refused:
        bare.asks()

    assert "does not speak any more" in refused.value.diagnostics()
