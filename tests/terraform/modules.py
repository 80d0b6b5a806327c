"""Which modules and environments there are, and copies of them that are quicker, or tell more."""

import functools
import hashlib
import re
import shutil
from pathlib import Path

from tests.terraform.blocks import Block, blocks
from tests.terraform.harness import ROOT, TERRAFORM, terraform

# What modules read besides themselves and the functions. The delivery.yaml at the top is for its users to change.
READ = {"workflows": "workflows", "delivery.yaml": "docs/examples/delivery.yaml"}
# What the owner of an installation adds: tests are about the repository.
OF_AN_INSTALLATION = (".terraform*", "*.tfstate*", "*.tfvars", "backend.tf")
EXPECTED = re.compile(
    r"^  expect_failures = \[\n(?:    .*\n)*?  \]\n|^  expect_failures = \[.*\]\n", re.MULTILINE
)


def folders() -> list[Path]:
    """Every folder with a configuration of its own."""
    with_files = {file.parent for file in TERRAFORM.rglob("*.tf") if ".terraform" not in file.parts}
    return sorted(with_files)


def name_of(folder: Path) -> str:
    return folder.relative_to(TERRAFORM).as_posix()


@functools.cache
def light_tree() -> Path:
    """The root of a `light_copy` that is gone when the process ends."""
    return light_copy(terraform().folder / "light")


@functools.cache
def tree_of_what_passes() -> Path:
    """A `light_tree` without the test runs that expect a variable to be refused.

    They are played once, in `tree_that_tells_refusals`, where more is seen of them.
    """
    copied = light_copy(terraform().folder / "passing")
    for file in copied.rglob("*.tftest.hcl"):
        text = file.read_text("utf-8")
        for run in blocks(file):
            text = text.replace(_text(run), "") if refused_by(run) else text
        file.write_text(text, "utf-8")
    return copied


def refused_by(run: Block) -> frozenset[str]:
    """Return the variables that a test run expects to be refused, and nothing else expects."""
    found = EXPECTED.search(_text(run)) if run.kind == "run" else None
    names = re.findall(r"\b(\w+)\.(\w+)", found.group()) if found else []
    return frozenset(name for kind, name in names if kind == "var")


@functools.cache
def tree_that_tells_refusals() -> Path:
    """A `light_tree` with only those test runs that expect failures, and without the expectation.

    `terraform test` keeps an expected failure to itself, and with it the message that a user reads.
    """
    copied = light_copy(terraform().folder / "refusals")
    for file in copied.rglob("*.tftest.hcl"):
        _let_out(file)
    return copied


def light_copy(folder: Path) -> Path:
    """Copy the tree, with functions whose sources are only their hashes.

    Terraform does nothing with a source but archive it, and writes its 600 kB down a hundred times
    for one plan: most of the time that the plan takes.

    Returns:
        The root of the copy.
    """
    copied = folder / "terraform"
    shutil.copytree(TERRAFORM, copied, ignore=shutil.ignore_patterns(*OF_AN_INSTALLATION))
    for name, source in READ.items():
        (folder / name).symlink_to(ROOT / source)
    functions = ROOT / "functions"
    for file in functions.rglob("*"):
        light = folder / "functions" / file.relative_to(functions)
        if file.is_file() and "__pycache__" not in file.parts:
            light.parent.mkdir(parents=True, exist_ok=True)
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest().encode()
            light.write_bytes(content if file.suffix == ".yaml" else digest)
    return copied


def _let_out(file: Path) -> None:
    """Each refusing run in a file of its own: after a failure Terraform skips the rest of a file."""
    runs = [one for one in blocks(file) if one.kind == "run"]
    common = file.read_text("utf-8")
    for run in runs:
        common = common.replace(_text(run), "")
    for run in runs:
        if refused_by(run):
            name = f"{file.name.removesuffix('.tftest.hcl')}-{run.start}.tftest.hcl"
            file.with_name(name).write_text(common + EXPECTED.sub("", _text(run)), "utf-8")
    file.unlink()


def _text(block: Block) -> str:
    return "\n".join(block.lines) + "\n"
