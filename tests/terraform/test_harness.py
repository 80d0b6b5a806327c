"""The harness itself: what it plans is what was written, and what it must refuse it refuses."""

import shutil
from pathlib import Path

import pytest

from tests.terraform.harness import Refused, fmt_check, plan, run_tftest, validate

HEAD = """
terraform {
  required_version = ">= 1.11"
  required_providers {
    google  = { source = "hashicorp/google", version = ">= 7.0, < 9.0" }
    archive = { source = "hashicorp/archive", version = ">= 2.4, < 3.0" }
  }
}

variable "project" {
  type     = string
  nullable = false
  validation {
    condition     = length(var.project) > 3
    error_message = "project is '${var.project}': it must have more than 3 letters, such as barq-x."
  }
}
"""
ACCOUNT = """
resource "google_service_account" "plan" {
  project    = var.project
  account_id = "barq-plan"
}
"""
FUNCTION = """
data "google_project" "this" {
  project_id = var.project
}

resource "google_cloudfunctions2_function" "plan" {
  project  = var.project
  location = "europe-west1"
  name     = "barq-plan"
  build_config {
    runtime     = "python311"
    entry_point = "plan"
  }
  service_config {
    service_account_email = google_service_account.plan.email
  }
}

output "called" {
  value = { url = google_cloudfunctions2_function.plan.service_config[0].uri, by = data.google_project.this.number }
}
"""
TESTS = """
mock_provider "google" {}
mock_provider "archive" {}

run "good" {
  command = plan
  variables {
    project = "barq-x"
  }
  assert {
    condition     = google_service_account.plan.account_id == "barq-plan"
    error_message = "another account"
  }
}

run "short" {
  command = plan
  variables {
    project = "b"
  }
  expect_failures = [var.project]
}

run "applied" {
  variables {
    project = "barq-x"
  }
  assert {
    condition     = google_service_account.plan.account_id == "barq-deploy"
    error_message = "another account"
  }
}
"""
GOOD = {"project": "barq-x"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration with nothing wrong with it."""
    (tmp_path / "main.tf").write_text(HEAD + ACCOUNT)
    return tmp_path


def planted(folder: Path, text: str) -> Path:
    (folder / "planted.tf").write_text(text)
    return folder


def test_a_plan_holds_what_follows_from_the_configuration_in_googles_form(folder):
    made = plan(planted(folder, FUNCTION), GOOD)

    account = made.one("google_service_account")
    number = made.data["data.google_project.this"]["number"]
    uri = f"https://barq-plan-{number}.europe-west1.run.app"
    assert account["email"] == "barq-plan@barq-x.iam.gserviceaccount.com"
    assert account["member"] == "serviceAccount:barq-plan@barq-x.iam.gserviceaccount.com"
    assert made.outputs["called"] == {"url": uri, "by": number}
    assert made["google_cloudfunctions2_function.plan"]["service_config"][0]["uri"] == uri


def test_the_same_configuration_gives_the_same_plan(folder):
    planted(folder, FUNCTION)

    assert plan(folder, GOOD) == plan(folder, GOOD)


def test_an_unfilled_plan_leaves_unknown_what_only_the_cloud_can_tell(folder):
    made = plan(planted(folder, FUNCTION), GOOD, filled=False)

    assert "email" not in made["google_service_account.plan"].values
    assert made["google_service_account.plan"].unknown["email"]
    assert made.outputs == {}


def test_an_unfilled_plan_refuses_a_for_each_over_what_is_not_known(folder):
    planted(
        folder,
        """
resource "google_project_iam_member" "one" {
  for_each = toset([google_service_account.plan.unique_id])
  project  = var.project
  role     = "roles/logging.logWriter"
  member   = "user:${each.key}@example.com"
}
""",
    )

    assert len(plan(folder, GOOD).of("google_project_iam_member")) == 1
    with pytest.raises(Refused, match="Invalid for_each argument"):
        plan(folder, GOOD, filled=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'resource "google_pubsub_topic" "x" {\n  name = "abc"\n  colour = "red"\n}',
            "Unsupported argument",
        ),
        (
            'resource "google_pubsub_topic" "x" {\n  name = ["abc"]\n}',
            "Incorrect attribute value type",
        ),
        ('resource "google_pubsub_topic" "x" {\n}', "Missing required argument"),
        (
            'resource "google_eventarc_trigger" "x" {\n  name = "a"\n  location = "b"\n}',
            "Insufficient",
        ),
        ('resource "google_pubsub_topik" "x" {\n  name = "abc"\n}', "Invalid resource type"),
        ('output "x" {\n  value = google_service_account.plan.mail\n}', "Unsupported attribute"),
        ("locals {\n  x = var.unheard_of\n}", "Reference to undeclared input variable"),
    ],
)
def test_what_the_schema_does_not_allow_is_refused(folder, text, message):
    assert any(message in told for told in validate(planted(folder, text)))


def test_a_good_configuration_has_no_diagnostics(folder):
    assert validate(planted(folder, FUNCTION)) == []


def test_a_refused_variable_is_told_in_the_words_of_its_rule(folder):
    with pytest.raises(Refused, match="project is 'b': it must have more than 3 letters"):
        plan(folder, {"project": "b"})


def test_a_missing_variable_is_told(folder):
    with pytest.raises(Refused, match="No value for required variable"):
        plan(folder)


def test_what_is_not_formatted_is_named(folder):
    assert fmt_check(folder) == []

    planted(folder, "locals {\n  a = 1\n  long = 2\n}\n")

    assert fmt_check(folder) == ["planted.tf"]


def test_terraforms_own_tests_run_with_mocks_and_each_tells_how_it_ended(folder):
    (folder / "tests").mkdir()
    (folder / "tests" / "all.tftest.hcl").write_text(TESTS)

    good, short, applied = run_tftest(folder)

    assert [(one.name, one.status) for one in (good, short)] == [
        ("good", "pass"),
        ("short", "pass"),
    ]
    assert (applied.name, applied.status) == ("applied", "fail")
    assert any("another account" in message for message in applied.messages)


def test_a_test_file_that_terraform_cannot_read_is_an_error(folder):
    (folder / "broken.tftest.hcl").write_text('run "x" {')

    with pytest.raises(Refused, match="Unclosed configuration block"):
        run_tftest(folder)


ARCHIVE = """
data "archive_file" "source" {
  type        = "zip"
  source_dir  = "${path.module}/source"
  excludes    = ["**/__pycache__/**", "*.md"]
  output_path = "${path.module}/source.zip"
}

resource "google_storage_bucket_object" "source" {
  bucket = "sources"
  name   = "${data.archive_file.source.output_sha256}.zip"
  source = data.archive_file.source.output_path
}
"""


def test_a_changed_file_changes_the_name_of_its_archive_and_an_excluded_one_does_not(folder):
    source = folder / "source"
    (source / "__pycache__").mkdir(parents=True)
    (source / "plan.py").write_text("one")
    planted(folder, ARCHIVE)

    def name() -> str:
        made = plan(folder, GOOD)
        assert next(iter(made.archives.values())).keys() == {"plan.py"}
        return str(made.one("google_storage_bucket_object")["name"])

    first = name()
    (source / "__pycache__" / "plan.pyc").write_text("x")
    (source / "readme.md").write_text("x")
    assert name() == first
    (source / "plan.py").write_text("two")
    assert name() != first


def test_the_folder_is_left_as_it_was(folder):
    before = sorted(folder.iterdir())

    validate(folder)
    plan(folder, GOOD)

    assert sorted(folder.iterdir()) == before


def test_nothing_of_the_archive_is_made_up_if_its_folder_is_missing(folder):
    planted(folder, ARCHIVE)
    shutil.rmtree(folder / "source", ignore_errors=True)

    with pytest.raises(Refused, match="is no folder"):
        plan(folder, GOOD)


def test_a_provider_that_is_not_served_is_fetched_from_nowhere(folder):
    planted(folder, 'resource "aws_sqs_queue" "x" {\n  name = "x"\n}\n')

    with pytest.raises(Refused) as refused:
        validate(folder)

    told = "".join(refused.value.messages).split()
    assert "hashicorp/aws" in told
    assert "/fetched" in "".join(told)
