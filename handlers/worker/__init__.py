"""The worker: takes tasks of an activity, simulates their loans, reports. ``python -m handlers.worker`` runs it."""
