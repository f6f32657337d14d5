"""People at the centre of the simulated city: they audit, and they deal with vehicles that were called back."""
