"""How good a forecast is: simple methods to compare with, a rolling backtest, and intervals.

Pure functions of arrays. Whatever is fitted (seasons, weights, the choice of a method) is fitted
on what comes before the first origin; a forecast from an origin sees nothing after it.
"""
