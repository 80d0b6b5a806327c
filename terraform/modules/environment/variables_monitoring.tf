# The names that modules/monitoring knows; its variables say what they mean.
locals {
  threshold_names = [
    "application_errors", "database_connections_ratio", "database_cpu_ratio", "error_ratio", "instances_ratio",
    "latency_p95_ms", "startup_p95_ms",
  ]
  objective_names = ["availability_ratio", "latency_ratio", "rolling_days"]
}

variable "channels" {
  description = "Who is told of alerts: modules/channels/README.md."
  type = object({
    email     = optional(list(string), [])
    slack     = optional(object({ channel = string, token_secret = string, team = optional(string) }))
    pagerduty = optional(object({ key_secret = string }))
    critical  = optional(list(string), [])
    warning   = optional(list(string), [])
  })
  nullable = false
}

variable "alerting" {
  description = "Whether alerts are told. False until the first delivery: the placeholder is no service."
  type        = bool
  nullable    = false
}

variable "uptime_period" {
  description = "How often each service is asked from outside whether it is alive."
  type        = string
  nullable    = false
}

variable "documentation_url" {
  description = "Where your people read this repository's docs/; null: alerts name the file."
  type        = string
  default     = null
}
