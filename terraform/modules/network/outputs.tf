output "network" {
  description = "Id of the network. Known only when private services are reachable, so that what uses it comes after."
  value       = google_compute_network.this.id
  depends_on  = [google_service_networking_connection.this]
}

output "subnetworks" {
  description = "Id of the subnet in each region."
  value       = { for region, subnet in google_compute_subnetwork.this : region => subnet.id }
}
