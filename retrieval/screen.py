"""
Says of a passage whether it reads like an instruction, and whether policy keeps such ones back.

Part of step 7. What the way in has noted stays noted; what it did not know yet is noted here.
"""

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from acl.model.documents import INSTRUCTION_LIKE
from acl.screening.instructions import reads_like_an_instruction
from retrieval.passage import Passage


@dataclass(frozen=True, slots=True)
class Screen:
    """
    The policy on injected instructions. `cleared` are documents that an operator has looked at,
    as source and shell pattern of ids.
    """

    quarantines: bool = False
    cleared: tuple[tuple[str, str], ...] = ()

    def judged(self, passage: Passage) -> Passage:
        """
        Return the passage with the verdict on what its writer says in it.
        """
        provenance = passage.provenance
        trust = provenance.trust
        # A title and an id are the writer's words too, and stand beside the text.
        said = (passage.text, passage.title, provenance.document)
        if INSTRUCTION_LIKE not in trust and any(map(reads_like_an_instruction, said)):
            trust = (*trust, INSTRUCTION_LIKE)
        kept_back = self.quarantines and INSTRUCTION_LIKE in trust and not self._clears(passage)
        return replace(passage, provenance=replace(provenance, trust=trust), quarantined=kept_back)

    def _clears(self, passage: Passage) -> bool:
        provenance = passage.provenance
        return any(
            provenance.source == source and fnmatchcase(provenance.document, documents)
            for source, documents in self.cleared
        )
