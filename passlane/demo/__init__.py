"""The demonstration: a hub, a lane box and a handheld as separate processes, and vehicles that go through them."""
