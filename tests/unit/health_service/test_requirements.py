"""The pins of the image: what the `.in` file asks for, and the same as the laptop's.

Text against text: no package index is asked. Which platforms have wheels cannot be told from hashes.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WANTED = ROOT / "requirements" / "health_service.in"
LOCKED = ROOT / "health_service" / "requirements.txt"
LAPTOP = ROOT / "requirements" / "dev.txt"


@dataclass(frozen=True)
class Pin:
    """One locked package; `via` names who asks for it."""

    version: str
    hashes: frozenset[str]
    via: frozenset[str]


def name_of(requirement: str) -> str:
    """The package's normalized name, without extras, version and marker."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def read_lock(text: str) -> dict[str, Pin]:
    """Read what `uv pip compile --generate-hashes` writes."""
    pins = {}
    for block in re.split(r"\n(?=\S)", text.strip()):
        head = re.match(r"\S+?==(\S+)", block)
        assert head, f"not a pin: {block.splitlines()[0]}"
        hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", block))
        asked_by = re.findall(r"^\s+# (?:via )?\s*(\S.*)$", block, re.MULTILINE)
        via = frozenset(word for word in asked_by if word not in {"via", "-c requirements/dev.txt"})
        pins[name_of(block)] = Pin(head[1], hashes, via)
    return pins


def wanted() -> set[str]:
    lines = WANTED.read_text("utf-8").splitlines()
    return {name_of(line) for line in lines if line.strip() and not line.startswith("#")}


@pytest.fixture(scope="module")
def locked():
    return read_lock(LOCKED.read_text("utf-8"))


def test_every_package_is_pinned_and_hashed(locked):
    assert len(locked) > len(wanted())
    assert [name for name, pin in locked.items() if not pin.hashes] == []


def test_the_lock_is_what_the_in_file_asks_for(locked):
    """A line added without `make lock`, or a pin that was left behind, is seen here."""
    asked = {name for name, pin in locked.items() if "-r requirements/health_service.in" in pin.via}

    assert asked == wanted()


def test_whatever_else_is_locked_is_asked_for_by_a_locked_package(locked):
    strays = {
        name: pin.via
        for name, pin in locked.items()
        if not pin.via & {"-r requirements/health_service.in", *locked}
    }

    assert strays == {}


def test_the_image_gets_what_the_laptop_tests(locked):
    laptop = read_lock(LAPTOP.read_text("utf-8"))

    assert {name: (pin.version, pin.hashes) for name, pin in locked.items()} == {
        name: (laptop[name].version, laptop[name].hashes) for name in locked
    }


def test_a_lock_that_holds_no_pin_is_not_taken_for_one():
    with pytest.raises(AssertionError, match=r"not a pin: asyncpg>=0\.30"):
        read_lock("asyncpg>=0.30\n    # via x\n")
