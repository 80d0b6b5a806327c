# The environment `staging`: small, and sleeping while nobody asks. How it is made up: modules/environment.
provider "google" {}

locals {
  delivery_file = var.delivery_file == null ? "${path.module}/../../../delivery.yaml" : var.delivery_file
}

module "environment" {
  source = "../../modules/environment"

  name                = "staging"
  delivery            = yamldecode(file(local.delivery_file))
  delivery_project    = var.delivery_project
  apart               = true
  drill               = true
  services            = var.services
  subnets             = var.subnets
  channels            = var.channels
  alerting            = var.alerting
  uptime_period       = var.uptime_period
  documentation_url   = var.documentation_url
  deletion_protection = var.deletion_protection
  labels              = var.labels
}
