"""
The keys that sign provenance: made, replaced, and published without their private half.
"""

import json
from pathlib import Path

import pytest

from acl.identity.jwks import MAX_KEYS
from acl.keys.errors import KeyFileError
from acl.keys.files import RETIRED_FILE, create_keys, load_keys, rotate_provenance
from acl.keys.signing import MAX_RETIRED, PUBLIC_MEMBERS, SigningKeys, public_jwk, retired_keys

pytestmark = pytest.mark.promise("signed-provenance")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    directory = tmp_path / "keys"
    create_keys(directory)
    return directory


def kids(directory: Path) -> list[str]:
    return [one["kid"] for one in load_keys(directory).provenance.public()]


def test_what_is_published_is_public(keys: Path) -> None:
    found = load_keys(keys).provenance

    assert [set(PUBLIC_MEMBERS)] == [set(one) for one in found.public()]
    assert "d" in found.private().as_dict(private=True)
    assert found.kid == found.private().thumbprint()
    assert str(found.seed) not in repr(found)


def test_a_thumbprint_is_that_of_the_standard() -> None:
    """
    RFC 8037, appendices A.1 and A.3.
    """
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")

    found = public_jwk(seed)

    assert "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" == found["x"]
    assert "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" == found["kid"]


def test_what_a_replaced_key_has_signed_still_verifies(keys: Path) -> None:
    first = kids(keys)

    second = rotate_provenance(keys).kid
    third = rotate_provenance(keys).kid

    assert [third, second, *first] == kids(keys)
    assert 0o600 == (keys / RETIRED_FILE).stat().st_mode & 0o777
    assert '"d"' not in (keys / RETIRED_FILE).read_text()


def test_what_a_compromised_key_has_signed_does_not(keys: Path) -> None:
    """
    What was signed before it still does.
    """
    (first,) = kids(keys)
    second = rotate_provenance(keys).kid

    third = rotate_provenance(keys, compromised=True).kid

    assert [third, first] == kids(keys)
    assert second not in kids(keys)


def test_a_key_that_was_replaced_before_it_was_found_out_can_be_distrusted(keys: Path) -> None:
    (first,) = kids(keys)
    second = rotate_provenance(keys).kid

    third = rotate_provenance(keys, distrusted=[first]).kid

    assert [third, second] == kids(keys)
    with pytest.raises(KeyFileError) as refused:
        rotate_provenance(keys, distrusted=["nobodys"])
    assert f"no key nobodys; there are {third}, {second}" in refused.value.diagnostics()
    assert [third, second] == kids(keys)


def test_there_are_never_more_keys_than_a_set_may_list(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    With more, nothing would start. The oldest is named, and can be dropped.
    """
    assert MAX_KEYS == MAX_RETIRED + 1
    monkeypatch.setattr("acl.keys.files.MAX_RETIRED", 2)
    (first,) = kids(keys)
    second, third = (rotate_provenance(keys).kid for _ in range(2))

    with pytest.raises(KeyFileError) as refused:
        rotate_provenance(keys)

    assert f"--distrust {first}" in refused.value.diagnostics()
    assert [third, second, first] == kids(keys)
    assert [third, second] == [
        one["kid"] for one in rotate_provenance(keys, distrusted=[first]).retired
    ]


def test_broken_off_in_between_the_old_key_goes_on(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kids(keys)
    replace = Path.replace

    def dying(self: Path, target: Path) -> Path:
        if target.suffix == ".key":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", dying)
    with pytest.raises(KeyboardInterrupt):
        rotate_provenance(keys)

    assert before == kids(keys)


SPOILED = {
    "no JSON": "{",
    "no list": "{}",
    "a secret": json.dumps({"keys": [{**public_jwk(b"x" * 32), "d": "AA"}]}),
    "another kid": json.dumps({"keys": [{**public_jwk(b"x" * 32), "kid": "mine"}]}),
    "another algorithm": json.dumps({"keys": [{**public_jwk(b"x" * 32), "alg": "none"}]}),
    "no object": json.dumps({"keys": ["x"]}),
}


@pytest.mark.parametrize("how", sorted(SPOILED))
def test_a_spoiled_list_of_retired_keys_is_refused(keys: Path, how: str) -> None:
    (keys / RETIRED_FILE).write_text(SPOILED[how])
    (keys / RETIRED_FILE).chmod(0o600)

    with pytest.raises(KeyFileError):
        load_keys(keys)
    with pytest.raises(ValueError):  # noqa: PT011 - one family for everything malformed
        retired_keys(SPOILED[how].encode())


def test_a_list_that_others_may_write_is_refused(keys: Path) -> None:
    rotate_provenance(keys)
    (keys / RETIRED_FILE).chmod(0o666)

    with pytest.raises(KeyFileError):
        load_keys(keys)


def test_a_key_that_stands_twice_is_published_once() -> None:
    present = public_jwk(b"x" * 32)

    assert [present] == SigningKeys(b"x" * 32, (present,)).public()
