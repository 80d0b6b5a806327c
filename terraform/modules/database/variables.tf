variable "project" {
  description = "Project that the database is in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is ${jsonencode(var.project)}: must be a project id, such as barq-staging."
  }
}

variable "region" {
  description = "Region of the instance: the same as that of the service, or each statement crosses regions."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is ${jsonencode(var.region)}: must be a Google Cloud region, such as europe-west1."
  }
}

variable "name" {
  description = "Name of the instance. Database and user bear it too, with _ for -."
  type        = string
  nullable    = false

  # PROJECT:INSTANCE has at most 98 characters and a project id 30; a PostgreSQL name has at most 63.
  # Source: https://cloud.google.com/sql/docs/postgres/create-instance
  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name is ${jsonencode(var.name)}: must be 1 to 63 lower-case letters, digits and hyphens that begin with a letter and do not end with a hyphen, such as fleet."
  }
}

variable "network" {
  description = "Id of the network that the instance has its private address in: output `network` of modules/network."
  type        = string
  nullable    = false
}

variable "tier" {
  description = "Machine type of edition ENTERPRISE: db-f1-micro and db-g1-small share a core and have no SLA; db-custom-CPUS-MEMORY_MIB has its own."
  type        = string
  default     = "db-custom-2-7680"
  nullable    = false

  validation {
    condition     = can(regex("^db-(f1-micro|g1-small|custom-[1-9][0-9]*-[1-9][0-9]*)$", var.tier))
    error_message = "tier is ${jsonencode(var.tier)}: must be db-f1-micro, db-g1-small or db-custom-CPUS-MEMORY_MIB, such as db-custom-2-7680."
  }
  # Source: https://cloud.google.com/sql/docs/postgres/create-instance#machine-types
  validation {
    condition = !can(regex("^db-custom-[0-9]+-[0-9]+$", var.tier)) || try(
      contains(concat([1], range(2, 97, 2)), tonumber(split("-", var.tier)[2])) &&
      tonumber(split("-", var.tier)[3]) % 256 == 0 &&
      tonumber(split("-", var.tier)[3]) >= max(3840, 922 * tonumber(split("-", var.tier)[2])) &&
      tonumber(split("-", var.tier)[3]) <= 6656 * tonumber(split("-", var.tier)[2]),
      false,
    )
    error_message = "tier is ${jsonencode(var.tier)}: CPUs must be 1 or an even number up to 96, memory a multiple of 256 MiB, at least 3840, and 0.9 to 6.5 GiB a CPU, such as db-custom-2-7680."
  }
}

variable "high_availability" {
  description = "A standby in another zone takes over within about a minute; doubles the price."
  type        = bool
  default     = true
  nullable    = false
}

variable "disk_size_gb" {
  description = "Size of the SSD to begin with, in GB. It grows by itself and never shrinks."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.disk_size_gb >= 10 && var.disk_size_gb <= 65536 && floor(var.disk_size_gb) == var.disk_size_gb
    error_message = "disk_size_gb is ${var.disk_size_gb}: must be a whole number from 10 to 65536, such as 10."
  }
}

variable "connections_max" {
  description = "Most connections at a time (flag max_connections). Each takes memory of the server; an alert comes at 80 %."
  type        = number
  default     = 100
  nullable    = false

  # Source: https://cloud.google.com/sql/docs/postgres/flags#postgres-m (14 to 262143).
  validation {
    condition     = var.connections_max >= 14 && var.connections_max <= 262143 && floor(var.connections_max) == var.connections_max
    error_message = "connections_max is ${var.connections_max}: must be a whole number from 14 to 262143, such as 100."
  }
}

variable "backups_kept" {
  description = "Daily backups that are kept. Any second of the last 7 days can be restored besides."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.backups_kept >= 7 && var.backups_kept <= 365 && floor(var.backups_kept) == var.backups_kept
    error_message = "backups_kept is ${var.backups_kept}: must be a whole number from 7 to 365, such as 14."
  }
}

variable "maintenance" {
  description = "When Google may restart the instance for maintenance: day of the week (1 is Monday), hour in UTC, and track (canary comes a week before stable, week5 weeks after it)."
  type = object({
    day   = optional(number, 2)
    hour  = optional(number, 3)
    track = optional(string, "stable")
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(range(1, 8), var.maintenance.day) && contains(range(0, 24), var.maintenance.hour)
    error_message = "maintenance is ${jsonencode(var.maintenance)}: day must be 1 to 7 and hour 0 to 23, such as { day = 2, hour = 3 }."
  }
  validation {
    condition     = contains(["canary", "stable", "week5"], var.maintenance.track)
    error_message = "maintenance.track is ${jsonencode(var.maintenance.track)}: must be canary, stable or week5, such as stable."
  }
}

variable "password_version" {
  description = "Any other text makes a new password: user and secret change in one apply. modules/database/README.md, Rotation."
  type        = string
  default     = "1"
  nullable    = false
}

variable "deletion_protection" {
  description = "Neither Terraform nor anybody else can delete the instance while this is true."
  type        = bool
  default     = true
  nullable    = false
}

variable "labels" {
  description = "Labels of everything that takes labels."
  type        = map(string)
  default     = { app = "barq" }
  nullable    = false
}
