"""Commands about the engine: rules, stickers, life of a case, samples, a simulated day."""
