"""Messages of the views as real runs sent them, for tests of drawing and pictures of it."""
