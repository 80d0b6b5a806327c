locals {
  # What delivery.yaml says of each service here, and what the variables do.
  targets = {
    for name, service in var.delivery.services : name => merge(
      service.targets[var.name],
      { image = service.image },
    ) if contains(keys(service.targets), var.name)
  }
  services  = { for name, target in local.targets : name => merge(var.services[name], target) }
  databases = { for name, service in local.services : name => service if service.database != null }
  project   = one(distinct([for target in local.targets : target.project]))
  labels    = merge(var.labels, { environment = var.name })
}

# Read before anything is made, and not with a module that waits: its number stands in names of accounts.
data "google_project" "this" {
  project_id = local.project
}

module "network" {
  source = "../network"
  count  = length(local.databases) > 0 ? 1 : 0

  project = local.project
  name    = "barq"
  subnets = var.subnets
  labels  = local.labels

  depends_on = [time_sleep.apis]
}

module "database" {
  source   = "../database"
  for_each = local.databases

  project             = local.project
  region              = each.value.region
  name                = each.value.service
  network             = module.network[0].network
  tier                = each.value.database.tier
  high_availability   = each.value.database.high_availability
  disk_size_gb        = each.value.database.disk_size_gb
  connections_max     = each.value.database.connections_max
  backups_kept        = each.value.database.backups_kept
  maintenance         = each.value.database.maintenance
  password_version    = each.value.database.password_version
  deletion_protection = var.deletion_protection
  labels              = local.labels

  depends_on = [time_sleep.apis]
}

module "service" {
  source   = "../service"
  for_each = local.services

  project         = local.project
  region          = each.value.region
  name            = each.value.service
  environment     = var.name
  cpu             = each.value.cpu
  memory          = each.value.memory
  instances_min   = each.value.instances_min
  instances_max   = each.value.instances_max
  concurrency     = each.value.concurrency
  timeout_seconds = each.value.timeout_seconds
  # A public service tells the public no more than whether it is well.
  env          = merge(contains(each.value.invokers, "allUsers") ? { DETAILED_CALLERS = "nobody" } : {}, each.value.env)
  secrets      = each.value.secrets
  secret_files = each.value.secret_files
  invokers     = each.value.invokers
  domain       = each.value.domain
  ssl_policy   = each.value.ssl_policy

  network = each.value.database == null ? null : {
    network    = module.network[0].network
    subnetwork = module.network[0].subnetworks[each.value.region]
  }
  database = each.value.database == null ? null : {
    url             = module.database[each.key].url
    password_secret = module.database[each.key].password_secret
  }
  migrator = try(each.value.database.migrator, false)

  deletion_protection = var.deletion_protection
  labels              = local.labels

  depends_on = [time_sleep.apis]
}
