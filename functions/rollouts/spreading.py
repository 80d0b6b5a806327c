"""Whole numbers that add up: how a sample period's total is spread over its intervals."""

from collections.abc import Sequence


def spread(total: int, weights: Sequence[int], floors: Sequence[int]) -> list[int]:
    """Spread `total` by weight, nowhere below a floor; the sum is `total` or that of the floors.

    Where the weights of what is left are all 0 they count as equal. Rounding is cumulative, so
    the parts always add up.
    """
    given = [0] * len(weights)
    fixed: set[int] = set()
    while len(fixed) < len(weights):
        free = [index for index in range(len(weights)) if index not in fixed]
        left = max(0, total - sum(floors[index] for index in fixed))
        for index, part in zip(free, _by_weight(left, [weights[i] for i in free]), strict=True):
            given[index] = part
        under = {index for index in free if given[index] < floors[index]}
        if not under:
            break
        fixed |= under
        for index in under:
            given[index] = floors[index]
    return given


def _by_weight(total: int, weights: Sequence[int]) -> list[int]:
    if not any(weights):
        weights = [1] * len(weights)
    whole, told, so_far, parts = sum(weights), 0, 0, []
    for weight in weights:
        so_far += weight
        upto = (2 * total * so_far + whole) // (2 * whole)
        parts.append(upto - told)
        told = upto
    return parts
