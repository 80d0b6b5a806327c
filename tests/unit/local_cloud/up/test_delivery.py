from pathlib import Path

import pytest

from local_cloud.run.resources import ServiceKey
from local_cloud.up.delivery import WrongDelivery, check, targets
from local_cloud.up.settings import ROOT

FILE = """
services:
  my-api:
    image: host/p/r/api
    branches: [trunk, main]
    targets:
      staging: {project: p-staging, region: europe-west1, service: api, analysis: {max_error_ratio: off}}
      production:
        project: p-production
        region: europe-west4
        service: api
        approval: {by: manual}
        analysis: {max_error_ratio: 0.02, min_requests: 7}
"""


def test_targets_come_in_the_order_of_the_file(tmp_path):
    (tmp_path / "delivery.yaml").write_text(FILE)

    staging, production = targets(tmp_path / "delivery.yaml")

    assert staging.key == ServiceKey("p-staging", "europe-west1", "api")
    assert production.key == ServiceKey("p-production", "europe-west4", "api")
    assert (staging.approval, production.approval) == (False, True)
    assert (production.image, production.branch) == ("host/p/r/api", "trunk")
    assert production.variable == "BARQ_MY_API_PRODUCTION_URL"


def test_an_alert_has_the_limits_of_the_target(tmp_path):
    (tmp_path / "delivery.yaml").write_text(FILE)

    staging, production = targets(tmp_path / "delivery.yaml")

    assert (production.error_ratio_max, production.requests_min) == (0.02, 7)
    assert (staging.error_ratio_max, staging.requests_min) == (0.05, 20)


def test_an_alert_needs_the_requests_of_the_last_step(tmp_path):
    (tmp_path / "delivery.yaml").write_text(
        FILE.replace("min_requests: 7", "min_requests: [7, 90]")
    )

    assert targets(tmp_path / "delivery.yaml")[1].requests_min == 90


def test_the_shipped_file_has_targets():
    assert [target.name for target in targets(ROOT / "docs/examples/delivery.yaml")] == [
        "staging",
        "production",
    ]


@pytest.mark.processes
def test_a_relative_path_is_one_of_the_persons_folder(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text((ROOT / "docs/examples/delivery.yaml").read_text())
    monkeypatch.chdir(tmp_path)

    check(Path("mine.yaml"), ROOT / "functions")


@pytest.mark.processes
def test_functions_that_cannot_run_are_no_problem_of_the_file(tmp_path):
    with pytest.raises(WrongDelivery, match=r"could not be checked \(ModuleNotFoundError"):
        check(ROOT / "docs/examples/delivery.yaml", tmp_path)
