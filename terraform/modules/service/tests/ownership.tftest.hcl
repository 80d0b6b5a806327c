# What Terraform leaves to Barq once the service is there.
mock_provider "google" {}
mock_provider "time" {}

variables {
  project     = "barq-staging"
  region      = "europe-west1"
  name        = "fleet"
  environment = "staging"
}

run "is_there" {
  # Made, on mocked values, so that the next run has something to change.
  command = apply
}

run "barq_has_the_image_and_terraform_the_instances" {
  command = plan

  variables {
    image         = "europe-west1-docker.pkg.dev/barq-build/fleet/health-service"
    env           = { LOG_LEVEL = "DEBUG" }
    instances_max = 20
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].image == "us-docker.pkg.dev/cloudrun/container/hello" && length(google_cloud_run_v2_service.this.template[0].containers[0].env) == 3
    error_message = "Image and settings are delivered, never applied."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.scaling[0].max_instance_count == 20
    error_message = "How many instances there may be is Terraform's."
  }
}
