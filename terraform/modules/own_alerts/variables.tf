variable "project" {
  description = "Id of the project that Barq runs in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is ${jsonencode(var.project)}: must be a project id of 6 to 30 small letters, digits and hyphens, such as \"shop-delivery\"."
  }
}

variable "region" {
  description = "Region that Barq runs in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is ${jsonencode(var.region)}: must be a region, such as \"europe-west1\"."
  }
}

variable "services" {
  description = "Function -> the Cloud Run service that it runs as: output `services` of modules/delivery."
  type        = map(string)
  nullable    = false

  validation {
    condition     = contains(keys(var.services), "sweep")
    error_message = "services is ${jsonencode(var.services)}: must name the sweeper, such as {sweep = \"barq-sweep\"}."
  }
}

variable "workflows" {
  description = "Names of Barq's workflows."
  type        = list(string)
  nullable    = false
  default     = ["rollout", "drill"]

  validation {
    condition     = length(var.workflows) > 0 && alltrue([for one in var.workflows : can(regex("^[a-z]([a-z0-9_-]{0,62}[a-z0-9])?$", one))])
    error_message = "workflows is ${jsonencode(var.workflows)}: must be names without their paths, such as [\"rollout\"]."
  }
}

variable "alert_subscription" {
  description = "Name of the subscription that brings alerts to `on_alert`."
  type        = string
  nullable    = false
  default     = "barq-on-alert"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$", var.alert_subscription))
    error_message = "alert_subscription is ${jsonencode(var.alert_subscription)}: must be a name without its path, such as \"barq-on-alert\"."
  }
}

variable "dead_letter_subscription" {
  description = "Name of the subscription that keeps what no function would take."
  type        = string
  nullable    = false
  default     = "barq-dead-letters"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$", var.dead_letter_subscription))
    error_message = "dead_letter_subscription is ${jsonencode(var.dead_letter_subscription)}: must be a name without its path, such as \"barq-dead-letters\"."
  }
}

variable "channels" {
  description = "Who is told: see modules/channels."
  type = object({
    email     = optional(list(string), [])
    slack     = optional(object({ channel = string, token_secret = string, team = optional(string) }))
    pagerduty = optional(object({ key_secret = string }))
    critical  = optional(list(string), [])
    warning   = optional(list(string), [])
  })
  nullable = false
  default  = {}
}

variable "alerting" {
  description = "Whether the alert policies are enabled."
  type        = bool
  nullable    = false
  default     = true
}

variable "documentation_url" {
  description = "Where people of yours read this repository's docs/, such as https://github.com/acme/barq/blob/main/docs; null: alerts name the file."
  type        = string
  default     = null

  validation {
    condition     = var.documentation_url == null || can(regex("^https://[^\\s]+[^/\\s]$", var.documentation_url))
    error_message = "documentation_url is ${jsonencode(var.documentation_url)}: must be an https URL without a slash at its end, such as \"https://github.com/acme/barq/blob/main/docs\"."
  }
}

variable "labels" {
  description = "User labels of policies and channels."
  type        = map(string)
  nullable    = false
  default     = { app = "barq" }

  validation {
    condition = alltrue([
      for key, value in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels is ${jsonencode(var.labels)}: keys and values must be small letters, digits, _ and -, such as {team = \"platform\"}."
  }
}
