"""Training in the foreground without a screen: prints lines of text or JSON."""
