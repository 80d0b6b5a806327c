output "urls" {
  description = "Function -> URL. People call those of approve, status, explain, rollback and sweep."
  value       = module.delivery.urls
}

output "accounts" {
  description = "Short name -> e-mail of each service account of Barq's."
  value       = module.delivery.accounts
}

output "topics" {
  description = "Short name -> full name of each topic. That of `builds` stands in cloudbuild.yaml, that of `alerts` in alert policies."
  value       = module.delivery.topics
}

output "workflows" {
  description = "Short name -> full name of each workflow."
  value       = module.delivery.workflows
}

output "secrets" {
  description = "Variable of notify -> the secret in this project that must hold its value before the first apply."
  value       = module.delivery.secrets
}

output "images" {
  description = "What the names of images begin with, in each repository that was made."
  value       = [for registry in module.registry : registry.image_prefix]
}

output "workload_identity_provider" {
  description = "For the variable WORKLOAD_IDENTITY_PROVIDER of GitHub Actions; null without github_actions."
  value       = one([for provider in google_iam_workload_identity_pool_provider.github : provider.name])
}

output "consoles" {
  description = "Where the console shows deliveries, functions, dead letters, the sweeper, the log, images and builds."
  value = merge(
    module.delivery.consoles,
    { for repository, registry in module.registry : "images in ${repository}" => registry.console },
    { builds = "https://console.cloud.google.com/cloud-build/builds;region=${var.region}?project=${var.project}" },
  )
}
