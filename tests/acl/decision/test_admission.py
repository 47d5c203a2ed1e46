"""
Whom the directories admit: rule by rule, and every combination against a plain reading.
"""

from dataclasses import replace
from itertools import product
from typing import Final

import pytest

from acl.decision.admission import People, SpeakingDirectory, refusal
from acl.model.identifiers import SourceName
from acl.model.principals import Principal
from acl.model.provisioning import UserState
from tests.acl.people import ALICE, BOB, CORP, ENG, WIKI, user

HR: Final = SourceName("hr")
STRICT: Final = SpeakingDirectory(HR, CORP, admits_unknown=False)
LAX: Final = SpeakingDirectory(HR, CORP, admits_unknown=True)
BELIEVED: Final = frozenset({HR})
PEOPLE: Final = People(
    {HR: frozenset({"alice"})},
    {HR: {"bob": UserState.INACTIVE, "carol": UserState.DELETED}},
)


def refused(*linked: Principal, by: SpeakingDirectory = STRICT) -> bool:
    return refusal(linked, PEOPLE, [by], BELIEVED) is not None


def test_an_active_user_is_admitted() -> None:
    assert not refused(ALICE)
    assert not refused()


@pytest.mark.promise("scim-deactivation")
@pytest.mark.parametrize("directory", [STRICT, LAX])
def test_who_is_inactive_or_deleted_is_refused(directory: SpeakingDirectory) -> None:
    assert refused(BOB, by=directory)
    assert refused(user("carol"), by=directory)


@pytest.mark.promise("scim-deactivation")
def test_who_was_never_named_is_refused_unless_that_is_known_to_happen() -> None:
    assert refused(user("dave"))
    assert not refused(user("dave"), by=LAX)
    assert refused(user("Alice"))


@pytest.mark.promise("scim-deactivation")
def test_a_second_principal_does_not_make_up_for_the_first() -> None:
    """
    Whoever has left is not somebody else.
    """
    assert refused(ALICE, BOB)
    assert refused(user("alice", authority=WIKI), BOB)


def test_other_authorities_and_groups_are_none_of_its_business() -> None:
    assert not refused(user("bob", authority=WIKI))
    assert not refused(ENG)


@pytest.mark.promise("scim-deactivation")
@pytest.mark.parametrize("directory", [STRICT, LAX])
def test_a_directory_that_is_not_believed_admits_nobody(directory: SpeakingDirectory) -> None:
    for one in (ALICE, BOB, user("dave")):
        for others in (frozenset(), frozenset({SourceName("another")})):
            assert refusal([one], PEOPLE, [directory], others) is not None
    assert refusal([user("x", authority=WIKI)], PEOPLE, [directory], frozenset()) is None


def test_a_refusal_says_why() -> None:
    assert "user:corp/bob is inactive in directory hr" == refusal([BOB], PEOPLE, [STRICT], BELIEVED)
    assert "user:corp/dave is unknown in directory hr" == refusal(
        [user("dave")], PEOPLE, [STRICT], BELIEVED
    )


@pytest.mark.promise("scim-deactivation")
def test_a_name_in_other_case_dodges_nothing() -> None:
    """
    Where the unknown are admitted. The control: a name of nobody, and one that is active so.
    """
    people = replace(PEOPLE, active={HR: frozenset({"Bob"})})
    found = {
        name: refusal([user(name)], people, [LAX], BELIEVED) is None
        for name in ("BOB", "bob", "Bob", "Carol", "dave")
    }

    assert {"Bob", "dave"} == {name for name, admitted in found.items() if admitted}


@pytest.mark.promise("scim-deactivation")
def test_leaving_a_directory_out_lets_nobody_back_in() -> None:
    """
    Not even where another one, which speaks now, says active. Of its authority alone.
    """
    other = SourceName("new")
    people = replace(
        PEOPLE,
        active={HR: frozenset({"alice"}), other: frozenset({"alice", "bob", "eve"})},
        authorities={HR: CORP, other: CORP},
    )
    speaking = SpeakingDirectory(other, CORP, admits_unknown=False)

    def admitted(principal: Principal, *directories: SpeakingDirectory) -> bool:
        return refusal([principal], people, directories, frozenset({other})) is None

    for directories in ((), (speaking,)):
        assert admitted(ALICE, *directories)
        assert admitted(user("eve"), *directories)
        assert admitted(user("bob", authority=WIKI), *directories)
        assert not admitted(BOB, *directories)
        assert not admitted(user("BOB"), *directories)


@pytest.mark.promise("scim-deactivation")
def test_every_combination_is_as_a_table_says() -> None:
    """
    Of two principals in two authorities, each in any state, under any configuration.
    """
    states = [None, *UserState]
    for mine, theirs, lax, speaks_for_both, believed in product(
        states, states, (False, True), (False, True), (False, True)
    ):
        people = People(
            {HR: frozenset({"a"} if mine is UserState.ACTIVE else ())},
            {
                HR: {"a": mine} if mine not in {None, UserState.ACTIVE} and mine else {},
                SourceName("wiki"): {"b": theirs} if theirs else {},
            },
        )
        directories = [SpeakingDirectory(HR, CORP, lax)]
        if speaks_for_both:
            directories.append(SpeakingDirectory(SourceName("wiki"), WIKI, lax))
        trusted = frozenset({HR, SourceName("wiki")} if believed else ())
        linked = [user("a"), user("b", authority=WIKI)]

        def fine(state: UserState | None, trusting: bool = believed, lenient: bool = lax) -> bool:  # noqa: FBT001
            return trusting and (state is UserState.ACTIVE or (state is None and lenient))

        admitted = fine(mine) and (not speaks_for_both or fine(theirs))

        assert admitted == (refusal(linked, people, directories, trusted) is None)
