"""The local BigQuery, served on a free port, and how the official client is led to it.

The client reaches it as it reaches BigQuery: `BIGQUERY_EMULATOR_HOST` names the host, and
`GOOGLE_APPLICATION_CREDENTIALS` a service account's key whose token endpoint is here too.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

from bigquery_server import Handler, LocalBigQuery


@contextmanager
def serving(
    folder: Path, local: LocalBigQuery | None = None
) -> Iterator[tuple[LocalBigQuery, dict[str, str]]]:
    """Serve on a free port; gives the state, and the environment by which the client finds it."""
    local = local or LocalBigQuery()
    handler = type("Served", (Handler,), {"local": local})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    host = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        key = service_account(folder / "key.json", f"{host}/token")
        environment = {"BIGQUERY_EMULATOR_HOST": host, "GOOGLE_APPLICATION_CREDENTIALS": str(key)}
        yield local, environment
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def service_account(path: Path, token_uri: str) -> Path:
    """Write a service account's key file, made for this process alone."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    content = {
        "type": "service_account",
        "project_id": "shop-analytics",
        "private_key_id": "local",
        "private_key": pem,
        "client_email": "visitseg@shop-analytics.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": token_uri,
    }
    path.write_text(json.dumps(content))
    return path
