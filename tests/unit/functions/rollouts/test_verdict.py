"""A verdict on the wire."""

import json

from hypothesis import given
from hypothesis import strategies as st

from rollouts.judging import judge
from rollouts.verdict import Verdict
from tests.unit.functions.rollouts.histories import COMPARED, last_known, rollout, small_histories


def test_a_verdict_is_word_sentence_and_numbers():
    history = rollout((0, 0))

    document = judge(history, COMPARED, last_known(history)).as_json()

    assert document["kind"] == "inconclusive"
    assert document["numbers"]["canary_requests"] == 20
    assert set(document) == set(Verdict.__slots__)


@given(small_histories(), st.booleans())
def test_a_verdict_is_json_without_odd_numbers(history, affinity):
    verdict = judge(history, COMPARED, last_known(history), affinity=affinity)

    text = json.dumps(verdict.as_json(), allow_nan=False)

    assert json.loads(text) == verdict.as_json()
