# GitHub Actions instead of Cloud Build: docs/examples/github-actions. Google trusts GitHub's word on
# which repository and branch a job runs for; nobody keeps a key. Direct federation: the repository
# itself is the member, no account stands between.
# Source: https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines

locals {
  github_members = {
    for name, one in var.github_actions : name =>
    "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github["github"].name}/attribute.repository_id/${one.repository_id}"
  }
}

# GitHub's token is exchanged here for one of Google's.
# Source: https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#configure
resource "google_project_service" "tokens" {
  for_each = length(var.github_actions) > 0 ? toset(["sts.googleapis.com"]) : toset([])

  project            = module.delivery.project
  service            = each.key
  disable_on_destroy = false
}

resource "google_iam_workload_identity_pool" "github" {
  for_each = length(var.github_actions) > 0 ? toset(["github"]) : toset([])

  project                   = module.delivery.project
  workload_identity_pool_id = each.key
  display_name              = "GitHub Actions"
  description               = "Repositories that push images and announce them to Barq"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:The check knows assertion.sub only; the repository's id, which nobody can take over, and the branch say more.
  for_each = google_iam_workload_identity_pool.github

  project                            = module.delivery.project
  workload_identity_pool_id          = each.value.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  # Of every repository in the world only these, each on its one branch.
  attribute_condition = join(" || ", [
    for one in values(var.github_actions) :
    "(assertion.repository_id == '${one.repository_id}' && assertion.ref == 'refs/heads/${one.branch}')"
  ])
  attribute_mapping = {
    "google.subject"          = "assertion.sub"
    "attribute.repository_id" = "assertion.repository_id"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

# Whoever may publish here may deliver: Barq believes the message.
resource "google_pubsub_topic_iam_member" "github_announces" {
  for_each = local.github_members

  project = module.delivery.project
  topic   = module.delivery.topics["builds"]
  role    = "roles/pubsub.publisher"
  member  = each.value
}
