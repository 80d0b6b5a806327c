"""Who calls what: each function is an account of its own, and needs no more than its list."""

import asyncio

import pytest

from local_cloud.iam import INVOKE, needed
from local_cloud.installing import service_name
from local_cloud.run.resources import ServiceKey
from tests.processes.least_privilege import (
    AGENTS,
    CALLED_BY,
    IN_RACES,
    INVOKES,
    METHODS,
    PEOPLE,
    SERVICES,
    account,
)
from tests.processes.stage import PERSON, PROJECT, REGION, ask
from tests.processes.stories import STORIES

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


@pytest.fixture(scope="module")
def calls(cloud, story):
    """Every API call since the installation, once every story has ended."""
    for name in STORIES:
        story(name)
    return cloud.look(lambda stage: stage.cloud.audit.calls[stage.calls_before :])


def test_each_identity_calls_the_methods_of_its_list_and_no_others(calls):
    found: dict[str, set[str]] = {}
    for call in calls:
        found.setdefault(call.principal, set()).add(call.method)

    for who, methods in IN_RACES.items():
        found[who] -= methods
    assert found == METHODS | SERVICES | AGENTS | PEOPLE


def test_nothing_calls_without_an_identity(calls):
    """A call without a token would count as the developer's at the keyboard."""
    assert calls
    assert "developer" not in {call.principal for call in calls}


def test_no_identity_needs_to_create_or_delete_or_to_grant(calls):
    """The list of methods, in the permissions that Terraform grants."""
    permissions = needed(calls)
    ours = {name: permissions[name] for name in METHODS}

    writes = {"run.services.update", "iam.serviceAccounts.actAs"}
    mayors = {name for name, given in ours.items() if given & writes}
    readers = {account(f"barq-{name}") for name in ("plan", "status", "explain")}
    assert not mayors & readers
    # The drill acts as the account of its build, and moves no traffic.
    mayors.remove(account("barq-drill"))
    assert all(writes <= ours[name] for name in mayors)
    verbs = {permission.rpartition(".")[2] for given in ours.values() for permission in given}
    assert verbs == {
        *("get", "list", "update", "publish", "send", "invoke", "create"),
        *("actAs", "downloadArtifacts", "uploadArtifacts"),
    }
    creators = {name for name, given in ours.items() if any(p.endswith(".create") for p in given)}
    assert creators == {account("barq-trigger"), account("barq-drill")}


def test_the_workflow_and_the_push_call_functions_as_themselves(calls):
    called: dict[str, set[str]] = {}
    for call in calls:
        if call.method == INVOKES and f"/{PROJECT}/" in call.resource:
            called.setdefault(call.principal, set()).add(call.resource.rpartition("/")[2])

    del called[PERSON]  # Who may call whatever the tests have a person call.
    assert called == {who: {service_name(one) for one in CALLED_BY[who]} for who in CALLED_BY}


def test_only_the_verifier_invokes_a_service_that_is_not_public(calls, cloud):
    private = cloud.look(lambda stage: stage.key("hand").resource)

    assert {
        (call.principal, INVOKE in needed([call])[call.principal])
        for call in calls
        if call.resource == private and call.method == INVOKES
    } == {(account("barq-verify"), True)}


def test_a_function_refuses_a_missing_a_wrong_and_another_ones_token(cloud):
    """403, 401, 401 and 403, as Cloud Run does; what may call it gets in."""
    stage = cloud.stage
    tokens = stage.running.tokens

    async def statuses(name: str, url: str) -> list[int]:
        elsewhere = tokens.id_token(account("barq-workflow"), "https://other.example.com")
        other = tokens.id_token(account("barq-verify"), url)
        access = tokens.access_token(account("barq-workflow"))
        given = [None, "nonsense", elsewhere, access, other]
        headers = [{} if one is None else {"Authorization": f"Bearer {one}"} for one in given]
        found = await asyncio.gather(*(ask("POST", url, {}, one) for one in headers))
        return [status for status, _ in found]

    for name, url in stage.installed.urls.items():
        assert cloud.run(statuses(name, url)) == [403, 401, 401, 401, 403], name


def test_who_may_call_a_function_is_let_in_and_told_what_is_wrong(cloud):
    stage = cloud.stage

    status, answer = cloud.run(stage.call(stage.installed.urls["plan"], {}))

    assert (status, answer["error"]["message"].split(":")[0]) == (400, "plan")


def test_functions_run_as_the_accounts_that_bear_their_names(cloud):
    stage = cloud.stage

    def accounts(stage):
        keys = {
            name: ServiceKey(PROJECT, REGION, service_name(name)) for name in stage.installed.urls
        }
        return {n: stage.cloud.run.revisions(k)[0].service_account for n, k in keys.items()}

    assert cloud.look(accounts) == {
        name: account(service_name(name)) for name in stage.installed.urls
    }
