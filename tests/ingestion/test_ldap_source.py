"""
Groups out of a real LDAP server, whole or not at all.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from acl.decision.membership import Directory
from acl.errors import InputError
from acl.model.identifiers import AuthorityId, SourceName, TenantId
from acl.model.principals import Principal, PrincipalKind
from ingestion.sources import ldap_connection
from ingestion.sources.ldap import LdapSource
from ingestion.sources.ldap_connection import LdapAddress, connected
from ingestion.sources.ldap_listing import Wanted
from ingestion.sources.ldap_search import EntrySearch
from ingestion.sources.port import Observation
from tests.acl.people import NOON
from tests.slapd import (
    GROUPS,
    PASSWORD,
    PEOPLE,
    READER,
    SUFFIX,
    Slapd,
    certify,
    group,
    group_dn,
    person,
    slapd,
    user_dn,
)

ACME: Final = TenantId("acme")
CORP: Final = AuthorityId("corp")
WANTED: Final = Wanted(
    users_base=PEOPLE,
    users_filter="(objectClass=inetOrgPerson)",
    user_id="uid",
    groups_base=GROUPS,
    groups_filter="(objectClass=groupOfNames)",
    group_id="cn",
    member="member",
)
MANY: Final = 2_500


def user(name: str) -> Principal:
    return Principal(ACME, CORP, PrincipalKind.USER, name)


def named(name: str) -> Principal:
    return Principal(ACME, CORP, PrincipalKind.GROUP, name)


def address(server: Slapd, **other: object) -> LdapAddress:
    """
    Return how the server is reached, over TLS.
    """
    one = LdapAddress(
        url=server.tls,
        start_tls=True,
        ca_file=server.ca,
        bind_dn=READER,
        password=PASSWORD,
        page=100,
        timeout=timedelta(seconds=20),
    )
    return replace(one, **other)  # type: ignore[arg-type]


@dataclass
class Reading:
    """
    A source over one server.
    """

    address: LdapAddress
    wanted: Wanted = WANTED

    def observe(self) -> Observation:
        def connect() -> AbstractContextManager[EntrySearch]:
            return connected(self.address)

        source = LdapSource(SourceName("ldap"), ACME, CORP, self.wanted, connect, lambda: NOON)
        return source.observe()


def observed(server: Slapd, wanted: Wanted = WANTED, **other: object) -> Observation:
    return Reading(address(server, **other), wanted).observe()


COMPANY: Final = (
    person("ann"),
    person("bob"),
    person("Émile"),
    group("all", group_dn("staff"), user_dn("bob"), group_dn("all")),
    group("staff", f"UID=Ann, {PEOPLE.upper()}", user_dn("Émile")),
)


@pytest.fixture(scope="module")
def company() -> Iterator[Slapd]:
    with slapd(*COMPANY) as server:
        yield server


@pytest.mark.promise("ldap-whole")
def test_groups_are_read_with_their_direct_members(company: Slapd) -> None:
    """
    Nested ones as they are stated, a group in itself included; whatever the case of a DN.
    """
    found = observed(company)

    assert {
        named("all"): {named("staff"), user("bob"), named("all")},
        named("staff"): {user("ann"), user("Émile")},
    } == dict(found.groups)
    assert ((), {}, True, NOON) == (found.problems, found.documents, found.complete, found.at)


def test_ids_may_be_what_never_changes(company: Slapd) -> None:
    found = observed(company, replace(WANTED, user_id="entryUUID", group_id="entryUUID"))

    ids = {one.id for group, members in found.groups.items() for one in (group, *members)}
    assert 5 == len(ids)
    assert {36} == {len(one) for one in ids}


@pytest.mark.promise("ldap-whole")
def test_a_member_that_is_not_listed_leaves_its_group_not_fully_known(company: Slapd) -> None:
    """
    Be it outside the filter, or nowhere.
    """
    found = observed(company, replace(WANTED, users_filter="(uid=ann)"))

    unlisted = Principal(ACME, CORP, PrincipalKind.UNLISTED, user_dn("Émile"))
    assert {user("ann"), unlisted} == found.groups[named("staff")]
    assert 2 == len(found.problems)


@pytest.mark.promise("ldap-whole")
def test_pages_are_put_together() -> None:
    """
    2,500 members, in entries that take 26 pages to list.
    """
    people = [person(f"u{number}") for number in range(MANY)]
    members = [user_dn(f"u{number}") for number in range(MANY)]
    limits = [f'limits dn.exact="{READER}" size.soft=200 size.hard=200 size.prtotal=unlimited']
    with slapd(*people, group("many", *members), settings=limits) as server:
        found = observed(server)
        assert {named("many"): {user(f"u{number}") for number in range(MANY)}} == dict(found.groups)
        assert () == found.problems


@pytest.mark.promise("ldap-whole")
def test_a_listing_that_a_limit_ends_is_none() -> None:
    """
    The control is the same listing below the limit.
    """
    people = [person(f"u{number}") for number in range(150)]
    limits = [f'limits dn.exact="{READER}" size=unlimited size.prtotal=120']
    members = [user_dn("u1")]
    with slapd(*people, group("g", *members), settings=limits) as server:
        assert named("g") in observed(server, replace(WANTED, users_filter="(uid=u1)")).groups
        with pytest.raises(InputError) as refused:
            observed(server, page=50)

    assert "nothing was changed" in refused.value.diagnostics()


@pytest.mark.promise("ldap-whole")
def test_a_listing_whose_server_dies_between_two_pages_is_none() -> None:
    people = [person(f"u{number}") for number in range(150)]
    with (
        slapd(*people, group("g", user_dn("u1"))) as server,
        connected(address(server, page=50)) as search,
    ):
        entries = search.entries(PEOPLE, "(objectClass=inetOrgPerson)", ["uid"])
        seen = [next(entries) for _ in range(50)]
        server.kill()

        with pytest.raises(InputError):
            seen += list(entries)

    assert 50 == len(seen)


@pytest.mark.promise("ldap-whole")
def test_a_server_that_says_nothing_is_not_waited_for_without_end(company: Slapd) -> None:
    with company.frozen(), pytest.raises(InputError) as refused:
        observed(company, timeout=timedelta(seconds=1))

    assert "did not answer" in refused.value.diagnostics()


@pytest.mark.promise("ldap-whole")
def test_a_referral_is_refused() -> None:
    """
    Part of what was asked for is on another server; nobody goes there.
    """
    elsewhere = (
        f"dn: ou=elsewhere,{PEOPLE}\nobjectClass: referral\nobjectClass: extensibleObject\n"
        f"ou: elsewhere\nref: ldap://127.0.0.1:1/{SUFFIX}"
    )
    with slapd(*COMPANY, elsewhere) as server, pytest.raises(InputError) as refused:
        observed(server)

    assert "referral" in refused.value.diagnostics()


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize(
    "wanted",
    [
        replace(WANTED, groups_filter="(objectClass=organization)"),
        replace(WANTED, groups_filter="(objectClass="),
        replace(WANTED, groups_base=f"ou=nowhere,{SUFFIX}"),
        replace(WANTED, users_base="no DN"),
        replace(WANTED, users_base=SUFFIX, users_filter="(objectClass=*)"),
        replace(WANTED, user_id="sn", users_filter="(|(uid=ann)(uid=twin))"),
    ],
)
def test_a_listing_that_cannot_be_meant_is_refused(wanted: Wanted) -> None:
    """
    No group at all, a filter that is none, a base that is not there, an entry that is user and
    group, two entries of one id.
    """
    twin = person("twin").replace("sn: twin", "sn: ann")
    with slapd(*COMPANY, twin) as server, pytest.raises(InputError):
        observed(server, wanted)


@pytest.mark.promise("ldap-whole")
def test_a_name_that_comes_to_somebody_else_is_somebody_else() -> None:
    """
    Bob becomes Rob, and another person gets the name Bob: the group, which does not change, is
    read again, and whoever has Bob's id is in it.
    """
    wanted = replace(WANTED, user_id="employeeNumber")
    bob, other = (person("bob", f"employeeNumber: {number}") for number in (1, 2))
    with slapd(bob, group("staff", user_dn("bob"))) as server:
        assert {user("1")} == observed(server, wanted).groups[named("staff")]
        server.change(
            f"dn: {user_dn('bob')}\nchangetype: modrdn\nnewrdn: uid=rob\ndeleteoldrdn: 1\n"
        )
        server.change(f"{other}\n".replace("\n", "\nchangetype: add\n", 1))

        assert {user("2")} == observed(server, wanted).groups[named("staff")]


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize(
    ("listed", "other"),
    [("weiß", "weiss"), ("weiss", "weiß")],
    ids=["sharp s", "double s"],
)
def test_a_dn_that_looks_like_another_is_not_that_one(listed: str, other: str) -> None:
    """
    The member is listed under none of the filters, and a name like theirs is; only the server
    knows whether these are two. The control: the same group with the one who is listed.
    """
    entries = person(listed, "description: in"), person(other)
    known = replace(WANTED, users_filter="(description=in)", user_id="sn")
    with slapd(*entries, group("staff", user_dn(other)), group("own", user_dn(listed))) as server:
        found = observed(server, known).groups

    (member,) = found[named("staff")]
    assert PrincipalKind.UNLISTED is member.kind
    assert {PrincipalKind.USER} == {one.kind for one in found[named("own")]}


@pytest.mark.promise("ldap-whole")
def test_an_entry_whose_dn_is_no_text_refuses_the_listing(company: Slapd) -> None:
    """
    ldap3 would read it as Latin-1. The server sends no such thing, so what it sent is changed.
    """
    with connected(address(company)) as search:
        response = {"type": "searchResEntry", "raw_dn": b"uid=\xe9", "dn": "uid=\xe9"}
        with pytest.raises(InputError):
            ldap_connection._entry(PEOPLE, {**response, "raw_attributes": {}})  # noqa: SLF001
        assert search.entry(user_dn("ann"), []) is not None


@pytest.mark.promise("ldap-whole")
@pytest.mark.promise("unknown-group")
@pytest.mark.parametrize("access", ["none", "search"])
def test_members_that_nobody_may_see_are_not_none(access: str) -> None:
    """
    A group whose members the reader of the directory may not read denies everybody.
    """
    rule = f'access to dn.exact="{group_dn("hidden")}" attrs=member by * {access}'
    rules = [rule, "access to * by * read"]
    groups = group("hidden", user_dn("ann")), group("shown", user_dn("ann"))
    with slapd(person("ann"), person("bob"), *groups, settings=rules) as server:
        seen = observed(server)
        believed = observed(server, replace(WANTED, none_hidden=True))

    standing = Directory(ACME, seen.groups).standing_of({user("bob")})
    assert {named("shown")} == standing.known_groups
    assert 1 == len(seen.problems)
    assert frozenset() == believed.groups[named("hidden")]


@pytest.mark.promise("ldap-tls")
def test_starttls_begins_before_the_password_is_sent(company: Slapd) -> None:
    assert 2 == len(observed(company, url=company.plain).groups)


@pytest.mark.promise("ldap-tls")
def test_a_server_that_somebody_else_vouches_for_is_refused(company: Slapd, tmp_path: Path) -> None:
    certify(tmp_path, "127.0.0.1")
    for url in (company.tls, company.plain):
        for ca_file in (tmp_path / "ca.pem", None):
            with pytest.raises(InputError):
                observed(company, url=url, ca_file=ca_file)


@pytest.mark.promise("ldap-tls")
def test_a_certificate_of_another_host_is_refused() -> None:
    with slapd(*COMPANY, host="ldap.acme.example") as server:
        for url in (server.tls, server.plain):
            with pytest.raises(InputError) as refused:
                observed(server, url=url)
            assert "certificate" in refused.value.diagnostics().lower()


@pytest.mark.promise("ldap-tls")
def test_a_server_without_tls_is_sent_no_password() -> None:
    """
    The control: it lets in whoever begins without.
    """
    with slapd(*COMPANY) as server:
        server.kill()
        configuration = server.directory / "slapd.conf"
        text = configuration.read_text()
        lines = [line for line in text.splitlines() if not line.startswith("TLS")]
        configuration.write_text("\n".join(lines) + "\n")
        server.start()
        with pytest.raises(InputError):
            observed(server, url=server.plain)
        assert 2 == len(observed(server, url=server.plain, start_tls=False).groups)


def test_a_wrong_password_is_refused(company: Slapd) -> None:
    with pytest.raises(InputError) as refused:
        observed(company, password="wrong")  # noqa: S106 - that it is

    assert "was not let in" in refused.value.diagnostics()
    assert "wrong" not in refused.value.diagnostics()
