"""The database that canary and stable share goes away during a rollout, for real.

That it comes back in time is told in virtual time (tests/flow/test_unseen.py): stable counts as
bad for a minute after its last bad request.
"""

from operator import itemgetter

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_while_stable_is_as_bad_the_canary_gets_no_more_users_and_a_person_is_called(story):
    kept = story("depot")

    page = kept.events["page"]
    assert page["because"].endswith("stable is equally bad")
    assert kept.answers["paged"] == {page["stable"]: 50, page["canary"]: 50}
    told = kept.answers["told"]
    assert told.count("verdict.page") == 1
    # The step's window was over in between, and 100 % would have been next.
    assert told[told.index("verdict.page") + 1] == "rollout.rolled_back"


def test_an_outage_that_lasts_is_taken_back_as_a_precaution_that_refuses_no_digest(story):
    kept = story("depot")

    back = kept.events["back"]
    assert back["decision"]["cause"] == "shared"
    assert back["because"].endswith("were not before the rollout: a precaution")
    assert (back["percent_before"], back["percent_after"]) == (50, 0)
    assert back["decision"]["numbers"]["stable_errors"] > 0
    assert kept.answers["back"]["outcome"] == "rolled_back"
    assert kept.answers["refused"] == []


def test_an_image_that_is_tested_meanwhile_is_not_condemned_either(story):
    because = story("depot").events["meanwhile"]["because"]

    assert because.startswith("smoke tests failed 5 times: /health/ready answered 503, not 200")
    assert "stable fails as well: /health/ready answered 503" in because


def test_with_the_database_back_the_same_digest_gets_users_again(story):
    kept = story("depot")

    again = kept.events["again"]
    assert again["digest"] == kept.events["back"]["digest"]
    assert again["rollout"] != kept.events["back"]["rollout"]
    assert (again["percent_before"], again["percent_after"]) == (0, 50)


def test_a_rollout_keeps_where_the_database_is_and_never_shows_its_password(cloud, story):
    kept = story("depot")

    def look(stage):
        revision = stage.cloud.run.revision(stage.key("depot"), kept.events["again"]["canary"])
        planned = stage.databases.planned["depot"]
        return revision.template, planned.url, planned.password

    template, url, password = cloud.look(look)
    env = template["spec"]["containers"][0]["env"]
    assert sorted(env, key=itemgetter("name")) == [
        {
            "name": "DATABASE_PASSWORD",
            "valueFrom": {"secretKeyRef": {"name": "depot-database-password", "key": "latest"}},
        },
        {"name": "DATABASE_URL", "value": url},
        {"name": "ENVIRONMENT", "value": "production"},
        {"name": "GOOGLE_CLOUD_REGION", "value": "europe-west1"},
    ]
    assert password not in f"{template}"
    logs = cloud.look(lambda stage: stage.running.folder / "logs" / "depot-production")
    for log in logs.rglob("*.log"):
        assert password not in log.read_text()
