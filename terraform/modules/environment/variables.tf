variable "name" {
  description = "Name of the environment: that of the target in delivery.yaml."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,28}[a-z0-9]$", var.name))
    error_message = "name is ${jsonencode(var.name)}: must be 2 to 30 lower-case letters, digits and hyphens, such as staging."
  }
}

variable "delivery" {
  description = "Content of delivery.yaml. Of each service, what has a target of this name is in this environment."
  type = object({
    services = map(object({
      image   = string
      targets = map(object({ project = string, region = string, service = string }))
    }))
  })
  nullable = false

  validation {
    condition     = length([for service in values(var.delivery.services) : true if contains(keys(service.targets), var.name)]) > 0
    error_message = "delivery.yaml has the targets ${jsonencode(distinct(flatten([for service in values(var.delivery.services) : keys(service.targets)])))}: must have a service with a target ${var.name}, such as `targets: {${var.name}: {project: barq-${var.name}, region: europe-west1, service: fleet}}`."
  }
  validation {
    condition     = length(distinct([for service in values(var.delivery.services) : service.targets[var.name].project if contains(keys(service.targets), var.name)])) <= 1
    error_message = "targets ${var.name} of delivery.yaml are in the projects ${jsonencode(distinct([for service in values(var.delivery.services) : service.targets[var.name].project if contains(keys(service.targets), var.name)]))}: must all be in one, such as barq-${var.name}; an environment is one project."
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
  validation {
    condition     = !var.apart || !contains([for service in values(var.delivery.services) : try(service.targets[var.name].project, "")], var.delivery_project)
    error_message = "delivery_project is ${jsonencode(var.delivery_project)}, which is also the project of target ${var.name}: must be another one, such as barq-delivery. Who may try things out here could deliver to production."
  }
}

variable "apart" {
  description = "Whether Barq must be installed in another project than this one."
  type        = bool
  nullable    = false
}

variable "drill" {
  description = "Whether the monthly drill is played here."
  type        = bool
  nullable    = false
}

variable "services" {
  description = "Settings of each service that delivery.yaml has a target for here; of no other. What they mean: modules/service and modules/database."
  type = map(object({
    cpu             = number
    memory          = string
    instances_min   = number
    instances_max   = number
    concurrency     = number
    timeout_seconds = number
    env             = map(string)
    secrets         = map(string)
    secret_files    = map(string)
    invokers        = list(string)
    domain          = string
    ssl_policy      = string
    thresholds      = map(number)
    objectives      = map(number)
    database = object({
      tier              = string
      high_availability = bool
      disk_size_gb      = number
      connections_max   = number
      backups_kept      = number
      password_version  = string
      migrator          = bool
      maintenance       = object({ day = number, hour = number, track = string })
    })
  }))
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.services), keys(var.delivery.services))) == 0
    error_message = "services has ${jsonencode(keys(var.services))}: each must be a service of delivery.yaml, such as ${try(keys(var.delivery.services)[0], "fleet")}."
  }
  validation {
    condition = alltrue([
      for name in keys(var.services) : try(contains(keys(var.delivery.services[name].targets), var.name), true)
    ])
    error_message = "services has ${jsonencode(keys(var.services))}: each must have a target ${var.name} in delivery.yaml, such as ${jsonencode([for name, service in var.delivery.services : name if contains(keys(service.targets), var.name)])}."
  }
  validation {
    condition = alltrue([
      for name, service in var.delivery.services : contains(keys(var.services), name) if contains(keys(service.targets), var.name)
    ])
    error_message = "services has ${jsonencode(keys(var.services))}: must have each service with a target ${var.name} in delivery.yaml, such as { ${join(", ", [for name, service in var.delivery.services : "${name} = {}" if contains(keys(service.targets), var.name)])} }."
  }
  # Terraform would drop a name that it does not know without a word.
  validation {
    condition = alltrue([
      for service in values(var.services) :
      length(setsubtract(keys(service.thresholds), local.threshold_names)) + length(setsubtract(keys(service.objectives), local.objective_names)) == 0
    ])
    error_message = "services have the thresholds ${jsonencode(distinct(flatten([for service in values(var.services) : keys(service.thresholds)])))} and the objectives ${jsonencode(distinct(flatten([for service in values(var.services) : keys(service.objectives)])))}: must be of ${jsonencode(concat(local.threshold_names, local.objective_names))}, such as { thresholds = { latency_p95_ms = 800 } }."
  }
  # What is left over is for migrations, people, and a revision that has just been tagged.
  validation {
    condition = alltrue([
      for service in values(var.services) : try(
        service.instances_max * tonumber(lookup(service.env, "DATABASE_POOL_MAX", "5")) <= 0.8 * service.database.connections_max,
        service.database == null,
      )
    ])
    error_message = "services may open ${jsonencode({ for name, service in var.services : name => try("${service.instances_max * tonumber(lookup(service.env, "DATABASE_POOL_MAX", "5"))} of ${service.database.connections_max} connections", "none") })}: instances_max times DATABASE_POOL_MAX (5) must be at most 80 % of database.connections_max, such as 10 times 5 of 100."
  }
}

variable "subnets" {
  description = "Address range in CIDR notation of the subnet in each region where a service has a database."
  type        = map(string)
  nullable    = false

  validation {
    condition = alltrue([
      for name, service in var.services :
      try(contains(keys(var.subnets), var.delivery.services[name].targets[var.name].region), true) if service.database != null
    ])
    error_message = "subnets has ${jsonencode(keys(var.subnets))}: must have each region where a service has a database, such as { ${join(", ", distinct([for name, service in var.services : "${try(var.delivery.services[name].targets[var.name].region, "europe-west1")} = \"10.10.0.0/24\"" if service.database != null]))} }."
  }
}

variable "deletion_protection" {
  description = "Whether services and databases cannot be deleted."
  type        = bool
  nullable    = false
}

variable "labels" {
  description = "Labels of everything that takes labels."
  type        = map(string)
  nullable    = false

  # Source: https://cloud.google.com/resource-manager/docs/labels-overview#requirements
  validation {
    condition = alltrue([
      for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels is ${jsonencode(var.labels)}: keys and values must be lower-case letters, digits, _ and -, such as { app = \"barq\" }."
  }
}
