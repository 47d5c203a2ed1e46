"""
Faults in what is compared with signed provenance, and in what a check of an answer finds.
"""

from typing import Final

from tests.mutants.mutant import Mutant

STRICT: Final = "acl/model/strict_json.py"

IN_HTTP: Final = "tests/security/test_proofs_over_http.py"

PROOFS: Final = (
    Mutant(
        "half-a-pair-let-through",
        STRICT,
        "    if not half_pairs and _HALF.search(decoded):\n",
        "    if half_pairs and _HALF.search(decoded):\n",
        "A text that no UTF-8 can hold fails where it is digested.",
        (f"{IN_HTTP}::test_half_a_surrogate_pair_is_malformed",),
    ),
)
