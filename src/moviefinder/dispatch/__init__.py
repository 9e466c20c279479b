"""How a worker learns of a waiting job. The table of jobs is the queue; this is only a bell, rung after the commit.

A ring that is lost, late or doubled does no harm: workers claim rows, and what was not rung for is looked for every ten
seconds. `broker` needs Celery and is imported only where the queue is set to it.
"""

from moviefinder.dispatch.lanes import FETCH, LANES, WAITING, WORK, Bell, lane_of
from moviefinder.dispatch.local import LocalBell

__all__ = ["FETCH", "LANES", "WAITING", "WORK", "Bell", "LocalBell", "lane_of"]
