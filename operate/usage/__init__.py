"""What a finished run used, measured from what AWS recorded of it, and so what it costs.

`measure` reads it and `cost_of` prices it. It is what the run has used so far when it is still running.
"""

from operate.usage.children import transitions
from operate.usage.cost import cost_of
from operate.usage.facts import FunctionUsage, MapUsage, Usage
from operate.usage.measure import measure

__all__ = ["FunctionUsage", "MapUsage", "Usage", "cost_of", "measure", "transitions"]
