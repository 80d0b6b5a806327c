"""The service that Barq's worked example delivers. Run it with `python -m health_service`.

It stands alone: nothing of Barq is imported here, and nothing here is imported by Barq.
"""
