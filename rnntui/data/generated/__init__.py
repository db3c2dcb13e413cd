"""Generated corpora: each is made from a random stream, and its entropy rate is known exactly.

None of these modules imports NumPy: the stream is handed in.
"""
