"""A verdict's numbers in words."""

from rollouts.verdict import Evidence, Numbers


def show(numbers: Numbers) -> str:
    """Say failures beside the requests that they are of; those of now apart."""
    fresh, since = numbers.canary_errors_uncounted, numbers.stable_errors_uncounted
    if not numbers.canary_requests and (fresh or not numbers.visible_seconds):
        return _unseen(numbers.percent, fresh, numbers.stable_errors)
    stable = f"stable {numbers.stable_errors - since:,} of {numbers.stable_requests:,}"
    counted = f"{numbers.canary_errors - fresh:,} of {numbers.canary_requests:,} requests failed"
    if not fresh:
        return f"{counted}, {stable}"
    return f"{counted} and {fresh:,} more since, {stable} and {since:,}"


def _unseen(percent: int, fresh: int, stable: int) -> str:
    if not fresh and not stable:
        return f"nothing is visible of {percent} % yet"
    return f"{fresh:,} requests failed, no total is visible yet, stable {stable:,} meanwhile"


def show_evidence(evidence: Evidence) -> str:
    """Say how sure a fail is: a chance of one in so many for a canary that is no worse."""
    return f"evidence {evidence.total:,.0f}, {evidence.threshold:,.0f} is enough"
