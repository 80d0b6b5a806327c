from benchmarks.verdict.latencies import USUAL
from benchmarks.verdict.rivals import Argo, FixedCounts, Flagger, ReleaseManager
from tests.unit.benchmarks.verdict.ticking import answers, counts, minutes, tick

FINE = counts(100, 0)
BAD = counts(100, 10)
SILENT = counts(0, 0)


def flagger():
    return Flagger(USUAL.bounds_ms)


def test_fixed_counts_allow_five_errors_at_the_first_step():
    said = answers(FixedCounts(), [tick(0, counts(100, 5)), tick(1), tick(2, counts(100, 1))])

    assert said == ["go", "go", "back"]


def test_fixed_counts_allow_ten_at_a_later_step_and_begin_again_there():
    ticks = [tick(0, counts(100, 5)), tick(1, counts(100, 10), step=1), tick(2, step=1)]

    assert answers(FixedCounts(), ticks) == ["go", "go", "go"]
    assert answers(FixedCounts(), [*ticks, tick(3, counts(9, 1), step=1)])[-1] == "back"


def test_fixed_counts_count_what_the_platform_answered_too():
    assert answers(FixedCounts(), [tick(0, counts(100, 0, unreached=6))]) == ["back"]


def test_flagger_rolls_back_at_the_check_after_the_fifth_failed_one():
    said = answers(flagger(), minutes(*[BAD] * 7))

    assert said.index("back") == 6 * 6 - 1


def test_flagger_adds_failed_checks_up_over_the_whole_rollout():
    said = answers(flagger(), minutes(BAD, FINE, BAD, FINE, BAD, FINE, BAD, FINE, BAD, FINE))

    assert said.index("back") == 10 * 6 - 1


def test_flagger_halts_the_advance_after_a_failed_check_only():
    said = answers(flagger(), minutes(FINE, BAD, FINE, FINE))

    assert said == ["go"] * 11 + ["hold"] * 6 + ["go"] * 7


def test_flagger_takes_no_value_for_a_failed_check():
    assert "back" in answers(flagger(), minutes(*[SILENT] * 6))


def test_flagger_takes_a_p99_above_500_ms_for_a_failed_check():
    slow = next(i for i, bound in enumerate(USUAL.bounds_ms) if bound > 600)

    assert answers(flagger(), minutes(counts(100, bucket=slow)))[-1] == "hold"
    assert answers(flagger(), minutes(counts(100)))[-1] == "go"


def test_flagger_checks_nothing_at_100_percent():
    assert set(answers(flagger(), minutes(*[BAD] * 8, percent=100))) == {"go"}


def test_a_success_rate_of_99_percent_is_enough_for_flagger():
    assert answers(flagger(), minutes(counts(100, 1)))[-1] == "go"
    assert answers(flagger(), minutes(counts(100, 2)))[-1] == "hold"


def test_argo_aborts_at_the_fourth_failed_measurement_in_a_row_or_not():
    said = answers(Argo(), minutes(BAD, FINE, BAD, FINE, BAD, FINE, BAD))

    assert said.index("back") == 7 * 6 - 1
    assert "back" not in answers(Argo(), minutes(BAD, BAD, BAD, FINE, FINE))


def test_argo_is_content_with_95_percent():
    assert "back" not in answers(Argo(), minutes(*[counts(100, 5)] * 9))


def test_argo_takes_nan_for_a_failure():
    assert answers(Argo(), minutes(*[SILENT] * 4))[-1] == "back"


def test_release_manager_rolls_back_above_one_percent_of_the_last_30_minutes():
    assert "back" not in answers(ReleaseManager(), minutes(counts(100, 1)))
    assert answers(ReleaseManager(), minutes(FINE, counts(100, 3)))[-1] == "back"


def test_release_manager_forgets_what_is_older_than_30_minutes():
    quiet = [counts(1000, 0)] + [FINE] * 30

    assert "back" not in answers(ReleaseManager(), minutes(*quiet))
    assert "back" not in answers(ReleaseManager(), minutes(*quiet[:20], counts(100, 4)))
    assert answers(ReleaseManager(), minutes(*quiet, counts(100, 50)))[-1] == "back"


def test_release_manager_rolls_back_on_a_single_error_of_few_requests():
    """`min-requests` is 0 by default, and unhealthy wins over inconclusive."""
    assert answers(ReleaseManager(), minutes(counts(1, 1)))[-1] == "back"


def test_release_manager_takes_silence_for_health():
    assert "back" not in answers(ReleaseManager(), minutes(*[SILENT] * 10))
