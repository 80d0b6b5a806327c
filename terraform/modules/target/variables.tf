variable "project" {
  description = "Project that Barq delivers to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is ${jsonencode(var.project)}: must be a project id, such as barq-staging."
  }
}

variable "project_number" {
  description = "Its number: Google's own accounts are named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "project_number is ${jsonencode(var.project_number)}: must be a project's number, such as 123456789012."
  }
}

variable "delivery_project" {
  description = "Project that Barq is installed in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.delivery_project))
    error_message = "delivery_project is ${jsonencode(var.delivery_project)}: must be a project id, such as barq-delivery."
  }
}

variable "services" {
  description = "The services that Barq delivers to here, by a name of yours: region, Cloud Run service, account that it runs as, image repository as delivery.yaml has it, whether anybody may call it, and the job that migrates its database (null is none)."
  type = map(object({
    region          = string
    service         = string
    runtime_account = string
    image           = string
    is_public       = bool
    migrate_job     = optional(object({ name = string, account = string }))
  }))
  nullable = false

  validation {
    condition = alltrue([
      for service in values(var.services) :
      can(regex("^[a-z0-9-]+-docker\\.pkg\\.dev/[a-z][a-z0-9-]{4,28}[a-z0-9]/[a-z0-9-]+(/[a-z0-9._-]+)+$", service.image))
    ])
    error_message = "services have the images ${jsonencode([for service in values(var.services) : service.image])}: each must be an image of Artifact Registry without tag or digest, such as europe-west1-docker.pkg.dev/barq-build/fleet/health-service."
  }
}

variable "drill" {
  description = "Whether the monthly drill is played on these services: it calls them as a user would."
  type        = bool
  default     = false
  nullable    = false
}

variable "labels" {
  description = "Labels of everything that takes labels."
  type        = map(string)
  default     = { app = "barq" }
  nullable    = false
}
