"""The commands behind `outcomes`: each a short list of steps over the library.

Nothing heavy is imported before a command is asked for.
"""
