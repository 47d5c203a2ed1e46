"""
Every command and every option is written down.
"""

import re
from collections.abc import Iterator

import pytest
import typer

from readership.cli import app
from tests.docs.pages import OPERATIONS, README, text_of

WORDS = text_of(README, OPERATIONS)


def commands(group: typer.core.TyperGroup, path: str) -> Iterator[tuple[str, str]]:
    """
    Yield each command as it is typed, with each of its options; an empty one if it has none.
    """
    for name, command in group.commands.items():
        typed = f"{path} {name}"
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, typed)
            if not command.invoke_without_command:
                continue
        yield typed, ""
        for parameter in command.params:
            if parameter.param_type_name == "option":
                yield from ((typed, option) for option in parameter.opts if option != "--help")


def command_line() -> typer.core.TyperGroup:
    """
    Return the whole command line.
    """
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return group


TYPED = list(commands(command_line(), "readership"))


def test_the_walk_finds_the_commands() -> None:
    assert ("readership explain", "--reader") in TYPED
    assert ("readership audit verify", "--expect") in TYPED


@pytest.mark.parametrize("command", sorted({command for command, _ in TYPED}))
def test_every_command_is_in_the_table(command: str) -> None:
    assert any(line.startswith(f"| `{command}") for line in WORDS.splitlines())


@pytest.mark.parametrize(("command", "option"), [one for one in TYPED if one[1]])
def test_every_option_stands_beside_its_command(command: str, option: str) -> None:
    row = next(line for line in WORDS.splitlines() if line.startswith(f"| `{command}"))

    assert f"`{option}`" in row


@pytest.mark.parametrize("parameter", command_line().params, ids=lambda one: str(one.name))
def test_options_before_the_command_are_written_down(parameter: typer.CallbackParam) -> None:
    for option in parameter.opts:
        assert re.search(rf"{option}[ `]", WORDS), option


def test_no_command_is_in_the_table_that_does_not_exist() -> None:
    rows = re.findall(r"^\| `(readership [a-z ]+?)(?: \[[^`]*)?` \|", WORDS, re.MULTILINE)

    assert sorted({command for command, _ in TYPED}) == sorted(rows)
