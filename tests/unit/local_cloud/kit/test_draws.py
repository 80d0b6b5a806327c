import random
from collections import Counter
from math import comb

import pytest

from local_cloud.kit.draws import binomial


def test_no_trial_succeeds_without_a_chance_and_each_one_with_certainty():
    rng = random.Random(1)

    assert binomial(rng, 50, 0.0) == 0
    assert binomial(rng, 0, 0.5) == 0
    assert binomial(rng, 50, 1.0) == 50
    assert binomial(rng, 50, 5e-324) == 0


@pytest.mark.parametrize(("count", "ratio"), [(5, 0.1), (5, 0.5), (5, 0.9), (30, 0.5), (700, 0.01)])
def test_successes_are_as_frequent_as_the_binomial_distribution_says(count, ratio):
    rng, draws = random.Random(2), 20_000

    found = Counter(binomial(rng, count, ratio) for _ in range(draws))

    for hits in range(count + 1):
        chance = comb(count, hits) * ratio**hits * (1 - ratio) ** (count - hits)
        deviation = (draws * chance * (1 - chance)) ** 0.5
        assert abs(found[hits] - draws * chance) < 5 * deviation + 1
