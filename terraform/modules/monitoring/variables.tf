variable "project" {
  description = "Id of the project that the service runs in. It becomes a user label, so it may hold no colon and no dot."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is ${jsonencode(var.project)}: must be a project id of 6 to 30 small letters, digits and hyphens, such as \"shop-production\"."
  }
}

variable "region" {
  description = "Region of the service."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is ${jsonencode(var.region)}: must be a region of Cloud Run, such as \"europe-west1\"."
  }
}

variable "service" {
  description = "Name of the Cloud Run service that is watched."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", var.service))
    error_message = "service is ${jsonencode(var.service)}: must be the name of a Cloud Run service, such as \"shop\"."
  }
}

variable "host" {
  description = "Host that the uptime check asks: that of the service's own run.app URL, or a custom domain of a public service."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.host))
    error_message = "host is ${jsonencode(var.host)}: must be a host without scheme and path, such as \"shop-123456789012.europe-west1.run.app\"."
  }
  validation {
    condition     = var.service_is_public || endswith(var.host, ".run.app")
    error_message = "host is ${jsonencode(var.host)}, and service_is_public is false: must be the run.app host, such as \"shop-123456789012.europe-west1.run.app\", because Cloud Run takes the token of the check for no other."
  }
}

variable "service_is_public" {
  description = "Whether anybody may call the service. If not, the uptime check brings a token, and its account may call it."
  type        = bool
  nullable    = false
  default     = false
}

variable "uptime_period" {
  description = "How often each checker asks /health/live."
  type        = string
  nullable    = false
  default     = "60s"

  validation {
    condition     = contains(["60s", "300s", "600s", "900s"], var.uptime_period)
    error_message = "uptime_period is ${jsonencode(var.uptime_period)}: must be \"60s\", \"300s\", \"600s\" or \"900s\", such as \"60s\" in production."
  }
}

variable "instances_max" {
  description = "How many instances a revision may have at most."
  type        = number
  nullable    = false

  validation {
    condition     = var.instances_max >= 1 && floor(var.instances_max) == var.instances_max
    error_message = "instances_max is ${var.instances_max}: must be a whole number above 0, such as 10."
  }
}

variable "database" {
  description = "The Cloud SQL instance of the service, and how many connections it takes; null without one."
  type        = object({ id = string, connections_max = number })
  default     = null

  validation {
    condition     = can(regex("^[^:]+(:[^:]+)?:[^:]+$", var.database.id)) || var.database == null
    error_message = "database.id is ${jsonencode(try(var.database.id, null))}: must be PROJECT:INSTANCE, such as \"shop-production:shop\"."
  }
  validation {
    condition     = try(var.database.connections_max > 0, var.database == null)
    error_message = "database.connections_max is ${jsonencode(try(var.database.connections_max, null))}: must be above 0, such as 100."
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

variable "rollback_channel" {
  description = "Name of the Pub/Sub channel of modules/target, by which Barq hears what is critical; null: people alone do."
  type        = string
  default     = null

  validation {
    condition     = var.rollback_channel == null || can(regex("^projects/[^/]+/notificationChannels/[^/]+$", var.rollback_channel))
    error_message = "rollback_channel is ${jsonencode(var.rollback_channel)}: must be the full name of a channel, such as \"projects/shop-production/notificationChannels/123\"."
  }
}

variable "alerting" {
  description = "Whether the alert policies are enabled. False until the first delivery: a placeholder is not alive."
  type        = bool
  nullable    = false
  default     = true
}

variable "thresholds" {
  description = "Above what an alert fires. Ratios are 0.0 to 1.0; times are in milliseconds."
  type = object({
    error_ratio                = optional(number, 0.01)
    latency_p95_ms             = optional(number, 1000)
    database_connections_ratio = optional(number, 0.8)
    database_cpu_ratio         = optional(number, 0.85)
    instances_ratio            = optional(number, 0.8)
    startup_p95_ms             = optional(number, 10000)
    application_errors         = optional(number, 10)
  })
  nullable = false
  default  = {}

  validation {
    condition = alltrue([
      for name, value in var.thresholds : value > 0 && value < 1 if endswith(name, "_ratio")
    ])
    error_message = "thresholds is ${jsonencode({ for name, value in var.thresholds : name => value if endswith(name, "_ratio") })}: every ratio must be between 0 and 1, such as 0.01 for 1 %."
  }
  validation {
    condition = alltrue([
      for name, value in var.thresholds : value > 0 if !endswith(name, "_ratio")
    ])
    error_message = "thresholds is ${jsonencode({ for name, value in var.thresholds : name => value if !endswith(name, "_ratio") })}: must be above 0, such as latency_p95_ms = 1000."
  }
}

variable "objectives" {
  description = "What the service promises: the share of requests without a 5xx, and of those answered within latency_p95_ms."
  type = object({
    availability_ratio = optional(number, 0.999)
    latency_ratio      = optional(number, 0.95)
    rolling_days       = optional(number, 28)
  })
  nullable = false
  default  = {}

  validation {
    condition = alltrue([
      for one in [var.objectives.availability_ratio, var.objectives.latency_ratio] : one > 0 && one <= 0.999
    ])
    error_message = "objectives is ${jsonencode(var.objectives)}: both ratios must be above 0 and at most 0.999, such as availability_ratio = 0.999."
  }
  validation {
    condition     = var.objectives.rolling_days >= 1 && var.objectives.rolling_days <= 30 && floor(var.objectives.rolling_days) == var.objectives.rolling_days
    error_message = "objectives.rolling_days is ${var.objectives.rolling_days}: must be a whole number from 1 to 30, such as 28."
  }
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
  description = "User labels of policies, channels, checks and objectives, beside those that Barq reads."
  type        = map(string)
  nullable    = false
  default     = { app = "barq" }

  validation {
    condition = alltrue([
      for key, value in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels is ${jsonencode(var.labels)}: keys and values must be small letters, digits, _ and -, such as {team = \"shop\"}."
  }
}
