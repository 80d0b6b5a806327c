variable "builds" {
  description = <<-EOT
    What Cloud Build builds at a push: service of delivery.yaml -> where its source is. The repository is named by
    `connection` (its name, made by hand in the console, in this region) with `url`, or by `github` (connected
    with the Cloud Build app, in this region too). `migrate_jobs`: output of the other environments, known after they were applied.
  EOT
  type = map(object({
    connection     = optional(string)
    url            = optional(string)
    github         = optional(object({ owner = string, name = string }))
    branch         = optional(string, "main")
    file           = optional(string, "cloudbuild.yaml")
    included_files = optional(list(string), [])
    migrate_jobs   = optional(list(string), [])
    substitutions  = optional(map(string), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for build in values(var.builds) : (build.github != null) != (build.connection != null && build.url != null)])
    error_message = "builds is ${jsonencode({ for name, build in var.builds : name => { connection = build.connection, url = build.url, github = build.github } })}: each must name connection and url, or github alone, such as {github = {owner = \"acme\", name = \"fleet\"}}."
  }
  validation {
    condition     = alltrue([for build in values(var.builds) : build.url == null || can(regex("^https://[^[:space:]]+/[^/[:space:]]+/[^/[:space:]]+\\.git$", build.url))])
    error_message = "builds has the urls ${jsonencode([for build in values(var.builds) : build.url])}: each must be an https URL that ends with .git, such as https://github.com/acme/fleet.git."
  }
  validation {
    condition     = alltrue(flatten([for build in values(var.builds) : [for job in build.migrate_jobs : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]/[a-z0-9-]+/[a-z][a-z0-9-]*$", job))]]))
    error_message = "builds has the migrate_jobs ${jsonencode(flatten([for build in values(var.builds) : build.migrate_jobs]))}: each must be PROJECT/REGION/JOB, such as barq-staging/europe-west1/fleet-migrate."
  }
  validation {
    condition     = alltrue([for build in values(var.builds) : can(regex("^[A-Za-z0-9._/-]+$", build.branch))])
    error_message = "builds has the branches ${jsonencode([for build in values(var.builds) : build.branch])}: each must be a branch's name, no pattern, such as main."
  }
  validation {
    condition     = length(setsubtract(keys(var.builds), keys(local.delivery.services))) == 0
    error_message = "builds has the keys ${jsonencode(keys(var.builds))}: each must be a service of delivery.yaml, such as ${keys(local.delivery.services)[0]}."
  }
}

variable "github_actions" {
  description = "Who pushes and announces images from GitHub Actions instead, by Workload Identity Federation and without a key: service of delivery.yaml -> the repository's number (gh api repos/OWNER/NAME --jq .id), which a renamed owner does not give away, and its branch. Empty: no pool is made."
  type = map(object({
    repository_id = string
    branch        = optional(string, "main")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for one in values(var.github_actions) : can(regex("^[0-9]+$", one.repository_id)) && can(regex("^[A-Za-z0-9._/-]+$", one.branch))])
    error_message = "github_actions is ${jsonencode(var.github_actions)}: each must have a number and a branch, such as {repository_id = \"123456789\", branch = \"main\"}."
  }
  validation {
    condition     = length(setsubtract(keys(var.github_actions), keys(local.delivery.services))) == 0
    error_message = "github_actions has the keys ${jsonencode(keys(var.github_actions))}: each must be a service of delivery.yaml, such as ${keys(local.delivery.services)[0]}."
  }
}

variable "registry" {
  description = "What is kept of the images, and who else reads them: modules/registry. `create` false: the repositories are made elsewhere, where barq-build, or GitHub's repository, must be able to write."
  type = object({
    create            = optional(bool, true)
    kept_images       = optional(number, 150)
    kept_tag_prefixes = optional(list(string), ["keep-"])
    untouched_days    = optional(number, 90)
    cleanup_dry_run   = optional(bool, false)
    scan              = optional(bool, false)
    readers           = optional(map(string), {})
  })
  default  = {}
  nullable = false
}
