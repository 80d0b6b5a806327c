variable "project" {
  description = "Id of the project that the images are kept in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is ${jsonencode(var.project)}: must be a project id, such as barq-delivery."
  }
}

variable "location" {
  description = "Region, or multi-region, of the repository: the first word of its host, before -docker.pkg.dev."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+|us|europe|asia)$", var.location))
    error_message = "location is ${jsonencode(var.location)}: must be a region or one of us, europe and asia, such as europe-west1."
  }
}

variable "name" {
  description = "Name of the repository: the third part of an image's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name is ${jsonencode(var.name)}: must be at most 63 small letters, digits and hyphens, beginning with a letter, such as fleet."
  }
}

variable "readers" {
  description = "IAM members who may read images here, by a name of yours. Accounts of targets are granted where the target is: modules/target."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for member in values(var.readers) : can(regex("^(user|group|serviceAccount|principal|principalSet):[^[:space:]]+$", member))])
    error_message = "readers is ${jsonencode(var.readers)}: each must be a named IAM member, never allUsers, such as {\"developers\" = \"group:developers@example.com\"}."
  }
}

variable "writers" {
  description = "IAM members who may push images here, by a name of yours: whoever builds."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for member in values(var.writers) : can(regex("^(user|group|serviceAccount|principal|principalSet):[^[:space:]]+$", member))])
    error_message = "writers is ${jsonencode(var.writers)}: each must be a named IAM member, never allUsers, such as {\"build\" = \"serviceAccount:barq-build@barq-delivery.iam.gserviceaccount.com\"}."
  }
}

variable "kept_images" {
  description = "Newest versions of each image that are never cleaned up: what serves, and what one may go back to, must be among them. A build pushes two or three, its list of parts beside the image."
  type        = number
  default     = 150
  nullable    = false

  validation {
    condition     = var.kept_images >= 10 && var.kept_images <= 1000 && floor(var.kept_images) == var.kept_images
    error_message = "kept_images is ${jsonencode(var.kept_images)}: must be a whole number from 10 to 1000, such as 150."
  }
}

variable "kept_tag_prefixes" {
  description = "Beginnings of tags that keep an image for ever: tag what must stay, such as an image that serves for years, keep-2026-fleet."
  type        = list(string)
  default     = ["keep-"]
  nullable    = false

  validation {
    condition     = alltrue([for prefix in var.kept_tag_prefixes : can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", prefix))])
    error_message = "kept_tag_prefixes is ${jsonencode(var.kept_tag_prefixes)}: each must be the beginning of a tag, such as keep-."
  }
}

variable "untouched_days" {
  description = "Days that no image is cleaned up in after its push, whatever else holds."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.untouched_days >= 7 && var.untouched_days <= 3650 && floor(var.untouched_days) == var.untouched_days
    error_message = "untouched_days is ${jsonencode(var.untouched_days)}: must be a whole number of days from 7 to 3650, such as 90."
  }
}

variable "cleanup_dry_run" {
  description = "Whether cleaning up is only written to the audit log. Look there once before you trust it."
  type        = bool
  default     = false
  nullable    = false
}

variable "scan" {
  description = "Whether Google scans each pushed image as well, if the project has its Container Scanning API enabled, at a price for each image. cloudbuild.yaml scans by itself."
  type        = bool
  default     = false
  nullable    = false
}

variable "labels" {
  description = "Labels of the repository."
  type        = map(string)
  default     = { app = "barq" }
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels is ${jsonencode(var.labels)}: keys and values must be small letters, digits, _ and -, at most 63, such as {\"app\" = \"barq\"}."
  }
}
