"""The user's settings: how the dashboard looks, and where runs are. Importing this is cheap.

An option beats an environment variable, which beats the configuration file, which beats the
default.
"""
