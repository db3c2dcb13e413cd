"""Whether a run is in good health: judged here alone, from numbers alone, never from a clock.

The references are chance level, a simple baseline, and a whole pass over the data; never the run's
own first or luckiest updates. `rnntui.training.stability` decides what to do about it, and
`rnntui.session.alerts` puts it into words.
"""
