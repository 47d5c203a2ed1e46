"""
What several commands share: options, exit codes, and the configuration.
"""

from pathlib import Path
from typing import Annotated, Final

import typer

from acl.settings import Configuration, load_configuration

EXIT_FAILED: Final = 1

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def configuration_of(context: typer.Context) -> Configuration:
    """
    Read the configuration file that was named before the command, or the default one.
    """
    path: Path = context.obj
    return load_configuration(path)
