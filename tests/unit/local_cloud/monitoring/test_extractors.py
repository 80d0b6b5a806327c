"""What is taken out of a log entry, by Google's two expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.extractors import extractor

ENTRY = {
    "httpRequest": {"status": 503, "requestUrl": "https://fleet/vehicles/17?x=1"},
    "jsonPayload": {"event": "page.sent", "urgent": True, "steps": [10, 50]},
    "resource": {"labels": {"revision_name": "fleet-2"}},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EXTRACT(resource.labels.revision_name)", "fleet-2"),
        ("EXTRACT( httpRequest.status )", "503"),
        ("EXTRACT(jsonPayload.urgent)", "true"),
        ("EXTRACT(jsonPayload.steps)", None),
        ("EXTRACT(jsonPayload.event.name)", None),
        ("EXTRACT(textPayload)", None),
        ('REGEXP_EXTRACT(httpRequest.requestUrl, "/vehicles/([0-9]+)")', "17"),
        (r'REGEXP_EXTRACT(httpRequest.requestUrl, "/vehicles/(\\d+)")', "17"),
        ("REGEXP_EXTRACT(httpRequest.requestUrl, '/drivers/([0-9]+)')", None),
    ],
)
def test_an_expression_finds_a_text_or_nothing(text, found):
    assert extractor(text).text(ENTRY) == found


@pytest.mark.parametrize(
    "text",
    [
        "resource.labels.revision_name",
        "EXTRACT resource",
        "EXTRACT()",
        'REGEXP_EXTRACT(textPayload, "no group")',
        'REGEXP_EXTRACT(textPayload, "(")',
        'REGEXP_EXTRACT(textPayload, "(a)(b)")',
    ],
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(Refused, match="INVALID_ARGUMENT") as refusal:
        extractor(text)

    assert "such as EXTRACT(resource.labels.revision_name)" in refusal.value.message


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_written_only_refused_escapes(field, pattern):
    refused = []
    for text in (pattern, f"EXTRACT({field})", f'REGEXP_EXTRACT(textPayload, "{pattern}")'):
        try:
            found = extractor(text).text({"textPayload": field})
            assert found is None or isinstance(found, str)
        except Refused as refusal:
            refused.append(refusal.code)
    assert set(refused) <= {"INVALID_ARGUMENT"}
