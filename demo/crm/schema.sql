-- The tables of the demo CRM, in SQL that SQLite, MariaDB and MySQL read alike. Times are microseconds UTC.
-- UNIQUE stands where an index is wanted: every such list of columns ends with a key, and all three databases take it
-- inside CREATE TABLE.

CREATE TABLE IF NOT EXISTS crm_sequences (
    name VARCHAR(32) NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

-- Who works here.
CREATE TABLE IF NOT EXISTS crm_users (
    id VARCHAR(32) NOT NULL PRIMARY KEY,
    user_name VARCHAR(64) NOT NULL UNIQUE,
    password_hash VARCHAR(80) NOT NULL,
    display_name VARCHAR(128) NOT NULL,
    email VARCHAR(254) NOT NULL,
    language VARCHAR(16) NOT NULL,
    role_id VARCHAR(32) NOT NULL,
    is_admin BIGINT NOT NULL,
    active BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);

-- Who may do what. A change of any of these raises the sequence "policy".
CREATE TABLE IF NOT EXISTS crm_roles (
    id VARCHAR(32) NOT NULL PRIMARY KEY,
    path VARCHAR(255) NOT NULL,
    name VARCHAR(64) NOT NULL
);
CREATE TABLE IF NOT EXISTS crm_role_profiles (
    role_id VARCHAR(32) NOT NULL,
    profile_id VARCHAR(32) NOT NULL,
    PRIMARY KEY (role_id, profile_id)
);
CREATE TABLE IF NOT EXISTS crm_profile_rights (
    profile_id VARCHAR(32) NOT NULL,
    entity_type VARCHAR(32) NOT NULL,
    actions VARCHAR(64) NOT NULL,
    PRIMARY KEY (profile_id, entity_type)
);
CREATE TABLE IF NOT EXISTS crm_hidden_fields (
    profile_id VARCHAR(32) NOT NULL,
    entity_type VARCHAR(32) NOT NULL,
    field VARCHAR(32) NOT NULL,
    PRIMARY KEY (profile_id, entity_type, field)
);
CREATE TABLE IF NOT EXISTS crm_groups (
    id VARCHAR(32) NOT NULL PRIMARY KEY,
    name VARCHAR(64) NOT NULL
);
CREATE TABLE IF NOT EXISTS crm_group_members (
    group_id VARCHAR(32) NOT NULL,
    member_kind VARCHAR(16) NOT NULL,
    member_id VARCHAR(32) NOT NULL,
    PRIMARY KEY (group_id, member_kind, member_id)
);
CREATE TABLE IF NOT EXISTS crm_defaults (
    entity_type VARCHAR(32) NOT NULL PRIMARY KEY,
    access VARCHAR(16) NOT NULL
);
CREATE TABLE IF NOT EXISTS crm_sharing_rules (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    entity_type VARCHAR(32) NOT NULL,
    from_kind VARCHAR(16) NOT NULL,
    from_id VARCHAR(32) NOT NULL,
    to_kind VARCHAR(16) NOT NULL,
    to_id VARCHAR(32) NOT NULL,
    writable BIGINT NOT NULL
);

-- Every record of every entity type. The values of its fields are one JSON object.
CREATE TABLE IF NOT EXISTS crm_records (
    id BIGINT NOT NULL PRIMARY KEY,
    entity_type VARCHAR(32) NOT NULL,
    number VARCHAR(32) NOT NULL,
    owner VARCHAR(32) NOT NULL,
    account_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    successor_id BIGINT NOT NULL,
    field_values LONGTEXT NOT NULL,
    modified BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (entity_type, owner, id),
    UNIQUE (account_id, id),
    UNIQUE (contact_id, id),
    UNIQUE (modified, id)
);

-- What Outlook leaves behind.
CREATE TABLE IF NOT EXISTS crm_messages (
    id BIGINT NOT NULL PRIMARY KEY,
    owner VARCHAR(32) NOT NULL,
    message_id VARCHAR(998) NOT NULL,
    subject LONGTEXT NOT NULL,
    from_name LONGTEXT NOT NULL,
    from_address VARCHAR(998) NOT NULL,
    recipients LONGTEXT NOT NULL,
    sent BIGINT NOT NULL,
    direction VARCHAR(16) NOT NULL,
    html LONGTEXT NOT NULL,
    body_text LONGTEXT NOT NULL,
    attachments BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS crm_message_links (
    message_id BIGINT NOT NULL,
    record_id BIGINT NOT NULL,
    PRIMARY KEY (message_id, record_id),
    UNIQUE (record_id, message_id)
);
CREATE TABLE IF NOT EXISTS crm_documents (
    id BIGINT NOT NULL PRIMARY KEY,
    number VARCHAR(32) NOT NULL,
    owner VARCHAR(32) NOT NULL,
    message_id BIGINT NOT NULL,
    title LONGTEXT NOT NULL,
    path VARCHAR(512) NOT NULL,
    content_type VARCHAR(255) NOT NULL,
    size BIGINT NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    created BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS crm_document_links (
    document_id BIGINT NOT NULL,
    record_id BIGINT NOT NULL,
    PRIMARY KEY (document_id, record_id),
    UNIQUE (record_id, document_id)
);
