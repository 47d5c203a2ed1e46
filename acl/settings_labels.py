"""
The configuration of sensitivity labels; what they mean stands in `acl.model.labels`.
"""

from collections import Counter
from collections.abc import Collection
from typing import Annotated

from pydantic import Field, model_validator

from acl.settings_values import Duration, HttpsAddress, Label, Name, Section


class LabelRuleSettings(Section):
    """
    A label for documents whose ids match a pattern.
    """

    documents: str = Field(min_length=1)
    """A shell pattern: `*`, `?` and `[…]`, case-sensitive."""

    label: Label


class ModelClass(Section):
    """
    Language models of one kind, such as those of a cloud or those on the own premises.
    """

    name: Name

    ceiling: Label
    """The most sensitive label that they may be shown."""


class _OfAnIssuer(Section):
    issuer: HttpsAddress | None = None
    """Whose name it is; may be left out where one issuer is configured."""

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

    ceiling: Label | None = None
    """The most sensitive label that may be carried away."""

    models: Name | None = None
    """The class of the language models behind it; their ceiling is the client's as well."""

    @model_validator(mode="after")
    def _limited(self) -> "ClientCeiling":
        if self.ceiling is None and self.models is None:
            msg = f"client {self.client!r} needs a ceiling, or models with one"
            raise ValueError(msg)
        return self


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

    ceiling: Label
    """The most sensitive label that may be carried away."""


class ActorCeiling(_OfAnIssuer):
    """
    How sensitive a document an agent may carry away that acts for a reader.
    """

    actor: str = Field(min_length=1)
    """The outermost actor of the token."""

    ceiling: Label
    """The most sensitive label that may be carried away."""


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

    models: list[ModelClass] = Field(default=[])
    """Classes of language models; answers say which of them they may be shown to."""

    @model_validator(mode="after")
    def _known(self) -> "LabelSettings":
        if len(set(self.order)) != len(self.order):
            msg = "a label stands twice in order"
            raise ValueError(msg)
        named = {
            self.ceiling,
            *(one.ceiling for one in self.clients),
            *(one.ceiling for one in self.assurance),
            *(one.ceiling for one in self.actors),
            *(one.ceiling for one in self.models),
        }
        if unknown := sorted(str(one) for one in named - set(self.order) - {None}):
            msg = f"ceiling {unknown[0]!r} is not in order {self.order}"
            raise ValueError(msg)
        classes = [one.name for one in self.models]
        if len(set(classes)) != len(classes):
            msg = "two models share one name"
            raise ValueError(msg)
        if stray := sorted({one.models for one in self.clients if one.models} - set(classes)):
            msg = f"models {stray[0]!r} of a client are not in labels.models"
            raise ValueError(msg)
        return self

    def require_one_ceiling_each(self, issuers: Collection[str]) -> None:
        """
        Refuse two ceilings for one client, level or actor, of which the wider might win. The
        issuer of whatever names none is the one that is configured.

        Raises:
            ValueError: There are two.
        """
        for kind, named in (
            ("client", [(one.issuer, one.client) for one in self.clients]),
            ("acr", [(one.issuer, one.acr) for one in self.assurance]),
            ("actor", [(one.issuer, one.actor) for one in self.actors]),
        ):
            counted = Counter((issuer or min(issuers, default=""), name) for issuer, name in named)
            if twice := [name for (_, name), count in counted.items() if count > 1]:
                msg = f"labels: {kind} {twice[0]!r} stands twice"
                raise ValueError(msg)

    def of_client(self, client: ClientCeiling) -> Label:
        """
        Return a client's ceiling: the lower of its own and its models'.
        """
        of_models = {one.name: one.ceiling for one in self.models}
        stated = {client.ceiling, of_models.get(client.models or "")} - {None}
        return min((str(one) for one in stated), key=self.order.index)
