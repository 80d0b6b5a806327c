# The environment `delivery`: Barq itself, the registry, and what builds. Applied first; where Barq
# delivers to are environments of their own.
provider "google" {}

locals {
  delivery_file = var.delivery_file == "" ? "${path.module}/../../../delivery.yaml" : var.delivery_file
  delivery      = yamldecode(file(local.delivery_file))
}

module "delivery" {
  source = "../../modules/delivery"

  project              = var.project
  region               = var.region
  delivery_file        = local.delivery_file
  operators            = var.operators
  approvers            = var.approvers
  viewers              = var.viewers
  urgent_instances_min = var.urgent_instances_min
  iap_audience         = var.iap_audience
  drill                = var.drill
  pagerduty_endpoint   = var.pagerduty_endpoint
  deletion_protection  = var.deletion_protection
  labels               = var.labels
}

# Barq watches services; these watch Barq.
module "own_alerts" {
  source = "../../modules/own_alerts"

  project           = module.delivery.project
  region            = var.region
  services          = module.delivery.services
  workflows         = keys(module.delivery.workflows)
  channels          = var.channels
  alerting          = var.alerting
  documentation_url = var.documentation_url
  labels            = var.labels
}
