# It waits for APIs by way of the service's name. A `depends_on` would keep the plan from reading what it looks up.
module "monitoring" {
  source   = "../monitoring"
  for_each = local.services

  project           = local.project
  region            = each.value.region
  service           = module.service[each.key].name
  host              = trimprefix(module.service[each.key].uri, "https://")
  service_is_public = contains(each.value.invokers, "allUsers")
  uptime_period     = var.uptime_period
  instances_max     = each.value.instances_max
  channels          = var.channels
  rollback_channel  = module.target.alert_channel
  alerting          = var.alerting
  thresholds        = each.value.thresholds
  objectives        = each.value.objectives
  documentation_url = var.documentation_url
  labels            = local.labels

  database = each.value.database == null ? null : {
    id              = module.database[each.key].database_id
    connections_max = module.database[each.key].connections_max
  }
}
