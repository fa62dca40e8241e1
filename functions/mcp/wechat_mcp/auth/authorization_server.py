"""The server as its own authorization server (OAuth 2.1): the account's owner approves with the password.

Web connectors (Claude's, ChatGPT's) speak nothing but OAuth. Every client is public: PKCE (S256) proves that
who exchanges a code is who asked for it, so there are no client secrets to keep. A client registers itself
(RFC 7591), or its client_id is the address of a document about it (client ID metadata documents).
"""

from __future__ import annotations

import logging
import math
from typing import Any

from fastmcp.server.auth import AccessToken, OAuthProvider
from mcp.server.auth.handlers.metadata import MetadataHandler
from mcp.server.auth.provider import (
    AuthorizationCode,
    AuthorizationParams,
    AuthorizeError,
    RefreshToken,
    RegistrationError,
    TokenError,
)
from mcp.server.auth.routes import build_metadata, cors_middleware
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wechat_mcp.auth.approval import approval_routes
from wechat_mcp.auth.bearer import BearerTokens
from wechat_mcp.auth.client_documents import (
    MOST_REDIRECTS,
    PUBLIC,
    ClientDocuments,
    PublicClient,
    acceptable_redirect,
    is_document,
)
from wechat_mcp.auth.grants import ACCESS_SECONDS, Grants
from wechat_mcp.services import McpServices
from wechat_mcp.tooling.scopes import SCOPES, included, widest

log = logging.getLogger(__name__)

REGISTRATIONS_A_DAY = 200
"""Anyone may register a client, and each is an item in the table for a day."""
DOCUMENTS_A_DAY = 500
"""Anyone may name a document, and each is a request from here."""
_LONGEST_CLIENT = 8_000
_NO_STORE = {"Cache-Control": "no-store"}


class OwnAuthorizationServer(OAuthProvider):
    """Issues tokens for what the owner has approved."""

    def __init__(self, services: McpServices, bearer: BearerTokens) -> None:
        """``bearer`` knows the tokens that work without any of this."""
        super().__init__(
            base_url=services.settings.mcp_public_url,
            client_registration_options=ClientRegistrationOptions(
                enabled=True, valid_scopes=list(SCOPES), default_scopes=list(SCOPES)
            ),
            revocation_options=RevocationOptions(enabled=True),
        )
        self._services = services
        self._bearer = bearer
        self._grants = Grants(services.table, services.clock)
        self._documents = ClientDocuments(
            services.fetch,
            lambda: services.quota.take("mcp_documents", "*", DOCUMENTS_A_DAY),
            services.clock,
        )

    # ---- Clients ---------------------------------------------------------------------------------------

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        """Return a client that has registered, or whose document is at the address that its id is."""
        if is_document(client_id):
            return await self._documents.client(client_id)
        document = self._grants.client(client_id)
        return PublicClient.model_validate(document) if document else None

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        """Note a client. Raises RegistrationError."""
        uris = [str(uri) for uri in client_info.redirect_uris or []]
        if not 0 < len(uris) <= MOST_REDIRECTS or not all(map(acceptable_redirect, uris)):
            raise RegistrationError(
                "invalid_redirect_uri",
                "redirect_uris must be https addresses, http addresses of this machine, or an app's own "
                "scheme",
            )
        # RFC 7591 §3.2.1: the server may replace what was asked for, and says so in its answer.
        client_info.token_endpoint_auth_method = PUBLIC
        client_info.client_secret = None
        client_info.client_secret_expires_at = None
        client_info.scope = " ".join(SCOPES)
        document = client_info.model_dump(mode="json", exclude_none=True)
        if len(str(document)) > _LONGEST_CLIENT:
            raise RegistrationError("invalid_client_metadata", "the client's metadata is too long")
        if not self._services.quota.take("mcp_clients", "*", REGISTRATIONS_A_DAY):
            raise RegistrationError("invalid_client_metadata", "too many clients have registered today")
        self._grants.save_client(client_info.client_id, document)

    # ---- Authorization ---------------------------------------------------------------------------------

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """Note what is asked for, and return the page on which the owner approves. Raises AuthorizeError."""
        resource = params.resource or ""
        if resource and resource.rstrip("/") not in (
            str(self._resource_url).rstrip("/"),
            str(self.base_url).rstrip("/"),
        ):
            raise AuthorizeError("invalid_request", "resource is not this server")
        asked = widest(params.scopes or SCOPES)
        if asked is None:
            raise AuthorizeError("invalid_scope", f"scope must be among {' '.join(SCOPES)}")
        name = self._grants.save_request(
            {
                "client_id": client.client_id,
                "client_name": (client.client_name or "")[:100],
                "redirect_uri": str(params.redirect_uri),
                "redirect_uri_given": params.redirect_uri_provided_explicitly,
                "code_challenge": params.code_challenge,
                "state": params.state,
                "scope": asked,
                "asked": list(params.scopes or []),
                "resource": resource,
            }
        )
        return f"{str(self.base_url).rstrip('/')}/approve?request={name}"

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        """Return an unused code of this client's, or None."""
        document = self._grants.code(authorization_code)
        if document is None or document["client_id"] != client.client_id:
            return None
        return AuthorizationCode(
            code=authorization_code,
            client_id=document["client_id"],
            redirect_uri=document["redirect_uri"],
            redirect_uri_provided_explicitly=document["redirect_uri_given"],
            code_challenge=document["code_challenge"],
            scopes=document["scopes"],
            # The table has told that it has not expired.
            expires_at=math.inf,
            resource=document["resource"] or None,
        )

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        """Use a code, once. Raises TokenError."""
        document = self._grants.use_code(authorization_code.code)
        if document is None:
            raise TokenError("invalid_grant", "the code has been used")
        self._grants.keep_client(client.client_id)
        return self._issue(document, document["scopes"])

    # ---- Tokens ----------------------------------------------------------------------------------------

    async def load_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: str
    ) -> RefreshToken | None:
        """Return an unused refresh token of this client's, or None."""
        document = self._grants.refresh(refresh_token)
        if document is None or document["client_id"] != client.client_id:
            return None
        return RefreshToken(
            token=refresh_token,
            client_id=document["client_id"],
            scopes=document["scopes"],
        )

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        """Exchange a refresh token, once, for a new pair with the same scopes or fewer. Raises TokenError."""
        if not set(scopes) <= set(refresh_token.scopes):
            raise TokenError("invalid_scope", "more than was approved")
        document = self._grants.use_refresh(refresh_token.token)
        if document is None:
            raise TokenError("invalid_grant", "the refresh token has been used")
        self._grants.keep_client(client.client_id)
        return self._issue(document, scopes or document["scopes"])

    async def load_access_token(self, token: str) -> AccessToken | None:
        """Return whose token it is: one of the owner's own making, or one that was issued here."""
        if known := await self._bearer.verify_token(token):
            return known
        document = self._grants.access(token)
        if document is None:
            return None
        scope = widest(document["scopes"])
        return AccessToken(
            token=token,
            client_id=document["client_id"],
            scopes=included(scope) if scope else [],
            resource=document["resource"] or None,
        )

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        """End a token, and every other that came from the same approval."""
        self._end(token.token, token.client_id)

    def _end(self, token: str, client_id: str) -> None:
        document = self._grants.refresh(token) or self._grants.access(token)
        if document and document["client_id"] == client_id:
            self._grants.end_family(document["family"])

    # ---- Routes ----------------------------------------------------------------------------------------

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """Return the endpoints, with the owner's page and with metadata that tells what is so here."""
        replaced = {
            "/.well-known/oauth-authorization-server": self._metadata_route,
            "/revoke": self._revocation_route,
        }
        routes = [
            replaced[route.path]() if route.path in replaced else route
            for route in super().get_routes(mcp_path)
        ]
        return [*routes, *approval_routes(self._services, self._grants)]

    def _revocation_route(self) -> Route:
        """RFC 7009 for public clients: the SDK's own endpoint wants a client_secret."""

        async def revoke(request: Request) -> Response:
            form = await request.form()
            token, client_id = form.get("token"), form.get("client_id")
            if not isinstance(token, str) or not isinstance(client_id, str):
                return JSONResponse({"error": "invalid_request"}, 400, _NO_STORE)
            self._end(token, client_id)
            return Response(None, 200, _NO_STORE)

        return Route(
            "/revoke", endpoint=cors_middleware(revoke, ["POST", "OPTIONS"]), methods=["POST", "OPTIONS"]
        )

    def _metadata_route(self) -> Route:
        assert self.base_url is not None  # noqa: S101  # nosec B101  (set by the constructor)
        metadata = build_metadata(
            self.base_url,
            None,
            self.client_registration_options or ClientRegistrationOptions(),
            self.revocation_options or RevocationOptions(),
        )
        metadata.token_endpoint_auth_methods_supported = [PUBLIC]
        metadata.revocation_endpoint_auth_methods_supported = [PUBLIC]
        metadata.client_id_metadata_document_supported = True
        return Route(
            "/.well-known/oauth-authorization-server",
            endpoint=cors_middleware(MetadataHandler(metadata).handle, ["GET", "OPTIONS"]),
            methods=["GET", "OPTIONS"],
        )

    def _issue(self, document: dict[str, Any], scopes: list[str]) -> OAuthToken:
        issued = self._grants.issue(document["client_id"], scopes, document["resource"], document["family"])
        log.info("token issued", extra={"scope": widest(scopes)})
        return OAuthToken(
            access_token=issued.access_token,
            expires_in=ACCESS_SECONDS,
            refresh_token=issued.refresh_token,
            scope=" ".join(issued.scopes),
        )
