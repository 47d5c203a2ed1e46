"""
Faults in what is said: ACLs, labels, principals, links and names.
"""

from typing import Final

from tests.mutants.mutant import Mutant

EXCHANGE: Final = "acl/model/exchange.py"
GRANTS: Final = "acl/model/grants.py"
LABELS: Final = "acl/model/labels.py"
LINKING: Final = "acl/identity/linking.py"
ENCODING: Final = "acl/model/encoding.py"
NAMING: Final = "acl/keys/naming.py"
SEAL: Final = "acl/keys/acl_seal.py"
PRINCIPALS: Final = "acl/model/principals.py"

COMPILED: Final = ("tests/acl/model/test_exchange.py::test_a_good_acl_says_exactly_this",)
REFUSED: Final = (
    "tests/acl/model/test_exchange.py::test_a_malformed_acl_is_refused_with_a_reason",
)

ACLS: Final = (
    Mutant(
        "acl-short-form-drops-deny",
        EXCHANGE,
        "        if denied:\n",
        "        if denied and not allowed:\n",
        "A short ACL with both lists forgets whom it denies.",
        COMPILED,
    ),
    Mutant(
        "acl-short-form-permits-first",
        EXCHANGE,
        "            gate.append(Entry(Effect.DENY, denied))\n        if allowed:\n"
        "            gate.append(Entry(Effect.PERMIT, allowed))\n",
        "            gate.append(Entry(Effect.DENY, denied))\n        if allowed:\n"
        "            gate.insert(0, Entry(Effect.PERMIT, allowed))\n",
        "The permission of a short ACL stands before its denial and wins.",
        COMPILED,
    ),
    Mutant(
        "acl-entries-sorted",
        EXCHANGE,
        '            tuple(self._entry(entry, f"gate {g}, entry {e}") '
        "for e, entry in enumerate(gate, 1))\n",
        '            tuple(sorted((self._entry(entry, f"gate {g}, entry {e}") '
        "for e, entry in enumerate(gate, 1)), key=lambda one: one.effect))\n",
        "The order of the source's entries, which decides, is lost to a tidy one.",
        COMPILED,
    ),
    Mutant(
        "acl-until-ignored",
        EXCHANGE,
        "        return Entry(effects[0], named, _until(entry, where))\n",
        "        return Entry(effects[0], named)\n",
        "A permission for a week is a permission for ever.",
        COMPILED,
    ),
    Mutant(
        "acl-bad-until-is-never",
        EXCHANGE,
        "    if moment is None:\n        msg = f\"{where}: 'until'",
        '    if moment is None and "T" in str(entry["until"]):\n        msg = f"{where}: \'until\'',
        "An expiry that cannot be read is taken for none.",
        REFUSED,
    ),
    Mutant(
        "acl-unknown-principal-skipped",
        EXCHANGE,
        "            parse_principal(text, tenant=self._tenant, authority=self._authority) "
        "for text in named\n",
        "            parse_principal(text, tenant=self._tenant, authority=self._authority)\n"
        '            for text in named\n            if str(text).startswith(("user:", "group:", '
        '"domain:", "everyone"))\n',
        "A denial of a kind of principal that is not known is passed over.",
        REFUSED,
    ),
    Mutant(
        "acl-unknown-member-ignored",
        EXCHANGE,
        "acl.keys() <= SHORT_FORM and acl",
        "acl.keys() & SHORT_FORM",
        "An ACL with a member that nobody understands is read as if it were not there.",
        REFUSED,
    ),
    Mutant(
        "acl-entry-extras-ignored",
        EXCHANGE,
        "not isinstance(entry, dict) or not entry.keys() <= ENTRY_MEMBERS",
        "not isinstance(entry, dict)",
        "A condition on an entry that nobody understands is dropped with its meaning.",
        REFUSED,
    ),
    Mutant(
        "digest-without-entry-order",
        GRANTS,
        "[[_encodable(entry) for entry in gate] for gate in self.gates],",
        "[sorted((_encodable(entry) for entry in gate), key=encode) for gate in self.gates],",
        "Deny before permit and permit before deny share one readership.",
        ("tests/acl/model/test_grants.py::test_the_order_of_entries_is_part_of_the_meaning",),
    ),
    Mutant(
        "digest-without-until",
        GRANTS,
        "    return [entry.effect.value, names, entry.until]\n",
        "    return [entry.effect.value, names]\n",
        "A permission that ends and one that does not share one readership.",
        ("tests/acl/model/test_grants.py::test_every_part_changes_the_digest",),
    ),
    Mutant(
        "digest-joins-principals",
        GRANTS,
        "    names: list[Encodable] = [[p.authority, p.kind.value, p.id] "
        "for p in sorted(entry.principals)]\n",
        '    names: list[Encodable] = [f"{p.authority}{p.kind.value}{p.id}" '
        "for p in sorted(entry.principals)]\n",
        "Principals are joined as text, so two of them can share one readership.",
        ("tests/acl/model/test_grants.py::test_parts_of_a_principal_do_not_run_together",),
    ),
    Mutant(
        "storage-drops-until",
        GRANTS,
        '    if entry.until is not None:\n        written["until"]',
        '    if entry.until is not None and entry.effect is Effect.DENY:\n        written["until"]',
        "What expires is stored as what does not.",
        ("tests/acl/model/test_grants.py::test_storage_gives_back_what_was_stored",),
    ),
    Mutant(
        "acl-limit-counts-entries",
        GRANTS,
        "sum(len(e.principals) for e in entries) > MAX_ENTRIES",
        "len(entries) > MAX_ENTRIES",
        "An ACL is measured by its entries, and one that names millions gets in.",
        ("tests/acl/model/test_grants.py::test_an_acl_over_a_limit_is_refused_whole",),
    ),
)

NAMES: Final = (
    Mutant(
        "label-unlisted-is-lowest",
        LABELS,
        "        if label not in self.order:\n            return True\n",
        "        if label not in self.order:\n            return False\n",
        "A label that is not in the order counts as harmless.",
        (
            "tests/acl/model/test_labels.py::test_a_label_that_is_not_listed_lies_above_every_ceiling",
        ),
    ),
    Mutant(
        "label-unlisted-is-covered",
        LABELS,
        "return self.labels is None or label in self.labels",
        "return self.labels is None or label in self.labels or label != label.lower().strip()",
        "A label that is spelt in another way lies below every ceiling.",
        (
            "tests/acl/model/test_labels.py::test_a_label_that_is_not_listed_lies_above_every_ceiling",
        ),
    ),
    Mutant(
        "label-stranger-gets-highest",
        LABELS,
        "self.clients.get(client, self.default)",
        "self.clients.get(client, self.order[-1])",
        "A client that the operator did not list may carry away everything.",
        ("tests/acl/model/test_labels.py::test_the_lower_ceiling_counts",),
    ),
    Mutant(
        "label-higher-ceiling-counts",
        LABELS,
        "level = min(level, self.order.index(named))",
        "level = max(level, self.order.index(named))",
        "A strong login lifts a client above its own ceiling.",
        ("tests/acl/model/test_labels.py::test_the_lower_ceiling_counts",),
    ),
    Mutant(
        "label-no-assurance-is-default",
        LABELS,
        'self.assurance.get(assurance or "", self.order[0])',
        'self.assurance.get(assurance or "", self.default)',
        "A token without an assurance level gets more than the lowest label.",
        ("tests/acl/model/test_labels.py::test_a_login_without_a_level_gets_the_lowest_label",),
    ),
    Mutant(
        "link-ignores-issuer",
        LINKING,
        "rule.issuer != issuer or not isinstance(value, str)",
        "not isinstance(value, str)",
        "Whoever runs another identity provider may be anybody here.",
        ("tests/acl/identity/test_linking.py::test_another_issuers_subject_is_nobody",),
    ),
    Mutant(
        "link-folds-case",
        LINKING,
        "Principal(tenant, rule.authority, PrincipalKind.USER, value)",
        "Principal(tenant, rule.authority, PrincipalKind.USER, value.casefold())",
        "Alice and ALICE are one reader.",
        ("tests/acl/identity/test_linking.py::test_a_claim_is_taken_byte_for_byte",),
    ),
    Mutant(
        "link-parses-claim",
        LINKING,
        "found.add(Principal(tenant, rule.authority, PrincipalKind.USER, value))",
        "from acl.model.principals import parse_principal\n"
        '            found.add(parse_principal(value if ":" in value else f"user:{value}", '
        "tenant=tenant, authority=rule.authority))",
        "A claim `group:admins` makes its reader a group.",
        (
            (
                "tests/acl/identity/test_linking.py"
                "::test_a_claim_that_reads_like_a_principal_is_a_users_id"
            ),
        ),
    ),
    Mutant(
        "principal-trims-id",
        PRINCIPALS,
        "    return Principal(tenant, authority, kind, rest)\n",
        "    return Principal(tenant, authority, kind, rest.strip())\n",
        "An id with a space at its end becomes somebody else's.",
        ("tests/acl/model/test_principals.py::test_what_is_around_an_id_belongs_to_it",),
    ),
    Mutant(
        "principal-drops-authority",
        PRINCIPALS,
        "        return Principal(tenant, AuthorityId(owner), kind, local)\n",
        "        return Principal(tenant, authority, kind, local)\n",
        "A grant to another company's alice is a grant to ours.",
        ("tests/acl/model/test_principals.py::test_the_exchange_spelling_is_read",),
    ),
    Mutant(
        "encoding-without-lengths",
        ENCODING,
        '    return kind + len(body).to_bytes(8, "big") + body\n',
        "    return kind + body\n",
        "Parts of a key run together, and two tuples have one name.",
        ("tests/acl/model/test_encoding.py::test_known_confusions_are_kept_apart",),
    ),
    Mutant(
        "encoding-without-type",
        ENCODING,
        'kind, body = b"I", str(int(value))',
        'kind, body = b"S", str(int(value))',
        "The number 1 and the text `1` have one name.",
        ("tests/acl/model/test_encoding.py::test_known_confusions_are_kept_apart",),
    ),
    Mutant(
        "naming-joins-parts",
        NAMING,
        'encode(["readership-name", kind, self._tenant, *parts])',
        '"/".join(["readership-name", kind, self._tenant, *map(str, parts)]).encode()',
        "`b/c` of source `a` and `c` of source `a/b` are one document.",
        ("tests/acl/keys/test_naming.py::test_parts_of_a_name_do_not_run_together",),
    ),
    Mutant(
        "naming-without-tenant",
        NAMING,
        'encode(["readership-name", kind, self._tenant, *parts])',
        'encode(["readership-name", kind, *parts])',
        "Two tenants under one key name their documents alike.",
        (
            (
                "tests/acl/keys/test_naming.py"
                "::test_another_tenant_and_another_key_name_everything_differently"
            ),
        ),
    ),
    Mutant(
        "naming-readership-without-label",
        NAMING,
        'self._mac("readership", digest, label)',
        'self._mac("readership", digest)',
        "A secret and a public document of equal ACLs share a number, and a ceiling holds neither.",
        ("tests/acl/keys/test_naming.py::test_a_readership_with_another_label_has_another_name",),
    ),
    Mutant(
        "seal-without-label",
        SEAL,
        "                permission.readership,\n                permission.label,\n",
        "                permission.readership,\n",
        "Who edits the registry can call a secret public.",
        ("tests/acl/keys/test_acl_seal.py::test_an_edited_field_breaks_the_seal",),
    ),
    Mutant(
        "seal-without-state",
        SEAL,
        "                permission.state.value,\n",
        "",
        "Who edits the registry can bring a hidden document back.",
        ("tests/acl/keys/test_acl_seal.py::test_an_edited_field_breaks_the_seal",),
    ),
)
