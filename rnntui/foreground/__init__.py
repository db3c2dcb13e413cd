"""Training without a screen: in this process, with lines of text or of JSON."""

from rnntui.foreground.loop import train_in_foreground

__all__ = ["train_in_foreground"]
