""".trivyignore.yaml: every accepted vulnerability has a reason and an end."""

import datetime as dt
import re

import pytest
import yaml

from tests.build.cloud_build import ROOT

FILE = ROOT / ".trivyignore.yaml"
FIELDS = {"id", "statement", "expired_at", "paths", "purls"}


def problems(text):
    document = yaml.safe_load(text)
    if set(document) != {"vulnerabilities"}:
        return ["only vulnerabilities are scanned for, so only they can be accepted"]
    return [told for row in document["vulnerabilities"] for told in of_row(row)]


def of_row(row):
    name = row.get("id")
    if not re.fullmatch(r"CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}", str(name)):
        yield f"id is {name!r}: must be a vulnerability, such as CVE-2026-12345."
    if len(str(row.get("statement", "")).split()) < 5:
        yield f"{name}: statement must say why it cannot be reached here, and who says so."
    # A quoted date is text, which Trivy reads as no date at all.
    if type(row.get("expired_at")) is not dt.date:
        yield f"{name}: expired_at must be a date, such as 2026-12-31."
    yield from (f"{name}: {key} is not known" for key in set(row) - FIELDS)


def test_every_row_has_a_reason_and_an_end():
    assert problems(FILE.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{id: CVE-2026-12345, expired_at: 2026-12-31}", "CVE-2026-12345: statement must say"),
        ("{id: CVE-2026-12345, statement: We never open files of strangers.}", "must be a date"),
        (
            "{id: CVE-2026-12345, statement: We never open files of strangers., expired_at: 'soon'}",
            "must be a date",
        ),
        ("{id: openssl, statement: a b c d e, expired_at: 2026-12-31}", "id is 'openssl'"),
        (
            "{id: CVE-2026-12345, statement: a b c d e, expired_at: 2026-12-31, until: x}",
            "until is not known",
        ),
    ],
)
def test_a_row_without_them_is_seen(row, told):
    [problem] = problems(f"vulnerabilities: [{row}]")

    assert told in problem


def test_nothing_but_vulnerabilities_can_be_accepted():
    assert problems("{vulnerabilities: [], secrets: [{id: any}]}") != []
