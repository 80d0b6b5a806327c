import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from health_service.faults import Faults
from health_service.settings import SETTINGS, Settings, SettingsError, parse_settings


def test_an_empty_environment_gives_a_service_without_faults():
    settings = parse_settings({})

    assert settings.port == 8080
    assert settings.host == "0.0.0.0"
    assert settings.project == ""
    assert settings.faults == Faults()
    assert settings.identity.service == "health-service"
    assert settings.identity.version == settings.identity.revision == "unknown"


def test_the_platforms_variables_become_the_identity():
    settings = parse_settings(
        {
            "K_SERVICE": "fleet",
            "K_REVISION": "fleet-9f2c",
            "SERVICE_VERSION": "v2",
            "GOOGLE_CLOUD_REGION": "europe-west1",
            "GOOGLE_CLOUD_PROJECT": "barq-staging",
            "PORT": "18080",
            "HOST": "127.0.0.1",
        }
    )

    identity = settings.identity
    assert (identity.service, identity.revision) == ("fleet", "fleet-9f2c")
    assert (identity.version, identity.region) == ("v2", "europe-west1")
    assert (settings.host, settings.port) == ("127.0.0.1", 18080)
    assert settings.project == "barq-staging"


def test_every_fault_is_read():
    settings = parse_settings(
        {
            "FAULT_ERROR_RATIO": "0.25",
            "FAULT_LATENCY_MS": "250",
            "FAULT_AFTER_SECONDS": "1.5",
            "FAULT_CRASH_AT_START": "TRUE",
            "FAULT_NOT_READY": "true",
            "FAULT_HEALTH": "true",
            "FAULT_SEED": "0",
        }
    )

    assert settings.faults == Faults(0.25, 0.25, 1.5, True, True, True, 0)


def test_all_problems_are_told_at_once_with_name_value_rule_and_example():
    with pytest.raises(SettingsError) as caught:
        parse_settings({"PORT": "http", "FAULT_ERROR_RATIO": "30", "FAULT_HEALTH": "yes"})

    assert caught.value.problems == (
        "PORT is 'http': must be a port from 1 to 65535, such as 8080.",
        "FAULT_ERROR_RATIO is '30': must be a ratio from 0.0 to 1.0, such as 0.3.",
        "FAULT_HEALTH is 'yes': must be true or false, such as true.",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80.0"),
        ("FAULT_ERROR_RATIO", "nan"),
        ("FAULT_ERROR_RATIO", "-0.1"),
        ("FAULT_ERROR_RATIO", "1.01"),
        ("FAULT_LATENCY_MS", "0.5"),
        ("FAULT_LATENCY_MS", "-1"),
        ("FAULT_LATENCY_MS", "60001"),
        ("FAULT_AFTER_SECONDS", "inf"),
        ("FAULT_AFTER_SECONDS", "-1"),
        ("FAULT_AFTER_SECONDS", "20s"),
        ("FAULT_CRASH_AT_START", "1"),
        ("FAULT_SEED", "x"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_value_outside_its_rule_is_refused(name, value):
    with pytest.raises(SettingsError, match=re.escape(f"{name} is {value!r}: must be")):
        parse_settings({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "1"), ("PORT", "65535"), ("FAULT_ERROR_RATIO", "1"), ("FAULT_LATENCY_MS", "60000")],
)
def test_a_value_on_the_edge_of_its_rule_is_taken(name, value):
    assert parse_settings({name: value})


def test_a_misspelt_fault_is_refused_rather_than_ignored():
    with pytest.raises(SettingsError, match="FAULT_ERROR_RATE is '1': must be one of"):
        parse_settings({"FAULT_ERROR_RATE": "1"})


def test_an_empty_value_counts_as_not_set():
    settings = parse_settings({setting.name: "" for setting in SETTINGS})

    assert settings == parse_settings({})


def test_every_example_obeys_its_own_rule():
    """A message that recommends what is refused next helps nobody."""
    assert parse_settings({setting.name: setting.example for setting in SETTINGS})


def test_every_setting_stands_in_the_readme_with_its_default():
    readme = Path(__file__).parents[3].joinpath("health_service/README.md").read_text("utf-8")

    for setting in SETTINGS:
        row = f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else 'none'} |"
        assert row in readme, f"health_service/README.md lacks the row that begins {row}"


@given(st.dictionaries(st.sampled_from([one.name for one in SETTINGS]), st.text(max_size=8)))
def test_whatever_the_environment_holds_nothing_but_settings_errors_escape(env):
    settings = problems = None
    try:
        settings = parse_settings(env)
    except SettingsError as error:
        problems = error.problems

    assert bool(problems) != isinstance(settings, Settings)
