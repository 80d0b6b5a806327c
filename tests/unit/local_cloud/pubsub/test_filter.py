"""The filter language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.errors import Refused
from local_cloud.pubsub.filter import parse

COM = {"domain": "com", "lang": "en"}


@pytest.mark.parametrize(
    ("text", "attributes", "expected"),
    [
        ("", {}, True),
        ("attributes:domain", COM, True),
        ("attributes:domain", {}, False),
        ('attributes.domain = "com"', COM, True),
        ('attributes.domain="com"', COM, True),
        ('attributes.domain = "co"', COM, False),
        ('attributes.domain = "COM"', COM, False),
        ('attributes.domain != "com"', COM, False),
        ('attributes.domain != "org"', COM, True),
        ('attributes.domain != "org"', {}, True),
        ('hasPrefix(attributes.domain, "co")', COM, True),
        ('hasPrefix(attributes.domain, "om")', COM, False),
        ('hasPrefix(attributes.domain, "")', {}, False),
        ("NOT attributes:domain", {}, True),
        ("NOT NOT attributes:domain", COM, True),
        ('NOT hasPrefix(attributes.domain, "co")', COM, False),
        ('attributes:domain AND attributes.lang = "en"', COM, True),
        ('attributes:domain AND attributes.lang = "de"', COM, False),
        ('attributes:nope OR attributes.lang = "en"', COM, True),
        ('(attributes:nope OR attributes:lang) AND attributes.domain = "com"', COM, True),
        ('attributes:"iana.org/language_tag"', {"iana.org/language_tag": "en"}, True),
        ('attributes."iana.org/language_tag" = "en"', {"iana.org/language_tag": "en"}, True),
        ('attributes.ce-type = "a.b"', {"ce-type": "a.b"}, True),
        (r'attributes.k = "say \"hi\""', {"k": 'say "hi"'}, True),
        (r'attributes.k = "\u307F"', {"k": "\u307f"}, True),
    ],
)
def test_a_filter_decides_as_documented(text, attributes, expected):
    assert parse(text)(attributes) is expected


@pytest.mark.parametrize(
    "text",
    [
        "attributes",
        "attributes.k",
        "attributes.k = v",
        "attributes.k = 'v'",
        'attributes.k > "v"',
        'attributes.k == "v"',
        'status = "SUCCESS"',
        'attributes.k = "open',
        r'attributes.k = "\d"',
        "attributes:a AND",
        "attributes:a and attributes:b",
        "attributes:a attributes:b",
        "attributes:a AND attributes:b OR attributes:c",
        "(attributes:a",
        "attributes:a)",
        "attributes:iana.org/tag",
        "hasPrefix(attributes.a)",
        'attributes.k = "' + "v" * 256 + '"',
    ],
)
def test_what_is_no_filter_is_refused(text):
    with pytest.raises(Refused) as refusal:
        parse(text)

    assert refusal.value.code == "INVALID_ARGUMENT"


@given(
    st.lists(
        st.sampled_from(
            [
                "attributes",
                ".",
                ":",
                "k",
                "=",
                "!=",
                '"v"',
                "AND",
                "OR",
                "NOT",
                "(",
                ")",
                "hasPrefix",
            ]
        ),
        max_size=12,
    )
)
def test_whatever_stands_in_a_filter_nothing_but_a_refusal_escapes(words):
    try:
        matches = parse(" ".join(words))
    except Refused:
        return
    assert matches({"k": "v"}) in (True, False)
