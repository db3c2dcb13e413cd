"""The views that explain why: a function per view draws its newest message, another explains it.

Each takes the message, what it is about, and the options of drawing. Nothing is imported here: the
first frame needs one view at most.
"""
