"""BigQuery: the SQL runs where the data are. The client library is an extra."""
