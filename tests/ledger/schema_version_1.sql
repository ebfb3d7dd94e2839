-- The tables that version 1 of the schema made. Never edited: migrations are tested on them.
CREATE TABLE seal (
    id INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    head VARCHAR NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE entry (
    number BIGINT NOT NULL,
    key VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    effective_date DATE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    authority VARCHAR,
    source VARCHAR,
    source_hash VARCHAR,
    reverses BIGINT,
    content_hash VARCHAR NOT NULL,
    previous_hash VARCHAR NOT NULL,
    hash VARCHAR NOT NULL,
    PRIMARY KEY (number),
    UNIQUE (key),
    UNIQUE (reverses)
);
CREATE TABLE tier (
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    rank INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    may_go_below_zero BOOLEAN NOT NULL,
    entry_number BIGINT NOT NULL,
    PRIMARY KEY (code),
    FOREIGN KEY(entry_number) REFERENCES entry (number)
);
CREATE TABLE organisation (
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    tier VARCHAR NOT NULL,
    ons_code VARCHAR,
    valid_from DATE NOT NULL,
    valid_to DATE,
    entry_number BIGINT NOT NULL,
    PRIMARY KEY (code),
    FOREIGN KEY(tier) REFERENCES tier (code),
    FOREIGN KEY(entry_number) REFERENCES entry (number)
);
CREATE TABLE closure (
    id VARCHAR NOT NULL,
    organisation VARCHAR NOT NULL,
    valid_to DATE NOT NULL,
    entry_number BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(organisation) REFERENCES organisation (code),
    FOREIGN KEY(entry_number) REFERENCES entry (number)
);
CREATE TABLE relationship (
    id VARCHAR NOT NULL,
    parent VARCHAR NOT NULL,
    child VARCHAR NOT NULL,
    scheme VARCHAR NOT NULL,
    part BIGINT,
    valid_from DATE NOT NULL,
    valid_to DATE,
    supersedes VARCHAR,
    entry_number BIGINT NOT NULL,
    PRIMARY KEY (id),
    CHECK (parent <> child),
    UNIQUE (supersedes),
    FOREIGN KEY(parent) REFERENCES organisation (code),
    FOREIGN KEY(child) REFERENCES organisation (code),
    FOREIGN KEY(entry_number) REFERENCES entry (number)
);
CREATE TABLE succession (
    id VARCHAR NOT NULL,
    predecessor VARCHAR NOT NULL,
    successor VARCHAR NOT NULL,
    effective_date DATE NOT NULL,
    kind VARCHAR NOT NULL,
    weight BIGINT NOT NULL,
    basis VARCHAR NOT NULL,
    entry_number BIGINT NOT NULL,
    PRIMARY KEY (id),
    CHECK (weight > 0),
    FOREIGN KEY(predecessor) REFERENCES organisation (code),
    FOREIGN KEY(successor) REFERENCES organisation (code),
    FOREIGN KEY(entry_number) REFERENCES entry (number)
);
CREATE TABLE fund (
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    parent VARCHAR,
    stream VARCHAR NOT NULL,
    resource VARCHAR NOT NULL,
    lowest_tier VARCHAR NOT NULL,
    entry_number BIGINT NOT NULL,
    PRIMARY KEY (code),
    FOREIGN KEY(lowest_tier) REFERENCES tier (code),
    FOREIGN KEY(entry_number) REFERENCES entry (number)
);
CREATE TABLE terms (
    id VARCHAR NOT NULL,
    fund VARCHAR NOT NULL,
    effective_from DATE NOT NULL,
    version INTEGER NOT NULL,
    grade VARCHAR NOT NULL,
    route VARCHAR NOT NULL,
    recurrent BOOLEAN NOT NULL,
    notified_on DATE NOT NULL,
    spend_by DATE,
    returns_per_year INTEGER,
    match_percent INTEGER NOT NULL,
    clawback VARCHAR NOT NULL,
    leave_by VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    quality VARCHAR NOT NULL,
    entry_number BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (fund, effective_from, version),
    FOREIGN KEY(fund) REFERENCES fund (code),
    FOREIGN KEY(entry_number) REFERENCES entry (number)
);
CREATE TABLE agreement (
    id VARCHAR NOT NULL,
    organisation VARCHAR NOT NULL,
    fund VARCHAR NOT NULL,
    amount_pence BIGINT,
    share_ppm INTEGER,
    partners VARCHAR NOT NULL,
    decision_reference VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    supersedes VARCHAR,
    entry_number BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (supersedes),
    FOREIGN KEY(organisation) REFERENCES organisation (code),
    FOREIGN KEY(fund) REFERENCES fund (code),
    FOREIGN KEY(entry_number) REFERENCES entry (number)
);
CREATE TABLE control_total (
    id VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    as_at DATE NOT NULL,
    from_tier VARCHAR NOT NULL,
    to_tier VARCHAR NOT NULL,
    organisation VARCHAR,
    fund VARCHAR,
    expected_pence BIGINT NOT NULL,
    tolerance_pence INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    supersedes VARCHAR,
    entry_number BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (supersedes),
    FOREIGN KEY(entry_number) REFERENCES entry (number)
);
CREATE TABLE account (
    id BIGINT NOT NULL,
    organisation VARCHAR NOT NULL,
    fund VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    standing VARCHAR CHECK (standing IN ('available', 'retained', 'spent')),
    floor_pence BIGINT,
    PRIMARY KEY (id),
    UNIQUE (organisation, fund, year, standing),
    FOREIGN KEY(organisation) REFERENCES organisation (code),
    FOREIGN KEY(fund) REFERENCES fund (code)
);
CREATE TABLE transfer (
    entry_number BIGINT NOT NULL,
    leg INTEGER NOT NULL,
    from_account BIGINT NOT NULL,
    to_account BIGINT NOT NULL,
    amount_pence BIGINT NOT NULL,
    recurrent BOOLEAN NOT NULL,
    note VARCHAR,
    PRIMARY KEY (entry_number, leg),
    CHECK (amount_pence > 0),
    CHECK (from_account <> to_account),
    FOREIGN KEY(entry_number) REFERENCES entry (number),
    FOREIGN KEY(from_account) REFERENCES account (id),
    FOREIGN KEY(to_account) REFERENCES account (id)
);
INSERT INTO seal (id, schema_version, entries, head) VALUES (1, 1, 0, repeat('0', 64));
