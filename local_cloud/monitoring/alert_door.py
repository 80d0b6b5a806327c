"""The gRPC door of `google.monitoring.v3.AlertPolicyService`."""

from typing import Any, Final

from google.cloud import monitoring_v3 as v3
from google.protobuf import empty_pb2

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.grpc_door import Method
from local_cloud.monitoring.alerts import AlertPolicies
from local_cloud.monitoring.policy import Policy
from local_cloud.monitoring.reading_policies import message_of

SERVICE: Final = "google.monitoring.v3.AlertPolicyService"
PAGE_SIZE_MAX: Final = 1000
_Policy: Final = v3.AlertPolicy.pb()


def methods(alerts: AlertPolicies, audit: Audit) -> tuple[Method, ...]:
    """Return the service's methods: all of them."""

    def create(request: Any, caller: str | None) -> Any:
        audit.note(caller, f"{SERVICE}.CreateAlertPolicy", request.name)
        return _message(alerts.create_from(request.alert_policy, _project(request.name)))

    def get(request: Any, caller: str | None) -> Any:
        audit.note(caller, f"{SERVICE}.GetAlertPolicy", request.name)
        return _message(alerts.get(request.name))

    def listed(request: Any, caller: str | None) -> Any:
        audit.note(caller, f"{SERVICE}.ListAlertPolicies", request.name)
        return _page(request, alerts.policies(_project(request.name)))

    def update(request: Any, caller: str | None) -> Any:
        audit.note(caller, f"{SERVICE}.UpdateAlertPolicy", request.alert_policy.name)
        wanted = request.alert_policy
        if request.update_mask.paths:
            wanted = _message(alerts.get(wanted.name))
            request.update_mask.MergeMessage(request.alert_policy, wanted, True, True)
        return _message(alerts.update(wanted))

    def delete(request: Any, caller: str | None) -> Any:
        audit.note(caller, f"{SERVICE}.DeleteAlertPolicy", request.name)
        alerts.delete(request.name)
        return empty_pb2.Empty()

    return (
        Method("CreateAlertPolicy", v3.CreateAlertPolicyRequest.pb(), _Policy, create),
        Method("GetAlertPolicy", v3.GetAlertPolicyRequest.pb(), _Policy, get),
        Method(
            "ListAlertPolicies",
            v3.ListAlertPoliciesRequest.pb(),
            v3.ListAlertPoliciesResponse.pb(),
            listed,
        ),
        Method("UpdateAlertPolicy", v3.UpdateAlertPolicyRequest.pb(), _Policy, update),
        Method("DeleteAlertPolicy", v3.DeleteAlertPolicyRequest.pb(), empty_pb2.Empty, delete),
    )


def _message(policy: Policy) -> Any:
    return message_of(policy.document)


def _page(request: Any, policies: tuple[Policy, ...]) -> Any:
    """Return a page; its token is how many policies came before the next."""
    if request.filter or request.order_by:
        raise Refused("INVALID_ARGUMENT", "Fields filter and orderBy are not supported here.")
    if request.page_size < 0 or not (request.page_token or "0").isdecimal():
        raise Refused("INVALID_ARGUMENT", "Field pageSize or pageToken has an invalid value.")
    begin = int(request.page_token or 0)
    end = begin + min(request.page_size or PAGE_SIZE_MAX, PAGE_SIZE_MAX)
    return v3.ListAlertPoliciesResponse.pb()(
        alert_policies=[_message(policy) for policy in policies[begin:end]],
        next_page_token=str(end) if end < len(policies) else "",
        total_size=len(policies),
    )


def _project(name: str) -> str:
    kind, _, project = name.partition("/")
    if kind != "projects" or not project or "/" in project:
        raise Refused("INVALID_ARGUMENT", f'Invalid project name "{name}": projects/PROJECT.')
    return project
