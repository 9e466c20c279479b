"""MovieFinder: tell it films you love, it tells you what to watch next, and why."""

__version__ = "0.1.0"
