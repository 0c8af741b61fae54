"""What a run would take and cost on AWS before it is run: workloads, assumptions, a schedule of children."""

from operate.plan.assumptions import Assumption, AssumptionError, Assumptions
from operate.plan.bottleneck import Bottleneck
from operate.plan.memory import CurveError, MemoryPoint, memory_curve
from operate.plan.projection import Projection, project
from operate.plan.workload import Point, Reader, Workload
from operate.plan.workloads import UnknownWorkloadError, default_point, workload_of

__all__ = [
    "Assumption",
    "AssumptionError",
    "Assumptions",
    "Bottleneck",
    "CurveError",
    "MemoryPoint",
    "Point",
    "Projection",
    "Reader",
    "UnknownWorkloadError",
    "Workload",
    "default_point",
    "memory_curve",
    "project",
    "workload_of",
]
