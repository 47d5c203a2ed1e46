"""
Groups out of a real LDAP server, whole or not at all.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from acl.errors import InputError
from acl.model.identifiers import AuthorityId, SourceName, TenantId
from acl.model.principals import Principal, PrincipalKind
from ingestion.sources.ldap import LdapSource
from ingestion.sources.ldap_changes import ChangeMemory
from ingestion.sources.ldap_connection import LdapAddress, connected
from ingestion.sources.ldap_listing import UNLISTED, Entry, EntrySearch, Wanted
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

    assert {user("ann"), named(f"{UNLISTED}{user_dn('Émile')}")} == found.groups[named("staff")]
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


@dataclass
class Counting:
    """
    A source that remembers, and the DNs whose members it asked for one by one.
    """

    server: Slapd
    file: Path
    asked: list[str] = field(default_factory=list)
    attribute: str = "entryCSN"

    def observe(self) -> dict[Principal, frozenset[Principal]]:
        @contextmanager
        def connect() -> Iterator[EntrySearch]:
            with connected(address(self.server)) as search:
                yield Spying(search, self.asked)

        memory = ChangeMemory(self.file, self.attribute, ["as it is"])
        source = LdapSource(SourceName("ldap"), ACME, CORP, WANTED, connect, lambda: NOON, memory)
        return dict(source.observe().groups)


class Spying:
    """
    Passes everything on.
    """

    def __init__(self, search: EntrySearch, asked: list[str]) -> None:
        self._search, self._asked = search, asked

    def entries(self, base: str, wanted: str, attributes: Sequence[str]) -> Iterator[Entry]:
        return self._search.entries(base, wanted, attributes)

    def entry(self, dn: str, attributes: Sequence[str]) -> Entry | None:
        self._asked.append(dn)
        return self._search.entry(dn, attributes)


@pytest.mark.promise("ldap-whole")
def test_only_the_members_of_changed_groups_are_read_again(tmp_path: Path) -> None:
    """
    And what is found is what a listing of everything finds, after every kind of change.
    """
    changes = [
        "",
        f"dn: {group_dn('staff')}\nchangetype: modify\ndelete: member\nmember: {user_dn('ann')}\n",
        f"{group('more', user_dn('ann'))}\n".replace("\n", "\nchangetype: add\n", 1),
        # The DN comes to somebody else: the group does not change, and its member does.
        f"dn: {user_dn('bob')}\nchangetype: delete\n",
        f"{person('bob')}\n".replace("\n", "\nchangetype: add\n", 1).replace("sn: bob", "sn: b"),
        f"dn: {group_dn('staff')}\nchangetype: modrdn\nnewrdn: cn=crew\ndeleteoldrdn: 1\n",
        f"dn: {group_dn('more')}\nchangetype: delete\n",
    ]
    expected = [[], ["staff"], ["more"], [], [], ["crew"], []]
    with slapd(*COMPANY) as server:
        counting = Counting(server, tmp_path / "memory" / "ldap.json")
        assert dict(observed(server).groups) == counting.observe()
        assert [] == counting.asked
        for change, read in zip(changes, expected, strict=True):
            counting.asked.clear()
            if change:
                server.change(change)
            assert dict(observed(server).groups) == counting.observe(), change
            assert [group_dn(one) for one in read] == counting.asked, change
    assert 0o600 == counting.file.stat().st_mode & 0o777


@pytest.mark.promise("ldap-whole")
@pytest.mark.parametrize("text", ["", "{", "[]", '{"of": []}', '{"of": ["as it is", "entryCSN"]}'])
def test_a_memory_that_is_damaged_is_forgotten(company: Slapd, tmp_path: Path, text: str) -> None:
    counting = Counting(company, tmp_path / "ldap.json")
    expected = counting.observe()
    counting.file.write_text(text, encoding="utf-8")

    assert expected == counting.observe()
    assert [] == counting.asked


@pytest.mark.promise("ldap-whole")
def test_a_memory_of_another_directory_is_forgotten(company: Slapd, tmp_path: Path) -> None:
    """
    Its groups may bear the same names and marks.
    """
    counting = Counting(company, tmp_path / "ldap.json")
    expected = counting.observe()
    written = counting.file.read_text()
    emptied = json.loads(written)
    emptied["of"][0] = "another"
    emptied["groups"] = {dn: [mark, []] for dn, (mark, _) in emptied["groups"].items()}
    counting.file.write_text(json.dumps(emptied), encoding="utf-8")

    assert expected == counting.observe()


def test_a_server_that_does_not_tell_of_changes_is_not_asked_for_them(
    company: Slapd, tmp_path: Path
) -> None:
    for attribute in ("uSNChanged", "description"):
        counting = Counting(company, tmp_path / "ldap.json", attribute=attribute)
        with pytest.raises(InputError) as refused:
            counting.observe()
        assert "leave out 'changes" in refused.value.diagnostics()


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
