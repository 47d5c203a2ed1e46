"""
The configuration of who may tell us that somebody's access has ended.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from acl.settings_values import Algorithms, HttpsAddress, Section


class TransmitterSettings(Section):
    """
    One transmitter of security events (CAEP, RISC) that is listened to at `/ssf/events`.
    """

    issuer: HttpsAddress
    """Compared with `iss` of its events byte for byte."""

    audience: str = Field(min_length=1)
    """The `aud` of its events: this receiver, and nothing that access tokens are for."""

    speaks_for: list[HttpsAddress] = Field(min_length=1)
    """The configured issuers whose subjects it may revoke."""

    algorithms: Algorithms = Field(default=["RS256", "ES256"], min_length=1)
    """Signature algorithms; asymmetric only."""

    jwks_file: Path | None = None
    """Pinned public keys; without it they are fetched."""

    jwks_uri: HttpsAddress | None = None
    """Where the keys are fetched; without it its discovery document says."""

    ca_file: Path | None = None
    """Certificates that its TLS is checked against, in place of the public authorities."""

    opaque_issuer: HttpsAddress | None = None
    """The issuer whose subjects its opaque identifiers are; without it they name nobody."""

    email_claim: str | None = Field(default=None, min_length=1, max_length=64)
    """The claim of tokens that holds the address it names people by; without it none does."""

    @model_validator(mode="after")
    def _speaks_for_it(self) -> "TransmitterSettings":
        if self.jwks_file is not None and self.jwks_uri is not None:
            msg = "jwks_file and jwks_uri exclude each other"
            raise ValueError(msg)
        if self.opaque_issuer is not None and self.opaque_issuer not in self.speaks_for:
            msg = "opaque_issuer is not among those that speaks_for lists"
            raise ValueError(msg)
        return self


def _known(
    transmitters: list[TransmitterSettings], info: ValidationInfo
) -> list[TransmitterSettings]:
    issuers: Sequence[Any] = info.data.get("issuers", ())
    service: Any = info.data.get("service")
    audiences = {one for issuer in issuers for one in issuer.audiences}
    audiences |= {one for issuer in issuers for one in issuer.logout_clients}
    audiences |= {service.resource} if service is not None else set()
    for one in transmitters:
        if unknown := sorted(set(one.speaks_for) - {issuer.issuer for issuer in issuers}):
            msg = f"{one.issuer} speaks for {unknown[0]}, which is no configured issuer"
            raise ValueError(msg)
        if one.audience in audiences:
            msg = f"audience {one.audience!r} is one of tokens; events need one of their own"
            raise ValueError(msg)
    return transmitters


Transmitters = Annotated[list[TransmitterSettings], AfterValidator(_known)]
