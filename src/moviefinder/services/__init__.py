"""What MovieFinder does: functions that take a Session first, then plain values.

A service neither commits nor knows who called it, and no query stands in a loop. The clock comes in as `now`.
"""
