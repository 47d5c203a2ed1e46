"""
Groups of a real LDAP server decide who reads, from the next request after a sync.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from acl.errors import ConfigurationError, InputError, ReadershipError
from acl.index.hashing_embedder import HashingEmbedder
from acl.model.documents import UNLABELLED
from acl.registry.database import open_database
from acl.settings import load_configuration
from acl.settings_directories import LdapDirectorySettings
from acl.wiring import open_ground, open_lease
from ingestion.extract import SandboxedExtractor
from ingestion.reconcile import Progress, SyncReport
from ingestion.wiring import build_directory, build_reconciler
from readership.directories import describe_directory
from readership.syncing import chosen
from tests.end_to_end.scim_world import CONFIGURATION, ScimWorld, serving
from tests.ingestion.world import MarkingRedactor
from tests.slapd import (
    GROUPS,
    PASSWORD,
    PEOPLE,
    READER,
    Slapd,
    group,
    group_dn,
    person,
    slapd,
    user_dn,
)

BEFORE: Final = CONFIGURATION[CONFIGURATION.index("[[directories]]") :]
SECTION: Final = f"""
[[directories]]
name = "ldap"
kind = "ldap"
authority = "corp"
url = "URL"
ca_file = "ca.pem"
bind_dn = "{READER}"
password_file = "ldap.password"
users_base = "{PEOPLE}"
groups_base = "{GROUPS}"
user_id = "uid"
group_id = "cn"
page = 2
timeout = "5s"
"""
COMPANY: Final = (
    person("ann"),
    person("bob"),
    person("cy"),
    group("staff", user_dn("ann"), user_dn("bob")),
    group("all", group_dn("staff"), user_dn("cy")),
)


@dataclass
class Office:
    """
    A directory, and a service that syncs it.
    """

    server: Slapd
    world: ScimWorld

    def sync(self) -> SyncReport:
        """
        Sync the directory, as another process would: with connections of its own.
        """
        configuration = self.world.configuration
        (settings,) = configuration.settings.directories
        assert isinstance(settings, LdapDirectorySettings)
        ground = open_ground(configuration, may_write=True)
        embedder = HashingEmbedder()
        lease = open_lease(ground, embedder)
        try:
            with SandboxedExtractor() as extractor:
                reconciler = build_reconciler(
                    ground,
                    settings,
                    lease=lease,
                    embedder=embedder,
                    redactor=MarkingRedactor(),
                    extractor=extractor,
                )
                return reconciler.sync(build_directory(ground, settings), UNLABELLED, Progress())
        finally:
            lease.close()
            ground.close()

    def without(self, cn: str, uid: str) -> None:
        """
        Take somebody out of a group.
        """
        self.server.change(
            f"dn: {group_dn(cn)}\nchangetype: modify\ndelete: member\nmember: {user_dn(uid)}\n"
        )


def written(directory: Path, server: Slapd) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "ca.pem").write_bytes(server.ca.read_bytes())
    password = directory / "ldap.password"
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    password.chmod(0o600)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with slapd(*COMPANY) as server:
        written(tmp_path / "world", server)
        edit = {BEFORE: SECTION.replace("URL", server.tls)}
        with serving(tmp_path / "world", edit=edit) as world:
            yield Office(server, world)


@pytest.mark.promise("ldap-whole")
@pytest.mark.promise("revocation")
def test_groups_of_the_directory_decide_who_reads(office: Office) -> None:
    """
    Through nesting; who is taken out is out at the next request after the sync.
    """
    office.world.document("plan", "group:all")
    assert set() == office.world.found("ann")
    office.sync()
    for reader in ("ann", "bob", "cy"):
        assert {"plan"} == office.world.found(reader)
    before = office.world.explain("ann", "plan")
    assert "permit" == before["decision"]

    office.without("staff", "ann")
    office.sync()

    assert set() == office.world.found("ann")
    assert {"plan"} == office.world.found("bob")
    assert "deny" == office.world.explain("ann", "plan")["decision"]
    assert "permit" == office.world.explain("ann", "plan", at=before["epoch"])["decision"]


@pytest.mark.promise("ldap-whole")
def test_a_listing_that_fails_leaves_what_is_held_until_it_is_stale(office: Office) -> None:
    """
    And then nobody reads by it.
    """
    office.world.document("plan", "group:all")
    office.sync()
    office.server.kill()
    with pytest.raises(InputError):
        office.sync()
    assert {"plan"} == office.world.found("ann")

    database = open_database(office.world.configuration.registry_url, may_write=True)
    with database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE sources SET acl_observed_at = acl_observed_at - 3700000000 WHERE name = 'ldap'"
        )
    database.close()

    assert set() == office.world.found("ann")


@pytest.mark.promise("unknown-group")
def test_a_denied_group_with_a_stranger_in_it_keeps_everybody_out(office: Office) -> None:
    """
    Somebody who is in the group and not listed may be anybody.
    """
    office.world.document("plan", "group:all", deny=("group:outcasts",))
    outcasts = group("outcasts", user_dn("cy")).replace("\n", "\nchangetype: add\n", 1)
    office.server.change(f"{outcasts}\n")
    office.sync()
    assert {"plan"} == office.world.found("ann")
    assert set() == office.world.found("cy")

    office.server.change(
        f"dn: {group_dn('outcasts')}\nchangetype: modify\nadd: member\nmember: cn=gone,{PEOPLE}\n"
    )
    report = office.sync()

    assert set() == office.world.found("ann")
    assert "not fully known" in str(report.problems)


def test_a_group_that_is_gone_is_unknown(office: Office) -> None:
    office.world.document("plan", "user:ann", deny=("group:all",))
    office.sync()
    assert set() == office.world.found("ann")
    office.without("staff", "ann")
    office.sync()
    assert {"plan"} == office.world.found("ann")

    office.server.change(f"dn: {group_dn('all')}\nchangetype: delete\n")
    office.sync()

    assert set() == office.world.found("ann")


def test_a_sync_takes_directories_before_sources(office: Office) -> None:
    configuration = office.world.configuration

    assert ["ldap", "wiki"] == [one.name for one in chosen(configuration, [])]
    assert ["wiki", "ldap"] == [one.name for one in chosen(configuration, ["wiki", "ldap"])]
    with pytest.raises(ConfigurationError):
        chosen(configuration, ["nowhere"])


@pytest.mark.promise("ldap-tls")
@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('url = "URL"', 'url = "ldap://dc.acme.example"\nstart_tls = false', "in the clear"),
        ('url = "URL"', 'url = "http://dc.acme.example"', "ldaps://HOST"),
        ('url = "URL"', 'url = "ldaps://a:b@dc.acme.example"', "ldaps://HOST"),
        ('url = "URL"', 'url = "ldaps://dc.acme.example/dc=x?uid"', "ldaps://HOST"),
        ('password_file = "ldap.password"', 'password = "secret"', "password_file is missing"),
        (f'bind_dn = "{READER}"', 'bind_dn = ""', "at least 1 character"),
        ('user_id = "uid"', 'user_id = "uid;x"', "pattern"),
        ("page = 2", "page = 0", "greater than or equal to 1"),
        ('timeout = "5s"', 'timeout = "0s"', "more than zero"),
        ('timeout = "5s"', 'staleness = "0s"', "more than zero"),
    ],
)
def test_a_directory_that_is_not_safe_is_refused(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    section = SECTION.replace(before, after).replace("URL", "ldaps://dc.acme.example")
    file = tmp_path / "readership.toml"
    file.write_text(CONFIGURATION.replace(BEFORE, section), encoding="utf-8")
    file.chmod(0o600)

    with pytest.raises(ConfigurationError) as refused:
        load_configuration(file)

    assert says in refused.value.diagnostics()
    assert "secret" not in refused.value.diagnostics()


def test_doctor_reads_the_directory(office: Office) -> None:
    configuration = office.world.configuration
    (settings,) = configuration.settings.directories
    with pytest.raises(ReadershipError) as unheard:
        describe_directory(office.world.ground, settings)
    assert "run 'readership sync ldap'" in unheard.value.diagnostics()
    office.sync()
    assert "lists 2 groups, 0 problems" == describe_directory(office.world.ground, settings)
    office.server.kill()
    with pytest.raises(ReadershipError):
        describe_directory(office.world.ground, settings)


@pytest.mark.promise("key-file-permissions")
def test_a_password_that_others_can_read_is_not_used(office: Office) -> None:
    password = office.world.directory / "ldap.password"
    password.chmod(0o644)
    with pytest.raises(ConfigurationError) as refused:
        office.sync()
    assert "can be read" in refused.value.diagnostics()
    password.chmod(0o600)
    with contextlib.suppress(FileNotFoundError):
        (office.world.directory / "ca.pem").unlink()
    with pytest.raises(ConfigurationError) as refused:
        office.sync()
    assert "ca_file" in refused.value.diagnostics()
