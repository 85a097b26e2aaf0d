CREATE TABLE IF NOT EXISTS users (
	id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, salt BLOB NOT NULL, hash BLOB NOT NULL, full_name TEXT NOT NULL,
	email TEXT NOT NULL, admin INTEGER NOT NULL, active INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS contacts (
	id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL DEFAULT '',
	phone TEXT NOT NULL DEFAULT '', deleted INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0,
	checksum INTEGER NOT NULL -- search.Checksum(id)
);
CREATE INDEX IF NOT EXISTS contacts_changed ON contacts (changed);
CREATE INDEX IF NOT EXISTS contacts_owner ON contacts (owner);
CREATE TABLE IF NOT EXISTS shares (contact TEXT, user TEXT, may_change INTEGER NOT NULL, PRIMARY KEY (contact, user));

-- When a contact changed: in microseconds, and later than every change before, so that search can follow.
CREATE TRIGGER IF NOT EXISTS contact_added AFTER INSERT ON contacts BEGIN
	UPDATE contacts SET changed = MAX(CAST(unixepoch('subsec') * 1000000 AS INTEGER), (SELECT MAX(changed) + 1 FROM contacts))
	WHERE id = NEW.id;
END;
CREATE TRIGGER IF NOT EXISTS contact_changed AFTER UPDATE OF name, email, phone, owner, deleted ON contacts BEGIN
	UPDATE contacts SET changed = MAX(CAST(unixepoch('subsec') * 1000000 AS INTEGER), (SELECT MAX(changed) + 1 FROM contacts))
	WHERE id = NEW.id;
END;

CREATE TABLE IF NOT EXISTS messages (
	id TEXT PRIMARY KEY, owner TEXT NOT NULL, shared INTEGER NOT NULL, sent INTEGER NOT NULL, message_id TEXT NOT NULL,
	subject TEXT NOT NULL, from_name TEXT NOT NULL, from_address TEXT NOT NULL, direction TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, name TEXT NOT NULL, content BLOB NOT NULL);
-- Which messages and documents are on which contacts.
CREATE TABLE IF NOT EXISTS links (item TEXT, contact TEXT, PRIMARY KEY (item, contact));
CREATE INDEX IF NOT EXISTS links_contact ON links (contact);

-- The permission rule of this CRM: an admin sees and changes all; others what they own and what is shared with them.
CREATE VIEW IF NOT EXISTS contact_access AS
	SELECT u.id AS user, c.id AS id, MAX(u.admin, c.owner = u.id, COALESCE(s.may_change, 0)) AS may_change
	FROM users u JOIN contacts c LEFT JOIN shares s ON s.contact = c.id AND s.user = u.id
	WHERE u.active AND NOT c.deleted AND (u.admin OR c.owner = u.id OR s.user IS NOT NULL);
-- A document is seen and changed with any contact it is on. Everybody may create both: that is the row without an id.
CREATE VIEW IF NOT EXISTS access AS
	SELECT user, 'Contacts' AS type, id, may_change FROM contact_access
	UNION ALL SELECT a.user, 'Documents', d.id, a.may_change
	FROM documents d JOIN links l ON l.item = d.id JOIN contact_access a ON a.id = l.contact
	UNION ALL SELECT u.id, t.column1, '', 1 FROM users u JOIN (VALUES ('Contacts'), ('Documents')) t WHERE u.active;
CREATE VIEW IF NOT EXISTS records AS
	SELECT 'Contacts' AS type, id FROM contacts WHERE NOT deleted UNION ALL SELECT 'Documents', id FROM documents;
