"""
`readership audit show`, as it is typed, and what is said of a configuration that cannot be.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acl.audit.events import AuditEvent
from acl.errors import ConfigurationError
from acl.settings import load_configuration
from acl.wiring import open_ground, prepare_data_dir
from readership.cli import app
from readership.doctor import examine
from readership.initialising import write_configuration

NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)
EVENTS = [
    AuditEvent(
        NOON, "1" * 32, "search", "released", "https://i", "alice", "cli",
        details={"released": [{"passage": "p"}] * 3, "who": "alice, via ChatGPT"},
    ),
    AuditEvent(NOON, "2" * 32, "authenticate", "refused", details={"reason": "step 9: [aud]"}),
    AuditEvent(NOON + timedelta(days=1), "3" * 32, "revoke", "done", subject="carol"),
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """
    The configuration of an installation in which three things were recorded.
    """
    file = tmp_path / "readership.toml"
    write_configuration(file, "acme")
    configuration = load_configuration(file)
    prepare_data_dir(configuration)
    ground = open_ground(configuration, may_write=False)
    for event in EVENTS:
        ground.trail.append(event)
    ground.close()
    return file


def shown(file: Path, *arguments: str) -> list[str]:
    ran = CliRunner().invoke(app, ["-c", str(file), "audit", "show", *arguments])
    assert 0 == ran.exit_code
    return ran.output.splitlines()


def test_the_newest_records_stand_last(file: Path) -> None:
    released, refused, revoked = shown(file)

    assert "alice, via ChatGPT  3 passages" in released
    assert f"authenticate  refused  -  step 9: [aud]  {'2' * 32}" in refused
    assert "2026-10-03" in revoked
    assert [revoked] == shown(file, "--last", "1")


def test_records_are_found_by_outcome_and_request(file: Path) -> None:
    _, refused, _ = shown(file)

    assert [refused] == shown(file, "--outcome", "refused")
    assert [refused] == shown(file, "--request", "2" * 32)
    assert ["audit trail: no such record"] == shown(file, "--request", "4" * 32)
    (found,) = json.loads("\n".join(shown(file, "--outcome", "released", "--json")))
    assert "alice" == found["subject"]


@pytest.mark.parametrize("tenant", ["Acme Corp", "", "-", "a" * 65])
def test_a_tenant_that_no_command_would_take_is_not_written(tmp_path: Path, tenant: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        write_configuration(tmp_path / "readership.toml", tenant)

    assert "cannot be a name" in refused.value.diagnostics()
    assert [] == list(tmp_path.iterdir())


PAGE = """
[reader_page]
client_id = "readership"
client_secret_file = "page.secret"
"""


def test_the_doctor_looks_at_the_readers_page(file: Path) -> None:
    def said() -> tuple[bool, str]:
        found = examine(load_configuration(file))
        one = next(each for each in found if each.name == "reader's page")
        return one.healthy, one.detail

    before = said()
    file.write_text(file.read_text() + PAGE)
    missing = said()
    secret = file.parent / "page.secret"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    after = said()

    assert (True, "not configured") == (before[0], before[1][:14])
    assert not missing[0]
    assert "write the client's secret there" in missing[1]
    assert "register https://rag.acme.example/reader/signed-in there" in after[1]
    assert "s3cret" not in after[1]
