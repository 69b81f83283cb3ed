"""Spark: on this machine, on a cluster, by Spark Connect, or one that the caller has."""

from visitseg.warehouse.spark.engine import SparkWarehouse

__all__ = ["SparkWarehouse"]
