# Private services access: the range that Cloud SQL takes its private addresses from, and the peering with Google's
# network that makes them reachable. Source: https://cloud.google.com/sql/docs/postgres/configure-private-services-access
resource "google_compute_global_address" "services" {
  project       = var.project
  name          = "${var.name}-services"
  description   = "Addresses of Google's own services, such as Cloud SQL."
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = var.services_prefix_length
  labels        = var.labels
}

resource "google_service_networking_connection" "this" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
  # Google refuses to delete a peering for days after its last database was deleted (so that it can be restored), and
  # `terraform destroy` would fail here. It stays behind instead; modules/network/README.md says how to remove it.
  # Source: https://github.com/hashicorp/terraform-provider-google/issues/19908
  deletion_policy = "ABANDON"
}
