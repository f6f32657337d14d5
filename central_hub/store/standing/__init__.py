"""The tables of standing: what is kept of inspections and stations (`keeping`), and what is looked up (`reading`)."""
