"""
Every key of the configuration is written down, with the section that it belongs to.
"""

import typing
from collections.abc import Iterator

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from acl.settings import Settings
from tests.docs.pages import CONFIGURATION, section_of


def sections(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """
    Yield each section's heading and the model of its keys.
    """
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        for inner in inner_models(field):
            heading = f"`[[{path}]]`" if is_list(field) else f"`[{path}]`"
            kind = inner.model_fields.get("kind")
            if name == "directories" and kind is not None:
                heading += f" of kind `{typing.get_args(kind.annotation)[0]}`"
            yield heading, inner
            yield from sections(inner, f"{path}.")


def inner_models(field: FieldInfo) -> list[type[BaseModel]]:
    """
    Return the models that a field holds, or holds a list of.
    """
    return [one for one in leaves(field.annotation) if issubclass(one, BaseModel)]


def leaves(annotation: object) -> Iterator[type]:
    """
    Yield the types that an annotation is made of.
    """
    if isinstance(annotation, type) and not typing.get_args(annotation):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from leaves(inner)


def is_list(field: FieldInfo) -> bool:
    """
    Say whether a field is written as `[[section]]`.
    """
    return typing.get_origin(field.annotation) is list


def written(heading: str) -> str:
    """
    Return the section of the page, whatever the depth of its heading.
    """
    return section_of(CONFIGURATION, f"## {heading}") or section_of(CONFIGURATION, f"### {heading}")


KEYS = [(heading, key) for heading, model in sections(Settings) for key in model.model_fields]


def test_the_walk_finds_the_settings() -> None:
    """
    A walk that finds nothing would pass every test below.
    """
    assert ("`[service]`", "tenant") in KEYS
    assert ("`[[issuers.links]]`", "claim") in KEYS


@pytest.mark.parametrize(("heading", "key"), KEYS)
def test_every_key_is_written_down(heading: str, key: str) -> None:
    assert f"\n| `{key}` |" in written(heading), f"{key} is not under {heading}"


@pytest.mark.parametrize("heading", sorted({heading for heading, _ in KEYS}))
def test_no_key_is_written_down_that_does_not_exist(heading: str) -> None:
    rows = [line.split("`")[1] for line in written(heading).splitlines() if line.startswith("| `")]
    known = {key for one, key in KEYS if one == heading}
    profiles = {"rfc9068", "entra", "okta", "keycloak", "generic"}

    assert set(rows) - profiles == known


def in_a_list(heading: str) -> bool:
    """
    Say whether a section is repeated, or stands below one that is: the environment has no
    variable for its keys.
    """
    name = heading.strip("`[]")
    repeated = {one.strip("`[]") for one, _ in KEYS if one.startswith("`[[")}
    return any(name == one or name.startswith(f"{one}.") for one in repeated)


@pytest.mark.parametrize(("heading", "key"), [one for one in KEYS if not in_a_list(one[0])])
def test_every_single_key_names_its_environment_variable(heading: str, key: str) -> None:
    section = heading.strip("`[]")
    variable = f"`READERSHIP_{section}__{key}`".upper()

    row = next(line for line in written(heading).splitlines() if line.startswith(f"| `{key}` |"))

    assert variable in row
