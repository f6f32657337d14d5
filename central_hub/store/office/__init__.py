"""Tables of the desks: people and their acts, filings, sticker numbers, audits."""
