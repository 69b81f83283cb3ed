"""The visit table and its labels as files of a dbt project."""

from visitseg.dbt.project import label_files, visit_files, write

__all__ = ["label_files", "visit_files", "write"]
