"""Where things come in and go out: the broker and its link, the door for photos, the door for programs. Acts only."""
