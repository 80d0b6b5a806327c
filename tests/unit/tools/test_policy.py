"""What `make policy` says of Checkov's findings. The scanner itself is tried by each run of it."""

import json

from tools.policy import CAUGHT, Finding, _documents, judge

PLANTED = [Finding(check, "wrong", "/tmp/planted-x/open.tf:1 a.b", "") for check in CAUGHT]
OURS = Finding("CKV_GCP_1", "Ensure logs", "terraform/modules/x/a.tf:3 google_x.y", "")
TOLD = ("CKV_GCP_1", "terraform/modules/x/a.tf")


def test_a_finding_without_a_reason_is_told():
    (told,) = judge([*PLANTED, OURS], "planted-x", set())

    assert told == "CKV_GCP_1 terraform/modules/x/a.tf:3 google_x.y: Ensure logs"


def test_a_finding_with_a_reason_is_not():
    reasoned = OURS._replace(reason="Nobody reads them.")

    assert judge([*PLANTED, reasoned], "planted-x", {TOLD}) == []


def test_a_comment_without_words_is_no_reason():
    wordless = OURS._replace(reason="No comment provided")

    assert len(judge([*PLANTED, wordless], "planted-x", {TOLD})) == 1


def test_a_reason_for_nothing_is_told():
    (told,) = judge(PLANTED, "planted-x", {TOLD})

    assert told == "CKV_GCP_1 terraform/modules/x/a.tf: a reason, but no such finding"


def test_a_scanner_that_misses_a_planted_breach_is_told():
    (told,) = judge(PLANTED[1:], "planted-x", set())

    assert told == f"{PLANTED[0].check}: planted, and not found"


def test_reports_that_stand_in_a_row_are_all_read():
    one, two, three = ({"check_type": name} for name in "abc")
    text = f"{json.dumps(one)}\n{json.dumps([two, three], indent=4)}\n"

    assert list(_documents(text)) == [one, two, three]
