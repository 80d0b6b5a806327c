variable "delivery_project" {
  description = "Project that Barq is installed in; not the one of staging."
  type        = string
  nullable    = false
}

variable "delivery_file" {
  description = "What is delivered where to; null is delivery.yaml of this repository. Project, region and name of each service come from there."
  type        = string
  default     = null

  validation {
    condition     = var.delivery_file == null || try(fileexists(var.delivery_file), false)
    error_message = "delivery_file is ${jsonencode(var.delivery_file)}: must be a file that is there, such as ../../../delivery.yaml."
  }
}

variable "services" {
  description = "Each service that delivery.yaml has a target staging for, with what differs from these defaults. modules/service and modules/database say what each means."
  type = map(object({
    cpu             = optional(number, 2)
    memory          = optional(string, "2Gi")
    instances_min   = optional(number, 0)
    instances_max   = optional(number, 4)
    concurrency     = optional(number, 80)
    timeout_seconds = optional(number, 300)
    env             = optional(map(string), {})
    secrets         = optional(map(string), {})
    secret_files    = optional(map(string), {})
    invokers        = optional(list(string), [])
    domain          = optional(string)
    ssl_policy      = optional(string)
    thresholds      = optional(map(number), {})
    objectives      = optional(map(number), {})
    database = optional(object({
      tier              = optional(string, "db-f1-micro")
      high_availability = optional(bool, false)
      disk_size_gb      = optional(number, 10)
      connections_max   = optional(number, 50)
      backups_kept      = optional(number, 7)
      password_version  = optional(string, "1")
      migrator          = optional(bool, true)
      maintenance = optional(object({
        day   = optional(number, 2)
        hour  = optional(number, 3)
        track = optional(string, "canary")
      }), {})
    }))
  }))
  nullable = false
}

variable "subnets" {
  description = "Address range of the subnet in each region where a service has a database, /26 or larger. Empty without databases."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "channels" {
  description = "Who is told of alerts. Ids of secrets, never secrets: modules/channels/README.md."
  type = object({
    email     = optional(list(string), [])
    slack     = optional(object({ channel = string, token_secret = string, team = optional(string) }))
    pagerduty = optional(object({ key_secret = string }))
    critical  = optional(list(string), [])
    warning   = optional(list(string), [])
  })
  default  = {}
  nullable = false
}

variable "alerting" {
  description = "Whether alerts are told. False for the first apply, true after the first delivery: the placeholder is no service."
  type        = bool
  default     = true
  nullable    = false
}

variable "uptime_period" {
  description = "How often each service is asked from outside whether it is alive: 60s, 300s, 600s or 900s."
  type        = string
  default     = "300s"
  nullable    = false
}

variable "documentation_url" {
  description = "Where your people read this repository's docs/, such as https://github.com/acme/barq/blob/main/docs; null: alerts name the file."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether services and databases cannot be deleted."
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
