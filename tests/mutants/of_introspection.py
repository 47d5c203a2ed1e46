"""
Faults in asking issuers about tokens, and in what their answers may change.
"""

from typing import Final

from tests.mutants.mutant import Mutant

TOKENS: Final = "acl/identity/tokens.py"
INTROSPECTION: Final = "acl/identity/introspection.py"
CONFIRMATION: Final = "acl/identity/confirmation.py"
IN_INTROSPECTION: Final = "tests/acl/identity/test_introspection.py"
ANSWERS: Final = (f"{IN_INTROSPECTION}::test_what_a_signed_token_must_say_the_answer_must_say",)
NARROWS: Final = (
    f"{IN_INTROSPECTION}::test_what_an_issuer_says_of_a_signed_token_may_only_narrow",
)
SHRINKS: Final = (f"{IN_INTROSPECTION}::test_scopes_and_end_shrink_to_what_the_issuer_says_now",)

ISSUERS_ANSWERS: Final = (
    Mutant(
        "introspection-inactive",
        INTROSPECTION,
        "        return found if active else None\n",
        "        return found\n",
        "A token that its issuer calls inactive opens everything that it did.",
        ANSWERS,
    ),
    Mutant(
        "introspection-truthy",
        INTROSPECTION,
        "        if not isinstance(active, bool):\n",
        "        if active is None:\n",
        "An answer that is not yes is taken for yes.",
        (f"{IN_INTROSPECTION}::test_an_answer_that_cannot_be_used_is_no_answer",),
    ),
    Mutant(
        "introspection-any-issuer",
        INTROSPECTION,
        '        if claims.get("iss") != self.issuer:\n',
        '        if claims.get("iss", self.issuer) != self.issuer and False:\n',
        "An answer about another issuer's reader is taken for this one's.",
        ANSWERS,
    ),
    Mutant(
        "introspection-refresh-tokens",
        INTROSPECTION,
        'if not bound and (not isinstance(kind, str) or kind.lower() != "bearer"):\n',
        'if kind == "DPoP" and not bound:\n',
        "A refresh token is as good as an access token.",
        ANSWERS,
    ),
    Mutant(
        "introspection-past-the-end",
        INTROSPECTION,
        "        if active and isinstance(expires, int) and expires <",
        "        if not active and isinstance(expires, int) and expires <",
        "An answer counts when its token has ended.",
        (f"{IN_INTROSPECTION}::test_no_answer_counts_past_the_end_of_its_token",),
    ),
    Mutant(
        "introspection-remembered-for-ever",
        INTROSPECTION,
        "        return self.asked <= now < self.until\n",
        "        return True\n",
        "A token that was revoked stays good.",
        (f"{IN_INTROSPECTION}::test_an_answer_counts_as_long_as_configured",),
    ),
    Mutant(
        "introspection-of-signed-tokens",
        TOKENS,
        "        if signed.looks_signed(token) or len(token) > MAX_TOKEN_CHARACTERS:\n",
        "        if len(token) > MAX_TOKEN_CHARACTERS:\n",
        "Signed tokens of every issuer are shown to one of them.",
        (f"{IN_INTROSPECTION}::test_a_signed_token_is_not_asked_about_unless_configured",),
    ),
    Mutant(
        "introspection-without-bound",
        INTROSPECTION,
        "            if not room.acquire(blocking=False):\n",
        "            if not room.acquire(blocking=False) and known is None:\n",
        "Whoever sends tokens that nobody issued holds up everybody else.",
        (f"{IN_INTROSPECTION}::test_a_token_is_asked_about_once_however_many_bring_it",),
    ),
    Mutant(
        "introspection-asked-by-each",
        INTROSPECTION,
        "            if known is not None and not known.counts(now):\n",
        "            if known is not None and not (known.counts(now) and known.answer.done()):\n",
        "A thousand requests with one token are a thousand questions to the issuer.",
        (f"{IN_INTROSPECTION}::test_a_token_is_asked_about_once_however_many_bring_it",),
    ),
    Mutant(
        "introspection-answer-from-before",
        INTROSPECTION,
        "            if known is not None and not known.counts(now):\n",
        "            if known is not None and known.answer.done() and not known.counts(now):\n",
        "Without a cache a request is judged by what was said before it came.",
        (f"{IN_INTROSPECTION}::test_an_answer_that_would_not_count_is_not_waited_for",),
    ),
    Mutant(
        "introspection-failure-remembered",
        INTROSPECTION,
        "                    del self._cache[digest]\n",
        "                    pass\n",
        "A token is refused for ten seconds because its issuer stumbled once.",
        (f"{IN_INTROSPECTION}::test_a_token_is_asked_about_once_however_many_bring_it",),
    ),
    Mutant(
        "confirmation-of-somebody-else",
        CONFIRMATION,
        '    refuse(bool(differ), f"{sorted(differ)} are not the token\'s")\n',
        "",
        "Token and issuer mean two people, or two keys, and the token wins.",
        NARROWS,
    ),
    Mutant(
        "confirmation-of-another-client",
        CONFIRMATION,
        "    said.client_of({**claims, **answer}, trusted.client_claims)  # by whichever claim\n",
        "",
        "The issuer means another client than the token.",
        NARROWS,
    ),
    Mutant(
        "confirmation-of-another-audience",
        CONFIRMATION,
        "        refuse(bool(more),",
        "        refuse(False,",
        "The issuer says that the token is for more services than it says itself.",
        NARROWS,
    ),
    Mutant(
        "confirmation-widens-scopes",
        CONFIRMATION,
        "        refuse(not has <= had,",
        "        refuse(False,",
        "An answer that means another token is taken for one about this.",
        NARROWS,
    ),
    Mutant(
        "confirmation-widens-the-end",
        CONFIRMATION,
        '    refuse(later, "it ends later than the token")\n',
        "    refuse(later and end < now, str(end))\n",
        "An answer lets a token live longer than it says itself.",
        NARROWS,
    ),
    Mutant(
        "confirmation-leaves-scopes",
        TOKENS,
        "                scopes=reader.scopes & left.scopes,\n",
        "                scopes=reader.scopes,\n",
        "A scope that the issuer has taken away counts on.",
        SHRINKS,
    ),
    Mutant(
        "confirmation-leaves-the-end",
        TOKENS,
        "                expires_at=min(reader.expires_at, left.expires_at),\n",
        "                expires_at=reader.expires_at,\n",
        "A token whose life was cut short lives on.",
        SHRINKS,
    ),
    Mutant(
        "issuers-of-each-desk",
        "retrieval/wiring.py",
        "TokenVerifier(issuers or trusted_issuers(",
        "TokenVerifier(trusted_issuers(",
        "Whoever asks at three desks has an issuer asked three times as often.",
        ("tests/end_to_end/test_one_issuer_set.py::test_an_issuer_is_asked_once_by_a_process",),
    ),
)
