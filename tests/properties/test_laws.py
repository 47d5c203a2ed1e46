"""
Laws that hold between two worlds, whatever the worlds are.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.decision.read import Permit, decide_read
from acl.model.grants import AclSnapshot, Entry
from acl.model.principals import Principal
from tests.acl.people import ACME, GLOBEX, NOON, group, permit, user
from tests.properties.effort import tries
from tests.properties.oracle import World
from tests.properties.worlds import (
    ANYBODY,
    GROUPS,
    denials,
    directory_of,
    links,
    permissive_snapshots,
    snapshots,
    without_definition,
    without_member,
    worlds,
)


def readable(world: World, linked: frozenset[Principal], snapshot: AclSnapshot) -> bool:
    standing = directory_of(world).standing_of(linked)
    return isinstance(decide_read(standing, snapshot, now=NOON), Permit)


@pytest.mark.promise("deny-first")
@given(world=worlds, linked=links, snapshot=snapshots, denial=denials, data=st.data())
@tries(166)
def test_denying_more_never_permits_more(
    world: World,
    linked: frozenset[Principal],
    snapshot: AclSnapshot,
    denial: Entry,
    data: st.DataObject,
) -> None:
    """
    A denial added anywhere, to any gate or as a gate of its own, lets nobody in.
    """
    number = data.draw(st.integers(0, len(snapshot.gates)))
    gates = [*snapshot.gates, ()][: max(number + 1, len(snapshot.gates))]
    place = data.draw(st.integers(0, len(gates[number])))
    gates[number] = (*gates[number][:place], denial, *gates[number][place:])
    stricter = replace(snapshot, gates=tuple(gates))

    assert readable(world, linked, stricter) <= readable(world, linked, snapshot)


@given(world=worlds, linked=links, snapshot=snapshots, data=st.data())
@tries(100)
def test_permitting_less_never_permits_more(
    world: World, linked: frozenset[Principal], snapshot: AclSnapshot, data: st.DataObject
) -> None:
    """
    A permission taken away, wherever it stood, lets nobody in.
    """
    kept = data.draw(st.sets(st.sampled_from(ANYBODY)))
    gates = tuple(
        tuple(entry for entry in gate if entry.effect == "deny" or entry.principals & kept)
        for gate in snapshot.gates
    )

    assert readable(world, linked, replace(snapshot, gates=gates)) <= readable(
        world, linked, snapshot
    )


@given(
    world=worlds,
    linked=links,
    snapshot=permissive_snapshots,
    one=st.sampled_from(GROUPS),
    leaving=st.sampled_from(ANYBODY),
)
@tries(166)
def test_without_denials_leaving_a_group_never_reveals_more(
    world: World,
    linked: frozenset[Principal],
    snapshot: AclSnapshot,
    one: Principal,
    leaving: Principal,
) -> None:
    """
    The first two words are needed: who leaves a denied group may read more.
    """
    if len(set(world.stated.get(one, ()))) > 1:
        world = World(ACME, {**world.stated, one: world.stated[one][:1]})
    after = without_member(world, one, leaving)

    assert readable(after, linked, snapshot) <= readable(world, linked, snapshot)


@pytest.mark.promise("unknown-group")
@given(world=worlds, linked=links, snapshot=snapshots, one=st.sampled_from(GROUPS))
@tries(333)
def test_removing_a_groups_definition_never_reveals_more(
    world: World, linked: frozenset[Principal], snapshot: AclSnapshot, one: Principal
) -> None:
    """
    Not even where the group is denied: an unknown group denies everybody.
    """
    after = without_definition(world, one)

    assert readable(after, linked, snapshot) <= readable(world, linked, snapshot)


@pytest.mark.promise("unknown-group")
@given(world=worlds, linked=links, snapshot=snapshots, one=st.sampled_from(GROUPS), data=st.data())
@tries(166)
def test_a_second_opinion_on_a_group_never_reveals_more(
    world: World,
    linked: frozenset[Principal],
    snapshot: AclSnapshot,
    one: Principal,
    data: st.DataObject,
) -> None:
    """
    Two sources that disagree about a group are worth less than one of them.
    """
    if not world.stated.get(one):
        return
    first = world.stated[one][0]
    other = data.draw(st.frozensets(st.sampled_from(ANYBODY), max_size=4))
    before = World(ACME, {**world.stated, one: (first,)})
    after = World(ACME, {**world.stated, one: (first, other)})

    assert readable(after, linked, snapshot) <= readable(before, linked, snapshot)


@pytest.mark.promise("other-tenant")
@given(world=worlds, linked=links, gates=snapshots.map(lambda one: one.gates))
@tries(100)
def test_other_tenants_are_invisible(
    world: World, linked: frozenset[Principal], gates: tuple[tuple[Entry, ...], ...]
) -> None:
    """
    The same people, groups and grants in another tenant open nothing, `everyone` included.
    """
    theirs = AclSnapshot(
        GLOBEX,
        tuple(
            tuple(
                replace(
                    entry, principals=frozenset(replace(p, tenant=GLOBEX) for p in entry.principals)
                )
                for entry in gate
            )
            for gate in gates
        ),
    )

    assert not readable(world, linked, theirs)


@pytest.mark.promise("other-tenant")
@given(world=worlds, linked=links)
@tries(100)
def test_principals_of_another_tenant_open_nothing_here(
    world: World, linked: frozenset[Principal]
) -> None:
    """
    A reader whose links are all another tenant's holds nothing that an ACL here can name.
    """
    strangers = {replace(one, tenant=GLOBEX) for one in linked}
    named = frozenset(user(one.id, authority=one.authority) for one in linked) | {group("eng")}
    ours = AclSnapshot(ACME, ((permit(*named),),))

    assert not readable(World(ACME, {}), frozenset(strangers), ours)
    assert world.tenant == ours.tenant
