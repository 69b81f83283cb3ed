"""A local BigQuery: the REST that the official client speaks, with faults on request."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import traceback
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bigquery_engine import Dataset, Engine, Outcome, RefusedError
from bigquery_json import read_params, rest_fields, rest_rows

BASE = "/bigquery/v2/projects/"
SERVED_PAGE = 100_000


@dataclass
class Fault:
    """What goes wrong: at requests whose ``METHOD /path body`` a pattern finds, so many times.

    `kind` is an HTTP status with a reason, or one of drop, slow, expire (the token), fail (the job
    itself, after it was taken).
    """

    match: str
    kind: str
    times: int = 1
    status: int = 500
    reason: str = "backendError"
    skip: int = 0
    met: int = 0

    def strikes(self, request: str) -> bool:
        if self.times <= 0 or not re.search(self.match, request, re.DOTALL):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        self.met += 1
        return True


@dataclass
class Job:
    """A job that ran."""

    configuration: dict[str, Any]
    location: str
    outcome: Outcome | None = None
    error: RefusedError | None = None
    estimate: int = 0


@dataclass
class LocalBigQuery:
    """The server's state: what tests look at and change."""

    engine: Engine = field(default_factory=Engine)
    faults: list[Fault] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    page: int = SERVED_PAGE
    tokens: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def reset(self) -> None:
        self.engine.datasets.clear()
        for kept in (self.faults, self.jobs, self.requests):
            kept.clear()
        self.page = SERVED_PAGE
        self.engine.executes, self.engine.by = "google", {"google": 0, "duckdb": 0}

    def executed(self) -> list[str]:
        """Return the texts of the jobs that ran, dry runs left out."""
        return [job.configuration["query"]["query"] for job in self.jobs.values()]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    local: LocalBigQuery

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, refused: RefusedError) -> None:
        detail = {"reason": refused.reason, "message": refused.message, "domain": "global"}
        error = {"code": refused.status, "message": refused.message, "errors": [detail]}
        self._answer(refused.status, {"error": error})

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        parts = urlsplit(self.path)
        path, asked = unquote(parts.path), {k: v[0] for k, v in parse_qs(parts.query).items()}
        if path == "/token":
            self.local.tokens += 1
            token = f"token-{self.local.tokens}"
            self._answer(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})
            return
        told = f" ?{parts.query}" if parts.query else ""
        request = f"{self.command} {path} {body.decode(errors='replace')}{told}"
        self.local.requests.append(request)
        try:
            for fault in self.local.faults:
                if fault.kind != "fail" and fault.strikes(request):
                    if self._strike(fault):
                        return
                    break
            if not (self.headers.get("Authorization") or "").startswith("Bearer token-"):
                raise RefusedError(401, "required", "Login Required.")
            with self.local.lock:
                content = self._route(path, asked, json.loads(body) if body else {}, request)
            self._answer(200, content)
        except RefusedError as refused:
            self._refuse(refused)
        except Exception as error:  # the client would take a dropped connection for the network
            traceback.print_exc()
            self._refuse(RefusedError(400, "invalid", f"The local server failed: {error!r}"))

    do_GET = do_POST = do_DELETE = do_PATCH = _handle  # noqa: N815

    def _strike(self, fault: Fault) -> bool:
        if fault.kind == "slow":
            time.sleep(1.0)
            return False
        if fault.kind == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return True
        if fault.kind == "expire":
            raise RefusedError(401, "authError", "Request had invalid authentication credentials.")
        raise RefusedError(fault.status, fault.reason, f"Injected: {fault.reason}")

    def _route(self, path: str, asked: dict[str, str], body: Any, request: str) -> Any:
        project, _, rest = path.removeprefix(BASE).partition("/")
        words = rest.split("/")
        match (self.command, words):
            case ("POST", ["jobs"]):
                return self._insert(project, body, request)
            case ("GET", ["jobs", job_id]):
                return self._job(project, job_id)
            case ("POST", ["jobs", job_id, "cancel"]):
                return {"job": self._job(project, job_id)}
            case ("GET", ["queries", job_id]):
                return self._results(project, job_id, asked)
            case ("POST", ["datasets"]):
                name = f"{project}.{body['datasetReference']['datasetId']}"
                self.local.engine.datasets.setdefault(name, Dataset(body.get("location", "US")))
                return self._dataset(name)
            case ("GET", ["datasets", name]):
                return self._dataset(f"{project}.{name}")
            case ("GET", ["datasets", name, "tables"]):
                return self._tables(f"{project}.{name}", asked)
            case ("GET", ["datasets", name, "tables", table]):
                return self._table(f"{project}.{name}", table) | {
                    "schema": {
                        "fields": rest_fields(
                            self.local.engine.table(f"{project}.{name}.{table}").content.schema
                        )
                    }
                }
        raise RefusedError(404, "notFound", f"Not found: {self.command} {path}")

    def _insert(self, project: str, body: Any, request: str) -> Any:
        engine, query = self.local.engine, body["configuration"]["query"]
        config = body["configuration"]
        location = body.get("jobReference", {}).get("location", "US")
        job = Job(config, location)
        sql, params = query["query"], read_params(query.get("queryParameters", []))
        if config.get("dryRun"):
            fields = rest_fields(engine.schema(sql, params))
            job.estimate = engine.bytes(sql, params)
            return self._described(project, "dry", job) | {
                "statistics": {
                    "totalBytesProcessed": str(job.estimate),
                    "query": {
                        "schema": {"fields": fields},
                        "totalBytesProcessed": str(job.estimate),
                    },
                }
            }
        job_id = body["jobReference"]["jobId"]
        if job_id in self.local.jobs:
            raise RefusedError(409, "duplicate", f"Already Exists: Job {job_id}")
        limit = query.get("maximumBytesBilled")
        try:
            if limit and engine.bytes(sql, params) > int(limit):
                message = f"Query exceeded limit for bytes billed: {limit}."
                raise RefusedError(400, "bytesBilledLimitExceeded", message)
            for fault in self.local.faults:
                if fault.kind == "fail" and fault.strikes(request):
                    raise RefusedError(fault.status, fault.reason, f"Injected: {fault.reason}")
            job.outcome = engine.execute(sql, params, location)
        except RefusedError as refused:
            job.error = refused
        self.local.jobs[job_id] = job
        return self._described(project, job_id, job)

    def _job(self, project: str, job_id: str) -> Any:
        if job_id not in self.local.jobs:
            raise RefusedError(404, "notFound", f"Not found: Job {job_id}")
        return self._described(project, job_id, self.local.jobs[job_id])

    def _described(self, project: str, job_id: str, job: Job) -> Any:
        status: dict[str, Any] = {"state": "DONE"}
        if job.error:
            detail = {"reason": job.error.reason, "message": job.error.message}
            status |= {"errorResult": detail, "errors": [detail]}
        billed = str(job.outcome.bytes if job.outcome else 0)
        return {
            "jobReference": {"projectId": project, "jobId": job_id, "location": job.location},
            "configuration": job.configuration,
            "status": status,
            "statistics": {
                "totalSlotMs": "250",
                "query": {
                    "totalBytesProcessed": billed,
                    "totalBytesBilled": billed,
                    "totalSlotMs": "250",
                    "statementType": job.outcome.statement if job.outcome else "SELECT",
                },
            },
        }

    def _results(self, project: str, job_id: str, asked: dict[str, str]) -> Any:
        described = self._job(project, job_id)
        job = self.local.jobs[job_id]
        if job.error:
            raise job.error
        assert job.outcome is not None
        content = job.outcome.content
        first = int(asked.get("pageToken") or asked.get("startIndex") or 0)
        count = min(int(asked.get("maxResults", self.local.page)), self.local.page)
        page = content.slice(first, count)
        reply = {
            "jobReference": described["jobReference"],
            "jobComplete": True,
            "totalRows": str(content.num_rows),
            "schema": {"fields": rest_fields(content.schema)},
            "totalBytesProcessed": described["statistics"]["query"]["totalBytesProcessed"],
        }
        if count:
            reply["rows"] = rest_rows(page)
        if count and first + count < content.num_rows:
            reply["pageToken"] = str(first + count)
        return reply

    def _dataset(self, path: str) -> Any:
        project, _, name = path.rpartition(".")
        found = self.local.engine.dataset(path)
        reference = {"projectId": project, "datasetId": name}
        return {"datasetReference": reference, "location": found.location, "id": path}

    def _table(self, dataset: str, name: str) -> Any:
        project, _, dataset_name = dataset.rpartition(".")
        table = self.local.engine.table(f"{dataset}.{name}")
        reference = {"projectId": project, "datasetId": dataset_name, "tableId": name}
        return {
            "tableReference": reference,
            "type": table.kind,
            "creationTime": str(table.created),
            "numBytes": str(table.content.nbytes),
            "id": f"{project}:{dataset_name}.{name}",
        }

    def _tables(self, dataset: str, asked: dict[str, str]) -> Any:
        names = sorted(self.local.engine.dataset(dataset).tables)
        first, count = int(asked.get("pageToken", 0)), int(asked.get("maxResults", 50))
        reply = {"tables": [self._table(dataset, name) for name in names[first : first + count]]}
        if first + count < len(names):
            reply["nextPageToken"] = str(first + count)
        return reply
