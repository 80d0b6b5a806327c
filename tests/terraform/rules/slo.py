"""Rules for services that Monitoring knows and their objectives."""

from tests.terraform.rules.kit import (
    Check,
    at_least_one,
    between,
    each,
    exactly,
    one_of,
    pattern,
    rules,
    seconds,
)

SOURCE = "hashicorp/google, google/services/monitoring/resource_monitoring_slo.go"
SERVICE = "hashicorp/google, google/services/monitoring/resource_monitoring_custom_service.go"
ID = pattern(r"[a-z0-9\-]{1,63}", "1 to 63 of a-z, 0-9 and -")

RULES = (
    *rules(
        "google_monitoring_slo",
        SOURCE,
        {
            "": [
                exactly(1, "basic_sli", "request_based_sli", "windows_based_sli"),
                exactly(1, "rolling_period_days", "calendar_period"),
            ],
            "goal": Check(lambda goal: 0 < float(goal) <= 0.999, "above 0, 0.999 at most"),
            "calendar_period": one_of("DAY", "WEEK", "FORTNIGHT", "MONTH"),
            "rolling_period_days": between(1, 30),
            "slo_id": pattern(r"[-a-zA-Z0-9_.]{1,255}", "letters, digits, -, _ and ."),
            "basic_sli": each(exactly(1, "latency", "availability")),
            "request_based_sli": each(exactly(1, "good_total_ratio", "distribution_cut")),
            "request_based_sli.good_total_ratio": each(
                exactly(2, "good_service_filter", "bad_service_filter", "total_service_filter")
            ),
            "request_based_sli.distribution_cut.range": each(at_least_one("min", "max")),
            "windows_based_sli": each(
                exactly(
                    1,
                    "good_bad_metric_filter",
                    "good_total_ratio_threshold",
                    "metric_mean_in_range",
                    "metric_sum_in_range",
                )
            ),
            "windows_based_sli.window_period": seconds(60, 24 * 3600, step=60),
        },
    ),
    *rules("google_monitoring_(?:custom_)?service", SERVICE, {"service_id": ID}),
)
