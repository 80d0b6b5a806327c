import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.up.env_file import read, write

NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)
# One line each: no value of ours ever has more.
VALUES = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)


@given(st.dictionaries(NAMES, VALUES))
def test_what_was_written_is_read(tmp_path_factory, variables):
    path = tmp_path_factory.mktemp("env") / "env"

    write(path, variables)

    assert read(path) == variables


def test_credentials_of_the_developer_are_taken_out_of_the_shell(tmp_path):
    write(tmp_path / "env", {"A": "1"})

    text = (tmp_path / "env").read_text()

    assert "unset GOOGLE_APPLICATION_CREDENTIALS " in text
    assert text.endswith("export A=1\n")


def test_nothing_unfinished_is_left(tmp_path):
    write(tmp_path / "env", {"A": "1"})

    assert [path.name for path in tmp_path.iterdir()] == ["env"]


def test_a_file_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        read(tmp_path / "env")
