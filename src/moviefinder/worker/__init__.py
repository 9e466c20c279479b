"""The background face: claims jobs and runs them; threads inside `serve` do so, or Celery workers."""

from moviefinder.worker.kinds import HANDLERS, Handler, Task, Write
from moviefinder.worker.running import Worker, ask_for_periodic, run_due

__all__ = ["HANDLERS", "Handler", "Task", "Worker", "Write", "ask_for_periodic", "run_due"]
