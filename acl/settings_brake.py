"""
The configuration of the brake; what it does stands in `ingestion.brake`.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from acl.settings_values import Label, Section


class BrakeSettings(Section):
    """
    How much one sync may newly show to a broad audience before a person has looked.
    """

    enabled: bool = True
    """Off, whatever a source states is in force with the next sync."""

    documents: int = Field(default=50, ge=0)
    """The most documents that one sync may newly expose without review; 0 holds every one."""

    group_size: int = Field(default=200, ge=1)
    """A group with more users than this is a broad audience."""

    label: Label | None = None
    """Whatever is labelled above it is held whatever the number; needs `[labels]`."""

    first_sync: Literal["allow", "hold"] = "allow"
    """Whether the number counts before a source has been synced once."""


def _label_is_known(brake: BrakeSettings, info: ValidationInfo) -> BrakeSettings:
    labels = info.data.get("labels")
    if brake.label is not None and brake.label not in getattr(labels, "order", ()):
        msg = f"label {brake.label!r} is not in labels.order"
        raise ValueError(msg)
    return brake


Brake = Annotated[BrakeSettings, AfterValidator(_label_is_known)]
