"""The command line: verbs, their flags, what they print. Nothing heavy is imported for --help."""

from visitseg.cli.verbs import app, main, streams_named

__all__ = ["app", "main", "streams_named"]
