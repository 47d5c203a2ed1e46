"""
Faults in who somebody is: signatures, keys, claims, delegation and links.
"""

from typing import Final

from tests.mutants.mutant import Mutant

TOKENS: Final = "acl/identity/tokens.py"
SIGNED: Final = "acl/identity/signed.py"
CLAIMS: Final = "acl/identity/claims.py"
JWKS: Final = "acl/identity/jwks.py"
KEYSETS: Final = "acl/identity/keysets.py"
WIRE: Final = "acl/identity/wire.py"
READER: Final = "acl/identity/reader.py"
LINKING: Final = "acl/identity/linking.py"
DELEGATION: Final = "acl/model/delegation.py"
ASSURANCE: Final = "acl/model/assurance.py"
AUTHORIZE: Final = "retrieval/authorize.py"

IN_ATTACKS: Final = "tests/acl/identity/test_attacks.py"
IN_TOKENS: Final = "tests/acl/identity/test_tokens.py"
IN_KEYSETS: Final = "tests/acl/identity/test_keysets.py"
IN_KEY_LIFE: Final = "tests/acl/identity/test_key_life.py"
IN_WIRE: Final = "tests/acl/identity/test_wire.py"
IN_READER: Final = "tests/acl/identity/test_reader.py"
IN_FOR_WHOM: Final = "tests/acl/identity/test_for_whom.py"
IN_DELEGATION: Final = "tests/acl/model/test_delegation.py"
IN_ASSURANCE: Final = "tests/acl/model/test_assurance.py"
IN_HTTP: Final = "tests/security/test_for_whom_over_http.py"
FORGED: Final = (f"{IN_ATTACKS}::test_a_forged_token_is_refused",)
BAD_SETS: Final = (f"{IN_KEYSETS}::test_any_other_set_is_refused_whole",)
WAYWARD: Final = (f"{IN_WIRE}::test_a_wayward_server_costs_a_bounded_time_and_nothing_else",)

TOKENS_AND_KEYS: Final = (
    Mutant(
        "token-any-type",
        TOKENS,
        "        _check_type(header, trusted.profile)  # step 6\n",
        "",
        "An ID token is as good as an access token.",
        FORGED,
    ),
    Mutant(
        "token-any-audience",
        TOKENS,
        "        said.check_audience(claims, trusted.audiences)  # step 9\n        expires_at",
        "        expires_at",
        "A token for another service opens this one.",
        FORGED,
    ),
    Mutant(
        "token-bound-as-bearer",
        TOKENS,
        "        check_possession(came, claims, trusted.senders, self._proofs, sender, now)",
        "        pass",
        "A token that was bound to a key is good without it.",
        FORGED,
    ),
    Mutant(
        "token-unsigned",
        TOKENS,
        "        signed.check_signature(token, algorithm, key)  # step 8\n",
        "",
        "Whoever can write JSON is anybody.",
        FORGED,
    ),
    Mutant(
        "token-any-issuer-of-a-key",
        TOKENS,
        "        trusted = self._issuer(claims)  # step 5\n",
        "        trusted = next(iter(self._issuers.values()))\n",
        "Tokens of one issuer are judged by the keys and under the name of another.",
        FORGED,
    ),
    Mutant(
        "token-empty-audience-configured",
        "acl/identity/trusted.py",
        "        if not self.issuer or not self.audiences or not all(self.audiences):\n",
        "        if not self.issuer:\n",
        "A verifier is made that accepts what is meant for nobody.",
        (f"{IN_TOKENS}::test_no_verifier_is_made_that_accepts_anything",),
    ),
    Mutant(
        "header-brings-its-key",
        SIGNED,
        '    refuse(bool(refused), f"step 4: header parameters {refused} are refused")\n',
        "",
        "A token may name its own key.",
        FORGED,
    ),
    Mutant(
        "token-any-spelling",
        SIGNED,
        '    refuse(canonical != part, "step 2: a part is not canonical base64url")\n',
        "    refuse(not canonical, part)\n",
        "One token has many spellings, and a list of refused ones has none of the others.",
        (f"{IN_TOKENS}::test_the_step_refuses_its_forgery",),
    ),
    Mutant(
        "algorithms-of-every-issuer",
        SIGNED,
        "    refuse(algorithm not in accepted & ALGORITHMS,",
        "    refuse(algorithm not in ALGORITHMS,",
        "An issuer's tokens may be signed as the operator does not want it.",
        (f"{IN_TOKENS}::test_the_step_refuses_its_forgery",),
    ),
    Mutant(
        "claims-two-clients",
        CLAIMS,
        "        refuse(bool(others),",
        "        refuse(False,",
        "A token names one client to the issuer's other services and another one here.",
        (f"{IN_FOR_WHOM}::test_clients_that_contradict_each_other_are_refused",),
    ),
    Mutant(
        "claims-scope-of-two-words",
        CLAIMS,
        "        isinstance(one, str) and SCOPE.fullmatch(one) for one in scopes\n",
        "        isinstance(one, str) for one in scopes\n",
        "What is no scope is taken for one.",
        FORGED,
    ),
    Mutant(
        "claims-true-is-a-time",
        CLAIMS,
        '    if not isinstance(value, int) or isinstance(value, bool):\n        msg = f"step 10',
        '    if not isinstance(value, int):\n        msg = f"step 10',
        "A token that begins at `true` began in 1970.",
        (f"{IN_TOKENS}::test_true_is_no_time",),
    ),
    Mutant(
        "key-exponent-any",
        JWKS,
        "    if exponent % 2 == 0 or not MIN_EXPONENT <= exponent < 1 << MAX_EXPONENT_BITS:\n",
        "    if exponent < 2:\n",
        "A key with a weak exponent vouches for readers.",
        BAD_SETS,
    ),
    Mutant(
        "key-small-factor",
        JWKS,
        "    if math.gcd(modulus, _SMALL_FACTORS) != 1:\n",
        "    if math.gcd(modulus, 2) != 1:\n",
        "A key that can be factored by hand vouches for readers.",
        BAD_SETS,
    ),
    Mutant(
        "key-any-length",
        JWKS,
        "    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:\n",
        "    if not MIN_RSA_BITS <= modulus.bit_length():\n",
        "An issuer's key makes every token cost as much as its owner likes.",
        BAD_SETS,
    ),
    Mutant(
        "key-short",
        JWKS,
        "    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:\n",
        "    if not modulus.bit_length() <= MAX_RSA_BITS:\n",
        "A key of 1,024 bits vouches for readers.",
        (f"{IN_KEYSETS}::test_a_short_rsa_key_is_refused",),
    ),
    Mutant(
        "key-agrees-on-keys",
        JWKS,
        "    elif key.curve_name not in _CURVE_ALGORITHMS:\n",
        "    elif key.curve_name == '':\n",
        "A set with keys that sign nothing is taken for one of signing keys.",
        BAD_SETS,
    ),
    Mutant(
        "key-operations-ignored",
        JWKS,
        '        and "verify" in operations\n',
        "",
        "A key that its issuer keeps for something else verifies tokens.",
        BAD_SETS,
    ),
    Mutant(
        "key-set-with-secrets",
        JWKS,
        '    if {"d", "k"} & listed.keys():\n',
        '    if "k" in listed.keys():\n',
        "An issuer that published its private key is trusted all the same.",
        BAD_SETS,
    ),
    Mutant(
        "key-one-kid-twice",
        JWKS,
        "    if len(by_id) != len(keys):\n",
        "    if len(by_id) > len(keys):\n",
        "Which of two keys of one name judges a token is chance.",
        BAD_SETS,
    ),
    Mutant(
        "keys-fetched-for-every-kid",
        KEYSETS,
        "now - attempt.began >= REFETCH_SECONDS",
        "now - attempt.began >= 0",
        "Whoever invents key ids makes the issuer answer each of them.",
        (f"{IN_KEY_LIFE}::test_a_flood_of_unknown_kids_fetches_once_in_thirty_seconds",),
    ),
    Mutant(
        "keys-never-stale",
        KEYSETS,
        "        if now - known.since > STALE_SECONDS:\n            msg",
        "        if not known.keys:\n            msg",
        "An issuer that is gone is trusted for ever.",
        (f"{IN_KEY_LIFE}::test_keys_outlive_an_outage_up_to_their_limit_and_no_longer",),
    ),
    Mutant(
        "keys-believed-too-long",
        KEYSETS,
        "        return age > BELIEVED_SECONDS and not self._problem\n",
        "        return False\n",
        "After a quiet night a key that was taken away is good once more.",
        (f"{IN_KEY_LIFE}::test_after_a_quiet_night_the_first_token_waits_for_the_truth",),
    ),
    Mutant(
        "keys-everybody-waits",
        KEYSETS,
        "        return age > BELIEVED_SECONDS and not self._problem\n",
        "        return age > FRESH_SECONDS\n",
        "A slow issuer holds up every reader, also those whose key is known.",
        (f"{IN_KEY_LIFE}::test_a_known_key_waits_for_no_fetch",),
    ),
    Mutant(
        "keys-any-number-waits",
        KEYSETS,
        "            full = self._waiting >= MAX_WAITING\n",
        "            full = False\n",
        "Unknown key ids occupy every thread that serves requests.",
        (f"{IN_KEY_LIFE}::test_no_more_than_a_few_wait_for_a_fetch",),
    ),
    Mutant(
        "keys-overtaken-fetch-believed",
        KEYSETS,
        "                if self._attempt is attempt:\n",
        "                if attempt is not None:\n",
        "An old answer that comes late replaces a newer one.",
        (f"{IN_KEY_LIFE}::test_a_fetch_that_never_ends_is_overtaken",),
    ),
    Mutant(
        "keys-of-another-issuers-document",
        KEYSETS,
        '        if document.get("issuer") != self.issuer:\n',
        '        if "issuer" not in document:\n',
        "A discovery document of somebody else says whose keys count.",
        (f"{IN_KEY_LIFE}::test_a_discovery_document_that_is_not_the_issuers_is_not_followed",),
    ),
    Mutant(
        "wire-follows-redirects",
        WIRE,
        "            follow_redirects=False,\n",
        "            follow_redirects=True,\n",
        "An issuer's address leads to any other.",
        WAYWARD,
    ),
    Mutant(
        "wire-without-end",
        WIRE,
        "async with asyncio.timeout(self.seconds), self._client() as client:",
        "async with self._client() as client:",
        "An issuer that answers by drops is waited for as long as it likes.",
        WAYWARD,
    ),
    Mutant(
        "wire-without-measure",
        WIRE,
        "                    if len(body) > MAX_BYTES:\n",
        "                    if len(body) < 0:\n",
        "An issuer fills the memory.",
        WAYWARD,
    ),
    Mutant(
        "wire-in-the-clear",
        WIRE,
        '            if httpx.URL(address).scheme != "https":\n',
        '            if httpx.URL(address).scheme not in {"http", "https"}:\n',
        "Whoever is on the way answers for the issuer.",
        (f"{IN_KEY_LIFE}::test_an_issuer_over_http_is_never_asked",),
    ),
    Mutant(
        "wire-uses-the-environments-proxy",
        WIRE,
        "            trust_env=False,\n        )\n",
        "            trust_env=True,\n        )\n",
        "A variable of the environment stands between here and the issuer.",
        (f"{IN_WIRE}::test_no_proxy_of_the_environment_is_used",),
    ),
)

READERS: Final = (
    Mutant(
        "reader-without-right",
        READER,
        "        if right is not VERIFYING_RIGHT:\n",
        "        if right is False:\n",
        "Any code can write down who asks.",
        (f"{IN_READER}::test_nobody_without_the_right_makes_a_reader",),
    ),
    Mutant(
        "reader-copied",
        READER,
        "    def __reduce__(self)",
        "    def _reduce(self)",
        "A reader comes back from a pickle, as whoever wrote it says.",
        (f"{IN_READER}::test_a_reader_is_not_copied_into_another",),
    ),
    Mutant(
        "reader-claims-changed",
        TOKENS,
        "VerifiedClaims(MappingProxyType(dict(claims)))",
        "VerifiedClaims(dict(claims))",
        "What was verified can be changed afterwards.",
        (f"{IN_READER}::test_what_was_verified_cannot_be_changed_afterwards",),
    ),
    Mutant(
        "delegation-unlisted-client",
        DELEGATION,
        "        if self.clients and client not in self.clients:\n",
        "        if self.clients and client is None:\n",
        "Every client may act, whichever the operator has listed.",
        (f"{IN_DELEGATION}::test_with_a_list_no_other_client_may_act",),
    ),
    Mutant(
        "delegation-unlisted-actor",
        DELEGATION,
        '            msg = f"actor {actor!r} is not one of the issuer\'s listed actors"\n'
        "            raise LookupError(msg)\n",
        "            return _UNLIMITED\n",
        "Every agent may act, whichever the operator has listed.",
        (f"{IN_DELEGATION}::test_an_agent_that_is_not_listed_may_do_nothing",),
    ),
    Mutant(
        "delegation-innermost-actor",
        DELEGATION,
        "*map(self._of_actor, actors[:1])]",
        "*map(self._of_actor, actors[-1:])]",
        "An agent is judged as the one that it says it acts for.",
        (f"{IN_DELEGATION}::test_actors_further_in_are_history",),
    ),
    Mutant(
        "delegation-scopes-added",
        DELEGATION,
        "            scopes = scopes if one.scopes is None else scopes & one.scopes\n",
        "            scopes = scopes if one.scopes is None else one.scopes\n",
        "A client gets scopes that its token does not have.",
        (f"{IN_DELEGATION}::test_nothing_is_added_to_what_the_token_says",),
    ),
    Mutant(
        "delegation-sources-added",
        DELEGATION,
        "one.sources if sources is None else sources & one.sources",
        "one.sources if sources is None else sources | one.sources",
        "An agent looks into sources that its client may not.",
        (f"{IN_DELEGATION}::test_what_is_left_is_what_all_may_do",),
    ),
    Mutant(
        "delegation-sources-ignored",
        AUTHORIZE,
        "        if reader.sources is not None:\n"
        "            scope = narrow_scope(scope, sources=map(SourceName, reader.sources))\n",
        "",
        "An agent that may look into one source looks into all.",
        (f"{IN_HTTP}::test_an_agent_finds_what_reader_and_agent_may_both_see",),
    ),
    Mutant(
        "actor-of-any-issuer",
        CLAIMS,
        '        refuse(actor.get("iss", issuer) != issuer,',
        "        refuse(False,",
        "An agent of another issuer does what this issuer's agent of that name may.",
        (f"{IN_FOR_WHOM}::test_an_actor_of_another_issuer_is_nobody_here",),
    ),
    Mutant(
        "sign-in-from-the-future",
        CLAIMS,
        "    if type(moment) is int and 0 < moment <= latest.timestamp():\n",
        "    if type(moment) is int and 0 < moment < 2**37:\n",
        "A sign-in that has not been is recent for ever.",
        (f"{IN_FOR_WHOM}::test_what_is_malformed_about_a_sign_in_was_not_said",),
    ),
    Mutant(
        "service-is-a-person",
        LINKING,
        "    if services or reader.service:\n",
        "    if services:\n",
        "Whoever can register a client called alice reads what alice may.",
        (f"{IN_FOR_WHOM}::test_a_service_is_nobody_unless_the_operator_says_who",),
    ),
    Mutant(
        "service-of-any-issuer",
        LINKING,
        "        and (rule.issuer, rule.client) == (reader.issuer, reader.client)\n",
        "        and rule.client == reader.client\n",
        "A client of the same name at another issuer is this service.",
        (f"{IN_FOR_WHOM}::test_a_service_is_nobody_unless_the_operator_says_who",),
    ),
    Mutant(
        "service-by-its-marks",
        LINKING,
        "        and rule.subject == reader.subject\n",
        "        and (reader.service or rule.subject == reader.subject)\n",
        "A person who chooses a name like a service's reads what the service may.",
        (f"{IN_FOR_WHOM}::test_the_marks_of_a_service_give_nothing",),
    ),
    Mutant(
        "groups-of-nobody",
        LINKING,
        "        and rule.authority in known_in\n",
        "",
        "A reader is in a group without being anybody there, and no denial finds them.",
        (f"{IN_FOR_WHOM}::test_groups_count_only_where_their_reader_is_somebody",),
    ),
    Mutant(
        "groups-overage-ignored",
        CLAIMS,
        '    if claims.get("hasgroups") not in (None, False):\n',
        '    if claims.get("hasgroups") is None and claims.get(claim.name) == 0:\n',
        "Who is in too many groups is in none, and their denials do not hold.",
        (f"{IN_FOR_WHOM}::test_a_list_of_groups_that_may_not_be_whole_opens_nothing",),
    ),
    Mutant(
        "groups-elsewhere-ignored",
        CLAIMS,
        "(not isinstance(elsewhere, dict) or claim.name in elsewhere):\n",
        "elsewhere == claim.name:\n",
        "Groups that the token keeps elsewhere are taken for none.",
        (f"{IN_FOR_WHOM}::test_a_list_of_groups_that_may_not_be_whole_opens_nothing",),
    ),
    Mutant(
        "groups-missing-is-none",
        CLAIMS,
        "        if not claim.may_lack:\n",
        "        if False:\n",
        "A token without groups is that of somebody without groups.",
        (f"{IN_FOR_WHOM}::test_a_list_of_groups_that_may_not_be_whole_opens_nothing",),
    ),
    Mutant(
        "sign-in-unsaid-is-now",
        ASSURANCE,
        "        return signed_in_at is not None and now - signed_in_at <= self.max_age\n",
        "        return signed_in_at is None or now - signed_in_at <= self.max_age\n",
        "Who does not say when they signed in has just done so.",
        (f"{IN_ASSURANCE}::test_what_is_not_said_meets_no_demand",),
    ),
    Mutant(
        "sign-in-any-method",
        ASSURANCE,
        "            and self.methods <= sign_in.methods\n",
        "            and bool(not self.methods or self.methods & sign_in.methods)\n",
        "One of several methods that are all demanded is enough.",
        (f"{IN_ASSURANCE}::test_a_demand_is_met_in_every_part_or_not_at_all",),
    ),
    Mutant(
        "authorize-no-step-up",
        AUTHORIZE,
        "        if demand is not None:\n            raise StepUpRequiredError(needs, demand)\n",
        "",
        "An operation that demands a stronger sign-in is done after any.",
        (f"{IN_HTTP}::test_a_weaker_sign_in_is_challenged_as_rfc_9470_says",),
    ),
    Mutant(
        "authorize-level-without-its-demands",
        AUTHORIZE,
        "        return demand is None or demand.met_by(reader.sign_in, now=now)\n",
        "        return True\n",
        "Naming a level is enough, however long ago and however one signed in.",
        (f"{IN_HTTP}::test_a_label_can_demand_methods_and_a_recent_sign_in",),
    ),
)
