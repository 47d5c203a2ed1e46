"""
Ceilings narrow, and what is not listed gets the least.
"""

import pytest

from acl.model.labels import NO_CEILING, NO_LABEL_POLICY, LabelPolicy

ORDER = ("public", "internal", "confidential", "secret")
POLICY = LabelPolicy(
    ORDER,
    default="public",
    clients={"desktop": "secret", "chat": "confidential"},
    assurance={"mfa": "secret", "password": "internal"},
)
CLIENTS_ONLY = LabelPolicy(ORDER, default="internal", clients={"desktop": "secret"})

pytestmark = pytest.mark.promise("ceiling")


@pytest.mark.parametrize(
    ("client", "assurance", "top"),
    [
        ("desktop", "mfa", "secret"),
        ("desktop", "password", "internal"),
        ("desktop", None, "public"),
        ("desktop", "unheard-of", "public"),
        ("chat", "mfa", "confidential"),
        ("chat", "password", "internal"),
        ("stranger", "mfa", "public"),
        ("", "", "public"),
        ("Desktop", "mfa", "public"),
        ("desktop", "MFA", "public"),
    ],
)
def test_the_lower_ceiling_counts(client: str, assurance: str | None, top: str) -> None:
    ceiling = POLICY.ceiling(client, assurance)

    assert top == ceiling.top
    assert ORDER[: ORDER.index(top) + 1] == tuple(one for one in ORDER if ceiling.covers(one))


@pytest.mark.parametrize("assurance", [None, "mfa", ""])
def test_assurance_counts_only_where_a_level_is_listed(assurance: str | None) -> None:
    assert "secret" == CLIENTS_ONLY.ceiling("desktop", assurance).top
    assert "internal" == CLIENTS_ONLY.ceiling("stranger", assurance).top


@pytest.mark.parametrize("assurance", [None, "", "password", "MFA"])
def test_a_login_without_a_level_gets_the_lowest_label(assurance: str | None) -> None:
    """
    The lowest of the order, and not what a client without a line of its own gets.
    """
    policy = LabelPolicy(ORDER, "confidential", {"desktop": "secret"}, {"mfa": "secret"})

    assert "public" == policy.ceiling("desktop", assurance).top
    assert "secret" == policy.ceiling("desktop", "mfa").top
    assert "confidential" == policy.ceiling("stranger", "mfa").top


@pytest.mark.parametrize("label", ["unlabelled", "", "Public", "top secret"])
def test_a_label_that_is_not_listed_lies_above_every_ceiling(label: str) -> None:
    assert not POLICY.ceiling("desktop", "mfa").covers(label)
    assert POLICY.above(label, "secret")


def test_without_a_policy_labels_decide_nothing() -> None:
    assert NO_CEILING == NO_LABEL_POLICY.ceiling("anybody", None)
    assert NO_CEILING.covers("anything")


def test_above_is_the_order() -> None:
    assert [one for one in ORDER if POLICY.above(one, "internal")] == ["confidential", "secret"]
