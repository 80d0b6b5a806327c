# Who of Barq does what here. The names are a convention (functions/installation.yaml), so that no state is read
# across environments; what each needs is what tests/processes/least_privilege.py saw it call.
locals {
  email = {
    for name in [
      "plan", "deploy", "verify", "approve", "shift-traffic", "check-metrics", "rollback", "on-alert", "status", "sweep",
      "build", "drill",
    ] : name => "serviceAccount:barq-${name}@${var.delivery_project}.iam.gserviceaccount.com"
  }

  readers          = ["plan", "status"]
  writers          = ["deploy", "verify", "approve", "shift-traffic", "check-metrics", "rollback", "on-alert", "sweep"]
  revision_readers = ["deploy", "shift-traffic"]
  signal_readers   = ["check-metrics", "status"]
  log_readers      = ["check-metrics", "status", "on-alert"]
  callers          = concat(["verify"], var.drill ? ["drill"] : [])

  # One grant each: "fleet/plan" and its like.
  service_readers = { for pair in setproduct(keys(var.services), local.readers) : join("/", pair) => pair }
  service_writers = { for pair in setproduct(keys(var.services), local.writers) : join("/", pair) => pair }
  service_callers = {
    for pair in setproduct([for key, service in var.services : key if !service.is_public], local.callers) : join("/", pair) => pair
  }
  service_looks = { for pair in setproduct(keys(var.services), local.revision_readers) : join("/", pair) => pair }
}
