# What Terraform leaves to Barq once the service is there.
mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = { email = "fleet@barq-staging.iam.gserviceaccount.com" }
  }
}
mock_provider "time" {}

variables {
  project     = "barq-staging"
  region      = "europe-west1"
  name        = "fleet"
  environment = "staging"
  database    = { url = "postgresql://fleet@10.0.0.3:5432/fleet", password_secret = "fleet-database-password" }
  migrator    = true
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
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].image == "us-docker.pkg.dev/cloudrun/container/hello" && length(google_cloud_run_v2_service.this.template[0].containers[0].env) == 5
    error_message = "Image and settings are delivered, never applied."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.scaling[0].max_instance_count == 20
    error_message = "How many instances there may be is Terraform's."
  }
}

run "the_build_has_the_migrators_image_and_terraform_its_settings" {
  command = plan

  variables {
    labels        = { app = "another" }
    migrator_args = ["-m", "another.migrate"]
  }

  assert {
    condition     = google_cloud_run_v2_job.migrator[0].template[0].labels == tomap({ app = "barq" }) && google_cloud_run_v2_job.migrator[0].labels == tomap({ app = "another" })
    error_message = "gcloud writes labels of the template, so they are no difference; those of the job are Terraform's."
  }
  assert {
    condition     = google_cloud_run_v2_job.migrator[0].template[0].template[0].containers[0].args == tolist(["-m", "another.migrate"])
    error_message = "How a migration is called is Terraform's."
  }
}
