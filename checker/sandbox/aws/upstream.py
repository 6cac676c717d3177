"""Access to moto through its public API only: WSGI requests and boto3 clients."""

from __future__ import annotations

import io
import os
from dataclasses import asdict, dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from werkzeug.test import EnvironBuilder, run_wsgi_app

from checker.sandbox.http.call import Answer, wsgi_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from checker.sandbox.http.call import Call


DEFAULT_ACCOUNT = "123456789012"
"""The account of calls without an account, as in moto."""


class Clients:
    """Creates boto3 clients that ignore the user's AWS profile and configured endpoints."""

    def __init__(self) -> None:
        no_settings: dict[str, Any] = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
        }
        bare = botocore.session.Session(session_vars=no_settings)
        self._session = boto3.Session(botocore_session=bare)
        self._lock = Lock()  # threads can share clients but not sessions

    def make(self, service: str, region: str, access_key: str, endpoint: str = "", **options: Any) -> Any:
        """Create a client that signs with an access key. The sandbox does not verify signatures."""
        with self._lock:
            return self._session.client(
                service,
                region,
                endpoint_url=endpoint or None,
                aws_access_key_id=access_key,
                aws_secret_access_key="sandbox",  # noqa: S106
                config=Config(**options),
            )


@dataclass(frozen=True)
class Assumptions:
    """Behavior that AWS does not document, and that a test can choose.

    ``connect_source_keys_on_kms``: a request of Connect to KMS has aws:SourceArn and aws:SourceAccount.
    ``source_organization_keys``: a request of a service has aws:SourceOrgID and aws:SourceOrgPaths, if the account
    for which it acts belongs to an organization.
    ``sns_source_account``: a request of SNS to deliver has aws:SourceAccount besides aws:SourceArn.
    ``sns_source_keys_on_kms``: a request of SNS to KMS for a queue has aws:SourceArn and aws:SourceAccount.
    ``osaka_is_opt_in``: SNS treats ap-northeast-3 as an opt-in Region. The SNS guide lists it as one, and the guide
    to accounts as a default Region.
    """

    connect_source_keys_on_kms: bool = True
    source_organization_keys: bool = True
    sns_source_account: bool = True
    sns_source_keys_on_kms: bool = True
    osaka_is_opt_in: bool = False


class Upstream:
    """moto's server, called within this process. ``assumptions`` complete what AWS documents of it."""

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        dispatcher = DomainDispatcherApplication(create_backend_app)
        self._app: WSGIApplication = dispatcher
        self._lock = Lock()
        self._maker = Clients()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._accounts: dict[str, str] = {}
        self.assumptions = Assumptions()

    def assume(self, **chosen: bool) -> dict[str, bool]:
        """Choose and return the assumptions; those that are not named get their default. Raises ValueError."""
        known = asdict(Assumptions())
        if unknown := [
            name for name, value in chosen.items() if name not in known or not isinstance(value, bool)
        ]:
            raise ValueError(f"not true or false for one of {', '.join(known)}: {', '.join(unknown)}")
        self.assumptions = Assumptions(**chosen)
        return asdict(self.assumptions)

    def forward(self, call: Call) -> Answer:
        """Answer a call with moto."""
        return self._run(wsgi_environ(call))

    def client(self, service: str, account: str, region: str) -> Any:
        """Return a boto3 client that calls moto as an account, without faults and throttling."""
        key = (service, account, region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._new_client(*key)
            return self._clients[key]

    def account_of(self, access_key: str) -> str:
        """Return the account of a caller.

        An access key of twelve digits is the account ID itself, so that tests need no role. The access key of
        a session belongs to the account of the assumed role.
        """
        if len(access_key) == 12 and access_key.isdigit():
            return access_key
        if access_key not in self._accounts:
            self._accounts[access_key] = self._ask_account(access_key)
        return self._accounts[access_key]

    def caller_arn(self, access_key: str, account: str) -> str:
        """Return the ARN of a caller, from STS."""
        return str(self._identity(access_key, account)["Arn"])

    def reset(self) -> None:
        """Delete all state. moto keeps it in the process, even from one sandbox to the next.

        Functions never run: moto would run them in containers.
        """
        self._run(EnvironBuilder("/moto-api/reset", method="POST").get_environ())
        no_docker = {"lambda": {"use_docker": False}}
        self._run(EnvironBuilder("/moto-api/config", method="POST", json=no_docker).get_environ())

    def _ask_account(self, access_key: str) -> str:
        # Only access keys of STS and of IAM users belong to a specific account.
        known = access_key.startswith(("AKIA", "ASIA", "LSIA"))
        return str(self._identity(access_key, "")["Account"]) if known else DEFAULT_ACCOUNT

    def _identity(self, access_key: str, account: str) -> Any:
        client = self._maker.make("sts", "us-east-1", access_key or "sandbox")
        client.meta.events.register("before-send.sts", partial(self._send, account))
        return client.get_caller_identity()

    def _new_client(self, service: str, account: str, region: str) -> Any:
        client = self._maker.make(service, region, "sandbox", retries={"total_max_attempts": 1})
        client.meta.events.register(f"before-send.{service}", partial(self._send, account))
        return client

    def _send(self, account: str, request: Any, **_: object) -> AWSResponse:
        """Answer a botocore request without using the network."""
        if account:
            request.headers["x-moto-account-id"] = account
        headers = {name: _text(value) for name, value in request.headers.items()}
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        builder = EnvironBuilder.from_environ(
            EnvironBuilder(request.url, method=request.method, headers=headers, data=body).get_environ()
        )
        answer = self._run(builder.get_environ())
        return AWSResponse(request.url, answer.status, _folded(answer), _Raw(answer.body))

    def _run(self, environ: Any) -> Answer:
        chunks, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        code = int(status.split(" ", 1)[0])
        return Answer(code, tuple(headers.items()), b"".join(chunks))


class _Raw(io.BytesIO):
    """A response body with the interface of urllib3."""

    def stream(self, **_: object) -> list[bytes]:
        return [self.read()]


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _folded(answer: Answer) -> Any:
    from botocore.compat import HTTPHeaders

    return HTTPHeaders.from_pairs(answer.headers)
