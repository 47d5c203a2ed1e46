"""
Every mutant, by area.
"""

from collections.abc import Mapping
from typing import Final

from tests.mutants import of_the_decision, of_the_model
from tests.mutants.mutant import Mutant

AREAS: Final[Mapping[str, tuple[Mutant, ...]]] = {
    "ACLs": of_the_model.ACLS,
    "names": of_the_model.NAMES,
    "closure": of_the_decision.CLOSURE,
    "rule": of_the_decision.RULE,
    "scopes": of_the_decision.SCOPES,
}
MUTANTS: Final = tuple(one for mutants in AREAS.values() for one in mutants)
