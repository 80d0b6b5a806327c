"""How soon a bad canary is taken back: real processes, real HTTP, metrics as late as Google's.

The policy is the one that is shipped (`delivery.yaml`), without staging and the approval. Not:
how good the judge's decisions are (`benchmarks.verdict`).
"""
