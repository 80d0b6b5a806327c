# Permissions that stand on the project, because what they are about has no policy of its own. Each
# is a role of one permission: the roles that Google made hold more than any function calls.

locals {
  own_roles = {
    barqStartsExecutions = { title = "Barq: starts executions", permission = "workflows.executions.create" }
    barqReadsExecutions  = { title = "Barq: asks whether an execution still runs", permission = "workflows.executions.get" }
    barqWakesExecutions  = { title = "Barq: wakes a waiting execution", permission = "workflows.callbacks.send" }
    barqReadsOwnLog      = { title = "Barq: reads its own log lines", permission = "logging.logEntries.list" }
    barqStartsBuilds     = { title = "Barq: has a bad image built for a drill", permission = "cloudbuild.builds.create" }
    barqBuildsAs         = { title = "Barq: has a build act as an account", permission = "iam.serviceAccounts.actAs" }
    barqReadsBuilds      = { title = "Barq: asks how a build went", permission = "cloudbuild.builds.get" }
  }
}

resource "google_project_iam_custom_role" "barq" {
  for_each = local.own_roles

  project     = var.project
  role_id     = each.key
  title       = each.value.title
  permissions = [each.value.permission]

  depends_on = [time_sleep.apis]
}

resource "google_project_iam_member" "trigger_starts" {
  for_each = toset([for trigger in local.triggers : trigger.account])

  project = var.project
  role    = google_project_iam_custom_role.barq["barqStartsExecutions"].id
  member  = google_service_account.other[each.key].member
}

resource "google_project_iam_member" "function_wakes" {
  for_each = toset([for name, function in local.functions : name if contains(function.env, "CALLBACKS_ENDPOINT")])

  project = var.project
  role    = google_project_iam_custom_role.barq["barqWakesExecutions"].id
  member  = google_service_account.function[each.key].member
}

resource "google_project_iam_member" "function_asks_who_runs" {
  for_each = toset([for name, function in local.functions : name if contains(function.env, "WORKFLOW_EXECUTIONS_ENDPOINT")])

  project = var.project
  role    = google_project_iam_custom_role.barq["barqReadsExecutions"].id
  member  = google_service_account.function[each.key].member
}

resource "google_project_iam_member" "function_reads_own_log" {
  for_each = toset([for name, function in local.functions : name if contains(function.env, "LOG_PROJECT")])

  project = var.project
  role    = google_project_iam_custom_role.barq["barqReadsOwnLog"].id
  member  = google_service_account.function[each.key].member
}

# The drill has Cloud Build make a bad image, as the account that makes the good ones.
locals {
  drillers = [for workflow in local.description.workflows : workflow.account if contains(workflow.env, "CLOUD_BUILD_ENDPOINT")]
}

resource "google_project_iam_member" "drill_builds" {
  for_each = {
    for pair in setproduct(local.drillers, ["barqStartsBuilds", "barqReadsBuilds"]) :
    "${pair[0]} has ${pair[1]}" => { account = pair[0], role = pair[1] }
  }

  project = var.project
  role    = google_project_iam_custom_role.barq[each.value.role].id
  member  = google_service_account.other[each.value.account].member
}

resource "google_service_account_iam_member" "drill_builds" {
  for_each = toset(local.drillers)

  service_account_id = google_service_account.other["barq-build"].name
  role               = google_project_iam_custom_role.barq["barqBuildsAs"].id
  member             = google_service_account.other[each.key].member
}
