"""A segmentation as saved numbers: what finds the segment of any visit, and what it was learnt on.

A model never learns again. It is written as ``model.json``, which people can read and compare, and
which holds nothing that runs.
"""

from visitseg.model.model import Model
from visitseg.model.segment import Segment

__all__ = ["Model", "Segment"]
