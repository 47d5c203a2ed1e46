"""
The configuration of tokens that are bound to who they were issued to.

What it means stands in `acl.identity.possession`.
"""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from acl.settings_values import Section

_EVERYBODY = "would trust everybody; name the addresses of your proxies"


def _of_somebody(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    if network.prefixlen == 0:
        msg = f"{network} {_EVERYBODY}"
        raise ValueError(msg)
    return network


Network = Annotated[IPv4Network | IPv6Network, AfterValidator(_of_somebody)]


class SenderSettings(Section):
    """
    How one issuer's tokens may be bound.
    """

    dpop: bool = False
    """Tokens that are bound to a key come with a proof (RFC 9449)."""

    certificates: bool = False
    """Tokens that are bound to a certificate come over mutual TLS (RFC 8705)."""

    required: bool = False
    """A token that is bound to nothing is refused."""

    @model_validator(mode="after")
    def _possible(self) -> "SenderSettings":
        if self.required and not (self.dpop or self.certificates):
            msg = "required needs dpop or certificates, or no token could be used"
            raise ValueError(msg)
        return self


class CertificateSettings(Section):
    """
    Where client certificates come from: this service does not end TLS itself.
    """

    header: str = Field(default="client-cert", pattern=r"^[a-z0-9-]+$")
    """The header with the certificate, in lower case: RFC 9440, or percent-encoded PEM."""

    proxies: list[Network] = Field(min_length=1)
    """The networks of the proxies that set this header, and remove what callers sent in it."""
