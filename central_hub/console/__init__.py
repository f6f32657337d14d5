"""The pages that people at the centre work on, and the public page of a sticker."""
