"""
The official client, given one URL: 401, metadata, registration, sign-in with PKCE and `resource`,
and a tool, against a real identity provider, in both eras.
"""

import json
from collections.abc import Iterator

import anyio
import pytest

from tests.end_to_end.mcp_world import Agent, McpWorld, mcp_world

ERAS = pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpWorld]:
    with mcp_world(tmp_path_factory.mktemp("agents")) as one:
        yield one


@ERAS
def test_an_agent_that_knows_one_url_gets_what_its_person_may_read(
    world: McpWorld, mode: str
) -> None:
    """
    Each step as the contract has it, and nobody else's document.
    """
    agent = Agent(world, "alice", mode)

    (found,) = anyio.run(agent.call, ("search", {"query": "words"}))

    assert not found.is_error
    titles = {one["title"] for one in found.structured_content["results"]}
    assert {"plan", "hers"} == titles
    assert json.loads(found.content[0].text) == found.structured_content
    # What it was told at 401 is what it asked for.
    assert [world.url] == agent.authorized["resource"]
    assert ["S256"] == agent.authorized["code_challenge_method"]
    assert {"rag.search", "rag.read"} <= set(agent.authorized["scope"][0].split())
    assert ("/mcp", False) == agent.asked[0]
    assert ("/.well-known/oauth-protected-resource/mcp", False) in agent.asked
    steps = [path for path, _ in agent.asked]
    assert steps.index("/reg") < steps.index("/token") < len(steps) - 1
    assert ("/mcp", True) == agent.asked[-1]


@ERAS
def test_two_people_through_one_service_get_their_own(world: McpWorld, mode: str) -> None:
    """
    And one fetches what the other has found, in vain.
    """
    alice, bob = Agent(world, "alice", mode), Agent(world, "bob", mode)
    (found,) = anyio.run(alice.call, ("search", {"query": "words"}))
    hers = found.structured_content["results"][0]["id"]
    mine, theirs = anyio.run(bob.call, ("search", {"query": "words"}), ("fetch", {"id": hers}))
    (own,) = anyio.run(alice.call, ("fetch", {"id": hers}))

    assert ["his"] == [one["title"] for one in mine.structured_content["results"]]
    assert theirs.is_error
    assert "not found" == theirs.content[0].text
    assert own.structured_content["text"].startswith("words of ")
