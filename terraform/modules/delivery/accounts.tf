# One account for each function, and one for each thing that calls functions. None has a role
# that this folder does not show; in targets' projects modules/target grants the rest.

locals {
  other_accounts = {
    for account in distinct(concat(
      [for workflow in local.description.workflows : workflow.account],
      [for trigger in local.triggers : trigger.account],
      [for schedule in local.description.schedules : schedule.account],
      # The last builds what is delivered: environments/delivery says with what.
      ["barq-push", "barq-function-build", "barq-build"],
    )) : account => "Barq: ${trimprefix(account, "barq-")}"
  }
}

resource "google_service_account" "function" {
  for_each = local.names

  project      = var.project
  account_id   = each.value
  display_name = "Barq: function ${each.key}"

  depends_on = [time_sleep.apis]
}

resource "google_service_account" "other" {
  for_each = local.other_accounts

  project      = var.project
  account_id   = each.key
  display_name = each.value

  depends_on = [time_sleep.apis]
}
