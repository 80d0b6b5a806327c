# A domain of one's own: a global load balancer before the service, with a certificate that Google keeps fresh.
# It listens on 443 alone. What comes through it needs the same right to call as what does not.
locals {
  domain = var.domain == null ? {} : { this = var.domain }
}

resource "google_compute_global_address" "domain" {
  for_each = local.domain

  project     = var.project
  name        = "${var.name}-domain"
  description = "The domain's A record points here."
  labels      = var.labels
}

resource "google_compute_region_network_endpoint_group" "service" {
  for_each = local.domain

  project               = var.project
  region                = var.region
  name                  = "${var.name}-service"
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = google_cloud_run_v2_service.this.name
  }
}

resource "google_compute_backend_service" "domain" {
  for_each = local.domain

  project               = var.project
  name                  = "${var.name}-domain"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"

  backend {
    group = google_compute_region_network_endpoint_group.service["this"].id
  }

  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_url_map" "domain" {
  for_each = local.domain

  project         = var.project
  name            = "${var.name}-domain"
  default_service = google_compute_backend_service.domain["this"].id
}

resource "google_compute_managed_ssl_certificate" "domain" {
  for_each = local.domain

  project = var.project
  # A certificate is never changed: another domain is another name, made before the old one goes.
  name = "${var.name}-${substr(sha1(each.value), 0, 8)}"

  managed {
    domains = [each.value]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_target_https_proxy" "domain" {
  for_each = local.domain

  project          = var.project
  name             = "${var.name}-domain"
  url_map          = google_compute_url_map.domain["this"].id
  ssl_certificates = [google_compute_managed_ssl_certificate.domain["this"].id]
  ssl_policy       = var.ssl_policy
}

resource "google_compute_global_forwarding_rule" "domain" {
  for_each = local.domain

  project               = var.project
  name                  = "${var.name}-domain"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.domain["this"].id
  ip_protocol           = "TCP"
  port_range            = "443"
  target                = google_compute_target_https_proxy.domain["this"].id
  labels                = var.labels
}
