"""An MCP server over HTTP on loopback, as far as one tool needs it, which misbehaves as told."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from socketserver import TCPServer
from typing import Any

from platos.testing.loopback import Loopback
from tests.tools.mcp_bench import TOKEN

__all__ = ["Answers"]


class Answers(Loopback):
    """A server of MCP over HTTP, as far as one tool needs it. `how` tells what it does with a call."""

    def __init__(self) -> None:
        super().__init__()
        self.how, self.description = "", "Put a thing."
        self.calls: list[Any] = []
        self.headers: list[dict[str, str]] = []

    def listen(self) -> TCPServer:
        answers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *arguments: Any) -> None:
                return None

            def do_GET(self) -> None:
                self._say(405, {})

            do_DELETE = do_GET

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answers.headers.append({key.lower(): value for key, value in self.headers.items()})
                if answers.how == "401":
                    self._say(401, {})
                elif "id" not in asked:
                    self._say(202, {})
                else:
                    self._answer(asked)

            def _answer(self, asked: dict[str, Any]) -> None:
                call = asked["method"] == "tools/call"
                if call:
                    answers.calls.append(asked["params"])
                if call and answers.how == "hangs up":
                    self.connection.shutdown(SHUT_RDWR)
                    self.close_connection = True
                    return
                if call and answers.how == "redirects":
                    self.send_response(307)
                    self.send_header("Location", f"http://localhost:{answers.port}/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = {"jsonrpc": "2.0", "id": asked["id"], **self._result(asked["method"])}
                if call and answers.how == "floods":
                    body["result"]["content"][0]["text"] = "x" * 200_000
                self._say(500 if call and answers.how == "500" else 200, body)

            def _result(self, method: str) -> dict[str, Any]:
                schema = {"type": "object", "properties": {"name": {"type": "string"}}}
                put = {"name": "put", "description": answers.description, "inputSchema": schema}
                hello = {
                    "protocolVersion": "2025-06-18",
                    "capabilities": {},
                    "serverInfo": {"name": "h", "version": "1"},
                }
                results: dict[str, Any] = {
                    "initialize": hello,
                    "tools/list": {"tools": [put]},
                    "tools/call": {"content": [{"type": "text", "text": f"put, said the bearer of {TOKEN}"}]},
                }
                if method in results:
                    return {"result": results[method]}
                return {"error": {"code": -32601, "message": "no such method"}}

            def _say(self, status: int, body: dict[str, Any]) -> None:
                content = json.dumps(body).encode() if body else b""
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        return ThreadingHTTPServer(("127.0.0.1", 0), Handler)
