# What is installed stands in functions/installation.yaml, what is delivered in delivery.yaml. The
# local cloud installs from the same two files; a test compares what comes of both.

locals {
  repository  = var.repository_folder == "" ? "${path.module}/../../.." : var.repository_folder
  sources     = "${local.repository}/functions"
  delivery    = yamldecode(file(local.delivery_file))
  description = yamldecode(file("${local.sources}/installation.yaml"))

  delivery_file = var.delivery_file == "" ? "${local.repository}/delivery.yaml" : var.delivery_file

  functions = local.description.functions
  # A function's Cloud Run service and its account share one name.
  names = { for name, _ in local.functions : name => "barq-${replace(name, "_", "-")}" }

  # The registry tells of pushes if any service wants to hear of them.
  told_by_registry = [for service in local.delivery.services : service.image if try(service.registry_events, false)]
  registry_events  = [for one in [local.description.registry_events] : one if length(local.told_by_registry) > 0]
  triggers = concat(
    [for trigger in local.description.triggers : merge(trigger, { topic = "barq-${trigger.topic}" })],
    local.registry_events,
  )

  # Google's own endpoints, in the forms that functions/gcp/environment.py asks for.
  known_variables = {
    RUN_ENDPOINT                 = "https://{region}-run.googleapis.com"
    RUN_V2_ENDPOINT              = "https://run.googleapis.com"
    MONITORING_ENDPOINT          = "monitoring.googleapis.com"
    LOGGING_ENDPOINT             = "https://logging.googleapis.com"
    PUBSUB_ENDPOINT              = "https://pubsub.googleapis.com"
    WORKFLOW_EXECUTIONS_ENDPOINT = "workflowexecutions.googleapis.com"
    CALLBACKS_ENDPOINT           = "https://workflowexecutions.googleapis.com"
    REGISTRY_ENDPOINT            = "https://{host}"
    PAGERDUTY_ENDPOINT           = var.pagerduty_endpoint
    EVENTS_TOPIC                 = "projects/${var.project}/topics/barq-events"
    LOG_PROJECT                  = var.project
  }
}
