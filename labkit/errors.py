"""The base of all errors whose message is for the user: what was found, where, what to do next.

Imports nothing, so that set-up can use it too.
"""


class LabkitError(Exception):
    """What the command line prints as one line, without a traceback; catch it to catch them all."""
