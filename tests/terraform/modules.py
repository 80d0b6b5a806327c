"""Which modules and environments there are, and a copy of them whose tests let every refusal out."""

import re
import shutil
from pathlib import Path

from tests.terraform.blocks import Block, blocks
from tests.terraform.harness import ROOT, TERRAFORM

# What modules read besides themselves.
READ = ("functions", "workflows", "delivery.yaml")
EXPECTED = re.compile(
    r"^  expect_failures = \[\n(?:    .*\n)*?  \]\n|^  expect_failures = \[.*\]\n", re.MULTILINE
)


def folders() -> list[Path]:
    """Every folder with a configuration of its own."""
    with_files = {file.parent for file in TERRAFORM.rglob("*.tf") if ".terraform" not in file.parts}
    return sorted(with_files)


def name_of(folder: Path) -> str:
    return folder.relative_to(TERRAFORM).as_posix()


def copy_that_tells_refusals(folder: Path) -> Path:
    """Copy the tree, with only those test runs that expect failures, and without the expectation.

    `terraform test` keeps an expected failure to itself, and with it the message that a user reads.

    Returns:
        The root of the copy.
    """
    copied = folder / "terraform"
    shutil.copytree(TERRAFORM, copied, ignore=shutil.ignore_patterns(".terraform"))
    for name in READ:
        (folder / name).symlink_to(ROOT / name)
    for file in copied.rglob("*.tftest.hcl"):
        _let_out(file)
    return copied


def _let_out(file: Path) -> None:
    """Each refusing run in a file of its own: after a failure Terraform skips the rest of a file."""
    runs = [one for one in blocks(file) if one.kind == "run"]
    common = file.read_text("utf-8")
    for run in runs:
        common = common.replace(_text(run), "")
    for run in runs:
        if EXPECTED.search(_text(run)):
            alone = file.with_name(
                f"{file.name.removesuffix('.tftest.hcl')}-{run.start}.tftest.hcl"
            )
            alone.write_text(common + EXPECTED.sub("", _text(run)), "utf-8")
    file.unlink()


def _text(block: Block) -> str:
    return "\n".join(block.lines) + "\n"
