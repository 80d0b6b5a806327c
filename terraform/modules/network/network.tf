# Only what Cloud Run needs to reach a database by private addresses. Its other traffic does not come this way
# (egress PRIVATE_RANGES_ONLY in modules/service), so there is no NAT.
resource "google_compute_network" "this" {
  project                 = var.project
  name                    = var.name
  description             = "Cloud Run services and their databases."
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "this" {
  for_each = var.subnets

  project                  = var.project
  region                   = each.key
  name                     = "${var.name}-${each.key}"
  network                  = google_compute_network.this.id
  ip_cidr_range            = each.value
  private_ip_google_access = true
  stack_type               = "IPV4_ONLY" #checkov:skip=CKV_GCP_76:There is no IPv6 here whose access to Google could be private.

  log_config {
    aggregation_interval = "INTERVAL_5_SEC"
    flow_sampling        = 0.5
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# A network admits nothing without a rule. This one says so where people look, and logs who tried.
resource "google_compute_firewall" "deny_ingress" {
  project     = var.project
  name        = "${var.name}-deny-ingress"
  description = "Nothing connects into this network: Cloud Run only connects out of it."
  network     = google_compute_network.this.id
  direction   = "INGRESS"
  # Below what anybody would add on purpose.
  priority      = 65534
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
