"""Connectors: `googleapis.SERVICE.VERSION...METHOD` as functions of the language.

What a method looks like on the wire is data (`discovery/`, made by `tools/discovery.py`); how a
call behaves is one procedure (`calls.py`); what is special about a method stands in `special.py`.
"""
