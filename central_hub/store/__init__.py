"""What the hub keeps: one SQLite file (WAL, synchronous FULL). Acts only; knows no rule."""
