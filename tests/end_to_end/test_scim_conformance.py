"""
Somebody else's conformance checks for SCIM servers, against the real one.
"""

from pathlib import Path

from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.end_to_end.scim_world import serving

NOT_THERE = "searching several resource types at once is not supported by the server"
FEWEST = 50


def test_a_conformance_checker_finds_nothing(tmp_path: Path) -> None:
    """
    It makes up every attribute, so that ids must be attributes which it always states.
    """
    edit = {
        'user_id = "externalId"': 'user_id = "userName"',
        'group_id = "externalId"': 'group_id = "displayName"',
    }
    with serving(tmp_path / "world", edit=edit) as world:
        world.http.headers.update(world.provisioner())
        world.http.base_url = "http://testserver/scim/v2"
        results = check_server(SyncSCIMClient(world.http))

    found = {
        (one.title, one.reason)
        for one in results
        if one.status is not Status.SUCCESS and NOT_THERE not in (one.reason or "")
    }
    assert set() == found
    assert FEWEST <= sum(one.status is Status.SUCCESS for one in results)
