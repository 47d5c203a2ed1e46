"""
Names of a directory, members that come in parts, and what is made of what is listed.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.decision.membership import Directory
from acl.errors import InputError
from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, PrincipalKind, parse_principal
from ingestion.sources.ldap_listing import GroupEntry, Listed, Listing, Wanted, whole_members
from ingestion.sources.ldap_names import identifier, likeness
from ingestion.sources.ldap_search import Entry

ACME = TenantId("acme")
CORP = AuthorityId("corp")
WANTED = Wanted("ou=p", "(a=b)", "uid", "ou=g", "(a=c)", "cn", "member")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("uid=ann,dc=x", "UID=Ann, DC=X"),
        ("cn=a\\,b,dc=x", "cn=a\\2Cb,dc=x"),
        ("cn=\\c3\\a9,dc=x", "cn=é,dc=x"),
        ("cn=a+sn=b,dc=x", "sn=b+cn=a,dc=x"),
        ("cn=Ann  Lee,dc=x", "cn=ann lee , dc=x"),
        ("cn=a;dc=x", "cn=a,dc=x"),
        ("cn=a\\=b,dc=x", "cn=a=b,dc=x"),
        ("cn=weiß,dc=x", "cn=WEISS,dc=x"),
    ],
)
def test_spellings_of_one_dn_are_alike(one: str, other: str) -> None:
    assert likeness(one) == likeness(other)


@given(st.text(max_size=40))
def test_any_text_has_a_likeness(text: str) -> None:
    likeness(text)


def test_ids_of_windows_are_written_as_windows_writes_them() -> None:
    guid = uuid.uuid4()
    sid = bytes.fromhex("010500000000000515000000a065cf7e784b9b5fe77c8770f4010000")

    assert str(guid) == identifier("objectGUID", [guid.bytes_le])
    assert "S-1-5-21-2127521184-1604012920-1887927527-500" == identifier("objectSid", [sid])
    assert "ann" == identifier("uid", [b"ann"])


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        ("uid", []),
        ("uid", [b"a", b"b"]),
        ("uid", [b"\xff"]),
        ("objectGUID", [b"short"]),
        ("objectSid", [b"\x01\x05"]),
        ("objectSid", [b"\x01\x09" + bytes(26)]),
    ],
)
def test_what_is_no_id_is_refused(attribute: str, values: Sequence[bytes]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        identifier(attribute, values)


@dataclass
class Parts:
    """
    A directory that hands out a long attribute in parts, as Active Directory does.
    """

    members: list[bytes]
    size: int
    asked: list[str] = field(default_factory=list)
    version: int = 1

    def first(self) -> Entry:
        return Entry("cn=g,dc=x", {"member": [], **self.part(0)})

    def entries(self, base: str, wanted: str, attributes: Sequence[str]) -> Iterator[Entry]:
        raise AssertionError((base, wanted, attributes))

    def entry(self, dn: str, attributes: Sequence[str]) -> Entry | None:
        (one,) = attributes
        if one == "uSNChanged":
            return Entry(dn, {"usnchanged": [str(self.version).encode()]})
        self.asked.append(one)
        return self.answer(dn, int(one.partition("=")[2].partition("-")[0]))

    def answer(self, dn: str, first: int) -> Entry | None:
        return Entry(dn, self.part(first))

    def part(self, first: int) -> Mapping[str, Sequence[bytes]]:
        part = self.members[first : first + self.size]
        last = first + len(part)
        end = "*" if last >= len(self.members) else str(last - 1)
        return {f"member;range={first}-{end}": part}


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize("count", [1, 1_499, 1_500, 1_501, 4_500, 4_501])
def test_members_that_come_in_parts_are_put_together(count: int) -> None:
    members = [str(number).encode() for number in range(count)]
    parts = Parts(members, 1_500)

    assert members == list(whole_members(parts, parts.first(), "member"))
    assert -(-count // 1_500) == len(parts.asked)


class Losing(Parts):
    """
    One that does not hand out the rest.
    """

    def answer(self, dn: str, first: int) -> Entry | None:
        return None if first else super().answer(dn, first)


class Skipping(Parts):
    """
    One that leaves a member out between two parts.
    """

    def answer(self, dn: str, first: int) -> Entry | None:
        return super().answer(dn, first + 1 if first else 0)


class Ending(Parts):
    """
    One that answers without the attribute.
    """

    def answer(self, dn: str, first: int) -> Entry | None:
        return Entry(dn, {}) if first else super().answer(dn, first)


class Changing(Parts):
    """
    One in which somebody of the first part leaves meanwhile, so that the others move up.
    """

    def answer(self, dn: str, first: int) -> Entry | None:
        if first:
            self.members = self.members[1:]
            self.version += 1
        return super().answer(dn, first)


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize("kind", [Losing, Skipping, Ending, Changing])
def test_parts_that_make_no_whole_are_refused(kind: type[Parts]) -> None:
    parts = kind([str(number).encode() for number in range(7)], 4)

    with pytest.raises(InputError):
        whole_members(parts, parts.first(), "member")


def group(cn: str, *members: str) -> GroupEntry:
    entry = Entry(f"cn={cn},ou=g", {"cn": [cn.encode()]})
    return GroupEntry(entry, [one.encode() for one in members])


def person(uid: str, *ids: str) -> Entry:
    return Entry(f"uid={uid},ou=p", {"uid": [one.encode() for one in ids or (uid,)]})


def of(kind: PrincipalKind, name: str) -> Principal:
    return Principal(ACME, CORP, kind, name)


@dataclass
class Server:
    """
    A directory that holds entries under their DNs, and these DNs for equal to others or not.
    """

    entries_of: Mapping[str, str] = field(default_factory=dict)

    def entries(self, base: str, wanted: str, attributes: Sequence[str]) -> Iterator[Entry]:
        raise AssertionError((base, wanted, attributes))

    def entry(self, dn: str, attributes: Sequence[str]) -> Entry | None:
        assert not attributes
        found = self.entries_of.get(dn)
        return None if found is None else Entry(found, {})


def listed_of(
    groups: Iterable[GroupEntry],
    users: Iterable[Entry],
    server: Server | None = None,
    wanted: Wanted = WANTED,
) -> Listed:
    return Listing(ACME, CORP, wanted, server or Server()).listed(groups, users)


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize("dn", ["uid=gone,ou=p", "no DN", "uid=two,ou=p", "cn=" + "x" * 600])
def test_a_group_with_somebody_unknown_in_it_is_not_fully_known(dn: str) -> None:
    """
    Somebody who is not listed, or has two ids: those who are known hold the group all the same.
    """
    users = [person("ann"), person("two", "b", "c")]
    listed = listed_of([group("g", "uid=ann,ou=p", dn)], users)

    directory = Directory(ACME, listed.groups)
    ann, whole = of(PrincipalKind.USER, "ann"), of(PrincipalKind.GROUP, "g")
    standing = directory.standing_of({ann})
    assert whole in standing.principals
    assert whole not in standing.known_groups
    assert 1 <= len(listed.problems)


def test_a_group_without_a_usable_id_is_left_out() -> None:
    broken = GroupEntry(Entry("cn=b,ou=g", {"cn": [b"b", b"c"]}), [b"uid=ann,ou=p"])
    listed = listed_of([broken, group("g", "cn=b,ou=g")], [person("ann")])

    (only,) = listed.groups
    assert of(PrincipalKind.GROUP, "g") == only
    assert only not in Directory(ACME, listed.groups).standing_of(()).known_groups


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize(
    ("groups", "users"),
    [
        ([], []),
        ([group("g"), group("g")], []),
        ([group("g")], [person("ann"), person("ann", "other")]),
        ([group("g")], [person("ann"), person("other", "ann")]),
        ([group("g")], [Entry("cn=g,ou=g", {"uid": [b"ann"]})]),
        ([group("g"), GroupEntry(Entry("cn=h,ou=g", {"cn": [b"g"]}), [])], []),
    ],
)
def test_a_listing_in_which_one_could_be_another_is_refused(
    groups: list[GroupEntry], users: list[Entry]
) -> None:
    with pytest.raises(InputError):
        listed_of(groups, users)


VALUES = (
    "ann",
    "Ann",
    "weiß",
    "weiss",
    "WEISS",
    "a\0b",
    "ab",
    "a b",
    "a  b",
    "#616e6e",
    "a+b",
    "ﬁ",
)
WRITTEN = {"\0": "\\00", "+": "\\+", "#": "\\#"}


def escaped(value: str) -> str:
    return "".join(WRITTEN.get(letter, letter) for letter in value)


@pytest.mark.promise("ldap-whole")
@given(
    listed=st.sets(st.sampled_from(VALUES), min_size=1),
    members=st.lists(st.sampled_from([*VALUES, "\\61nn", "nobody"]), max_size=6),
    alike=st.dictionaries(st.sampled_from(VALUES), st.sampled_from(VALUES)),
)
def test_a_member_is_whose_dn_it_is_and_nobody_else(
    listed: set[str], members: list[str], alike: dict[str, str]
) -> None:
    """
    Whatever the server holds for equal: a plain table of which DN is which entry's.
    """

    def dn(value: str) -> str:
        return f"uid={escaped(value)},ou=p"

    table = {dn(value): dn(value) for value in (*VALUES, "nobody")}
    table |= {dn(one): dn(other) for one, other in alike.items() if one not in listed}
    users = {dn(value): f"id {number}" for number, value in enumerate(sorted(listed))}
    entries = [Entry(name, {"uid": [of_it.encode()]}) for name, of_it in users.items()]
    stated = [one if "\\" in one else escaped(one) for one in members]

    found = listed_of([group("g", *(f"uid={one},ou=p" for one in stated))], entries, Server(table))

    (held,) = found.groups.values()
    meant = {users.get(table.get(f"uid={one},ou=p", "")) for one in stated}
    people = {one.id for one in held if one.kind is PrincipalKind.USER}
    assert people <= {one for one in meant if one is not None}
    unlisted = {one for one in held if one.kind is PrincipalKind.UNLISTED}
    assert unlisted or meant == people


@pytest.mark.promise("ldap-whole")
def test_a_member_that_is_spelled_otherwise_is_whose_the_server_says() -> None:
    """
    The control: of a server that says it is somebody else's, or nobody's.
    """
    asked = [group("g", "UID=Ann, OU=P")]
    ann, other = [person("ann")], {"UID=Ann, OU=P": "uid=Ann,ou=p"}

    for server, is_she in (
        (Server({"UID=Ann, OU=P": "uid=ann,ou=p"}), True),
        (Server(other), False),
        (Server(), False),
    ):
        (held,) = listed_of(asked, ann, server).groups.values()
        assert is_she is (of(PrincipalKind.USER, "ann") in held)


@pytest.mark.promise("unknown-group")
def test_nobody_can_be_or_define_a_member_that_is_not_listed() -> None:
    """
    Neither by an id that looks like one, nor in a group, an ACL or the exchange format.
    """
    listed = listed_of([group("g", "uid=ann,ou=p", "uid=gone,ou=p")], [person("ann")])
    (unlisted,) = listed.groups[of(PrincipalKind.GROUP, "g")] - {of(PrincipalKind.USER, "ann")}
    forged = {of(PrincipalKind.GROUP, unlisted.id): frozenset({of(PrincipalKind.USER, "eve")})}

    known = Directory(ACME, {**listed.groups, **forged}).standing_of(()).known_groups

    assert forged.keys() == known
    with pytest.raises(ValueError, match="unknown principal"):
        parse_principal(f"{unlisted.kind}:{unlisted.id}", tenant=ACME, authority=CORP)


@pytest.mark.promise("unknown-group")
def test_a_group_in_which_no_member_can_be_seen_is_known_only_if_none_are_hidden() -> None:
    users = [person("ann")]
    trusting = replace(WANTED, none_hidden=True)

    for wanted, known in ((WANTED, 0), (trusting, 1)):
        listed = listed_of([group("empty")], users, wanted=wanted)
        assert known == len(Directory(ACME, listed.groups).standing_of(()).known_groups)
        assert known == (not listed.problems)


HEAD = bytes.fromhex("010500000000000515000000a065cf7e784b9b5fe77c8770")


def with_sid(entry: Entry, number: int | None, primary: int | None = None) -> Entry:
    more: dict[str, Sequence[bytes]] = {}
    if number is not None:
        more["objectsid"] = [HEAD + number.to_bytes(4, "little")]
    if primary is not None:
        more["primarygroupid"] = [str(primary).encode()]
    return Entry(entry.dn, {**entry.attributes, **more})


def with_sids(one: GroupEntry, number: int | None) -> GroupEntry:
    return GroupEntry(with_sid(one.entry, number), one.members)


@pytest.mark.promise("unknown-group")
def test_a_primary_group_has_its_users_and_is_not_fully_known() -> None:
    """
    The control is a group beside it, which is nobody's primary group.
    """
    users = [with_sid(person("ann"), 1104, 513), with_sid(person("bob"), 1105, 514)]
    groups = [
        with_sids(group("domain users", "uid=bob,ou=p"), 513),
        with_sids(group("staff", "uid=bob,ou=p"), 1200),
    ]

    directory = Directory(ACME, listed_of(groups, users).groups)

    held = directory.standing_of({of(PrincipalKind.USER, "ann")})
    assert of(PrincipalKind.GROUP, "domain users") in held.principals
    assert {of(PrincipalKind.GROUP, "staff")} == held.known_groups


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize(
    ("sid", "primary", "of_group"),
    [(None, 513, 513), (1104, None, 513), (1104, 513, None)],
    ids=["the user's SID", "the user's primary group", "the group's SID"],
)
def test_a_primary_group_that_cannot_be_read_refuses_the_listing(
    sid: int | None, primary: int | None, of_group: int | None
) -> None:
    """
    The control is the same listing with everything there.
    """
    one = group("g", "uid=bob,ou=p")
    bob = with_sid(person("bob"), 1105, 514)

    with pytest.raises(InputError, match="cannot be used"):
        listed_of([with_sids(one, of_group)], [with_sid(person("ann"), sid, primary), bob])
    listed_of([with_sids(one, 513)], [with_sid(person("ann"), 1104, 513), bob])
