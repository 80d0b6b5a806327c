import hashlib
import json
from pathlib import Path

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.registry.images import Images, Reference

REPOSITORY = "europe-west1-docker.pkg.dev/build/shop/api"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "package").mkdir(parents=True)
    (folder / "main.py").write_text("print('hello')\n")
    (folder / "package" / "data.txt").write_text("1")
    return folder


def test_the_same_content_has_the_same_digest_wherever_it_lies(source, tmp_path):
    copy = tmp_path / "elsewhere"
    source.rename(copy)
    first = Images().push(REPOSITORY, directory=copy, command=["run"])
    copy.rename(source)

    second = Images().push("other/repository", directory=source, command=["run"])

    assert second.digest == first.digest


@pytest.mark.parametrize("changed", ["file", "name", "command", "env", "workdir"])
def test_any_change_of_content_or_config_changes_the_digest(source, changed):
    images = Images()
    before = images.push(REPOSITORY, directory=source, command=["run"]).digest

    if changed == "file":
        (source / "main.py").write_text("print('other')\n")
    if changed == "name":
        (source / "main.py").rename(source / "mine.py")
    after = images.push(
        REPOSITORY,
        directory=source,
        command=["run", "it"] if changed == "command" else ["run"],
        env={"A": "1"} if changed == "env" else {},
        workdir="package" if changed == "workdir" else "",
    ).digest

    assert after != before


def test_what_running_leaves_behind_is_not_content(source):
    before = Images().push(REPOSITORY, directory=source, command=["run"]).digest

    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "main.cpython-311.pyc").write_bytes(b"x")

    assert Images().push(REPOSITORY, directory=source, command=["run"]).digest == before


def test_a_digest_is_the_hash_of_its_manifest(source):
    images = Images()
    pushed = images.push(REPOSITORY, directory=source, command=["run"], index=True)

    assert pushed.child_digest is not None
    for digest in (pushed.digest, pushed.child_digest):
        _, body = images.manifest(REPOSITORY, digest)
        assert digest == "sha256:" + hashlib.sha256(body).hexdigest()


def test_an_index_names_its_linux_child_and_resolves_to_it(source):
    images = Images()
    pushed = images.push(REPOSITORY, directory=source, command=["run"], index=True)

    media_type, body = images.manifest(REPOSITORY, pushed.digest)

    assert media_type == "application/vnd.oci.image.index.v1+json"
    (child,) = json.loads(body)["manifests"]
    assert child["digest"] == pushed.child_digest
    assert child["platform"] == {"architecture": "amd64", "os": "linux"}
    assert images.resolve(pushed.reference).digest == pushed.child_digest


def test_a_tag_moves_with_the_newest_push(source):
    images = Images()
    images.push(REPOSITORY, directory=source, command=["old"], tag="v1")
    images.push(REPOSITORY, directory=source, command=["new"], tag="v1")

    assert images.resolve(f"{REPOSITORY}:v1").command == ("new",)


@pytest.mark.parametrize("reference", [f"{REPOSITORY}:nope", REPOSITORY, f"{REPOSITORY}@sha256:0"])
def test_an_unknown_reference_is_not_found(source, reference):
    images = Images()
    images.push(REPOSITORY, directory=source, command=["run"], tag="v1")

    with pytest.raises(Refused, match="not found") as refused:
        images.resolve(reference)

    assert refused.value.code == "NOT_FOUND"


def test_a_digest_is_known_only_in_the_repository_it_was_pushed_to(source):
    images = Images()
    pushed = images.push(REPOSITORY, directory=source, command=["run"])

    with pytest.raises(Refused):
        images.resolve(f"europe-west1-docker.pkg.dev/build/shop/other@{pushed.digest}")


def test_a_store_keeps_what_was_pushed(source, tmp_path):
    images = Images(tmp_path / "store")
    pushed = images.push(REPOSITORY, directory=source, command=["run"], workdir="package")

    (source / "package" / "data.txt").write_text("2")

    workdir = images.resolve(pushed.reference).workdir
    assert workdir is not None
    assert (workdir / "data.txt").read_text() == "1"


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest"),
    [
        ("host/a/b@sha256:1", "host/a/b", "latest", "sha256:1"),
        ("host/a/b:v1@sha256:1", "host/a/b", "v1", "sha256:1"),
        ("localhost:5000/b", "localhost:5000/b", "latest", None),
        ("localhost:5000/b:v2", "localhost:5000/b", "v2", None),
    ],
)
def test_a_reference_is_taken_apart(text, repository, tag, digest):
    assert Reference.parse(text) == Reference(repository, tag, digest)
