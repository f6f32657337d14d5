"""The rows of the journal, table by table. What they mean together, and when they are written, is `journal`'s."""
