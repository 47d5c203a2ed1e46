"""
The configuration of the page on which readers open citations in a browser.

What it means stands in `retrieval.console`.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from acl.settings_issuers import IssuerSettings
from acl.settings_values import HttpsAddress, Section


class ReaderPageSettings(Section):
    """
    The page, as a client of the organisation's issuer.
    """

    client_id: str = Field(min_length=1, max_length=1_024)
    """The page, as the issuer knows it."""

    issuer: HttpsAddress | None = None
    """Where readers sign in; may be left out where one issuer is configured."""

    client_secret_file: Path | None = None
    """Its secret, on one line of a file of mode 600; without it the client is a public one."""

    resource_parameter: bool = True
    """Ask for a token of `service.resource` by name (RFC 8707); Entra ID wants scopes alone."""

    def of(self, issuers: Sequence[IssuerSettings]) -> IssuerSettings:
        """
        Return the issuer where readers sign in.

        Raises:
            ValueError: It is not configured, not clear, or its tokens could not be used.
        """
        if self.issuer is None and len(issuers) != 1:
            msg = "reader_page: several issuers, or none, are configured, so it names its issuer"
            raise ValueError(msg)
        found = [one for one in issuers if self.issuer in {None, one.issuer}]
        if not found:
            msg = f"reader_page: issuer {self.issuer} is not configured"
            raise ValueError(msg)
        if found[0].sender.required:
            msg = "reader_page: a browser proves no possession; its issuer has sender.required"
            raise ValueError(msg)
        return found[0]
