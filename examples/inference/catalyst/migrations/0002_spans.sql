-- Agents, as spans name them. An id is made of service and name, so that it is the same in every project.
CREATE TABLE agents (
    project TEXT NOT NULL REFERENCES projects (id),
    id TEXT NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The name in lower case, to be searched.
    folded_name TEXT NOT NULL,
    PRIMARY KEY (project, id),
    UNIQUE (project, name, service)
) STRICT, WITHOUT ROWID;

-- What the spans of a trace come to. It is made anew whenever some come in.
CREATE TABLE traces (
    project TEXT NOT NULL REFERENCES projects (id),
    trace_id TEXT NOT NULL,
    -- Of the span that it begins with.
    name TEXT NOT NULL,
    service TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('ok', 'error')),
    -- The first that is named in it.
    agent TEXT,
    started_at INTEGER NOT NULL,
    -- Nanoseconds, from the first beginning to the last end.
    duration INTEGER NOT NULL CHECK (duration >= 0),
    spans INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    PRIMARY KEY (project, trace_id),
    FOREIGN KEY (project, agent) REFERENCES agents (project, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX traces_by_time ON traces (project, started_at);

CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    -- It can name a span that has not come in, or never will.
    parent_span_id TEXT,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('agent', 'inference', 'tool', 'other')),
    service TEXT NOT NULL,
    -- The agent that the span names itself.
    own_agent TEXT,
    -- The agent that it is of: its own, or that of the nearest span above it that names one.
    agent TEXT,
    -- Whether a run of its agent begins with it.
    is_execution INTEGER NOT NULL CHECK (is_execution IN (0, 1)),
    model TEXT,
    tool TEXT,
    status TEXT NOT NULL CHECK (status IN ('ok', 'error')),
    error_type TEXT,
    error_message TEXT,
    finish_reason TEXT,
    started_at INTEGER NOT NULL,
    -- Nanoseconds.
    duration INTEGER NOT NULL CHECK (duration >= 0),
    input_tokens INTEGER,
    output_tokens INTEGER,
    UNIQUE (project, trace_id, span_id),
    FOREIGN KEY (project, trace_id) REFERENCES traces (project, trace_id)
) STRICT;
CREATE INDEX spans_by_time ON spans (project, started_at);
CREATE INDEX spans_by_kind ON spans (project, kind, started_at);
CREATE INDEX spans_of_agents ON spans (project, agent, started_at) WHERE agent IS NOT NULL;

-- What else was recorded, apart from what is searched: it is far larger.
CREATE TABLE span_details (
    span INTEGER PRIMARY KEY REFERENCES spans (id),
    -- An object, by OpenTelemetry's names.
    attributes TEXT NOT NULL,
    -- A list of objects with `name`, `time` and `attributes`.
    events TEXT NOT NULL
) STRICT;
