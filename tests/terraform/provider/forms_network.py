"""The forms of computed attributes of networks and load balancers.

Addresses are of ranges that are private or reserved for documentation.
Source: https://datatracker.ietf.org/doc/html/rfc5737
"""

from collections.abc import Mapping
from typing import Any

from tests.terraform.provider.values import digits

COMPUTE = "https://www.googleapis.com/compute/v1/"


def _compute(place: str, collection: str) -> dict[str, Any]:
    path = f"projects/{{project}}/{place}/{collection}/{{name}}"
    return {"id": path, "self_link": COMPUTE + path}


def _global_address(value: Mapping[str, Any]) -> str:
    if value.get("purpose") == "VPC_PEERING":
        return "10.100.0.0"
    return f"203.0.113.{int(digits(value['name'], 2))}"


FORMS: dict[str, dict[str, Any]] = {
    "google_compute_backend_service": _compute("global", "backendServices"),
    "google_compute_firewall": _compute("global", "firewalls"),
    "google_compute_global_address": {
        **_compute("global", "addresses"),
        "address": _global_address,
    },
    "google_compute_global_forwarding_rule": _compute("global", "forwardingRules"),
    "google_compute_managed_ssl_certificate": _compute("global", "sslCertificates"),
    "google_compute_network": _compute("global", "networks"),
    "google_compute_region_network_endpoint_group": _compute(
        "regions/{region}", "networkEndpointGroups"
    ),
    "google_compute_router": _compute("regions/{region}", "routers"),
    "google_compute_router_nat": {"id": "{project}/{region}/{router}/{name}"},
    "google_compute_subnetwork": _compute("regions/{region}", "subnetworks"),
    "google_compute_target_https_proxy": _compute("global", "targetHttpsProxies"),
    "google_compute_url_map": _compute("global", "urlMaps"),
    "google_service_networking_connection": {
        "peering": "servicenetworking-googleapis-com",
        "id": "{network}:{service}",
    },
    "google_vpc_access_connector": {
        "id": "projects/{project}/locations/{region}/connectors/{name}",
        "state": "READY",
    },
}
