variable "project" {
  description = "Id of the project that Barq itself lives in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is ${jsonencode(var.project)}: must be a project's id of 6 to 30 small letters, digits and hyphens, such as barq-delivery."
  }
}

variable "region" {
  description = "Region of the functions, the workflows and the trigger."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is ${jsonencode(var.region)}: must be a region, no zone, such as europe-west1."
  }
}

variable "repository_folder" {
  description = "Folder of this repository, with functions/ and workflows/ in it. Empty: the one that this module lies in."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.repository_folder == "" || fileexists("${var.repository_folder}/functions/installation.yaml")
    error_message = "repository_folder is ${jsonencode(var.repository_folder)}: must be a folder that holds functions/installation.yaml, such as ../../.. ."
  }
}

variable "delivery_file" {
  description = "File that says what is delivered where to; it travels with the functions. Empty: delivery.yaml in repository_folder."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.delivery_file == "" || fileexists(var.delivery_file)
    error_message = "delivery_file is ${jsonencode(var.delivery_file)}: must be a file that is there, such as ../../../delivery.yaml."
  }
}

variable "labels" {
  description = "Labels of everything that takes labels."
  type        = map(string)
  default     = { app = "barq" }
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels is ${jsonencode(var.labels)}: keys and values must be small letters, digits, _ and -, at most 63, such as {\"app\" = \"barq\"}."
  }
}

variable "urgent_instances_min" {
  description = "Instances of rollback and on_alert that are kept warm. 0: they start cold, about a second later; 1 costs an idle instance of each."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.urgent_instances_min >= 0 && var.urgent_instances_min <= 10 && floor(var.urgent_instances_min) == var.urgent_instances_min
    error_message = "urgent_instances_min is ${jsonencode(var.urgent_instances_min)}: must be a whole number from 0 to 10, such as 1."
  }
}

variable "instances_max" {
  description = "Instances that each function may have at most."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.instances_max >= 1 && var.instances_max <= 100 && floor(var.instances_max) == var.instances_max
    error_message = "instances_max is ${jsonencode(var.instances_max)}: must be a whole number from 1 to 100, such as 10."
  }
}

variable "iap_audience" {
  description = "Audience of the headers that Identity-Aware Proxy signs, if approve stands behind it. Empty: it does not, and Cloud Run's own check names the approver."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.iap_audience == "" || can(regex("^/projects/[0-9]+/[^[:space:]]+$", var.iap_audience))
    error_message = "iap_audience is ${jsonencode(var.iap_audience)}: must be a path that begins with /projects/NUMBER/, such as /projects/123456789/locations/europe-west1/services/barq-approve."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the workflows, and the bucket while sources are in it."
  type        = bool
  default     = true
  nullable    = false
}

variable "drill" {
  description = "The rollback drill by the clock: which service and target of delivery.yaml, and when, as cron. Null: only by hand."
  type = object({
    service   = string
    target    = string
    schedule  = optional(string, "0 9 1 * *")
    time_zone = optional(string, "Etc/UTC")
  })
  default = null

  validation {
    condition     = var.drill == null || can(regex("^([^[:space:]]+ ){4}[^[:space:]]+$", var.drill.schedule))
    error_message = "drill.schedule is ${jsonencode(try(var.drill.schedule, ""))}: must be five fields of cron, such as \"0 9 1 * *\"."
  }

  # Which target is the last cannot be read here: yamldecode sorts keys. The drill itself refuses that one.
  validation {
    condition     = var.drill == null || can(local.delivery.services[var.drill.service].targets[var.drill.target])
    error_message = "drill is of ${jsonencode(try("${var.drill.service}/${var.drill.target}", ""))}: must be a service of delivery.yaml and a target of it that is not its last, such as {service = \"fleet\", target = \"staging\"}."
  }
}

variable "pagerduty_endpoint" {
  description = "Where PagerDuty takes events; accounts of its European region have a host of their own."
  type        = string
  default     = "https://events.pagerduty.com"
  nullable    = false

  validation {
    condition     = can(regex("^https://events(\\.eu)?\\.pagerduty\\.com$", var.pagerduty_endpoint))
    error_message = "pagerduty_endpoint is ${jsonencode(var.pagerduty_endpoint)}: must be the host of one of its regions, such as https://events.eu.pagerduty.com."
  }
}
