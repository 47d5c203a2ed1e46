"""
Faults in what is stated of a release, in how answers are checked, and in the limits.
"""

from typing import Final

from tests.mutants.mutant import Mutant

PROVENANCE: Final = "retrieval/provenance.py"
STATEMENT: Final = "retrieval/statement.py"
PROVING: Final = "retrieval/proving.py"
FILTER: Final = "retrieval/output_filter.py"
QUOTING: Final = "retrieval/quoting.py"
LIMITS: Final = "retrieval/limits.py"
ANSWER: Final = "retrieval/answer.py"
LABELS: Final = "acl/model/labels.py"
AUTHORIZE: Final = "retrieval/authorize.py"

IN_PROVENANCE: Final = "tests/retrieval/test_provenance.py"
IN_FILTER: Final = "tests/retrieval/test_output_filter.py"
IN_LIMITS: Final = "tests/retrieval/test_carried_away.py"
IN_HTTP: Final = "tests/security/test_proofs_over_http.py"
ALONE: Final = (f"{IN_HTTP}::test_a_check_is_for_the_reader_alone",)
EACH_LIMIT: Final = (f"{IN_LIMITS}::test_each_limit_holds",)

DEPARTURES: Final = (
    Mutant(
        "statement-unsigned",
        PROVENANCE,
        "        signed.check_signature(statement, algorithm, key, registry=_REGISTRY)\n",
        "",
        "Anybody states what this service has released.",
        (f"{IN_PROVENANCE}::test_what_is_altered_does_not_verify",),
    ),
    Mutant(
        "statement-of-any-type",
        PROVENANCE,
        '        if header["typ"] != TYPE:\n',
        '        if not header["typ"]:\n',
        "What our key has signed for another purpose passes for provenance.",
        (f"{IN_PROVENANCE}::test_no_other_header_counts",),
    ),
    Mutant(
        "statement-with-more-in-its-header",
        PROVENANCE,
        "        if header.keys() != HEADER_MEMBERS:\n",
        "        if not header.keys() >= HEADER_MEMBERS:\n",
        "A header says what verifiers may read differently.",
        (f"{IN_PROVENANCE}::test_no_other_header_counts",),
    ),
    Mutant(
        "statement-of-another-tenant",
        PROVENANCE,
        "if self.audience not in {None, found.audience}:",
        "if not found.audience:",
        "One tenant's statements count at another.",
        (f"{IN_PROVENANCE}::test_no_other_members_count",),
    ),
    Mutant(
        "statement-with-more-members",
        STATEMENT,
        "    if statement.to_json() != payload:\n",
        "    if not payload:\n",
        "A statement carries claims that make it a token elsewhere.",
        (f"{IN_PROVENANCE}::test_no_other_members_count",),
    ),
    Mutant(
        "statement-names-the-reader-to-all",
        PROVENANCE,
        'return hmac.digest(self.key, named, "sha256").hex()[:PSEUDONYM_CHARACTERS]',
        "return hashlib.sha256(named).hexdigest()[:PSEUDONYM_CHARACTERS]",
        "Whoever guesses a name can confirm it.",
        (f"{IN_PROVENANCE}::test_a_reader_has_one_pseudonym_that_only_the_key_makes",),
    ),
    Mutant(
        "statement-of-other-texts",
        PROVENANCE,
        "sha256=digest(passage.text),",
        "sha256=digest(passage.text.strip()[:12]),",
        "The end of a passage can be exchanged unnoticed.",
        (f"{IN_PROVENANCE}::test_what_was_released_is_stated",),
    ),
    Mutant(
        "models-by-the-least-sensitive",
        LABELS,
        "if label is None or not self.above(label, limit)",
        "if label is None or self.above(limit, label) or True",
        "A model is shown what its class may not see.",
        (f"{IN_PROVENANCE}::test_models_are_those_that_may_see_the_most_sensitive_passage",),
    ),
    Mutant(
        "response-with-a-passage-less",
        "retrieval/responses.py",
        "    if len(texts) != len(released):\n",
        "    if len(texts) > len(released):\n",
        "What was left out is not noticed.",
        (f"{IN_HTTP}::test_what_differs_from_what_was_released_is_named",),
    ),
    Mutant(
        "check-for-anybody",
        PROVING,
        "if statement.reader != self.room.waybills.names.pseudonym(may.reader):",
        "if not statement.reader:",
        "A check compares with what was released to somebody else.",
        ALONE,
    ),
    Mutant(
        "check-tells-forged-from-foreign",
        PROVING,
        "raise NotFoundError(error.diagnostics()) from error",
        "raise",
        "A statement that does not verify gets another answer than somebody else's.",
        ALONE,
    ),
    Mutant(
        "check-for-any-request",
        PROVING,
        "asked.request_id is not None and asked.request_id not in _requests(statements)",
        "asked.request_id is not None and not asked.request_id",
        "An answer passes with the passages of another request.",
        ALONE,
    ),
    Mutant(
        "check-believes-what-is-handed-in",
        FILTER,
        "released = [text for text, name in named if name in digests]",
        "released = [text for text, name in named if name]",
        "Whoever hands in a text makes it one that was released.",
        (f"{IN_FILTER}::test_a_passage_that_was_not_released_does_not_count",),
    ),
    Mutant(
        "check-quotes-across-passages",
        QUOTING,
        "            if _in_order(key, text):\n",
        "            if any(piece in text for piece in key):\n",
        "A sentence that nobody wrote is put together from two.",
        (f"{IN_FILTER}::test_a_quotation_is_not_put_together_from_two_passages",),
    ),
    Mutant(
        "limit-not-charged",
        ANSWER,
        "            self.limiter.charge(leaving)\n",
        "            _ = leaving\n",
        "Nothing is limited but requests.",
        (f"{IN_HTTP}::test_what_does_not_fit_is_not_released",),
    ),
    Mutant(
        "limit-tested-but-not-taken",
        LIMITS,
        "            if not self._counts.hit(item, carrier, cost=cost):\n",
        "            if not self._counts.test(item, carrier, cost=cost):\n",
        "Nothing is ever used up.",
        EACH_LIMIT,
    ),
    Mutant(
        "limit-charges-what-it-refuses",
        LIMITS,
        "            if not self._counts.test(item, carrier, cost=cost):\n",
        "            if not self._counts.hit(item, carrier, cost=cost):\n",
        "One request costs twice, and a refused one costs.",
        (*EACH_LIMIT, f"{IN_LIMITS}::test_what_is_refused_costs_nothing"),
    ),
    Mutant(
        "limit-counts-documents-again",
        LIMITS,
        "                self._marks.hit(once, carrier, key)\n",
        "                _ = key\n",
        "Reading one document on uses up all of them.",
        (f"{IN_LIMITS}::test_a_document_counts_once",),
    ),
    Mutant(
        "limit-shared-by-clients",
        PROVENANCE,
        'return self._named("carrier", reader.issuer, reader.subject, reader.client)',
        'return self._named("carrier", reader.issuer, reader.client)',
        "One reader uses up what others may read.",
        (f"{IN_LIMITS}::test_readers_and_clients_are_counted_apart",),
    ),
    Mutant(
        "limit-raced",
        LIMITS,
        "        with self._counting(), self._turn:\n            unseen",
        "        with self._counting():\n            unseen",
        "Two answers at once are charged for one document twice.",
        (f"{IN_LIMITS}::test_counters_of_one_process_change_in_turns",),
    ),
    Mutant(
        "limit-open-when-it-cannot-count",
        LIMITS,
        "            raise LimiterUnavailableError(msg) from error\n",
        "            _ = msg, error\n",
        "Whoever stops the storage has no limits.",
        (f"{IN_LIMITS}::test_without_an_answer_nothing_is_released",),
    ),
    Mutant(
        "withheld-by-nobody",
        AUTHORIZE,
        "        client = None if any_client else reader.client\n",
        "        client = reader.client\n",
        "An operator does not see what a client is kept from.",
        (f"{IN_HTTP}::test_what_a_client_may_not_carry_is_as_if_it_were_not_there",),
    ),
)
