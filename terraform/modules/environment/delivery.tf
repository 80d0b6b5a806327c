module "target" {
  source = "../target"

  project          = local.project
  project_number   = data.google_project.this.number
  delivery_project = var.delivery_project
  drill            = var.drill
  labels           = local.labels

  services = {
    for name, service in local.services : name => {
      region          = service.region
      service         = module.service[name].name
      runtime_account = module.service[name].runtime_account
      image           = service.image
      is_public       = contains(service.invokers, "allUsers")
      migrate_job     = module.service[name].migrate_job
    }
  }

  depends_on = [time_sleep.apis]
}
