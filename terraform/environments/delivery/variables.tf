variable "project" {
  description = "Id of the project that Barq is installed in. Its number and its APIs' accounts are looked up."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the functions and the workflows; any of Cloud Run's that has Workflows, Eventarc and Cloud Scheduler."
  type        = string
  nullable    = false
}

variable "delivery_file" {
  description = "What is delivered where to. Empty: delivery.yaml of this repository."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.delivery_file == "" || fileexists(var.delivery_file)
    error_message = "delivery_file is ${jsonencode(var.delivery_file)}: must be a file that is there, such as ../../../delivery.yaml."
  }
}

variable "operators" {
  description = "IAM members who may start the workflows and call every function that is made for people: all that Barq may do, they may have it do."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "approvers" {
  description = "IAM members who may call approve."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "viewers" {
  description = "IAM members who may call status and explain."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "urgent_instances_min" {
  description = "Instances of rollback and on_alert that are kept warm; 0 starts them cold, about a second later."
  type        = number
  default     = 0
  nullable    = false
}

variable "iap_audience" {
  description = "Audience of Identity-Aware Proxy's headers, if approve stands behind it; empty is no proxy."
  type        = string
  default     = ""
  nullable    = false
}

variable "channels" {
  description = "Who is told when Barq itself is in trouble: modules/channels/README.md. Ids of secrets, never secrets."
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
  description = "Whether Barq's own alerts are told."
  type        = bool
  default     = true
  nullable    = false
}

variable "documentation_url" {
  description = "Where your people read this repository's docs/, such as https://github.com/acme/barq/blob/main/docs; null: alerts name the file."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the workflows, and the bucket while sources are in it."
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

variable "drill" {
  description = "The monthly rollback drill by the clock (docs/drill.md): service and target of delivery.yaml, schedule as cron. Null: only by hand."
  type = object({
    service   = string
    target    = string
    schedule  = optional(string, "0 9 1 * *")
    time_zone = optional(string, "Etc/UTC")
  })
  default = null
}

variable "pagerduty_endpoint" {
  description = "Where PagerDuty takes events: https://events.pagerduty.com, or https://events.eu.pagerduty.com for its European accounts."
  type        = string
  default     = "https://events.pagerduty.com"
  nullable    = false
}
