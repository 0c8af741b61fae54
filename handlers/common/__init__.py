"""What all batch handlers share: the event, failures, reading objects, writing to a table, the answer, the log."""
