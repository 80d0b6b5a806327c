variable "project" {
  description = "Project that the network is in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is ${jsonencode(var.project)}: must be a project id, such as barq-staging."
  }
}

variable "name" {
  description = "Name of the network; its parts are named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,36}[a-z0-9])?$", var.name))
    error_message = "name is ${jsonencode(var.name)}: must be 1 to 38 lower-case letters, digits and hyphens that begin with a letter and do not end with a hyphen, such as barq."
  }
}

variable "subnets" {
  description = "Address range in CIDR notation of the subnet in each region. Cloud Run takes about two addresses for each instance, and a canary's come on top."
  type        = map(string)
  nullable    = false

  # Source: https://cloud.google.com/run/docs/configuring/vpc-direct-vpc (a subnet of /26 or larger).
  validation {
    condition = alltrue([
      for cidr in values(var.subnets) :
      try(tonumber(split("/", cidr)[1]) >= 8 && tonumber(split("/", cidr)[1]) <= 26, false)
    ])
    error_message = "subnets is ${jsonencode(var.subnets)}: each must be a range from /8 to /26, such as 10.10.0.0/24; Cloud Run needs /26 or larger."
  }
  validation {
    condition     = alltrue([for cidr in values(var.subnets) : try(cidrhost(cidr, 0) == split("/", cidr)[0], false)])
    error_message = "subnets is ${jsonencode(var.subnets)}: each must be an IPv4 range that begins at its first address, such as 10.10.0.0/24."
  }
  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets is {}: must have at least one region, such as { europe-west1 = \"10.10.0.0/24\" }."
  }
}

variable "services_prefix_length" {
  description = "Size of the range, in bits of its prefix, that Google's own services (Cloud SQL) take their addresses from."
  type        = number
  default     = 20
  nullable    = false

  # Source: https://cloud.google.com/sql/docs/postgres/configure-private-services-access (/24 at the smallest).
  validation {
    condition     = var.services_prefix_length >= 16 && var.services_prefix_length <= 24 && floor(var.services_prefix_length) == var.services_prefix_length
    error_message = "services_prefix_length is ${var.services_prefix_length}: must be a whole number from 16 to 24, such as 20."
  }
}

variable "labels" {
  description = "Labels of everything that takes labels."
  type        = map(string)
  default     = { app = "barq" }
  nullable    = false
}
