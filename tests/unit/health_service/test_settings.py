import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from health_service.faults import Faults
from health_service.settings import SETTINGS, ReadySettings, Settings, SettingsError, parse_settings


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
        ("PORT", "\uff18\uff10\uff18\uff10"),
        ("PORT", "8_080"),
        ("PORT", " 8080"),
        ("PORT", "+8080"),
        ("FAULT_ERROR_RATIO", "\uff10.\uff15"),
        ("FAULT_AFTER_SECONDS", "1_0"),
        ("FAULT_SEED", "\uff14\uff12"),
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
        ("DATABASE_POOL_MAX", "0"),
        ("DATABASE_TIMEOUT_MS", "0"),
        ("READY_CACHE_MS", "-1"),
        ("DETAILED_CALLERS", "ann"),
        ("DETAILED_CALLERS", "ann@example.com,"),
        ("IDENTITY_CHECKED_BY", "me"),
        ("IDENTITY_KEYS_URL", "http://keys.example.com"),
    ],
)
def test_a_value_outside_its_rule_is_refused(name, value):
    with pytest.raises(SettingsError, match=re.escape(f"{name} is {value!r}: must be")):
        parse_settings({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "1"),
        ("PORT", "65535"),
        ("FAULT_ERROR_RATIO", "1"),
        ("FAULT_ERROR_RATIO", "1e-3"),
        ("FAULT_LATENCY_MS", "60000"),
        ("FAULT_SEED", "-7"),
    ],
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
    examples = {setting.name: setting.example for setting in SETTINGS}
    examples["DATABASE_PASSWORD"] = ""  # Not beside DATABASE_PASSWORD_FILE.

    assert parse_settings(examples)
    assert parse_settings({"DATABASE_PASSWORD": "x"})


def test_without_a_url_there_is_no_database():
    assert parse_settings({"DATABASE_PASSWORD": "x"}).database is None


def test_the_database_is_read_with_its_limits():
    settings = parse_settings(
        {
            "DATABASE_URL": "postgresql://app@10.0.0.3/app?sslmode=require",
            "DATABASE_PASSWORD": "hunter2",
            "DATABASE_POOL_MAX": "8",
            "DATABASE_TIMEOUT_MS": "1500",
            "READY_TIMEOUT_MS": "300",
            "READY_CACHE_MS": "0",
        }
    )

    assert settings.database is not None
    assert settings.database.url == "postgresql://app@10.0.0.3/app?sslmode=require"
    assert (settings.database.password, settings.database.password_file) == ("hunter2", "")
    assert (settings.database.pool_max, settings.database.statement_seconds) == (8, 1.5)
    assert settings.ready == ReadySettings(0.3, 0.0)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://app@db/app",
        "postgresql://app:hunter2@db/app",
        "postgresql://app@db/app?password=hunter2",
        "postgresql://app@db/app?password=",
        "postgresql://app@db/app?PASSWORD=hunter2",
        "postgresql://app@db/app?pass%77ord=hunter2",
        "postgresql://app@db/app?sslpassword=hunter2",
        "postgresql://app@db",
        "postgresql://db/app",
        "postgresql://app@/app",
        "postgresql://app@db:port/app",
        "hunter2",
    ],
)
def test_a_wrong_database_url_is_refused_without_being_repeated(url):
    with pytest.raises(SettingsError) as caught:
        parse_settings({"DATABASE_URL": url})

    [problem] = caught.value.problems
    assert problem.startswith("DATABASE_URL is not as it should be: must be a PostgreSQL URL")
    assert url not in problem
    assert "hunter2" not in problem


def test_a_socket_folder_may_stand_in_the_urls_query():
    url = "postgresql://app@/app?host=/cloudsql/barq:europe-west1:main"

    settings = parse_settings({"DATABASE_URL": url})

    assert settings.database is not None
    assert settings.database.url == url


def test_two_passwords_are_refused():
    with pytest.raises(SettingsError, match="DATABASE_PASSWORD_FILE is set beside"):
        parse_settings({"DATABASE_PASSWORD": "a", "DATABASE_PASSWORD_FILE": "/b"})


@pytest.mark.parametrize(
    ("value", "public", "emails"),
    [
        ("", True, frozenset()),
        ("Public", True, frozenset()),
        ("nobody", False, frozenset()),
        ("Ann@Example.com, bob@example.com", False, {"ann@example.com", "bob@example.com"}),
    ],
)
def test_who_may_call_the_detailed_route_is_read(value, public, emails):
    settings = parse_settings({"DETAILED_CALLERS": value, "DETAILED_AUDIENCE": "https://me"})

    assert (settings.callers.public, settings.callers.emails) == (public, emails)
    assert not settings.callers.checked_by_platform


def test_callers_by_identity_need_an_audience_unless_the_platform_checks_them():
    """A token for any other service would open the route."""
    with pytest.raises(SettingsError, match="DETAILED_AUDIENCE is not set beside"):
        parse_settings({"DETAILED_CALLERS": "ann@example.com"})

    assert parse_settings(
        {"DETAILED_CALLERS": "ann@example.com", "IDENTITY_CHECKED_BY": "platform"}
    ).callers.checked_by_platform


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
