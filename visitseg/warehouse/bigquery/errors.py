"""What the client library raises, as errors that say what to do."""

from __future__ import annotations

import concurrent.futures
import re
from collections.abc import Iterator
from contextlib import contextmanager

import google.auth.exceptions as auth
import requests.exceptions
from google.api_core import exceptions as api

from visitseg.errors import ConfigError, InputError, VisitsegError, WarehouseError

_NETWORK = (
    auth.TransportError,
    requests.exceptions.RequestException,
    ConnectionError,
    concurrent.futures.TimeoutError,
)
# What the client puts before BigQuery's words.
_REQUEST = re.compile(r"^[A-Z]+ https?://\S+: ")
_NOTHING = "Nothing was published."
ROLES = "docs/how-to/bigquery.md lists the roles"
# Reason of the API -> what is wrong, what to do.
_REASONS = {
    "bytesBilledLimitExceeded": (
        "the query would bill more bytes than the limit",
        "Choose fewer days (--date-from, --date-to), or raise --max-bytes-billed.",
    ),
    "quotaExceeded": (
        "a quota of the project is used up",
        "Wait, or raise the quota in the Google Cloud console: IAM & Admin, Quotas.",
    ),
    "rateLimitExceeded": (
        "BigQuery takes no more requests of this project for now",
        "Wait a minute and run again.",
    ),
    "billingNotEnabled": (
        "the project has no billing account",
        "Enable billing, or choose another project: GOOGLE_PROJECT_ID.",
    ),
    "resourcesExceeded": (
        "the query needs more memory than BigQuery gives one worker",
        "Run fewer days at a time; docs/scale.md says what breaks first.",
    ),
    "responseTooLarge": ("the result is too large to be sent", "Run fewer days at a time."),
    "stopped": (
        "the job was cancelled",
        "Somebody, or a reservation's limit, cancelled it in BigQuery. Run again.",
    ),
}


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn the client's errors into ours, with BigQuery's own words as evidence."""
    try:
        yield
    except (
        api.GoogleAPICallError,
        api.RetryError,
        auth.GoogleAuthError,
        *_NETWORK,
    ) as error:
        raise explain(error, where) from error


def explain(error: BaseException, where: str) -> VisitsegError:
    """Return our error for one of the client's."""
    if isinstance(error, api.RetryError):
        return explain(error.cause or ConnectionError(str(error)), where)
    if isinstance(error, auth.DefaultCredentialsError):
        return ConfigError(
            "there are no credentials for BigQuery",
            evidence=_lines(error),
            do="Log in: gcloud auth application-default login\n"
            "or name a key file: GOOGLE_APPLICATION_CREDENTIALS=…",
        )
    if isinstance(error, _NETWORK):
        return WarehouseError(
            "BigQuery cannot be reached",
            where=where,
            evidence=_lines(error),
            do=f"Check the network, and run again. {_NOTHING}",
        )
    if isinstance(error, auth.GoogleAuthError | api.Unauthorized):
        return ConfigError(
            "the credentials were refused",
            where=where,
            evidence=_lines(error),
            do=f"Log in again: gcloud auth application-default login. {_NOTHING}",
        )
    return _by_reason(error, where)


def _by_reason(error: BaseException, where: str) -> VisitsegError:
    details = getattr(error, "errors", None) or [{}]
    reason = str(details[0].get("reason", "")) if isinstance(details[0], dict) else ""
    evidence = _lines(error)
    if reason in _REASONS:
        what, do = _REASONS[reason]
        return WarehouseError(what, where=where, evidence=evidence, do=f"{do} {_NOTHING}")
    if isinstance(error, api.Forbidden):
        return WarehouseError(
            "the account may not do this",
            where=where,
            evidence=evidence,
            do=f"Ask for the role that is missing: {ROLES}. {_NOTHING}",
        )
    if isinstance(error, api.NotFound):
        return InputError(
            "BigQuery does not find it",
            where=where,
            evidence=evidence,
            do="Check the project, the dataset and the table, and --location. " + _NOTHING,
        )
    if isinstance(error, api.ServerError | api.TooManyRequests):
        return WarehouseError(
            "BigQuery failed, and went on failing when asked again",
            where=where,
            evidence=evidence,
            do=f"Run again later; https://status.cloud.google.com tells of outages. {_NOTHING}",
        )
    return InputError(
        "BigQuery refused the query",
        where=where,
        evidence=evidence,
        do=f"Check --source, and the expressions of the configuration. {_NOTHING}",
    )


def _lines(error: BaseException) -> list[str]:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    lines = [_REQUEST.sub("", line.strip())[:300] for line in str(text).splitlines()]
    return [line for line in lines if line][:3]
