"""Both dashboards: what Monitoring would read, and what a person would see."""

import copy
import itertools

import pytest
from google.cloud.monitoring_dashboard_v1 import Dashboard
from google.protobuf import json_format

from tests.terraform.monitored import below, board, service_plan, tiles

BOARDS = ["main", "deployment"]


def parsed(document):
    """Read as Monitoring does: an unknown field, or a value of another kind, is an error."""
    message = Dashboard.pb(Dashboard())
    json_format.ParseDict(document, message)
    return message


def widget(name, title):
    found = [
        tile["widget"]
        for tile in tiles(board(service_plan(), name))
        if tile["widget"]["title"] == title
    ]
    assert len(found) == 1
    return found[0]


def overlaps(found):
    """Pairs of tiles that share a place of the grid."""

    def places(tile):
        x, y = tile.get("xPos", 0), tile.get("yPos", 0)
        return set(itertools.product(range(x, x + tile["width"]), range(y, y + tile["height"])))

    return [
        (one["widget"]["title"], other["widget"]["title"])
        for one, other in itertools.combinations(found, 2)
        if places(one) & places(other)
    ]


def left_out(value, path=""):
    """Paths to what proto3's JSON leaves out: Terraform would see a difference for ever."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from left_out(inner, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from left_out(inner, f"{path}[{number}]")
    elif value in (None, 0, "", False, []):
        yield path


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_is_one_of_monitorings_to_the_letter(name):
    document = board(service_plan(), name)

    message = parsed(document)

    assert json_format.MessageToDict(message) == document


@pytest.mark.parametrize(
    "breach", [{"titel": "x"}, {"xyChart": {"dataSets": [{"plotType": "LINES"}]}}]
)
def test_a_word_that_monitoring_does_not_know_is_refused(breach):
    document = copy.deepcopy(board(service_plan(), "main"))
    tiles(document)[1]["widget"].update(breach)

    with pytest.raises(json_format.ParseError):
        parsed(document)


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("database", [True, False])
def test_tiles_fill_a_grid_of_twelve_columns_without_overlaps_or_gaps(name, database):
    document = board(service_plan(database=database), name)
    found = tiles(document)

    assert document["mosaicLayout"]["columns"] == 12
    assert overlaps(found) == []
    height = max(tile.get("yPos", 0) + tile["height"] for tile in found)
    assert sum(tile["width"] * tile["height"] for tile in found) == 12 * height


def test_two_tiles_at_one_place_are_found():
    found = copy.deepcopy(tiles(board(service_plan(), "main")))
    found[1]["xPos"] = 3

    assert overlaps(found) == [(found[0]["widget"]["title"], "Request rate")]


@pytest.mark.parametrize("name", BOARDS)
def test_nothing_is_said_that_monitoring_leaves_out_when_it_is_asked(name):
    assert list(left_out(board(service_plan(), name))) == []


def test_a_zero_that_monitoring_leaves_out_is_found():
    assert list(left_out({"tiles": [{"xPos": 0, "width": 4}]})) == [".tiles[0].xPos"]


def test_the_main_dashboard_shows_how_the_service_does():
    assert [tile["widget"]["title"] for tile in tiles(board(service_plan(), "main"))] == [
        "Service health: share of uptime checks that passed",
        "Request rate",
        "Success ratio",
        "Latency: p50, p95, p99",
        "Error ratio",
        "Requests by response code",
        "Instances",
        "CPU of instances",
        "Memory of instances",
        "Application errors in the log",
        "Billable instance time",
        "Database connections",
        "Database CPU",
        "Database memory",
    ]


def test_the_deployment_dashboard_shows_each_revision_and_who_changed_them():
    assert [tile["widget"]["title"] for tile in tiles(board(service_plan(), "deployment"))] == [
        "Active revisions: instances that serve",
        "Traffic split: share of the requests",
        "Requests by revision",
        "Error ratio by revision",
        "p95 latency by revision",
        "Deployment history: who wrote the service",
    ]


def test_a_service_without_a_database_shows_none():
    shown = board(service_plan(database=False), "main")

    assert not [tile for tile in tiles(shown) if "Database" in tile["widget"]["title"]]
    assert "cloudsql" not in str(shown)


@pytest.mark.parametrize(
    ("title", "values"),
    [
        ("Latency: p50, p95, p99", [500, 1000]),
        ("Error ratio", [0.005, 0.01]),
        ("CPU of instances", [0.7, 0.85]),
        ("Instances", [8]),
        ("Database connections", [80]),
        ("Database CPU", [0.85]),
    ],
)
def test_a_chart_has_a_line_where_it_begins_to_matter(title, values):
    thresholds = widget("main", title)["xyChart"]["thresholds"]

    assert [one["value"] for one in thresholds] == values
    # Monitoring takes a colour and a direction for scorecards alone.
    assert all(set(one) == {"label", "value", "targetAxis"} for one in thresholds)


def test_the_scorecard_turns_yellow_and_red_as_checks_fail():
    score = widget("main", "Service health: share of uptime checks that passed")["scorecard"]

    assert [(one["value"], one["color"], one["direction"]) for one in score["thresholds"]] == [
        (0.95, "YELLOW", "BELOW"),
        (0.5, "RED", "BELOW"),
    ]


@pytest.mark.parametrize(
    ("name", "title"),
    [("main", "Success ratio"), ("main", "Error ratio"), ("deployment", "Error ratio by revision")],
)
def test_a_ratio_is_of_all_requests_aggregated_alike(name, title):
    ratios = list(below(widget(name, title), "timeSeriesFilterRatio"))

    assert len(ratios) == 1
    above, whole = ratios[0]["numerator"], ratios[0]["denominator"]
    assert above["filter"].startswith(f"{whole['filter']} AND metric.labels.response_code_class")
    assert above["aggregation"] == whole["aggregation"]


@pytest.mark.parametrize(
    "title",
    [
        "Active revisions: instances that serve",
        "Traffic split: share of the requests",
        "Requests by revision",
        "Error ratio by revision",
        "p95 latency by revision",
    ],
)
def test_what_is_said_of_revisions_is_told_apart_by_revision(title):
    grouped = list(below(widget("deployment", title), "groupByFields"))

    assert grouped
    assert all(one == ["resource.label.revision_name"] for one in grouped)


def test_the_history_is_every_write_of_this_service_and_of_no_other():
    wanted = widget("deployment", "Deployment history: who wrote the service")["logsPanel"][
        "filter"
    ]

    assert 'resource.labels.service_name="fleet"' in wanted
    assert 'logName="projects/barq-production/logs/cloudaudit.googleapis.com%2Factivity"' in wanted


@pytest.mark.parametrize("name", BOARDS)
def test_no_chart_is_written_in_a_language_that_google_gives_up(name):
    document = board(service_plan(), name)

    assert not list(below(document, "timeSeriesQueryLanguage"))
    assert list(below(document, "timeSeriesFilter"))
