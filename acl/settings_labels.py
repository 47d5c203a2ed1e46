"""
The configuration of sensitivity labels; what they mean stands in `acl.model.labels`.
"""

from typing import Annotated

from pydantic import Field, model_validator

from acl.settings_values import Duration, HttpsAddress, Label, Section


class LabelRuleSettings(Section):
    """
    A label for documents whose ids match a pattern.
    """

    documents: str = Field(min_length=1)
    """A shell pattern: `*`, `?` and `[…]`, case-sensitive."""

    label: Label


class _OfAnIssuer(Section):
    issuer: HttpsAddress | None = None
    """Whose name it is; may be left out where one issuer is configured."""

    ceiling: Label
    """The most sensitive label that may be carried away."""

    def applies(self, issuer: str) -> bool:
        """
        Say whether this is about an issuer's readers.
        """
        return self.issuer in {None, issuer}


class ClientCeiling(_OfAnIssuer):
    """
    How sensitive a document one client may carry away.
    """

    client: str = Field(min_length=1)
    """The client as tokens name it."""


class AssuranceCeiling(_OfAnIssuer):
    """
    How sensitive a document may be at one assurance level.
    """

    acr: str = Field(min_length=1)
    """An authentication context that the token names."""

    amr: list[Annotated[str, Field(min_length=1)]] = Field(default=[])
    """Methods (RFC 8176) that must all have been used as well."""

    max_age: Duration | None = None
    """How long ago the reader may have signed in."""


class ActorCeiling(_OfAnIssuer):
    """
    How sensitive a document an agent may carry away that acts for a reader.
    """

    actor: str = Field(min_length=1)
    """The outermost actor of the token."""


class LabelSettings(Section):
    """
    The order of sensitivity labels, and who may carry away how sensitive a document.
    """

    order: list[Label] = Field(min_length=1)
    """Least sensitive first. A document with any other label is nobody's."""

    ceiling: Label | None = None
    """For clients that are not listed. Default: the least sensitive label."""

    clients: list[ClientCeiling] = Field(default=[])
    """Ceilings of clients."""

    assurance: list[AssuranceCeiling] = Field(default=[])
    """Ceilings of assurance levels. Where any is listed, others get the least sensitive label."""

    actors: list[ActorCeiling] = Field(default=[])
    """Ceilings of agents that act for readers; one that is not listed has `ceiling`."""

    @model_validator(mode="after")
    def _known(self) -> "LabelSettings":
        if len(set(self.order)) != len(self.order):
            msg = "a label stands twice in order"
            raise ValueError(msg)
        listed = (*self.clients, *self.assurance, *self.actors)
        named = {one.ceiling for one in listed} | {self.ceiling} - {None}
        if unknown := sorted(str(one) for one in named - set(self.order) - {None}):
            msg = f"ceiling {unknown[0]!r} is not in order {self.order}"
            raise ValueError(msg)
        return self
