"""
The list of mutants is a list of mutants. `make mutants` runs them; this does not.
"""

import ast
from collections import Counter
from functools import cache

import pytest

from tests.mutants.catalogue import AREAS, MUTANTS
from tests.mutants.mutant import ROOT, Mutant

FEWEST = 150
CORE = {
    "acl/model/exchange.py",
    "acl/model/grants.py",
    "acl/model/labels.py",
    "acl/identity/linking.py",
    "acl/identity/logouts.py",
    "acl/identity/revocation.py",
    "acl/identity/security_events.py",
    "acl/identity/subjects.py",
    "acl/model/revocations.py",
    "acl/identity/tokens.py",
    "acl/identity/signed.py",
    "acl/identity/claims.py",
    "acl/identity/jwks.py",
    "acl/identity/keysets.py",
    "acl/identity/wire.py",
    "acl/identity/reader.py",
    "acl/identity/introspection.py",
    "acl/identity/possession.py",
    "acl/identity/dpop.py",
    "acl/identity/certificates.py",
    "retrieval/api/presented.py",
    "acl/model/delegation.py",
    "acl/model/assurance.py",
    "acl/keys/naming.py",
    "readership_client/client.py",
    "acl/decision/membership.py",
    "acl/decision/read.py",
    "acl/decision/visibility.py",
    "acl/decision/compiled.py",
    "acl/decision/scoping.py",
    "acl/directory/stored.py",
    "acl/registry/views.py",
    "acl/registry/epochs.py",
    "acl/registry/writing.py",
    "acl/registry/switching.py",
    "acl/registry/switchboard.py",
    "acl/registry/permissions.py",
    "acl/registry/revocations.py",
    "acl/registry/revoking.py",
    "acl/registry/submission.py",
    "acl/registry/pushing.py",
    "acl/index/stored.py",
    "acl/index/engine_shard.py",
    "acl/index/edge_reader.py",
    "retrieval/authorize.py",
    "retrieval/recheck.py",
    "retrieval/unseal.py",
    "retrieval/answer.py",
    "ingestion/plan.py",
    "ingestion/settle.py",
    "ingestion/reconcile.py",
}
"""
The files in which a fault is a leak.
"""


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.id)
def test_a_mutant_is_one_fault_in_the_code_as_it_is(mutant: Mutant) -> None:
    """
    Its text stands there once, what replaces it is another program, and its tests exist.
    """
    text = (ROOT / mutant.file).read_text(encoding="utf-8")

    changed = mutant.applied(text)

    assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(changed))
    assert mutant.killers
    for killer in mutant.killers:
        file, _, function = killer.partition("::")
        assert function in functions_of(file), killer


def test_a_text_that_moved_disarms_no_mutant_in_silence() -> None:
    mutant = Mutant("none", "none.py", "a = 1\n", "a = 2\n", "None.", ())

    for text in ("", "a = 1\nb = 1\na = 1\n"):
        with pytest.raises(ValueError, match="not once"):
            mutant.applied(text)


def test_every_mutant_has_a_name_and_a_sentence_of_its_own() -> None:
    for told in ([one.id for one in MUTANTS], [one.fault for one in MUTANTS]):
        assert {} == {text: n for text, n in Counter(told).items() if n > 1}
    assert all(one.fault.endswith(".") for one in MUTANTS)


def test_there_are_enough_and_everywhere() -> None:
    assert FEWEST <= len(MUTANTS)
    assert all(AREAS.values())
    assert set() == CORE - {one.file for one in MUTANTS}
