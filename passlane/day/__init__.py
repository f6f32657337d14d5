"""A simulated day of a city (模拟日): stations, vehicles and auditors, run in virtual time through the real engine.

Nothing here decides what the hub decides: stations send signed facts, people act at the hub's desks, and the hub's own
rules, store and ledger do the rest. What is made up is the city.
"""

from central_hub import HubError


class DayError(HubError):
    """A day that cannot be simulated: too small a city, or a piece of work that failed where none may."""
