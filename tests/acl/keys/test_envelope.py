"""
Envelopes: what was sealed comes back in its own place and nowhere else.
"""

import secrets
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from acl.keys import envelope
from acl.keys.envelope import (
    FORMAT,
    NONCE_BYTES,
    PADDING,
    EnvelopeKey,
    Meaning,
    OpenEnvelope,
    new_envelope,
    open_envelope,
)
from acl.keys.errors import SealBrokenError
from acl.keys.files import FileKek
from acl.keys.provider import WrappedKey
from acl.model.identifiers import DocumentId, SourceName
from tests.acl.people import ACME, GLOBEX, HANDBOOK, INTRANET
from tests.properties.effort import times, tries

KEK = FileKek("file:content:1", b"k" * 32)
OTHER_KEK = FileKek("file:content:1", b"o" * 32)
PAYROLL = Meaning(ACME, HANDBOOK, DocumentId("payroll"), 3)
ELSEWHERE = {
    "another tenant": replace(PAYROLL, tenant=GLOBEX),
    "another source": replace(PAYROLL, source=INTRANET),
    "another document": replace(PAYROLL, document=DocumentId("menu")),
    "a later revision": replace(PAYROLL, revision=4),
    "an earlier revision": replace(PAYROLL, revision=2),
    "shifted names": replace(
        PAYROLL, source=SourceName(HANDBOOK[:-1]), document=DocumentId("kpayroll")
    ),
}


@given(plaintext=st.binary(max_size=2_000), part=st.text(max_size=12))
@tries(200)
def test_a_part_comes_back_as_it_was_sealed(plaintext: bytes, part: str) -> None:
    """
    Also after the envelope was closed and opened again.
    """
    sealing, key = new_envelope(PAYROLL, KEK)
    sealed = sealing.seal(part, plaintext)

    assert plaintext == sealing.unseal(part, sealed)
    assert plaintext == open_envelope(PAYROLL, key, KEK).unseal(part, sealed)


@pytest.mark.parametrize("other", ["chunk:1", "chunk:00", "card", "originals", "", "chunk:0 "])
def test_a_part_does_not_open_as_another_part(other: str) -> None:
    opened, _ = new_envelope(PAYROLL, KEK)
    sealed = opened.seal("chunk:0", b"salary")

    with pytest.raises(SealBrokenError):
        opened.unseal(other, sealed)


@pytest.mark.parametrize("place", sorted(ELSEWHERE))
def test_a_part_does_not_open_elsewhere(place: str) -> None:
    """
    Not even for whoever holds the data key: the meaning is bound to every part.
    """
    dek = secrets.token_bytes(32)
    sealed = OpenEnvelope(PAYROLL, dek).seal("chunk:0", b"salary")

    with pytest.raises(SealBrokenError):
        OpenEnvelope(ELSEWHERE[place], dek).unseal("chunk:0", sealed)


@pytest.mark.parametrize("place", sorted(ELSEWHERE))
def test_a_wrapped_key_does_not_open_elsewhere(place: str) -> None:
    _, key = new_envelope(PAYROLL, KEK)

    with pytest.raises(SealBrokenError):
        open_envelope(ELSEWHERE[place], key, KEK)


def test_two_revisions_have_two_keys() -> None:
    one, _ = new_envelope(PAYROLL, KEK)
    other, _ = new_envelope(PAYROLL, KEK)

    with pytest.raises(SealBrokenError):
        other.unseal("card", one.seal("card", b"title"))


def test_another_key_encryption_key_does_not_unwrap() -> None:
    _, key = new_envelope(PAYROLL, KEK)

    with pytest.raises(SealBrokenError):
        open_envelope(PAYROLL, key, OTHER_KEK)
    with pytest.raises(SealBrokenError) as refused:
        open_envelope(PAYROLL, replace(key, wrapped=WrappedKey("kms:7", b"")), KEK)
    assert "kms:7" in refused.value.diagnostics()


def test_every_flipped_bit_is_noticed() -> None:
    """
    In the sealed part, in the wrapped key and in the commitment.
    """
    opened, key = new_envelope(PAYROLL, KEK)
    sealed = opened.seal("chunk:0", b"salary")

    for place in range(len(sealed) * 8):
        with pytest.raises(SealBrokenError):
            opened.unseal("chunk:0", flipped(sealed, place))
    for place in range(len(key.wrapped.wrapped) * 8):
        damaged = replace(key.wrapped, wrapped=flipped(key.wrapped.wrapped, place))
        with pytest.raises(SealBrokenError):
            open_envelope(PAYROLL, replace(key, wrapped=damaged), KEK)
    for place in range(len(key.commitment) * 8):
        with pytest.raises(SealBrokenError):
            open_envelope(PAYROLL, replace(key, commitment=flipped(key.commitment, place)), KEK)


def test_every_cut_is_noticed() -> None:
    opened, key = new_envelope(PAYROLL, KEK)
    sealed = opened.seal("chunk:0", b"salary")

    for length in range(len(sealed)):
        with pytest.raises(SealBrokenError):
            opened.unseal("chunk:0", sealed[:length])
    for length in range(len(key.wrapped.wrapped)):
        short = replace(key.wrapped, wrapped=key.wrapped.wrapped[:length])
        with pytest.raises(SealBrokenError):
            open_envelope(PAYROLL, replace(key, wrapped=short), KEK)
    with pytest.raises(SealBrokenError):
        opened.unseal("chunk:0", sealed + b"\0")
    with pytest.raises(SealBrokenError):
        open_envelope(PAYROLL, replace(key, commitment=b""), KEK)


def test_a_key_that_was_not_committed_to_is_refused() -> None:
    """
    AES-GCM lets one ciphertext open under two keys; the commitment, compared first, does not.

    Here the key-encryption key itself vouches for another data key, and is still not believed.
    """
    _, key = new_envelope(PAYROLL, KEK)
    swapped = KEK.wrap(b"x" * 32, context=PAYROLL.encoded("dek"))

    with pytest.raises(SealBrokenError) as refused:
        open_envelope(PAYROLL, replace(key, wrapped=swapped), KEK)

    assert "committed" in refused.value.diagnostics()


def test_two_keys_never_share_a_commitment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The control: with the comparison taken away, the swapped key opens.
    """
    deks = {secrets.token_bytes(32) for _ in range(1_000)}
    commitments = {envelope._derive(dek, "commitment", "") for dek in deks}  # noqa: SLF001
    assert len(deks) == len(commitments)

    _, key = new_envelope(PAYROLL, KEK)
    swapped = KEK.wrap(b"x" * 32, context=PAYROLL.encoded("dek"))
    monkeypatch.setattr("acl.keys.envelope.hmac.compare_digest", lambda *_: True)
    open_envelope(PAYROLL, EnvelopeKey(swapped, key.commitment), KEK)


@pytest.mark.parametrize("length", [0, 1, PADDING - 2, PADDING - 1, PADDING, 5 * PADDING - 1])
def test_lengths_come_in_steps(length: int) -> None:
    opened, _ = new_envelope(PAYROLL, KEK)
    overhead = 1 + NONCE_BYTES + 16

    sealed = opened.seal("chunk:0", b"x" * length)

    assert (length // PADDING + 1) * PADDING + overhead == len(sealed)


@pytest.mark.parametrize("plaintext", [b"\x80", b"\x80\0\0", b"\0" * 300, b"a\x80" * 200, b""])
def test_padding_keeps_what_looks_like_padding(plaintext: bytes) -> None:
    opened, _ = new_envelope(PAYROLL, KEK)

    assert plaintext == opened.unseal("card", opened.seal("card", plaintext))


@pytest.mark.parametrize("padded", [b"", b"\0" * PADDING, b"\x80x" + b"\0" * 254, b"text"])
def test_damaged_padding_is_refused(padded: bytes) -> None:
    """
    Even under the right key: such bytes were never sealed here.
    """
    dek = secrets.token_bytes(32)
    nonce = secrets.token_bytes(NONCE_BYTES)
    key = AESGCM(envelope._derive(dek, "part", "card"))  # noqa: SLF001
    body = key.encrypt(nonce, padded, PAYROLL.encoded("card"))

    with pytest.raises(SealBrokenError):
        OpenEnvelope(PAYROLL, dek).unseal("card", bytes([FORMAT]) + nonce + body)


def test_nonces_do_not_repeat() -> None:
    opened, _ = new_envelope(PAYROLL, KEK)
    count = times(100_000)

    nonces = {opened.seal("card", b"")[1 : 1 + NONCE_BYTES] for _ in range(count)}

    assert count == len(nonces)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
