# Who may call which function. No function is public: Cloud Run checks the caller's ID token.

locals {
  by_workflow = [
    for name, function in local.functions : name
    if try(function.http, false) && try(function.workflow, true)
  ]

  calls = { for name, workflow in local.description.workflows : name => try(workflow.calls, local.by_workflow) }

  callers = concat(
    flatten([for name, workflow in local.description.workflows : [for function in local.calls[name] : { function = function, account = workflow.account }]]),
    [for name, function in local.functions : { function = name, account = "barq-push" } if can(function.subscription)],
    [for schedule in local.description.schedules : { function = schedule.function, account = schedule.account }],
  )

  for_people = [for name, function in local.functions : name if try(function.people, false)]
  people = concat(
    [for pair in setproduct(local.for_people, var.operators) : { function = pair[0], member = pair[1] }],
    [for member in var.approvers : { function = "approve", member = member }],
    [for pair in setproduct(["status", "explain"], var.viewers) : { function = pair[0], member = pair[1] }],
  )
}

# Of the two roles, the one that is run.routes.invoke and nothing else (reference/gcp.md, section 7).
resource "google_cloud_run_v2_service_iam_member" "caller" {
  for_each = { for caller in local.callers : "${caller.account} calls ${caller.function}" => caller }

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.barq[each.value.function].name
  role     = "roles/run.servicesInvoker"
  member   = google_service_account.other[each.value.account].member
}

resource "google_cloud_run_v2_service_iam_member" "person" {
  for_each = { for person in distinct(local.people) : "${person.member} calls ${person.function}" => person }

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.barq[each.value.function].name
  role     = "roles/run.servicesInvoker"
  member   = each.value.member
}

# Workflows has no policy of its own on a workflow: its roles are granted on the project.
resource "google_project_iam_member" "operator" {
  for_each = {
    for pair in setproduct(["roles/workflows.invoker", "roles/workflows.viewer"], distinct(var.operators)) :
    "${pair[1]} has ${pair[0]}" => { role = pair[0], member = pair[1] }
  }

  project = var.project
  role    = each.value.role
  member  = each.value.member
}
