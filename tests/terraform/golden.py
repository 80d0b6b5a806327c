"""Rewrites the golden summaries of the environments: `python -m tests.terraform.golden`.

Look at the difference before you commit it: it is what the cloud would see.
"""

from pathlib import Path

from tests.terraform.environments import ENVIRONMENTS, planned
from tests.terraform.grants import LIST, listed
from tests.terraform.summaries import summary

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> str:
    """The summary of an environment as it is planned now."""
    return summary(planned(name), ENVIRONMENTS[name])


if __name__ == "__main__":
    for environment in ENVIRONMENTS:
        (GOLDEN / f"{environment}.txt").write_text(golden(environment), "utf-8")
    LIST.write_text(listed(), "utf-8")
