"""
The register of promises: what this product holds, each in one sentence.

Tests carry `@pytest.mark.promise("id")`, and the documentation names the same ids.
`test_promises` fails if a promise is carried by no test, or a test carries an unknown one.
"""

from typing import Final

PROMISES: Final[dict[str, str]] = {
    "no-snapshot": "A document whose readers are not known is readable by nobody.",
    "deny-first": "Where a denial comes before a permission, it decides.",
    "unknown-group": (
        "Membership that is not fully known grants nothing, and keeps everybody out whom a "
        "denial might mean."
    ),
    "other-tenant": "Nothing of one tenant is readable with anything of another.",
    "exact-ids": "Two spellings of an id are two principals, or two documents, on every database.",
    "scope-unforgeable": "Only the decision says what may be searched; it cannot be forged.",
    "reader-unforgeable": "Only the verifier says who asks; it cannot be forged.",
    "filter-in-engine": "The index finds only what the scope covers, and searches nothing else.",
    "recheck": "Every hit is decided again by the registry before it is released.",
    "doors-agree": (
        "A hit that the search lets through and the recheck refuses raises an alarm, unless "
        "something has changed between the two."
    ),
    "revocation": "A permission that was withdrawn is withdrawn at the next request.",
    "token-revocation": (
        "A token that was revoked, by an operator, its issuer or a transmitter, is refused at the "
        "next request of every process."
    ),
    "statements-apart": (
        "No security event, logout token or access token passes for another of the three, and "
        "each speaks only for whom it may."
    ),
    "scopes-from-tokens": (
        "Every right to do something comes from the scopes of a token; no other secret opens a "
        "door."
    ),
    "signed-provenance": (
        "A statement of provenance that verifies says what was released, in which request and to "
        "whom; nothing else passes for one, and it passes for nothing else."
    ),
    "answer-check": (
        "Checking an answer tells nothing of what was not released to the same reader."
    ),
    "limits": (
        "No reader carries more away through one client than a window allows, and what cannot be "
        "counted is not released."
    ),
    "late-unseal": "No text becomes plaintext before the last door.",
    "forged-token": "No token opens anything but one that a configured issuer has signed for us.",
    "token-kept-nowhere": "No token, nor a part of one, is logged, recorded or told to anybody.",
    "delegation": "An agent can do for a reader what reader, token, client and agent all may do.",
    "service-nobody": "A token without a person behind it reads nothing that was not meant for it.",
    "token-groups": "Groups in a token count only if all of them are there.",
    "step-up": "What demands a stronger sign-in is not done after a weaker one.",
    "mcp-visitors": (
        "No page in a browser reaches the agents' tools but one of this service's own, or of a "
        "listed origin, and by no name but its own or a listed one."
    ),
    "mcp-no-session": (
        "Nothing of one agent's request is kept for another: readers who ask through one process "
        "at once never get each other's answers."
    ),
    "sender-constraint": "A token that is bound to a key or certificate opens for nobody else.",
    "introspection": "What an issuer says of a token is judged as what a signed token says.",
    "uniform-401": "Every token that proves nothing gets the same answer.",
    "absent-equals-forbidden": "What a reader may not read looks as if it did not exist.",
    "audit-before-release": "Nothing is released before its record is durable.",
    "sealed-at-rest": "No text, title or original stands in any file in the clear.",
    "acl-seal": "A permission that somebody edited in the registry's file opens nothing.",
    "idf-in-scope": "Hidden documents change no score of visible ones.",
    "redact-before-index": "Personal data is replaced before text is embedded or stored.",
    "restrict-first": "Restrictions are durable before anything that they restrict can be found.",
    "fail-closed-input": "A permission that cannot be read whole hides its document.",
    "crash-safe": "Work broken off anywhere is finished by the next run, and shows nothing half.",
    "engine-loss": "An engine that is gone is an error, never an empty or unfiltered answer.",
    "push-clients-only": "Nobody but a source's own push clients can state anything there.",
    "push-in-force": "A permission that was pushed is in force when the call returns.",
    "push-order": "An older event never undoes a newer one, in whichever order they arrive.",
    "push-owns": "What was pushed or deleted by push is not undone by any listing.",
    "ceiling": "No client carries away a document that is labelled above its ceiling.",
    "switches": "What an operator switches off is off at the next request, on every way out.",
    "one-epoch": "An answer is of one epoch, and never older than the client asked for.",
    "new-enemy": (
        "Once a sync or a push has taken in that somebody is shut out, nothing that was written "
        "afterwards reaches them, whatever was underway."
    ),
    "brake": (
        "A sync that would suddenly show many or sensitive documents to a broad audience waits "
        "for a person; what it takes away holds at once."
    ),
    "history": "What was in force in the past is kept, and can be explained.",
    "registry-loss": "A registry that does not answer is an error, never a wait without end.",
    "one-sync": "Once another sync has begun, an earlier one commits nothing more.",
    "no-inline-secret": "A secret that stands in the configuration is refused, and not repeated.",
    "identity-exact": "Two spellings of an identity are two identities, everywhere.",
    "readers-never-mix": "A client or retriever that users share answers none of them with the "
    "passages of another.",
    "cache-isolation": "Nothing that is remembered of one request serves another reader.",
    "non-interference": "What a reader may not see changes nothing of any answer to them.",
    "equal-time": "What a reader may not see does not show in how long an answer takes.",
    "fail-closed": "Whatever is missing, broken or contradictory, nothing is released.",
    "every-hop": "Nothing that an answer shows leads to more than its follower may read.",
    "every-endpoint": "Every operation and every parameter of the API is attacked by a test.",
    "reference": (
        "Whatever happens in whatever order, every reader sees exactly what a plain reference "
        "of the rules says."
    ),
    "scenario": (
        "The access rules of the source systems are enforced as they are, on paper, in the index "
        "and over HTTP alike."
    ),
    "scim-deactivation": (
        "Whoever a directory says is gone, or does not know, is refused at the next request, "
        "whatever any ACL grants."
    ),
    "scim-in-force": "What a directory provisions is in force at every process on return.",
    "scim-reference": (
        "Whatever is provisioned in whatever order, groups, users and their past are what a plain "
        "model says."
    ),
    "scim-atomic": (
        "A change that a directory provisions is made whole, with epoch, history and audit "
        "record, or not at all."
    ),
    "scim-authorised": (
        "Only a client that a directory names, with a token issued for provisioning, learns or "
        "changes anything of it."
    ),
    "scim-hostile": "A malformed provisioning request is refused in SCIM's form; nothing changes.",
    "ldap-whole": (
        "A listing of a directory that is not whole, or could be misread, changes nothing; a "
        "member that is not listed leaves its group not fully known."
    ),
    "ldap-tls": "No password of a directory is sent to anybody but the server it belongs to.",
    "cursor-carries-no-right": (
        "A cursor says how far one reader has come with one question; it opens nothing, for nobody."
    ),
    "filters-only-narrow": (
        "No filter finds more than the question would without it, or names a field of permissions."
    ),
    "honoured-or-refused": (
        "What is asked in OpenAI's words is honoured or refused, in OpenAI's form; it is never "
        "passed over."
    ),
    "as-described": "The API answers as its description says, within the limits of who reads it.",
    "page-session": (
        "A browser's session is a token that is verified at every request; it begins at the end of "
        "a sign-in that this browser began, and nowhere else."
    ),
    "little-for-strangers": (
        "Of whoever proves nothing no more is read than who they are, and they keep nobody else "
        "waiting."
    ),
    "page-runs-nothing": "Whatever a document contains, on the reader's page it is text.",
    "page-accessible": "The reader's page is for everybody: axe finds nothing wrong with it.",
    "page-names-nobody": (
        "Why a reader may see a passage is told without naming a group, another person, or how "
        "many rules there are."
    ),
    "nothing-unseen": "Nothing that a person would not see in a text reaches a reader or a model.",
    "hidden-text": "Text that a document does not show is left out, counted, and looked at.",
    "inert": "Nothing in an answer is live: no link, image, markup, address or terminal command.",
    "fence": "No document can step out of the fence that a context puts around it.",
    "worst-case-model": (
        "A model that does whatever its context says gives its reader nothing that this reader may "
        "not read, and reaches nobody else."
    ),
    "flood": "No writer fills an answer, and nothing fills it by repeating itself.",
    "host-limits": "No answer is larger than the smallest host takes, and what is cut says so.",
    "kept-back": (
        "What policy keeps back as an instruction is counted, and comes back when an operator "
        "says so."
    ),
    "key-file-permissions": "A key that others can read or change is not used.",
}
