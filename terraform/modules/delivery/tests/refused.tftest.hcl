# Each sentence that refuses a value, all in one plan.
mock_provider "google" {}
mock_provider "archive" {}
mock_provider "time" {}

run "bad_values" {
  command = plan

  variables {
    project              = "Barq"
    region               = "europe-west1-b"
    repository_folder    = "/nowhere"
    delivery_file        = "nowhere.yaml"
    labels               = { App = "barq" }
    urgent_instances_min = 0.5
    instances_max        = 0
    iap_audience         = "projects/1"
    pagerduty_endpoint   = "https://events.example.com"
    operators            = ["allUsers"]
    approvers            = ["chief@example.com"]
    viewers              = ["allAuthenticatedUsers"]
  }

  expect_failures = [
    var.project,
    var.region,
    var.repository_folder,
    var.delivery_file,
    var.labels,
    var.urgent_instances_min,
    var.instances_max,
    var.iap_audience,
    var.pagerduty_endpoint,
    var.operators,
    var.approvers,
    var.viewers,
  ]
}

run "bad_drill" {
  command = plan

  variables {
    project       = "barq-delivery"
    region        = "europe-west1"
    delivery_file = "tests/delivery.yaml"
    drill         = { service = "nothing", target = "staging", schedule = "monthly" }
  }

  expect_failures = [var.drill]
}
