"""
Agents of other people's making, each in an environment of its own, with tokens of a real identity
provider, over TLS.

`scripts/client-environments` makes the environments; what is not there is skipped.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.identity_provider import sign_in
from tests.end_to_end.mcp_world import McpWorld, mcp_world

ROOT = Path(__file__).parents[2]
OWN = {"alice": {"plan", "hers"}, "bob": {"his"}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpWorld]:
    with mcp_world(tmp_path_factory.mktemp("frameworks")) as one:
        yield one


@pytest.mark.parametrize("framework", ["openai_agents", "langchain_mcp"])
def test_an_agent_finds_and_fetches_what_its_user_may_read(world: McpWorld, framework: str) -> None:
    """
    Two users at the same time; and one asks for what the other has found, in vain.
    """
    environment = ROOT / ".clients" / framework
    if not (environment / ".ready").exists():
        pytest.skip(f"scripts/client-environments {framework} makes what this test needs")
    tokens = {who: sign_in(world.provider, who, world.url).tokens["access_token"] for who in OWN}
    asking = subprocess.run(
        [environment / "bin" / "python", ROOT / "tests" / "client" / f"using_{framework}.py"],
        env={
            **os.environ,
            "SSL_CERT_FILE": str(world.certificate),
            "READERSHIP_URL": world.url,
            "READERSHIP_QUESTION": "words",
            "READERSHIP_TOKENS": json.dumps(tokens),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert 0 == asking.returncode, asking.stderr
    said = json.loads(asking.stdout.splitlines()[-1])

    stolen = said.pop("stolen")
    for who, answer in said.items():
        assert {"search", "fetch", "search_documents"} == set(answer["tools"])
        assert OWN[who] == {one["title"] for one in answer["found"]}
        assert f"words of {answer['found'][0]['title']}" in json.loads(answer["fetched"])["text"]
    assert "not found" in stolen["fetched"]
    assert "words of" not in stolen["fetched"]
