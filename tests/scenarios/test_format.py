"""
A scenario that says less than it must, or something that nobody reads, is refused.
"""

from pathlib import Path

import pytest

from tests.scenarios.format import FOLDER, ScenarioError, load_scenario, load_scenarios

GOOD = """\
# Why this scenario exists.
name: good
given:
  readers: [alice, bob]
  groups: {eng: ["user:alice"]}
  documents: {plan: {allow: ["group:eng"]}}
expect:
  can_read: {plan: [alice]}
  searches: {alice: [plan], bob: []}
then:
  - change: {groups: {eng: []}}
    expect:
      can_read: {plan: []}
      searches: {alice: [], bob: []}
"""

SPOILED: dict[str, tuple[str, str, str]] = {
    "no comment": ("# Why this scenario exists.\n", "", "without a comment"),
    "another name": ("name: good", "name: bad", "another name"),
    "an unknown key": ("given:", "given:\n  group: {}", "Extra inputs"),
    "an unknown key of a document": (
        '["group:eng"]}}',
        '["group:eng"], denied: []}}',
        "Extra inputs",
    ),
    "an unknown key of a step": ("  - change:", "  - when: 1\n    change:", "Extra inputs"),
    "a key that stands twice": ("name: good", "name: good\nname: good", "stand twice"),
    "a document without expectation": ("can_read: {plan: [alice]}", "can_read: {}", "must list"),
    "a reader without expectation": (", bob: []}\nthen", "}\nthen", "must list"),
    "a later reader without expectation": (
        "searches: {alice: [], bob: []}",
        "searches: {alice: []}",
        "must list",
    ),
    "an expectation of nobody's": ("can_read: {plan: []}", "can_read: {plan: [carol]}", "differ"),
    "expectations that differ": ("searches: {alice: [plan]", "searches: {alice: []", "differ"),
    "no expectation": (
        "    expect:\n      can_read: {plan: []}\n      searches: {alice: [], bob: []}\n",
        "",
        "Field required",
    ),
    "a step that changes nothing": ("change: {groups: {eng: []}}", "silent: []", "changes nothing"),
    "a time without zone": (
        "  - change:",
        "  - at: '2027-02-01T00:00:00'\n    change:",
        "time zone",
    ),
    "a step back in time": (
        "  - change:",
        "  - at: '2020-02-01T00:00:00Z'\n    change:",
        "back in time",
    ),
    "an unknown source": (
        "    expect:\n      can",
        "    silent: [wiki]\n    expect:\n      can",
        "no source",
    ),
    "a silent source that changes": (
        "    expect:\n      can",
        "    silent: [corp]\n    expect:\n      can",
        "is silent",
    ),
    "an ACL in two ways": (
        '{allow: ["group:eng"]}',
        '{allow: ["group:eng"], gates: []}',
        "states its ACL",
    ),
    "an ACL in no way": ('{allow: ["group:eng"]}', "{}", "states its ACL"),
    "no documents": (
        '  groups: {eng: ["user:alice"]}\n  documents: {plan: {allow: ["group:eng"]}}\n',
        "",
        "documents or sources",
    ),
    "a number for a name": ("name: good", "name: 7", "valid string"),
    "no YAML": ("given:", "given: [", "good.yaml"),
}


def load(folder: Path, text: str) -> None:
    file = folder / "good.yaml"
    file.write_text(text, encoding="utf-8")
    load_scenario(file)


def test_the_example_is_good(tmp_path: Path) -> None:
    load(tmp_path, GOOD)


@pytest.mark.parametrize("what", sorted(SPOILED))
def test_a_spoiled_scenario_is_refused(tmp_path: Path, what: str) -> None:
    old, new, reason = SPOILED[what]
    assert old in GOOD

    with pytest.raises(ScenarioError, match=reason):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_every_scenario_names_the_source_of_its_rule() -> None:
    silent = [
        path.name
        for path in FOLDER.glob("*.yaml")
        if "# Source of the rule: " not in path.read_text(encoding="utf-8").partition("\nname:")[0]
    ]

    assert [] == silent


def test_scenarios_are_not_about_nothing() -> None:
    """
    Taken together they let in and keep out, at the start and after changes.
    """
    scenarios = load_scenarios()
    steps = [step for one in scenarios for step in one.steps]
    refusals = [
        1
        for one in scenarios
        for step in one.steps
        for found in step.expected.values()
        for _ in one.documents - found
    ]

    assert len(steps) > len(scenarios) + 30
    assert sum(len(found) for step in steps for found in step.expected.values()) > 200
    assert len(refusals) > 200
