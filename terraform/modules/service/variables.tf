variable "project" {
  description = "Project that the service is in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is ${jsonencode(var.project)}: must be a project id, such as barq-staging."
  }
}

variable "region" {
  description = "Region of the service."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is ${jsonencode(var.region)}: must be a Google Cloud region, such as europe-west1."
  }
}

variable "name" {
  description = "Name of the Cloud Run service, as delivery.yaml says."
  type        = string
  nullable    = false

  # Barq's own limit: a revision's name holds the service's, a digest and the rollout (docs/reference/delivery.md).
  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", var.name))
    error_message = "name is ${jsonencode(var.name)}: must be 1 to 49 lower-case letters, digits and hyphens that begin with a letter and do not end with a hyphen, such as fleet."
  }
}

variable "environment" {
  description = "What the service calls its environment (ENVIRONMENT)."
  type        = string
  nullable    = false
}

variable "image" {
  description = "Image of the first revision. Barq delivers every other one: a change here reaches nobody."
  type        = string
  default     = "us-docker.pkg.dev/cloudrun/container/hello"
  nullable    = false
}

variable "invokers" {
  description = "Who may call the service, as IAM writes members. With allUsers it is public."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for member in var.invokers :
      can(regex("^(allUsers|(user|group|serviceAccount|domain|principal|principalSet):[^:].*)$", member))
    ])
    error_message = "invokers is ${jsonencode(var.invokers)}: each must be a member as IAM writes it, such as group:drivers@example.com, or allUsers."
  }
}

variable "env" {
  description = "Environment of the first revision, beside what this module sets. Nothing secret."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.env) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "env has ${jsonencode(keys(var.env))}: each must be a name of letters, digits and _, such as LOG_LEVEL."
  }
  # Source: https://cloud.google.com/run/docs/container-contract#env-vars
  validation {
    condition = length(setintersection(keys(var.env), concat(
      ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"],
      ["ENVIRONMENT", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_REGION", "DATABASE_URL", "DATABASE_PASSWORD_FILE"],
    ))) == 0
    error_message = "env has ${jsonencode(keys(var.env))}: must leave out what Cloud Run sets (PORT, K_SERVICE, K_REVISION, K_CONFIGURATION) and this module (ENVIRONMENT, GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_REGION, DATABASE_URL, DATABASE_PASSWORD_FILE), such as { LOG_LEVEL = \"INFO\" }."
  }
}

variable "secrets" {
  description = "Variable to id of the secret of this project whose newest version an instance reads at its start."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for name, secret in var.secrets :
      can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name)) && can(regex("^[A-Za-z0-9_-]{1,255}$", secret))
    ])
    error_message = "secrets is ${jsonencode(var.secrets)}: each must be a variable and the id of a secret, such as { API_KEY = \"fleet-api-key\" }."
  }
  validation {
    condition     = length(setintersection(keys(var.secrets), keys(var.env))) == 0
    error_message = "secrets has ${jsonencode(keys(var.secrets))} and env ${jsonencode(keys(var.env))}: a variable must stand in one of them, such as { API_KEY = \"fleet-api-key\" } in secrets alone."
  }
}

variable "secret_files" {
  description = "Path of a file to id of the secret of this project that it holds. A new version is in the file at once, without a new revision."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for path, secret in var.secret_files :
      can(regex("^(/[a-z0-9][a-z0-9-]*)+/[A-Za-z0-9._-]+$", path)) && can(regex("^[A-Za-z0-9_-]{1,255}$", secret))
    ])
    error_message = "secret_files is ${jsonencode(var.secret_files)}: each must be a path with a folder of its own and the id of a secret, such as { \"/secrets/mail/key\" = \"fleet-mail-key\" }."
  }
  # Cloud Run mounts one secret in a folder, and hides what else is there.
  # Source: https://cloud.google.com/run/docs/configuring/services/secrets
  validation {
    condition     = length(distinct(concat(["/secrets/database"], [for path in keys(var.secret_files) : dirname(path)]))) == length(var.secret_files) + 1
    error_message = "secret_files has ${jsonencode(keys(var.secret_files))}: each must be in a folder of its own, and none in /secrets/database, such as /secrets/mail/key."
  }
}

variable "cpu" {
  description = "CPUs of an instance."
  type        = number
  default     = 2
  nullable    = false

  # Source: https://cloud.google.com/run/docs/configuring/services/cpu
  validation {
    condition     = contains([1, 2, 4, 6, 8], var.cpu)
    error_message = "cpu is ${var.cpu}: must be 1, 2, 4, 6 or 8, such as 2."
  }
}

variable "memory" {
  description = "Memory of an instance, with its unit."
  type        = string
  default     = "2Gi"
  nullable    = false

  # Source: https://cloud.google.com/run/docs/configuring/services/memory-limits
  validation {
    condition     = can(regex("^(51[2-9]|5[2-9][0-9]|[6-9][0-9]{2}|[1-9][0-9]{3,4})Mi$|^([1-9]|[12][0-9]|3[0-2])Gi$", var.memory))
    error_message = "memory is ${jsonencode(var.memory)}: must be 512Mi to 32Gi, such as 2Gi."
  }
  validation {
    condition = try(
      tonumber(trimsuffix(trimsuffix(var.memory, "Mi"), "Gi")) * (endswith(var.memory, "Gi") ? 1024 : 1) >= lookup({ 4 = 2048, 6 = 4096, 8 = 4096 }, var.cpu, 512) &&
      tonumber(trimsuffix(trimsuffix(var.memory, "Mi"), "Gi")) * (endswith(var.memory, "Gi") ? 1024 : 1) <= lookup({ 1 = 4096, 2 = 8192, 4 = 16384, 6 = 24576 }, var.cpu, 32768),
      false,
    )
    error_message = "memory is ${jsonencode(var.memory)} and cpu ${var.cpu}: 1 CPU takes up to 4Gi, 2 up to 8Gi, 4 2Gi to 16Gi, 6 4Gi to 24Gi, 8 4Gi to 32Gi, such as 2Gi with 2."
  }
}

variable "instances_min" {
  description = "Instances that are always there, of all revisions together."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.instances_min >= 0 && floor(var.instances_min) == var.instances_min
    error_message = "instances_min is ${var.instances_min}: must be a whole number, such as 1."
  }
  validation {
    condition     = var.instances_min <= var.instances_max
    error_message = "instances_min is ${var.instances_min}: must be no more than instances_max (${var.instances_max}), such as ${var.instances_max}."
  }
}

variable "instances_max" {
  description = "Most instances, of all revisions together."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.instances_max >= 1 && var.instances_max <= 1000 && floor(var.instances_max) == var.instances_max
    error_message = "instances_max is ${var.instances_max}: must be a whole number from 1 to 1000, such as 10."
  }
}

variable "concurrency" {
  description = "Most requests that an instance has at a time."
  type        = number
  default     = 80
  nullable    = false

  validation {
    condition     = var.concurrency >= 1 && var.concurrency <= 1000 && floor(var.concurrency) == var.concurrency
    error_message = "concurrency is ${var.concurrency}: must be a whole number from 1 to 1000, such as 80."
  }
}

variable "timeout_seconds" {
  description = "How long a request may take, in seconds."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 3600 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds is ${var.timeout_seconds}: must be a whole number from 1 to 3600, such as 300."
  }
}

variable "network" {
  description = "Ids of network and subnet that traffic to private addresses leaves by; null is none."
  type        = object({ network = string, subnetwork = string })
  default     = null
}

variable "database" {
  description = "Its url and the id of its password's secret: outputs of modules/database; null is none."
  type        = object({ url = string, password_secret = string })
  default     = null
}

variable "migrator" {
  description = "Whether there is a job NAME-migrate, which the build runs with each new image before it is announced."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.migrator || var.database != null
    error_message = "migrator is true and database null: there must be a database to migrate, such as { url = \"postgresql://fleet@10.0.0.3:5432/fleet\", password_secret = \"fleet-database-password\" }, or migrator must be false."
  }
}

variable "migrator_args" {
  description = "What the image's entry point is given to migrate the database."
  type        = list(string)
  default     = ["-m", "health_service.migrate"]
  nullable    = false
}

variable "domain" {
  description = "Domain that is served besides the service's own address, behind a load balancer with a certificate of Google's; null is none."
  type        = string
  default     = null

  # Source: https://cloud.google.com/load-balancing/docs/ssl-certificates/google-managed-certs (64 characters, no wildcard).
  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.domain)) && try(length(var.domain) <= 64, false)
    error_message = "domain is ${jsonencode(var.domain)}: must be a domain of at most 64 characters in lower case, such as fleet.example.com."
  }
}

variable "ssl_policy" {
  description = "Id of an SSL policy for the domain; null is Google's default, which still speaks TLS 1.0."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Terraform does not delete the service while this is true."
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
