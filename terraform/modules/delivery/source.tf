# The functions' source archive: functions/ without caches, with delivery.yaml in it.

locals {
  archived = [
    for name in fileset(local.sources, "**") : name
    if !strcontains(name, "__pycache__/") && !endswith(name, ".pyc")
  ]
}

data "archive_file" "functions" {
  type = "zip"
  # Plan and apply must see the same folder: the file is written while planning.
  output_path      = "${path.root}/.terraform/barq-functions.zip"
  output_file_mode = "0644"

  dynamic "source" {
    for_each = local.archived

    content {
      filename = source.value
      content  = file("${local.sources}/${source.value}")
    }
  }

  source {
    filename = "delivery.yaml"
    content  = file(local.delivery_file)
  }
}

resource "google_storage_bucket" "functions" {
  #checkov:skip=CKV_GCP_62:it holds Barq's own source, no secret and no data; the audit log tells who changed it
  project  = var.project
  name     = "${var.project}-barq-functions"
  location = upper(var.region)
  labels   = var.labels

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  versioning {
    enabled = true
  }

  # Old archives: a month to look back, or to install a former one by hand.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
  }

  depends_on = [time_sleep.apis]
}

# Named by its content: a change of any file, delivery.yaml included, deploys the functions anew.
resource "google_storage_bucket_object" "functions" {
  bucket = google_storage_bucket.functions.name
  name   = "functions-${data.archive_file.functions.output_sha256}.zip"
  source = data.archive_file.functions.output_path

  lifecycle {
    create_before_destroy = true
  }
}
