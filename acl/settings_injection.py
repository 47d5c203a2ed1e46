"""
The configuration of what is done about injected instructions; what it does stands in
`retrieval.screen`.
"""

from typing import Literal

from pydantic import Field

from acl.settings_values import Name, Section


class ClearedSettings(Section):
    """
    Documents that an operator has looked at: what they say is no attack.
    """

    source: Name
    """The source that they are of."""

    documents: str = Field(min_length=1)
    """A shell pattern of ids: `*`, `?` and `[…]`, case-sensitive."""


class InjectionSettings(Section):
    """
    What is done about text that reads like an instruction to a language model.
    """

    policy: Literal["label", "quarantine"] = "label"
    """`label` says so in the passage's provenance; `quarantine` also keeps the passage back."""

    cleared: list[ClearedSettings] = Field(default=[])
    """What is released all the same, labelled."""
