"""A verdict's numbers in words."""

from rollouts.verdict import Evidence, Numbers


def show(numbers: Numbers) -> str:
    """Say failures beside the requests that they are of; those of now apart."""
    stable_errors = numbers.stable_errors - numbers.stable_errors_uncounted
    stable = f"stable {stable_errors:,} of {numbers.stable_requests:,}"
    fresh = numbers.canary_errors_uncounted
    if fresh and not numbers.canary_requests:
        since = numbers.stable_errors_uncounted
        return (
            f"{fresh:,} requests failed, no total is visible yet,"
            f" stable {stable_errors + since:,} meanwhile"
        )
    counted = f"{numbers.canary_errors - fresh:,} of {numbers.canary_requests:,} requests failed"
    if not fresh:
        return f"{counted}, {stable}"
    since = numbers.stable_errors_uncounted
    return f"{counted} and {fresh:,} more since, {stable} and {since:,}"


def show_evidence(evidence: Evidence) -> str:
    """Say how sure a fail is: a chance of one in so many for a canary that is no worse."""
    return f"evidence {evidence.total:,.0f}, {evidence.threshold:,.0f} is enough"
