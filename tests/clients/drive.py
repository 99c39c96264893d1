"""Drives a server with the official Python client: a job as JSON on standard input, what came of it as JSON on standard output."""

import asyncio
import json
import sys
from importlib.metadata import version

import httpx2
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

MODES = {"2025-11-25": "legacy", "2026-07-28": "auto"}


def client(job, http):
    """A client of the era that the job asks for."""
    mode = MODES[job["revision"]]
    if "url" in job:
        return Client(streamable_http_client(job["url"], http_client=http), mode=mode)
    command, *arguments = job["command"]
    environment = job["environment"] | {job["variable"]: job["credential"]}
    return Client(StdioServerParameters(command=command, args=arguments, env=environment, cwd=job["folder"]), mode=mode)


def said(result):
    """What a tool has answered."""
    texts = [block.text for block in result.content if block.type == "text"]
    return {"is_error": result.is_error, "structured": result.structured_content, "text": "\n".join(texts)}


async def tools(session):
    """Every tool of every page."""
    found, cursor = [], None
    while True:
        page = await session.list_tools(cursor=cursor)
        found += page.tools
        if not (cursor := page.next_cursor):
            return found


async def drive(job):
    """Does all that the job says."""
    headers = {"Authorization": f"Bearer {job['credential']}"}
    async with httpx2.AsyncClient(headers=headers) as http, client(job, http) as session:
        came = {
            "version": version("mcp"),
            "server": session.server_info.name,
            "revision": session.protocol_version,
            "tools": [tool.name for tool in await tools(session)],
            "answers": [said(await session.call_tool(tool, arguments)) for tool, arguments in job["calls"]],
            "prompts": [],
            "refusals": [],
        }
        for prompt, arguments in job["prompts"]:
            filled = await session.get_prompt(prompt, arguments)
            came["prompts"].append("\n".join(message.content.text for message in filled.messages))
        for tool, arguments in job["refused"]:
            try:
                came["refusals"].append({"answered": said(await session.call_tool(tool, arguments))})
            except MCPError as error:
                came["refusals"].append({"code": error.error.code, "message": error.error.message})
        return came


print(json.dumps(asyncio.run(drive(json.load(sys.stdin)))))
