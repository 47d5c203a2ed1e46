"""
Whatever a directory provisions, in whatever order: groups, users and their past are those of a
plain model, on every database.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acl.errors import ReadershipError
from acl.model.identifiers import Epoch, SourceName
from acl.model.principals import Principal
from acl.model.provisioning import (
    Condition,
    IdAttribute,
    KeptUser,
    ProvisionedDirectory,
    StatedGroup,
    StatedUser,
    UserState,
)
from acl.registry.database import Database, open_database
from acl.registry.errors import (
    NotProvisionedError,
    PreconditionFailedError,
    RegistryMismatchError,
    TakenError,
    UnusableStatementError,
)
from acl.registry.history import History
from acl.registry.permissions import PermissionRegistry
from acl.registry.provisioned import Page, ProvisionedRegistry
from acl.registry.provisioning import Provisioned
from acl.registry.provisioning_groups import GroupProvisioning
from acl.registry.provisioning_users import UserProvisioning
from acl.registry.same_directory import require_same_directory
from tests.acl.people import ACME, CORP, NOON, group, user
from tests.acl.registry.processes import ROOT
from tests.acl.registry.registries import NAMER, SEALER, Registry
from tests.properties.effort import DEEP

ANY: Final = Condition()
NUMBERS: Final = count()
EXAMPLES: Final = 400 if DEEP else 20


@dataclass
class Office:
    """
    One directory of a registry, what writes it, and what readers are decided by.
    """

    database: Database
    directory: ProvisionedDirectory
    users: UserProvisioning
    groups: GroupProvisioning
    registry: ProvisionedRegistry
    permissions: PermissionRegistry
    done: list[Provisioned] = field(default_factory=list)

    def seen(self) -> tuple[dict[Principal, frozenset[Principal]], dict[str, UserState]]:
        """
        Return groups and users as the present view has them.
        """
        view, _ = self.permissions.current()
        people = view.people
        states: dict[str, UserState] = dict(people.gone.get(self.directory.name, {}))
        active = people.active.get(self.directory.name, frozenset())
        states |= dict.fromkeys(active, UserState.ACTIVE)
        return dict(view.directory.definitions), states

    def seen_at(
        self, epoch: Epoch
    ) -> tuple[dict[Principal, frozenset[Principal]], dict[str, UserState]]:
        """
        Return groups and users as the past has them; no other directory's.
        """
        past = History(self.database, ACME).at(epoch, None)
        people = past.people
        states: dict[str, UserState] = dict(people.gone.get(self.directory.name, {}))
        active = people.active.get(self.directory.name, frozenset())
        states |= dict.fromkeys(active, UserState.ACTIVE)
        return dict(past.directory.definitions), states


@pytest.fixture
def database(registry: Registry) -> Iterator[Database]:
    """
    The registry, as what provisions opens it.
    """
    opened = open_database(registry.url, may_write=True)
    yield opened
    opened.close()


@pytest.fixture
def office(database: Database) -> Office:
    """
    A directory that nothing was provisioned in.
    """
    return office_in(database)


def office_in(
    database: Database,
    user_id: IdAttribute = IdAttribute.EXTERNAL_ID,
    group_id: IdAttribute = IdAttribute.EXTERNAL_ID,
) -> Office:
    """
    Open a directory that nothing was provisioned in, beside those of other examples.
    """
    number = next(NUMBERS)
    named = ProvisionedDirectory(SourceName(f"people-{number}"), CORP, user_id, group_id)
    return Office(
        database,
        named,
        UserProvisioning(database, ACME, named),
        GroupProvisioning(database, ACME, named),
        ProvisionedRegistry(database, named.name),
        PermissionRegistry(database, ACME, NAMER, SEALER, lambda *_: frozenset({named.name})),
    )


@dataclass
class Model:
    """
    What ought to be: users and groups by number, and every principal that ever was a user's.
    """

    directory: ProvisionedDirectory
    users: dict[int, StatedUser] = field(default_factory=dict)
    groups: dict[int, tuple[str, str | None, frozenset[tuple[str, int]]]] = field(
        default_factory=dict
    )
    gone: set[str] = field(default_factory=set)

    def user_id(self, stated: StatedUser) -> str | None:
        by_name = self.directory.user_id is IdAttribute.USER_NAME
        return stated.user_name if by_name else stated.external_id

    def group_id(self, name: str, external: str | None) -> str | None:
        return name if self.directory.group_id is IdAttribute.DISPLAY_NAME else external

    def takes_user(self, number: int, stated: StatedUser) -> type[ReadershipError] | None:
        if self.user_id(stated) is None:
            return UnusableStatementError
        others = [one for other, one in self.users.items() if other != number]
        names = {one.user_name.lower() for one in others}
        ids = {self.user_id(one) for one in others}
        taken = stated.user_name.lower() in names or self.user_id(stated) in ids
        return TakenError if taken else None

    def takes_group(
        self, number: int, name: str, external: str | None
    ) -> type[ReadershipError] | None:
        if self.group_id(name, external) is None:
            return UnusableStatementError
        ids = {self.group_id(*one[:2]) for other, one in self.groups.items() if other != number}
        return TakenError if self.group_id(name, external) in ids else None

    def set_user(self, number: int, stated: StatedUser) -> None:
        if number in self.users:
            self.gone.add(str(self.user_id(self.users[number])))
        self.users[number] = stated

    def forget(self, kind: str, number: int) -> None:
        if kind == "user":
            self.gone.add(str(self.user_id(self.users.pop(number))))
        else:
            del self.groups[number]
        for one, (name, external, members) in self.groups.items():
            self.groups[one] = name, external, members - {(kind, number)}

    def expected(self) -> tuple[dict[Principal, frozenset[Principal]], dict[str, UserState]]:
        principals = {
            ("user", number): user(str(self.user_id(one))) for number, one in self.users.items()
        } | {
            ("group", number): group(str(self.group_id(*one[:2])))
            for number, one in self.groups.items()
        }
        defined = {
            principals["group", number]: frozenset(principals[one] for one in members)
            for number, (_, _, members) in self.groups.items()
        }
        states = dict.fromkeys(self.gone, UserState.DELETED)
        states |= {
            str(self.user_id(one)): UserState.ACTIVE if one.active else UserState.INACTIVE
            for one in self.users.values()
        }
        return defined, states


NAMES = st.sampled_from(["ann", "Ann", "bob", "cy", "dee", "é"])
IDS = st.one_of(st.none(), st.sampled_from(["1", "2", "3", "Ann", "é"]))
WHICH = st.integers(0, 5)
MEMBERS = st.lists(st.tuples(st.sampled_from(["user", "group"]), WHICH), max_size=4)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put user"), WHICH, NAMES, IDS, st.booleans()),
        st.tuples(st.just("delete user"), WHICH),
        st.tuples(st.just("put group"), WHICH, NAMES, IDS, MEMBERS),
        st.tuples(st.just("join"), WHICH, MEMBERS),
        st.tuples(st.just("leave"), WHICH, MEMBERS),
        st.tuples(st.just("delete group"), WHICH),
    ),
    max_size=14,
)


class Run:
    """
    One sequence of operations, on the registry and on the model.
    """

    def __init__(self, office: Office) -> None:
        self.office, self.model = office, Model(office.directory)
        self.ids: dict[tuple[str, int], str] = {}
        self.past: list[tuple[Epoch, object]] = []
        self.now = NOON

    def step(self, operation: tuple[object, ...]) -> None:
        """
        Do one operation on both, and compare.
        """
        self.now += timedelta(seconds=1)
        getattr(self, str(operation[0]).replace(" ", "_"))(*operation[1:])
        assert self.model.expected() == self.office.seen()

    def tried(self, expected: type[ReadershipError] | None, work: Callable[[], object]) -> object:
        """
        Do something that must fail like this, or succeed; a failure changes nothing.
        """
        if expected is not None:
            with pytest.raises(expected):
                work()
            return None
        return work()

    def known(self, members: list[tuple[str, int]]) -> frozenset[tuple[str, int]]:
        return frozenset(one for one in members if one in self.ids)

    def put_user(self, number: int, name: str, external: str | None, active: bool) -> None:  # noqa: FBT001 - drawn
        stated = StatedUser(name, external, active)
        expected = self.model.takes_user(number, stated)
        record = self.office.done.append
        if ("user", number) not in self.ids:
            made = self.tried(
                expected, lambda: self.office.users.create(stated, record, now=self.now)
            )
            if isinstance(made, KeptUser):
                self.ids["user", number] = made.kept.id
        else:
            identifier = self.ids["user", number]
            self.tried(
                expected,
                lambda: self.office.users.change(
                    identifier, ANY, lambda _: stated, record, now=self.now
                ),
            )
        if expected is None:
            self.model.set_user(number, stated)
            self.note()

    def put_group(
        self, number: int, name: str, external: str | None, members: list[tuple[str, int]]
    ) -> None:
        some = self.known(members)
        if ("group", number) not in self.ids:
            some -= {("group", number)}
        stated = StatedGroup(name, external, frozenset(self.ids[one] for one in some))
        expected = self.model.takes_group(number, name, external)
        record = self.office.done.append
        if ("group", number) not in self.ids:
            made = self.tried(
                expected, lambda: self.office.groups.create(stated, record, now=self.now)
            )
            if made is not None:
                self.ids["group", number] = self.office.done[-1].id
        else:
            identifier = self.ids["group", number]
            self.tried(
                expected,
                lambda: self.office.groups.change(
                    identifier, ANY, lambda _: stated, record, now=self.now
                ),
            )
        if expected is None:
            self.model.groups[number] = name, external, some
            self.note()

    def join(self, number: int, members: list[tuple[str, int]]) -> None:
        self._members(number, members, joining=True)

    def leave(self, number: int, members: list[tuple[str, int]]) -> None:
        self._members(number, members, joining=False)

    def _members(self, number: int, members: list[tuple[str, int]], *, joining: bool) -> None:
        if ("group", number) not in self.ids:
            return
        some = self.known(members)
        ids = frozenset(self.ids[one] for one in some)
        self.office.groups.change(
            self.ids["group", number],
            ANY,
            lambda now: replace(now, members=now.members | ids if joining else now.members - ids),
            self.office.done.append,
            now=self.now,
        )
        name, external, before = self.model.groups[number]
        after = before | some if joining else before - some
        self.model.groups[number] = name, external, after
        self.note()

    def delete_user(self, number: int) -> None:
        self._delete("user", number)

    def delete_group(self, number: int) -> None:
        self._delete("group", number)

    def _delete(self, kind: str, number: int) -> None:
        writer = self.office.users if kind == "user" else self.office.groups
        identifier = self.ids.pop((kind, number), "nobody")
        expected = NotProvisionedError if identifier == "nobody" else None
        record = self.office.done.append
        self.tried(expected, lambda: writer.delete(identifier, ANY, record, now=self.now))
        if expected is None:
            self.model.forget(kind, number)
            self.note()

    def note(self) -> None:
        """
        Remember what ought to be at this epoch.
        """
        self.past.append((self.office.done[-1].epoch, self.model.expected()))


@pytest.mark.promise("scim-reference")
@pytest.mark.promise("history")
@pytest.mark.parametrize(
    ("user_id", "group_id"),
    [
        (IdAttribute.EXTERNAL_ID, IdAttribute.EXTERNAL_ID),
        (IdAttribute.USER_NAME, IdAttribute.DISPLAY_NAME),
    ],
)
def test_whatever_is_provisioned_is_what_a_plain_model_says(
    registry: Registry, database: Database, user_id: IdAttribute, group_id: IdAttribute
) -> None:
    """
    Present and past; refused operations change nothing.
    """

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(OPERATIONS)
    def sequences(operations: list[tuple[object, ...]]) -> None:
        # The past is read of all directories together: each example has its own.
        clear(registry)
        run = Run(office_in(database, user_id, group_id))
        for operation in operations:
            run.step(operation)
        assert run.past == [(epoch, run.office.seen_at(epoch)) for epoch, _ in run.past]

    sequences()


STORY: Final[tuple[tuple[object, ...], ...]] = (
    ("put user", 0, "ann", "1", True),
    ("put user", 1, "bob", "2", True),
    ("put user", 2, "Ann", "3", True),  # the name is taken
    ("put user", 2, "cy", "1", True),  # the id is taken
    ("put user", 2, "cy", None, True),
    ("put group", 0, "staff", "1", [("user", 0)]),
    ("put group", 1, "all", "2", [("group", 0), ("user", 1)]),
    ("put group", 2, "more", "2", []),  # the id is taken
    ("join", 0, [("user", 1), ("group", 0)]),
    ("leave", 0, [("user", 0)]),
    ("put user", 0, "ann", "é", False),
    ("join", 1, [("user", 0)]),
    ("put user", 0, "ann", "é", True),
    ("put user", 0, "ann", "Ann", True),  # leaves one id for another, in a group
    ("put user", 3, "dee", "é", True),  # and somebody comes by the old one
    ("put group", 0, "staff", "3", [("group", 0), ("user", 1)]),  # as does a group in itself
    ("put group", 3, "new", "1", [("user", 3)]),
    ("delete user", 1),
    ("put user", 1, "bob", "2", True),
    ("join", 3, [("user", 1), ("user", 0)]),
    ("leave", 3, [("user", 1)]),
    ("delete group", 0),
    ("put group", 0, "staff", "3", [("group", 1)]),
    ("delete group", 3),
    ("delete user", 3),
    ("delete user", 3),
)


@pytest.mark.promise("scim-reference")
@pytest.mark.promise("history")
def test_one_story_of_everything_is_what_a_plain_model_says(office: Office) -> None:
    """
    In one order that has everything in it; the sequences above are drawn.
    """
    run = Run(office)
    for operation in STORY:
        run.step(operation)

    assert run.past == [(epoch, office.seen_at(epoch)) for epoch, _ in run.past]


def clear(registry: Registry) -> None:
    """
    Empty what directories fill.
    """
    for table in (
        "members",
        "groups",
        "group_history",
        "group_changes",
        "directory_users",
        "directory_user_history",
        "scim_members",
        "scim_users",
        "scim_groups",
    ):
        registry.sql(f"DELETE FROM {table}")  # noqa: S608 - names of our own


ANN: Final = StatedUser("ann", "e-ann", active=True)


def ignored(done: Provisioned) -> None:
    del done


def joined(now: StatedGroup, member: str) -> StatedGroup:
    return replace(now, members=now.members | {member})


@pytest.mark.promise("scim-reference")
def test_a_long_history_of_joining_one_by_one_is_read_back(
    registry: Registry, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Also where the whole list is written in between.
    """
    monkeypatch.setattr("acl.directory.changes.MAX_CHANGES", 3)
    made = office.groups.create(StatedGroup("all", "all", frozenset()), ignored, now=NOON)
    expected: dict[Epoch, int] = {}
    for number in range(9):
        one = StatedUser(f"u{number}", f"u{number}", active=True)
        kept = office.users.create(one, ignored, now=NOON)
        office.groups.change(
            made.kept.id,
            ANY,
            partial(joined, member=kept.kept.id),
            office.done.append,
            now=NOON,
        )
        expected[office.done[-1].epoch] = number + 1

    counted = {epoch: len(office.seen_at(epoch)[0][group("all")]) for epoch in expected}

    assert expected == counted
    assert [(2,)] == registry.sql("SELECT count(*) - 1 FROM group_history WHERE id = 'all'")


def test_a_condition_that_does_not_hold_changes_nothing(office: Office) -> None:
    made = office.users.create(ANN, ignored, now=NOON)
    off = replace(ANN, active=False)
    stale = Condition(match=frozenset({7}))

    with pytest.raises(PreconditionFailedError):
        office.users.change(made.kept.id, stale, lambda _: off, ignored, now=NOON)
    with pytest.raises(PreconditionFailedError):
        office.users.delete(made.kept.id, stale, ignored, now=NOON)

    assert {"e-ann": UserState.ACTIVE} == office.seen()[1]
    held = Condition(match=frozenset({1}))
    office.users.change(made.kept.id, held, lambda _: off, ignored, now=NOON)
    assert {"e-ann": UserState.INACTIVE} == office.seen()[1]


@pytest.mark.promise("scim-atomic")
def test_what_cannot_be_recorded_is_not_provisioned(office: Office) -> None:
    """
    The audit record is durable first, or nothing is.
    """

    def broken(done: Provisioned) -> None:
        raise OSError(done.id)

    ann = office.users.create(ANN, ignored, now=NOON).kept.id
    staff = office.groups.create(StatedGroup("s", "s", frozenset({ann})), ignored, now=NOON).kept.id
    before, epoch = office.seen(), office.permissions.epoch()
    off = replace(ANN, active=False, external_id="e-other")
    empty = StatedGroup("t", "t", frozenset())
    for work in (
        lambda: office.users.create(StatedUser("bob", "bob", active=True), broken, now=NOON),
        lambda: office.users.change(ann, ANY, lambda _: off, broken, now=NOON),
        lambda: office.users.delete(ann, ANY, broken, now=NOON),
        lambda: office.groups.create(empty, broken, now=NOON),
        lambda: office.groups.change(staff, ANY, lambda _: empty, broken, now=NOON),
        lambda: office.groups.delete(staff, ANY, broken, now=NOON),
    ):
        with pytest.raises(OSError, match=r".+"):
            work()

    assert (before, epoch) == (office.seen(), office.permissions.epoch())
    assert 1 == office.registry.users(None, Page(0, 9))[0]


@pytest.mark.promise("scim-atomic")
@pytest.mark.parametrize("what", ["user", "group"])
def test_whoever_is_killed_during_a_change_has_changed_nothing(
    registry: Registry, office: Office, what: str
) -> None:
    """
    A process that dies before its commit, with everything written.
    """
    ann = office.users.create(ANN, ignored, now=NOON).kept.id
    staff = office.groups.create(StatedGroup("s", "s", frozenset({ann})), ignored, now=NOON).kept.id
    before, epoch = office.seen(), office.permissions.epoch()
    arguments = [what, registry.url, office.directory.name, ann if what == "user" else staff]

    killed = subprocess.run(
        [sys.executable, "-m", "tests.acl.registry.dying", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert -signal.SIGKILL == killed.returncode, killed.stderr
    assert (before, epoch) == (office.seen(), office.permissions.epoch())
    off = replace(ANN, active=False)
    office.users.change(ann, ANY, lambda _: off, ignored, now=NOON)
    assert {"e-ann": UserState.INACTIVE} == office.seen()[1]


@pytest.mark.promise("scim-deactivation")
def test_a_state_that_was_written_by_hand_is_not_an_active_one(
    registry: Registry, office: Office
) -> None:
    office.users.create(ANN, ignored, now=NOON)
    assert {"e-ann": UserState.ACTIVE} == office.seen()[1]

    registry.sql("UPDATE directory_users SET state = 'open', epoch = epoch + 1")
    registry.sql("UPDATE epoch SET value = value + 1")

    assert {"e-ann": UserState.INACTIVE} == office.seen()[1]


def test_a_member_that_was_not_provisioned_is_refused(office: Office) -> None:
    elsewhere = office_in(office.database)
    theirs = elsewhere.users.create(ANN, ignored, now=NOON).kept.id

    for member in ("nobody", theirs, "\0", "'; DROP TABLE scim_users"):
        with pytest.raises(UnusableStatementError):
            office.groups.create(StatedGroup("s", "s", frozenset({member})), ignored, now=NOON)

    assert 0 == office.registry.groups(None, Page(0, 9), members=True)[0]


@pytest.mark.promise("exact-ids")
def test_ids_are_names_byte_for_byte(office: Office) -> None:
    """
    User names are unique whatever their case; ids that ACLs name are, as they are.
    """
    for name, external in (("a", "id"), ("b", "ID"), ("c", "ïd"), ("d", "i\u0308d")):
        office.users.create(StatedUser(name, external, active=True), ignored, now=NOON)

    with pytest.raises(TakenError):
        office.users.create(StatedUser("A", "other", active=True), ignored, now=NOON)
    with pytest.raises(TakenError):
        office.users.create(StatedUser("e", "ID", active=True), ignored, now=NOON)

    assert {"id", "ID", "ïd", "i\u0308d"} == office.seen()[1].keys()


def test_a_directory_keeps_the_ids_that_it_began_with(office: Office) -> None:
    require_same_directory(office.database, office.directory, now=NOON)
    require_same_directory(office.database, office.directory, now=NOON)

    other = replace(office.directory, user_id=IdAttribute.USER_NAME)
    with pytest.raises(RegistryMismatchError) as refused:
        require_same_directory(office.database, other, now=NOON)

    assert "give it another name" in refused.value.diagnostics()
