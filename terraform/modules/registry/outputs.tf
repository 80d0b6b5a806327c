output "image_prefix" {
  description = "What the name of every image here begins with."
  value       = "${var.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "console" {
  description = "Where the console shows the images."
  value       = "https://console.cloud.google.com/artifacts/docker/${var.project}/${var.location}/${google_artifact_registry_repository.images.repository_id}?project=${var.project}"
}
