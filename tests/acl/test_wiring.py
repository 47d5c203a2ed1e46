"""
Starting on a registry that is new, somebody else's, unreachable, or only to be read.
"""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from acl.errors import ConfigurationError
from acl.index.hashing_embedder import HashingEmbedder
from acl.keys.errors import KeyFileError
from acl.keys.files import create_keys
from acl.registry.errors import RegistryMismatchError, RegistryUnavailableError
from acl.settings import Configuration, load_configuration
from acl.wiring import open_ground, prepare_data_dir, require_same_installation
from tests.postgres import OwnServer, Server

SECRET = "hunter2"  # noqa: S105 - what must not be repeated
CONFIGURATION = """\
[service]
tenant = "{tenant}"
resource = "https://rag.acme.example/mcp"
data_dir = "./data"
[registry]
{registry}
"""


def configured(directory: Path, registry: str, *, tenant: str = "acme") -> Configuration:
    """
    Write a configuration and read it.
    """
    directory.mkdir(exist_ok=True)
    file = directory / "readership.toml"
    file.write_text(CONFIGURATION.format(tenant=tenant, registry=registry), encoding="utf-8")
    file.chmod(0o600)
    return load_configuration(file)


def start(configuration: Configuration) -> bool:
    """
    Do what every start does; say whether the registry was new.
    """
    fresh = prepare_data_dir(configuration)
    require_same_installation(configuration, HashingEmbedder())
    return fresh


@pytest.fixture(params=["sqlite", "postgres"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """
    The configuration of a registry that is not there yet.
    """
    if request.param == "sqlite":
        yield f'url = "sqlite:///{tmp_path}/registry.db"'
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield f'url = "{server.address(name)}"'


def test_only_the_first_start_makes_a_registry(tmp_path: Path, registry: str) -> None:
    configuration = configured(tmp_path / "one", registry)

    assert [True, False, False] == [start(configuration) for _ in range(3)]


@pytest.mark.promise("key-file-permissions")
def test_keys_are_not_made_for_a_registry_that_has_some(tmp_path: Path, registry: str) -> None:
    """
    Another machine, or a lost directory: what is there could not be read with new keys.
    """
    start(configured(tmp_path / "one", registry))
    other = configured(tmp_path / "other", registry)

    with pytest.raises(KeyFileError) as refused:
        start(other)

    assert "copy them from the machine that made the registry" in refused.value.diagnostics()
    assert not (other.data_dir / "keys").exists()


@pytest.mark.promise("key-file-permissions")
def test_other_keys_than_the_registrys_are_refused(tmp_path: Path, registry: str) -> None:
    start(configured(tmp_path / "one", registry))
    other = configured(tmp_path / "other", registry)
    other.data_dir.mkdir(mode=0o700)
    create_keys(other.data_dir / "keys")

    with pytest.raises(RegistryMismatchError) as refused:
        start(other)

    assert "made with other keys" in refused.value.diagnostics()


@pytest.mark.promise("other-tenant")
def test_another_tenants_registry_is_refused(tmp_path: Path, registry: str) -> None:
    first = configured(tmp_path / "one", registry)
    start(first)
    other = configured(tmp_path / "other", registry, tenant="globex")
    shutil.copytree(first.data_dir, other.data_dir)
    other.data_dir.chmod(0o700)

    with pytest.raises(RegistryMismatchError) as refused:
        start(other)

    assert "made with tenant 'acme'" in refused.value.diagnostics()
    with pytest.raises(RegistryMismatchError):
        open_ground(other, may_write=False)  # as every command does


def test_a_copy_of_the_keys_is_enough_for_another_machine(tmp_path: Path, registry: str) -> None:
    first = configured(tmp_path / "one", registry)
    start(first)
    other = configured(tmp_path / "other", registry)
    other.data_dir.mkdir(mode=0o700)
    shutil.copytree(first.data_dir / "keys", other.data_dir / "keys")

    assert not start(other)


@pytest.mark.promise("registry-loss")
def test_no_keys_are_made_while_the_registry_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://acme@127.0.0.1:{closed.getsockname()[1]}/readership"
        configuration = configured(tmp_path / "one", f'url = "{url}"')
        with pytest.raises(RegistryUnavailableError) as refused:
            start(configuration)

    assert "is the server running" in refused.value.diagnostics()
    assert not configuration.data_dir.exists()


def test_a_role_that_may_only_read_can_start(tmp_path: Path, postgres: Server) -> None:
    """
    What `serve` does, once a sync has made the tables.
    """
    if not isinstance(postgres, OwnServer):
        pytest.skip("a given server may ask a new role for a password")
    with postgres.database() as name:
        start(configured(tmp_path / "one", f'url = "{postgres.address(name)}"'))
        role = postgres.new_name()
        postgres.execute(f"CREATE ROLE {role} LOGIN")
        postgres.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", database=name)
        limited = f'url = "{postgres.address(name, user=role)}"'
        configuration = configured(tmp_path / "one", limited)

        assert not start(configuration)

        ground = open_ground(configuration, may_write=False)
        assert "epoch 1" in ground.database.describe()
        ground.close()


@pytest.mark.promise("no-inline-secret")
@pytest.mark.parametrize("by_environment", [True, False])
def test_a_password_in_the_address_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, by_environment: bool
) -> None:
    """
    Not repeated either, in no cause and no context of the error.
    """
    url = f"postgresql://acme:{SECRET}@db.acme.example/readership"
    if by_environment:
        monkeypatch.setenv("READERSHIP_REGISTRY__URL", url)
    registry = "" if by_environment else f'url = "{url}"'

    with pytest.raises(ConfigurationError) as refused:
        configured(tmp_path / "one", registry)

    assert "name that in registry.password_file" in refused.value.diagnostics()
    chained = [refused.value, refused.value.__cause__, refused.value.__context__]
    assert all(SECRET not in f"{one!s}{one!r}" for one in chained)
    assert SECRET not in refused.value.diagnostics()


def test_a_password_file_without_a_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        configured(tmp_path / "one", 'password_file = "password"')

    assert "password_file is for PostgreSQL" in refused.value.diagnostics()


def test_a_password_file_lies_beside_the_configuration(tmp_path: Path) -> None:
    registry = 'url = "postgresql://a@localhost/b"\npassword_file = "password"'

    configuration = configured(tmp_path / "one", registry)

    assert tmp_path / "one" / "password" == configuration.registry_password_file
