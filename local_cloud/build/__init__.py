"""Cloud Build, as far as it goes without a container engine: see `dockerfile.py`."""
