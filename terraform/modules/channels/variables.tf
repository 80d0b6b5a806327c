variable "project" {
  description = "Id of the project whose alert policies notify these channels: Monitoring takes no others."
  type        = string
  nullable    = false
}

variable "name" {
  description = "What is watched, as a person reads it in the name of a channel."
  type        = string
  nullable    = false
}

variable "labels" {
  description = "User labels of the channels."
  type        = map(string)
  nullable    = false
  default     = { app = "barq" }
}

variable "channels" {
  description = <<-EOT
    Who is told. `email`: addresses, for warnings. `slack` and `pagerduty`: for what is critical; the token and the
    integration key are read from Secret Manager, and stand in Terraform's state from then on.
    `critical` and `warning`: full names of channels that were made elsewhere, whose secrets no state holds.
  EOT
  type = object({
    email     = optional(list(string), [])
    slack     = optional(object({ channel = string, token_secret = string, team = optional(string) }))
    pagerduty = optional(object({ key_secret = string }))
    critical  = optional(list(string), [])
    warning   = optional(list(string), [])
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for one in var.channels.email : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", one))])
    error_message = "channels.email is ${jsonencode(var.channels.email)}: must be addresses, such as [\"team@example.com\"]."
  }
  validation {
    condition     = try(startswith(var.channels.slack.channel, "#"), var.channels.slack == null)
    error_message = "channels.slack.channel is ${jsonencode(try(var.channels.slack.channel, null))}: must begin with #, such as \"#deliveries\"."
  }
  validation {
    condition = alltrue([
      for one in compact([try(var.channels.slack.token_secret, ""), try(var.channels.pagerduty.key_secret, "")]) :
      can(regex("^[A-Za-z0-9_-]{1,255}$", one))
    ])
    error_message = "a secret of channels is ${jsonencode(compact([try(var.channels.slack.token_secret, ""), try(var.channels.pagerduty.key_secret, "")]))}: must be ids of secrets in project ${var.project}, such as \"barq-pagerduty-key\", never the secrets themselves."
  }
  validation {
    condition = alltrue([
      for one in concat(var.channels.critical, var.channels.warning) :
      can(regex("^projects/[^/]+/notificationChannels/[^/]+$", one))
    ])
    error_message = "channels.critical and channels.warning are ${jsonencode(concat(var.channels.critical, var.channels.warning))}: must be full names, such as \"projects/shop-production/notificationChannels/123\"."
  }
}
