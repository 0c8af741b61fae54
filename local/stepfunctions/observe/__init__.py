"""What AWS shows of executions from outside: execution logs, metrics and status-change events.

All of it is gathered while executions run and sent a moment later, in batches and within bounds; whatever cannot be
sent is told once in the engine's own log and given up, as AWS delivers all three with its best effort only.
"""
