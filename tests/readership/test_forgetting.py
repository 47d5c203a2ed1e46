"""
`readership forget`, and what doctor says of systems that are not configured any more.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from acl.errors import ConfigurationError
from acl.model.identifiers import AuthorityId, SourceName
from acl.model.provisioning import IdAttribute, ProvisionedDirectory, StatedUser
from acl.registry.provisioning import Provisioned
from acl.registry.provisioning_users import UserProvisioning
from acl.registry.same_directory import require_same_directory
from acl.settings import load_configuration
from acl.wiring import open_ground, prepare_data_dir
from readership.doctor import left_behind_findings
from readership.forgetting import forget

NOW: Final = datetime(2026, 10, 1, tzinfo=UTC)
HR: Final = SourceName("hr")
SERVICE: Final = """\
[service]
tenant = "acme"
resource = "https://rag.acme.example/mcp"
data_dir = "./data"
"""
DIRECTORY: Final = """\
[[issuers]]
issuer = "https://idp.acme.example"
audiences = ["https://rag.acme.example/mcp"]
[[directories]]
name = "hr"
kind = "scim"
authority = "corp"
clients = ["provisioner"]
user_id = "userName"
group_id = "id"
"""


def ignored(done: Provisioned) -> None:
    del done


@pytest.mark.promise("scim-deactivation")
def test_doctor_names_who_is_left_behind_until_they_are_forgotten(tmp_path: Path) -> None:
    """
    Not while the directory is configured; forgetting is recorded.
    """
    file = tmp_path / "readership.toml"
    file.touch(mode=0o600)
    file.write_text(SERVICE + DIRECTORY, encoding="utf-8")
    before = load_configuration(file)
    prepare_data_dir(before)
    ground = open_ground(before, may_write=True)
    named = ProvisionedDirectory(HR, AuthorityId("corp"), IdAttribute.USER_NAME, IdAttribute.ID)
    require_same_directory(ground.database, named, now=NOW)
    users = UserProvisioning(ground.database, ground.tenant, named)
    users.create(StatedUser("bob", None, active=False), ignored, now=NOW)
    assert [] == list(left_behind_findings(ground))
    ground.close()
    with pytest.raises(ConfigurationError) as refused:
        forget(before, HR, "a slip of the pen")
    assert "is configured" in refused.value.diagnostics()

    file.write_text(SERVICE, encoding="utf-8")
    after = load_configuration(file)
    ground = open_ground(after, may_write=False)
    (found,) = left_behind_findings(ground)
    assert not found.healthy
    assert "1 users" in found.detail
    assert "readership forget hr" in found.detail

    forget(after, HR, "the new one is complete")

    assert [] == list(left_behind_findings(ground))
    (event,) = ground.trail.events()
    assert "forget" == event["action"]
    ground.close()
