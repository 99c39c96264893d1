// Drives a server with the official TypeScript client of the current major version, or of the one before: a job as JSON on standard
// input, what came of it as JSON on standard output.

import { text } from 'node:stream/consumers';

const job = JSON.parse(await text(process.stdin));

/** The classes of a major version, and a client that speaks the era of the job. */
async function library() {
    const info = { name: 'toolwright-tests', version: '1.0.0' };
    if (job.library === '@modelcontextprotocol/sdk') {
        const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
        const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
        const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
        return { client: new Client(info), StreamableHTTPClientTransport, StdioClientTransport };
    }
    const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
    const mode = job.revision === '2026-07-28' ? { pin: job.revision } : 'legacy';
    return { client: new Client(info, { versionNegotiation: { mode } }), StreamableHTTPClientTransport, StdioClientTransport };
}

function transport({ StreamableHTTPClientTransport, StdioClientTransport }) {
    if (job.url) {
        const headers = { Authorization: `Bearer ${job.credential}` };
        return new StreamableHTTPClientTransport(new URL(job.url), { requestInit: { headers } });
    }
    const [command, ...args] = job.command;
    const env = { ...process.env, ...job.environment, [job.variable]: job.credential };
    return new StdioClientTransport({ command, args, env, cwd: job.folder });
}

/** What a tool has answered. */
function said({ isError = false, structuredContent: structured, content }) {
    const texts = content.filter(({ type }) => type === 'text').map((block) => block.text);
    return { is_error: isError, structured, text: texts.join('\n') };
}

async function tools(client) {
    const found = [];
    let cursor;
    do {
        const page = await client.listTools(cursor ? { cursor } : {});
        found.push(...page.tools);
        cursor = page.nextCursor;
    } while (cursor);
    return found;
}

const used = await library();
const { client } = used;
await client.connect(transport(used));
const came = { server: client.getServerVersion().name, tools: (await tools(client)).map(({ name }) => name) };
came.answers = [];
for (const [name, args] of job.calls) {
    came.answers.push(said(await client.callTool({ name, arguments: args })));
}
came.prompts = [];
for (const [name, args] of job.prompts) {
    const { messages } = await client.getPrompt({ name, arguments: args });
    came.prompts.push(messages.map(({ content }) => content.text).join('\n'));
}
came.refusals = [];
for (const [name, args] of job.refused) {
    try {
        came.refusals.push({ answered: said(await client.callTool({ name, arguments: args })) });
    } catch (error) {
        came.refusals.push({ code: error.code, message: error.message });
    }
}
await client.close();
process.stdout.write(JSON.stringify(came));
