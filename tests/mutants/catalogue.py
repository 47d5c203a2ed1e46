"""
Every mutant, by area.
"""

from collections.abc import Mapping
from typing import Final

from tests.mutants import (
    of_departures,
    of_identity,
    of_ingestion,
    of_introspection,
    of_possession,
    of_proofs,
    of_revocation,
    of_the_agents,
    of_the_client,
    of_the_context,
    of_the_decision,
    of_the_definers,
    of_the_directories,
    of_the_doors,
    of_the_index,
    of_the_model,
    of_the_page,
    of_the_registry,
    of_the_scan,
    of_the_senders,
)
from tests.mutants.mutant import Mutant

AREAS: Final[Mapping[str, tuple[Mutant, ...]]] = {
    "ACLs": of_the_model.ACLS,
    "names": of_the_model.NAMES,
    "closure": of_the_decision.CLOSURE,
    "rule": of_the_decision.RULE,
    "scopes": of_the_decision.SCOPES,
    "tokens and keys": of_identity.TOKENS_AND_KEYS,
    "readers": of_identity.READERS,
    "introspection": of_introspection.ISSUERS_ANSWERS,
    "possession": of_possession.POSSESSION_FAULTS,
    "index": of_the_index.INDEX,
    "scanning": of_the_scan.SCANNING,
    "registry": of_the_registry.REGISTRY,
    "first door": of_the_doors.FIRST_DOOR,
    "last door": of_the_doors.LAST_DOOR,
    "discrepancies": of_the_doors.DISCREPANCIES,
    "path": of_the_doors.PATH,
    "context": of_the_context.CONTEXT,
    "departures": of_departures.DEPARTURES,
    "proofs": of_proofs.PROOFS,
    "revocation": of_revocation.REVOCATION,
    "syncs": of_ingestion.SYNCS,
    "pushes": of_ingestion.PUSHES,
    "redaction": of_ingestion.REDACTION,
    "directories": of_the_directories.DIRECTORIES,
    "statements": of_the_senders.STATEMENTS,
    "senders": of_the_senders.SENDERS,
    "LDAP": of_the_directories.LDAP,
    "client": of_the_client.CLIENT,
    "definers": of_the_definers.DEFINERS,
    "agents": of_the_agents.AGENTS,
    "cursors": of_the_page.CURSORS,
    "vector stores": of_the_page.STORE_FAULTS,
    "reader's page": of_the_page.PAGE_FAULTS,
    "reader's session": of_the_page.SESSION_FAULTS,
}
MUTANTS: Final = tuple(one for mutants in AREAS.values() for one in mutants)
