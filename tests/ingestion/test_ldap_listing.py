"""
Names of a directory, members that come in parts, and what is made of what is listed.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.decision.membership import Directory
from acl.errors import InputError
from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, PrincipalKind
from ingestion.sources.ldap_listing import (
    Entry,
    GroupEntry,
    Listing,
    Wanted,
    whole_members,
)
from ingestion.sources.ldap_names import identifier, same_name

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
    ],
)
def test_two_spellings_of_one_dn_are_one(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cn=a\\,dc=x", "cn=a,dc=x"),
        ("cn=a\\+sn=b,dc=x", "cn=a+sn=b,dc=x"),
        ("cn=a,dc=x", "cn=a,dc=y"),
        ("cn=a,dc=x", "uid=a,dc=x"),
        ("cn=ab,dc=x", "cn=a b,dc=x"),
    ],
)
def test_two_dns_stay_two(one: str, other: str) -> None:
    assert same_name(one) != same_name(other)


@pytest.mark.parametrize("dn", ["", "ann", "cn=a,", "=a", "cn=a\\", "cn=\\ff,dc=x", "cn=a\0b"])
def test_what_is_no_dn_is_refused(dn: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        same_name(dn)


@given(st.text(max_size=40))
def test_any_text_is_a_dn_or_is_not(text: str) -> None:
    try:
        same_name(text)
    except ValueError:
        return


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


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize("dn", ["uid=gone,ou=p", "no DN", "uid=two,ou=p", "cn=" + "x" * 600])
def test_a_group_with_somebody_unknown_in_it_is_not_fully_known(dn: str) -> None:
    """
    Somebody who is not listed, or has two ids: those who are known hold the group all the same.
    """
    users = [person("ann"), person("two", "b", "c")]
    listed = Listing(ACME, CORP, WANTED).listed([group("g", "uid=ann,ou=p", dn)], users)

    directory = Directory(ACME, listed.groups)
    ann, whole = of(PrincipalKind.USER, "ann"), of(PrincipalKind.GROUP, "g")
    standing = directory.standing_of({ann})
    assert whole in standing.principals
    assert whole not in standing.known_groups
    assert 1 <= len(listed.problems)


def test_a_group_without_a_usable_id_is_left_out() -> None:
    broken = GroupEntry(Entry("cn=b,ou=g", {"cn": [b"b", b"c"]}), [b"uid=ann,ou=p"])
    listed = Listing(ACME, CORP, WANTED).listed([broken, group("g", "cn=b,ou=g")], [person("ann")])

    (only,) = listed.groups
    assert of(PrincipalKind.GROUP, "g") == only
    assert only not in Directory(ACME, listed.groups).standing_of(()).known_groups


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize(
    ("groups", "users"),
    [
        ([], []),
        ([group("g"), group("G")], []),
        ([group("g")], [person("ann"), person("ANN")]),
        ([group("g")], [person("ann"), person("other", "ann")]),
        ([group("g")], [Entry("cn=g,ou=g", {"uid": [b"ann"]})]),
        ([group("g"), GroupEntry(Entry("cn=h,ou=g", {"cn": [b"g"]}), [])], []),
    ],
)
def test_a_listing_in_which_one_could_be_another_is_refused(
    groups: list[GroupEntry], users: list[Entry]
) -> None:
    with pytest.raises(InputError):
        Listing(ACME, CORP, WANTED).listed(groups, users)
