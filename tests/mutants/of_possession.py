"""
Faults in whether a token is presented by whom it was issued to.
"""

from typing import Final

from tests.mutants.mutant import Mutant

POSSESSION: Final = "acl/identity/possession.py"
DPOP: Final = "acl/identity/dpop.py"
CERTIFICATES: Final = "acl/identity/certificates.py"
INTROSPECTION: Final = "acl/identity/introspection.py"
TAKEN: Final = "retrieval/api/presented.py"

IN_POSSESSION: Final = "tests/acl/identity/test_possession.py"
IN_SENDERS: Final = "tests/end_to_end/test_senders.py"
SPOILED: Final = (f"{IN_POSSESSION}::test_a_spoiled_proof_opens_nothing",)
BOUND: Final = (f"{IN_POSSESSION}::test_what_is_bound_in_another_way_opens_nothing",)
NO_BEARER: Final = (f"{IN_POSSESSION}::test_a_bound_token_is_no_bearer_token",)
SWITCHED: Final = (f"{IN_POSSESSION}::test_what_is_not_switched_on_opens_nothing",)
CERTIFICATE: Final = (f"{IN_POSSESSION}::test_a_token_opens_with_its_certificate",)
ONCE: Final = (f"{IN_POSSESSION}::test_a_proof_counts_once",)
PROXIES: Final = (f"{IN_SENDERS}::test_only_a_trusted_proxys_word_on_a_certificate_is_taken",)

POSSESSION_FAULTS: Final = (
    Mutant(
        "bound-token-as-bearer",
        POSSESSION,
        "(KEY in bound) != by_proof,",
        "by_proof and KEY not in bound,",
        "Whoever steals a bound token uses it like any other.",
        NO_BEARER,
    ),
    Mutant(
        "bound-free-token-by-proof",
        POSSESSION,
        "(KEY in bound) != by_proof,",
        "KEY in bound and not by_proof,",
        "A token that is bound to nothing passes for one that is.",
        NO_BEARER,
    ),
    Mutant(
        "bound-by-what-nobody-checks",
        POSSESSION,
        '    refuse(bool(strange), f"step 12: cnf names {strange}, which cannot be proven here")\n',
        "",
        "A token that is bound in an unknown way is taken for one that is not.",
        BOUND,
    ),
    Mutant(
        "bound-to-nothing",
        POSSESSION,
        "    if confirmation is None:",
        "    if not confirmation:",
        "An empty confirmation is no confirmation.",
        BOUND,
    ),
    Mutant(
        "bound-proof-not-switched-on",
        POSSESSION,
        'refuse(not rule.dpop, "step 12: proofs (DPoP) are not switched on for this issuer")',
        "pass",
        "A way in is open that the operator has not opened.",
        SWITCHED,
    ),
    Mutant(
        "bound-certificate-not-switched-on",
        POSSESSION,
        '        refuse(not rule.certificates, "step 12: certificates are not switched on for this'
        ' issuer")\n',
        "",
        "Certificates count that the operator has not said how to come by.",
        SWITCHED,
    ),
    Mutant(
        "bound-demanded-of-nobody",
        POSSESSION,
        "not bound and rule.required,",
        "not bound and rule.required and False,",
        "Where bound tokens are demanded, others do as well.",
        (f"{IN_POSSESSION}::test_where_bound_tokens_are_demanded_no_other_counts",),
    ),
    Mutant(
        "bound-to-any-certificate",
        POSSESSION,
        '        refuse(not same, "step 12: it is bound to another certificate")\n',
        "",
        "Any client's certificate will do.",
        CERTIFICATE,
    ),
    Mutant(
        "bound-to-one-of-two",
        POSSESSION,
        "    if CERTIFICATE in bound:\n",
        "    elif CERTIFICATE in bound:\n",
        "Of two bindings one is enough.",
        (f"{IN_POSSESSION}::test_of_two_bindings_both_are_proven",),
    ),
    Mutant(
        "proof-of-another-key",
        DPOP,
        'refuse(not _same(key.thumbprint(), thumbprint), "proof 4: made with another key")',
        "pass",
        "A thief proves to have a key of their own.",
        (f"{IN_POSSESSION}::test_a_token_opens_with_a_proof_of_its_key",),
    ),
    Mutant(
        "proof-unsigned",
        DPOP,
        "        signed.check_signature(proofs[0], algorithm, key)\n",
        "",
        "A public key is proof enough.",
        SPOILED,
    ),
    Mutant(
        "proof-of-any-type",
        DPOP,
        'refuse(not isinstance(named, str) or named.lower() != "dpop+jwt", f"proof 2: typ'
        ' {named!r:.80}")',
        'refuse(not isinstance(named, str), "proof 2: typ")',
        "What the key has signed for another purpose passes for a proof.",
        SPOILED,
    ),
    Mutant(
        "proof-for-any-method",
        DPOP,
        "not presented.method or method != presented.method,",
        "not presented.method,",
        "A proof for reading is one for writing.",
        SPOILED,
    ),
    Mutant(
        "proof-for-any-address",
        DPOP,
        '    refuse(not same, "proof 5: for another address")\n',
        "",
        "A proof that was made for another service opens this one.",
        SPOILED,
    ),
    Mutant(
        "proof-for-any-token",
        DPOP,
        'refuse(not _same(claims.get("ath"), hash_of(token)), "proof 6: made for another token")',
        "hash_of(token)",
        "A proof for a lesser token carries a greater one.",
        SPOILED,
    ),
    Mutant(
        "proof-for-ever",
        DPOP,
        '        refuse(not about_now, "proof 7: iat is not about now")\n',
        "",
        "A proof that was made in stock counts whenever it is used.",
        SPOILED,
    ),
    Mutant(
        "proof-as-often-as-you-like",
        DPOP,
        '            refuse(proof in self._until, "proof 8: it has come before")\n',
        "",
        "Whoever overhears a request repeats it.",
        ONCE,
    ),
    Mutant(
        "proof-forgotten-too-soon",
        DPOP,
        "self._until[proof] = now + PROOF_SECONDS + AHEAD_SECONDS, sender",
        "self._until[proof] = now + PROOF_SECONDS / 2, sender",
        "A proof from a clock that is ahead counts twice.",
        ONCE,
    ),
    Mutant(
        "proof-beyond-what-is-remembered",
        DPOP,
        '            refuse(full, "proof 8: too many proofs at a time")\n',
        "",
        "A flood makes room for repetitions, or takes all memory.",
        (f"{IN_POSSESSION}::test_what_cannot_be_remembered_is_refused",),
    ),
    Mutant(
        "proof-room-for-one",
        DPOP,
        "min(MAX_PROOFS_A_SENDER, free)",
        "min(MAX_PROOFS_A_SENDER, MAX_PROOFS) or not free",
        "One client sends so many proofs that nobody else gets in.",
        (f"{IN_POSSESSION}::test_nobody_takes_the_last_place",),
    ),
    Mutant(
        "proof-room-by-key",
        "acl/identity/tokens.py",
        "        sender = (trusted.issuer, subject, client)\n",
        '        sender = (trusted.issuer, subject, str(claims.get("cnf")))\n',
        "Whoever makes themselves many keys gets the room of many.",
        (f"{IN_POSSESSION}::test_what_cannot_be_remembered_is_refused",),
    ),
    Mutant(
        "proof-from-before-the-start",
        DPOP,
        "        refuse(moment < self._earliest,",
        "        refuse(moment < self._earliest - AHEAD_SECONDS,",
        "A proof from a clock that was ahead counts again after a restart.",
        (f"{IN_POSSESSION}::test_a_proof_from_before_the_start_does_not_count",),
    ),
    Mutant(
        "proof-one-of-many",
        DPOP,
        "len(proofs) != 1",
        "not proofs",
        "Which of two proofs counts is anybody's guess.",
        (f"{IN_POSSESSION}::test_there_is_one_proof",),
    ),
    Mutant(
        "certificate-one-of-many",
        CERTIFICATES,
        "len(certificates) != 1",
        "not certificates",
        "A caller's own header counts beside the proxy's.",
        CERTIFICATE,
    ),
    Mutant(
        "certificate-of-no-version",
        CERTIFICATES,
        "    except (ValueError, x509.InvalidVersion) as error:\n",
        "    except ValueError as error:\n",
        "What is no certificate is answered by 500 instead of the one 401.",
        (f"{IN_POSSESSION}::test_a_certificate_of_no_known_version_is_none",),
    ),
    Mutant(
        "body-waited-for-without-end",
        "retrieval/api/limits.py",
        "            with fail_after(self._deadline - current_time()):\n",
        "            with fail_after(None):\n",
        "Whoever sends a body byte by byte holds a place for ever.",
        ("tests/retrieval/test_limits.py::test_a_body_that_does_not_come_is_not_waited_for",),
    ),
    Mutant(
        "body-waited-for-part-by-part",
        "retrieval/api/limits.py",
        "        if self._deadline is None:\n",
        "        if self._receive:\n",
        "Whoever sends a byte now and then holds a place for ever.",
        ("tests/retrieval/test_limits.py::test_the_time_is_for_all_of_a_body",),
    ),
    Mutant(
        "connection-without-a-request",
        "readership/connections.py",
        "            self.transport.close()\n",
        "            pass\n",
        "Connections on which nothing is asked keep security events out.",
        ("tests/readership/test_connections.py::test_a_connection_without_a_request_is_closed",),
    ),
    Mutant(
        "certificate-of-anybody",
        TAKEN,
        "not client or not header.trusts(client[0])",
        "not client",
        "Anybody says which certificate they have.",
        PROXIES,
    ),
    Mutant(
        "introspection-bound-to-nothing",
        INTROSPECTION,
        'kind.lower() == "dpop" and claims.get("cnf") is not None',
        'kind.lower() == "dpop"',
        "A bound token whose binding the issuer keeps back is used like any other.",
        (
            (
                "tests/acl/identity/test_introspection.py"
                "::test_what_a_signed_token_must_say_the_answer_must_say"
            ),
        ),
    ),
)
