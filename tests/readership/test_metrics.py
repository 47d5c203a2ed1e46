"""
Numbers for operators: served where they are configured, and of nobody.
"""

import socket
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from acl.errors import ConfigurationError
from acl.settings import Configuration, load_configuration
from readership.serving import serve_metrics
from tests.readership.test_provenance_commands import CONFIGURATION
from tests.retrieval.departing import leaving, limiter, passage
from tests.retrieval.scene import reader, scene_in

pytestmark = pytest.mark.promise("limits")


@pytest.fixture
def port() -> int:
    """
    A port that is free just now.
    """
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        number: int = one.getsockname()[1]
        return number


@pytest.fixture
def configuration(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    file = tmp_path / "readership.toml"
    file.write_text(CONFIGURATION)
    file.chmod(0o600)
    monkeypatch.setenv("READERSHIP_METRICS__PORT", str(port))
    return load_configuration(file)


def test_they_are_served_and_name_nobody(
    configuration: Configuration, port: int, tmp_path: Path
) -> None:
    (tmp_path / "scene").mkdir()
    with scene_in(tmp_path / "scene") as scene, ExitStack() as stack:
        one = limiter()
        one.admit(reader("alice"))
        one.charge(leaving(scene.asks(), passage("plan")))
        serve_metrics(configuration, stack)

        told = httpx.get(f"http://127.0.0.1:{port}/metrics").text

    for name in (
        "readership_requests_total",
        'readership_released_total{what="passages"}',
        'readership_limited_total{limit="bytes"}',
        "readership_limiter_failures_total",
    ):
        assert f"\n{name} " in told
    assert not any(one in told for one in ("alice", "plan", reader().client))


def test_a_port_that_is_taken_is_named(configuration: Configuration, port: int) -> None:
    with socket.socket() as taken, ExitStack() as stack:
        taken.bind(("127.0.0.1", port))
        taken.listen()

        with pytest.raises(ConfigurationError) as error:
            serve_metrics(configuration, stack)

    assert f"port {port}" in error.value.diagnostics()


def test_without_a_port_nothing_is_served(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READERSHIP_METRICS__PORT", "0")
    with ExitStack() as stack:
        serve_metrics(load_configuration(configuration.file), stack)

        assert stack.pop_all() is not None
