"""
`readership verify` and `readership provenance`, as they are typed.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from acl.errors import ConfigurationError
from acl.settings import load_configuration
from acl.wiring import open_ground, prepare_data_dir
from readership.cli import app
from retrieval.api.schemas import SearchResponse
from retrieval.passage import Answer, Passage
from retrieval.wiring import build_limiter, reader_names
from tests.retrieval.departing import leaving, passage, writer
from tests.retrieval.scene import Scene, scene_in

pytestmark = pytest.mark.promise("signed-provenance")

CONFIGURATION: Final = """
[service]
tenant = "acme"
resource = "https://rag.acme.example/mcp"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """
    The configuration of an installation that is prepared.
    """
    file = tmp_path / "readership.toml"
    file.write_text(CONFIGURATION)
    file.chmod(0o600)
    prepare_data_dir(load_configuration(file))
    return file


def run(*arguments: object) -> tuple[int, str]:
    ran = CliRunner().invoke(app, [str(one) for one in arguments])
    return ran.exit_code, ran.output


def answer(file: Path, scene: Scene, *passages: Passage) -> dict[str, Any]:
    """
    Return a search's response as this installation signs it.
    """
    ground = open_ground(load_configuration(file), may_write=False)
    try:
        departure = leaving(scene.asks(), *passages)
        waybill = writer(ground.keys.provenance).write(departure)
    finally:
        ground.close()
    found = Answer(
        departure.request_id, departure.epoch, passages, departure.context or "", (), waybill
    )
    return SearchResponse.of(found).model_dump(mode="json")


def test_a_response_is_verified_offline(file: Path, tmp_path: Path) -> None:
    """
    With the keys of the data directory and with published ones, whole, alone, and altered; also
    after the key was replaced, and no more once it was compromised.
    """
    (tmp_path / "scene").mkdir()
    (tmp_path / "again").mkdir()
    with scene_in(tmp_path / "scene") as scene:
        whole = answer(file, scene, passage("plan"), passage("note"))
    saved, jwks = tmp_path / "response.json", tmp_path / "jwks.json"
    saved.write_text(json.dumps(whole))
    jwks.write_text(run("-c", file, "provenance", "jwks")[1])
    alone = tmp_path / "statement.txt"
    alone.write_text(f"{whole['signed_provenance']}\n")
    altered = tmp_path / "altered.json"
    altered.write_text(json.dumps(whole | {"passages": whole["passages"][:1]}))

    code, told = run("-c", file, "verify", saved)
    assert (0, True) == (code, passage("plan").citation in told)
    assert 0 == run("verify", saved, "--jwks", jwks)[0]
    assert "VERIFIED: the response is what was released" in told
    code, told = run("verify", alone, "--jwks", jwks)
    assert (0, True) == (code, "it came alone" in told)
    code, told = run("verify", altered, "--jwks", jwks)
    assert (1, True) == (code, "verdict  NOT VERIFIED" in told)
    alone.write_text("{}")
    assert 1 == run("verify", alone, "--jwks", jwks)[0]
    assert '"d"' not in jwks.read_text()
    found = json.loads(run("verify", altered, "--jwks", jwks, "--json")[1])
    assert (False, ["1 passages, 2 were released"]) == (found["verified"], found["differences"])

    code, said = run("-c", file, "provenance", "rotate")
    assert 0 == code
    assert "still verifies" in said
    assert 0 == run("-c", file, "verify", saved)[0]
    with scene_in(tmp_path / "again") as scene:
        saved.write_text(json.dumps(answer(file, scene, passage("plan"))))
    assert 0 == run("-c", file, "verify", saved)[0]
    assert 0 == run("-c", file, "provenance", "rotate", "--compromised")[0]
    assert 1 == run("-c", file, "verify", saved)[0]


@pytest.mark.parametrize("text", ["", "x", "{", "[]", "\u00e9", '{"signed_provenance": 1}'])
def test_whatever_else_a_file_holds_does_not_verify(file: Path, tmp_path: Path, text: str) -> None:
    saved = tmp_path / "response.json"
    saved.write_text(text)

    assert 1 == run("-c", file, "verify", saved)[0]


def test_an_installation_of_an_earlier_version_gets_its_keys(file: Path) -> None:
    """
    The two that it lacks, and no other; those that it has stay.
    """
    keys = file.parent / "data" / "keys"
    before = {one.name: one.read_bytes() for one in keys.iterdir()}
    for name in ("provenance.key", "readers.key"):
        (keys / name).unlink()

    prepare_data_dir(load_configuration(file))

    after = {one.name: one.read_bytes() for one in keys.iterdir()}
    assert before.keys() == after.keys()
    assert {"provenance.key", "readers.key"} == {n for n in before if before[n] != after[n]}


@pytest.mark.promise("limits")
@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ('storage = "redis://db.example:6379"', "without TLS"),
        ('storage = "redis://:x@localhost"', "holds a password"),
        ('storage = "memcached://localhost"', "a storage is memory://"),
        ('storage = "redis://localhost:99999"', "a storage is memory://"),
        ('storage = "rediss://db.example?ssl_cert_reqs=none"', "a storage is memory://"),
        ('window = "25h"', "window is at least"),
        ('password_file = "x"', "password_file is for Redis"),
        ("unknown = 1", "not a known key"),
    ],
)
def test_limits_that_cannot_hold_are_refused(file: Path, line: str, refusal: str) -> None:
    file.write_text(f"{CONFIGURATION}[limits]\n{line}\n")

    with pytest.raises(ConfigurationError) as error:
        load_configuration(file)

    assert refusal in error.value.diagnostics()


@pytest.mark.promise("limits")
def test_a_limiter_of_the_configuration_counts(file: Path) -> None:
    """
    In memory; and one whose storage is elsewhere is made without asking it.
    """
    for storage in ("memory://", "redis://127.0.0.1:1/0", "valkeys://limits.example:6379/0"):
        file.write_text(f'{CONFIGURATION}[limits]\nstorage = "{storage}"\n')
        ground = open_ground(load_configuration(file), may_write=False)
        try:
            assert build_limiter(ground) is not None
            assert reader_names(ground).tenant == ground.tenant
        finally:
            ground.close()
