"""What the views show: measurements of a network while it learns, and what they mean."""
