"""The folder of a run: its files, and how it is published whole or not at all."""
