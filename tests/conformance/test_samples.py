"""The table of official samples, and the samples themselves where they can be had.

The samples are not stored here: samples.py says how to get and to play them. What they show of the
language is in cases/18_after_samples.yaml and cases/19_after_demos.yaml, in words of our own.
"""

import os
from pathlib import Path

from tests.conformance import samples
from tests.conformance.cases import OUTCOMES

FOLDER = os.environ.get("WORKFLOWS_SAMPLES", "")
"""Where the repositories of the samples are; "" where nobody has them."""


def test_each_sample_of_the_table_expects_something_and_says_nothing_that_is_not_read():
    wrong = [
        name
        for name, given in samples.table().items()
        if set(given) - samples.FIELDS or not OUTCOMES & set(given)
    ]

    assert wrong == []
    assert len(samples.table()) >= 44


def test_each_sample_of_the_table_is_of_a_known_repository_and_each_refusal_has_a_reason():
    for name, given in samples.table().items():
        assert name.partition("/")[0] in samples.REPOSITORIES
        assert name.endswith((".yaml", ".json"))
        assert "because" in given or "deploy" not in given


def test_a_folder_is_played_and_what_it_lacks_is_told(tmp_path, capsys):
    place = tmp_path / "workflows-samples/src/dictionary.workflows.yaml"
    place.parent.mkdir(parents=True)
    place.write_text("- only: {return: null}\n")

    assert samples.main([str(tmp_path)]) == 0
    assert f"1 as their table says, 0 not, {len(samples.table()) - 1} missing" in (
        capsys.readouterr().out
    )


def test_a_sample_that_does_otherwise_than_its_table_says_fails(tmp_path, capsys):
    place = tmp_path / "workflows-samples/src/dictionary.workflows.yaml"
    place.parent.mkdir(parents=True)
    place.write_text("- only: {return: 1}\n")

    assert samples.main([str(tmp_path)]) == 1
    assert "result is 1, not None" in capsys.readouterr().out


def test_a_folder_without_any_sample_is_no_success(tmp_path, capsys):
    assert samples.main([str(tmp_path)]) == 1
    assert samples.main([str(tmp_path / "none")]) == 2
    assert "give a folder" in capsys.readouterr().err


if FOLDER:

    def test_the_official_samples_do_as_their_table_says():
        differing = {name: found for name, found in samples.outcomes(Path(FOLDER)) if found}

        assert differing == {}
