"""The API's description as a page to read and try: the framework's own (Swagger UI), its parts app_state from here."""

from functools import cache
from pathlib import Path

import fastapi_offline
from fastapi import Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, Response

from devtelemetry_cli.server.responses import unknown_path

_FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
# Swagger UI has an inline script and inline styles.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def docs(_request: Request) -> Response:
    """The page of all paths."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="devtel: the API",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="data:,",
    )
    page.headers["Content-Security-Policy"] = _POLICY
    return page


async def file(request: Request) -> Response:
    """One of the page's files."""
    name = request.path_params["file"]
    if name not in _FILES:
        return unknown_path()
    return FileResponse(_folder() / name, media_type=_FILES[name], headers={"Cache-Control": "max-age=3600"})


@cache
def _folder() -> Path:
    return Path(fastapi_offline.__file__).parent / "static"
