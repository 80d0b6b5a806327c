"""How fast the health routes answer: at a fixed rate, and beside others at saturation.

Real processes on loopback. Not: what the answers say (`tests/`), nor how the service starts.
"""
