"""Rules for networks and load balancers."""

from tests.terraform.rules.kit import (
    at_most_one,
    between,
    each,
    exactly,
    longest,
    network,
    one_of,
    pattern,
    rules,
)

NAMES = "https://cloud.google.com/compute/docs/naming-resources#resource-name-format"
FOLDER = "hashicorp/google, google/services/compute/"
SCHEMES = (
    "EXTERNAL",
    "EXTERNAL_MANAGED",
    "INTERNAL_MANAGED",
    "INTERNAL_SELF_MANAGED",
)

RULES = (
    *rules(
        "google_compute_.*",
        NAMES,
        {
            "name": pattern(
                r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?", "1 to 63 of a-z, 0-9 and -, first a letter"
            )
        },
    ),
    *rules("google_compute_network", FOLDER, {"routing_mode": one_of("REGIONAL", "GLOBAL")}),
    *rules(
        "google_compute_subnetwork",
        FOLDER + "resource_compute_subnetwork.go",
        {
            "ip_cidr_range": network(29),
            "purpose": one_of("PRIVATE", "REGIONAL_MANAGED_PROXY", "PRIVATE_SERVICE_CONNECT"),
            "log_config.aggregation_interval": one_of(
                "INTERVAL_5_SEC",
                "INTERVAL_30_SEC",
                "INTERVAL_1_MIN",
                "INTERVAL_5_MIN",
                "INTERVAL_10_MIN",
                "INTERVAL_15_MIN",
            ),
            "log_config.flow_sampling": between(0, 1),
            "log_config.metadata": one_of(
                "EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA", "CUSTOM_METADATA"
            ),
            "private_ipv6_google_access": pattern(r"[A-Z_]+", "in capitals"),
        },
    ),
    *rules(
        "google_compute_firewall",
        FOLDER + "resource_compute_firewall.go",
        {
            "": exactly(1, "allow", "deny"),
            "direction": one_of("INGRESS", "EGRESS"),
            "priority": between(0, 65535),
            "allow.protocol": pattern(r"tcp|udp|icmp|esp|ah|sctp|ipip|all|\d+", "as tcp or all"),
            "deny.protocol": pattern(r"tcp|udp|icmp|esp|ah|sctp|ipip|all|\d+", "as tcp or all"),
            "log_config.metadata": one_of("EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA"),
        },
    ),
    *rules(
        "google_compute_global_address",
        FOLDER + "resource_compute_global_address.go",
        {
            "address_type": one_of("EXTERNAL", "INTERNAL"),
            "ip_version": one_of("IPV4", "IPV6"),
            "purpose": one_of("VPC_PEERING", "PRIVATE_SERVICE_CONNECT"),
            "prefix_length": between(8, 29),
        },
    ),
    *rules(
        "google_compute_managed_ssl_certificate",
        FOLDER + "resource_compute_managed_ssl_certificate.go",
        {
            "managed.domains": [
                longest(100),
                each(pattern(r"(?!\*)[-a-z0-9]+(?:\.[-a-z0-9]+)+\.?", "a host name, no wildcard")),
            ]
        },
    ),
    *rules(
        "google_compute_region_network_endpoint_group",
        FOLDER + "resource_compute_region_network_endpoint_group.go",
        {
            "": at_most_one("cloud_run", "cloud_function", "app_engine", "serverless_deployment"),
            "network_endpoint_type": one_of("SERVERLESS", "PRIVATE_SERVICE_CONNECT"),
            "cloud_run": each(exactly(1, "service", "url_mask")),
        },
    ),
    *rules(
        "google_compute_backend_service",
        FOLDER + "resource_compute_backend_service.go",
        {
            "load_balancing_scheme": one_of(*SCHEMES),
            "protocol": one_of("HTTP", "HTTPS", "HTTP2", "H2C", "TCP", "SSL", "UDP", "GRPC"),
            "log_config.sample_rate": between(0, 1),
        },
    ),
    *rules(
        "google_compute_global_forwarding_rule",
        FOLDER + "resource_compute_global_forwarding_rule.go",
        {
            "load_balancing_scheme": one_of(*SCHEMES),
            "ip_protocol": one_of("TCP", "UDP", "ESP", "AH", "SCTP", "ICMP"),
            "port_range": pattern(r"\d+(?:-\d+)?", "a port, such as 443"),
        },
    ),
    *rules(
        "google_compute_url_map",
        FOLDER + "resource_compute_url_map.go",
        {"": exactly(1, "default_service", "default_url_redirect", "default_route_action")},
    ),
    *rules(
        "google_compute_router_nat",
        FOLDER + "resource_compute_router_nat.go",
        {
            "nat_ip_allocate_option": one_of("MANUAL_ONLY", "AUTO_ONLY"),
            "source_subnetwork_ip_ranges_to_nat": one_of(
                "ALL_SUBNETWORKS_ALL_IP_RANGES",
                "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES",
                "LIST_OF_SUBNETWORKS",
            ),
        },
    ),
)
