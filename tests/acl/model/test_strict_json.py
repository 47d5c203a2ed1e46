"""
One text has one meaning, or none.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.strict_json import MAX_DEPTH, MAX_INTEGER_DIGITS, named_in, parse_object
from tests.properties.effort import tries

numbers = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
objects = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | numbers | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=10,
    ),
    max_size=4,
)

BAD = {
    "nothing": b"",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "two objects": b"{}{}",
    "trailing comma": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "a comment": b'{"a":1}//x',
    "byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'{"a":"\xff"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "an overlong slash": b'{"a":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "repeated member": b'{"a":1,"a":1}',
    "repeated by escape": b'{"a":1,"\\u0061":2}',
    "repeated inside": b'{"x":[{"a":1,"a":2}]}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "-Infinity": b'{"a":[-Infinity]}',
    "a float without end": b'{"a":1e400}',
    "a long integer": b'{"a":' + b"9" * (MAX_INTEGER_DIGITS + 1) + b"}",
    "a very long integer": b'{"a":-' + b"9" * 5_000 + b"}",
    "too deep": b'{"a":' * MAX_DEPTH + b"{}" + b"}" * MAX_DEPTH,
    "far too deep": b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep and unclosed": b'{"a":' * 50_000,
    "a raw newline": b'{"a":"\n"}',
    "NUL": b'{"a":1}\0',
    "half a surrogate pair": b'{"a":"\\ud800"}',
    "the other half": b'{"a":["x\\uDFFF"]}',
    "half a pair in a name": b'{"x":{"\\udc00":1}}',
    "halves in the wrong order": b'{"a":"\\ude00\\ud83d"}',
}


@given(value=objects)
@tries(200)
def test_an_object_is_read_as_it_was_written(value: dict[str, object]) -> None:
    assert value == parse_object(json.dumps(value).encode())


@pytest.mark.parametrize("case", sorted(BAD))
def test_what_could_mean_two_things_is_refused(case: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any wording
        parse_object(BAD[case])


@given(text=st.binary(max_size=60))
@tries(300)
def test_bytes_are_an_object_or_a_value_error(text: bytes) -> None:
    try:
        parse_object(text)
    except ValueError:
        return
    assert text.strip().startswith(b"{")


def test_a_whole_surrogate_pair_is_one_character() -> None:
    """
    So is an escaped backslash before what would be half of one.
    """
    assert {"a": "\U0001f600"} == parse_object(b'{"a":"\\ud83d\\ude00"}')
    assert {"a": r"\ud800"} == parse_object(rb'{"a":"\\ud800"}')


def test_half_a_pair_is_let_through_for_who_asks_for_it() -> None:
    assert {"a": "\ud800"} == parse_object(b'{"a":"\\ud800"}', half_pairs=True)


def test_the_limits_themselves_are_accepted() -> None:
    deep = b'{"a":' * (MAX_DEPTH - 1) + b"{}" + b"}" * (MAX_DEPTH - 1)
    long = b'{"a":-' + b"9" * MAX_INTEGER_DIGITS + b"}"

    assert {"a"} == parse_object(deep).keys()
    assert -(10**MAX_INTEGER_DIGITS - 1) == parse_object(long)["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"id":"a","n":NaN}', "a"),
        (b'{"id":"a","id":"b"}', None),
        (b'{"id":7}', None),
        (b'["id"]', None),
        (b"{", None),
        (b'{"id":' + b"[" * 50_000, None),
        (b"\xff", None),
    ],
)
def test_a_refused_object_is_named_only_beyond_doubt(text: bytes, expected: str | None) -> None:
    assert expected == named_in(text, "id")
