output "project" {
  description = "The project, once its APIs may be used: what is made beside this module waits for them by it."
  value       = var.project
  depends_on  = [time_sleep.apis]
}

output "urls" {
  description = "Function -> URL."
  value       = { for name, function in google_cloudfunctions2_function.barq : name => function.service_config[0].uri }
}

output "services" {
  description = "Function -> the Cloud Run service that it runs as."
  value       = local.names
}

output "accounts" {
  description = "Short name -> e-mail of each service account."
  value = merge(
    { for name, account in google_service_account.function : local.names[name] => account.email },
    { for name, account in google_service_account.other : name => account.email },
  )
}

output "topics" {
  description = "Short name -> full name of each topic."
  value       = { for name, topic in google_pubsub_topic.barq : name => topic.id }
}

output "subscriptions" {
  description = "Names of the subscriptions that push to functions."
  value       = keys(google_pubsub_subscription.function)
}

output "workflows" {
  description = "Short name -> full name of each workflow."
  value       = { for name, workflow in google_workflows_workflow.barq : name => workflow.id }
}

output "consoles" {
  description = "Where to look in Google Cloud's console."
  value = {
    deliveries   = "https://console.cloud.google.com/workflows/workflow/${var.region}/rollout/executions?project=${var.project}"
    functions    = "https://console.cloud.google.com/run?project=${var.project}"
    dead_letters = "https://console.cloud.google.com/cloudpubsub/subscription/detail/barq-dead-letters?project=${var.project}"
    sweeper      = "https://console.cloud.google.com/cloudscheduler?project=${var.project}"
    log          = "https://console.cloud.google.com/logs/query;query=resource.type%3D%22cloud_run_revision%22%20resource.labels.service_name%3D~%22%5Ebarq-%22?project=${var.project}"
  }
}

output "secrets" {
  description = "Variable of notify -> the secret that it is read from."
  value       = local.secrets
}
