"""
One retriever shared by several users, in each framework, each in its own environment.

`scripts/client-environments` makes the environments; what is not there is skipped.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.company import Company
from tests.security.loopback import served

ROOT = Path(__file__).parents[2]
QUESTION = "What is the price list of Heron?"
USERS = ("alice", "bob", "erin")


@pytest.fixture(scope="module")
def url(company: Company) -> Iterator[str]:
    with served(company.room) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.promise("readers-never-mix")
@pytest.mark.parametrize("framework", ["langchain", "llamaindex", "haystack"])
def test_a_retriever_shared_by_users_never_mixes_them(
    company: Company, url: str, framework: str
) -> None:
    """
    However it is asked. The control, a retriever that keeps the first token, does mix them.
    """
    environment = ROOT / ".clients" / framework
    if not (environment / ".ready").exists():
        pytest.skip(f"scripts/client-environments {framework} makes what this test needs")
    asking = subprocess.run(
        [environment / "bin" / "python", ROOT / "tests" / "client" / f"using_{framework}.py"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "READERSHIP_URL": url,
            "READERSHIP_QUESTION": QUESTION,
            "READERSHIP_TOKENS": json.dumps({who: company.issuer.token(who) for who in USERS}),
            "HAYSTACK_TELEMETRY_ENABLED": "False",
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert 0 == asking.returncode, asking.stderr
    found = json.loads(asking.stdout.splitlines()[-1])

    expected = {who: sorted(company.documents(who, QUESTION)) for who in USERS}
    assert expected != found.pop("mistaken")
    assert 2 <= len(found)
    for way, answers in found.items():
        assert expected == answers, way
