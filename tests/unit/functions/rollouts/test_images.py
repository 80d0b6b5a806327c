"""Image references: by digest, never by tag."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.images import (
    Image,
    digest_of,
    is_placeholder,
    parse_image,
    repository_of,
    short,
)
from tests.unit.functions.rollouts.builders import DIGEST, REPOSITORY


@pytest.mark.parametrize("reference", [f"{REPOSITORY}@{DIGEST}", f"{REPOSITORY}:v7@{DIGEST}"])
def test_an_image_is_its_repository_and_its_digest(reference):
    image = parse_image(reference)

    assert image == Image(REPOSITORY, DIGEST)
    assert str(image) == f"{REPOSITORY}@{DIGEST}"


def test_a_tag_alone_is_refused_with_the_command_that_prints_its_digest():
    with pytest.raises(ValueError, match="must name a digest, not a tag") as refusal:
        parse_image("host/p/r/api:latest")

    assert "gcloud artifacts docker images describe host/p/r/api:latest" in str(refusal.value)


@pytest.mark.parametrize(
    "reference",
    ["host/api@", "host/api@sha256:12", f"@{DIGEST}", f"host/a pi@{DIGEST}", f"host/api@@{DIGEST}"],
)
def test_a_damaged_reference_is_refused(reference):
    with pytest.raises(ValueError, match="must end in @sha256:"):
        parse_image(reference)


@pytest.mark.parametrize("value", [None, "", 7, {"image": "x"}])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(ValueError, match="must be an image by digest"):
        parse_image(value)


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("host:5000/api:v1", "host:5000/api"),
        ("host:5000/api", "host:5000/api"),
        (f"host/p/api:v1@{DIGEST}", "host/p/api"),
        ("api:v1", "api"),
    ],
)
def test_a_repository_has_neither_tag_nor_digest_and_keeps_its_port(reference, repository):
    assert repository_of(reference) == repository


def test_a_digest_is_found_only_where_it_is_whole():
    assert digest_of(f"host/api@{DIGEST}") == DIGEST
    assert digest_of("host/api:v1") is None
    assert digest_of("host/api@sha256:12") is None


def test_a_digest_is_said_by_its_first_digits():
    assert short("sha256:0123456789abcdef") == "01234567"


def test_the_installers_image_is_known_as_a_placeholder_by_tag_and_by_digest():
    assert is_placeholder("us-docker.pkg.dev/cloudrun/container/hello")
    assert is_placeholder("gcr.io/cloudrun/hello:latest")
    assert is_placeholder(f"gcr.io/cloudrun/placeholder@{DIGEST}")
    assert not is_placeholder(f"{REPOSITORY}@{DIGEST}")


@given(st.text(max_size=60) | st.text(alphabet="ab:/@.-", max_size=20).map(lambda t: t + DIGEST))
def test_whatever_text_arrives_it_is_refused_or_written_back_as_an_image(text):
    try:
        image = parse_image(text)
    except ValueError:
        return
    assert parse_image(str(image)) == image
