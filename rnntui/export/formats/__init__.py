"""The formats, a module each; see `rnntui.export`."""
