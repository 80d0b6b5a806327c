import pytest

from rollouts.console import execution_page


def test_an_execution_has_a_page():
    name = "projects/barq-delivery/locations/europe-west1/workflows/rollout/executions/4f1c-a"

    assert execution_page(name) == (
        "https://console.cloud.google.com/workflows/workflow/europe-west1/rollout/execution/4f1c-a"
        "/summary?project=barq-delivery"
    )


@pytest.mark.parametrize(
    "name",
    [
        "",
        None,
        "by hand",
        "projects/p/locations/l/workflows/w/executions/",
        "projects/p/locations/l/workflows/w/executions/e|x>",
        "projects/p/locations/l/workflows/w/executions/e\n",
        "projects/p/locations/l/../workflows/w/executions/e",
    ],
)
def test_what_names_no_execution_has_none(name):
    assert execution_page(name) == ""
