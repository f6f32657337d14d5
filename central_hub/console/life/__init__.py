"""What the page of a case says of its life (案件生命周期), and which steps it offers to whom. Values in, values out."""
