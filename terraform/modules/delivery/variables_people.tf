# Who may do what by hand. All lists are of IAM members and empty at first: nobody may.

variable "operators" {
  description = "Members who may start the workflows, and call every function that is made for people. Who starts a workflow may do all that Barq may: deliver, approve, stop, roll back."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group|serviceAccount|principal|principalSet):[^[:space:]]+$", member))])
    error_message = "operators is ${jsonencode(var.operators)}: each must be a named IAM member, never allUsers, such as group:on-call@example.com."
  }
}

variable "approvers" {
  description = "Members who may call approve: see the evidence, approve and deny."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.approvers : can(regex("^(user|group|serviceAccount|principal|principalSet):[^[:space:]]+$", member))])
    error_message = "approvers is ${jsonencode(var.approvers)}: each must be a named IAM member, never allUsers, such as group:release@example.com."
  }
}

variable "viewers" {
  description = "Members who may call status and explain."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.viewers : can(regex("^(user|group|serviceAccount|principal|principalSet):[^[:space:]]+$", member))])
    error_message = "viewers is ${jsonencode(var.viewers)}: each must be a named IAM member, never allUsers, such as group:developers@example.com."
  }
}
