-- Who works for Alpina Packaging, and what each may see. Passwords are set by the program.
INSERT INTO crm_sequences VALUES ('ids', 0), ('Documents', 1000), ('policy', 1);

INSERT INTO crm_roles VALUES
    ('board', 'board', 'Management'),
    ('sales-lead', 'board::sales-lead', 'Sales manager'),
    ('sales-rep', 'board::sales-lead::sales-rep', 'Sales representative'),
    ('service-lead', 'board::service-lead', 'Service manager'),
    ('support', 'board::service-lead::support', 'Support agent');

INSERT INTO crm_users VALUES
    ('u1', 'admin', '*', 'Valentina Conti', 'valentina.conti@alpina.example', 'en', 'board', 1, 1, 0, 0),
    ('u2', 'sales.manager', '*', 'Stefan Hofer', 'stefan.hofer@alpina.example', 'en', 'sales-lead', 0, 1, 0, 0),
    ('u3', 'sales.rep', '*', 'Giulia Moretti', 'giulia.moretti@alpina.example', 'en', 'sales-rep', 0, 1, 0, 0),
    ('u4', 'support.agent', '*', 'Jonas Weber', 'jonas.weber@alpina.example', 'en', 'support', 0, 1, 0, 0),
    ('u5', 'lukas.gruber', '*', 'Lukas Gruber', 'lukas.gruber@alpina.example', 'en', 'sales-rep', 0, 1, 0, 0),
    ('u6', 'marta.nowak', '*', 'Marta Nowak', 'marta.nowak@alpina.example', 'en', 'support', 0, 1, 0, 0);

INSERT INTO crm_groups VALUES ('g1', 'Key accounts');
INSERT INTO crm_group_members VALUES ('g1', 'user', 'u3'), ('g1', 'user', 'u4');

INSERT INTO crm_role_profiles VALUES
    ('board', 'Management'), ('sales-lead', 'Sales'), ('sales-lead', 'Sales management'), ('sales-rep', 'Sales'),
    ('service-lead', 'Support'), ('support', 'Support');

INSERT INTO crm_profile_rights VALUES
    ('Management', 'Accounts', 'view edit delete'),
    ('Sales', 'Accounts', 'view edit'),
    ('Sales', 'Contacts', 'view edit delete'),
    ('Sales', 'Leads', 'view edit delete'),
    ('Sales', 'Potentials', 'view edit'),
    ('Sales', 'HelpDesk', 'view edit'),
    ('Sales', 'Machines', 'view'),
    ('Sales', 'Documents', 'view edit'),
    ('Sales management', 'Accounts', 'view edit delete'),
    ('Sales management', 'Potentials', 'view edit delete'),
    ('Support', 'Accounts', 'view'),
    ('Support', 'Contacts', 'view edit'),
    ('Support', 'HelpDesk', 'view edit delete'),
    ('Support', 'Machines', 'view edit'),
    ('Support', 'Documents', 'view edit');

INSERT INTO crm_hidden_fields VALUES
    ('Support', 'Accounts', 'annual_revenue'),
    ('Support', 'Contacts', 'mobile');

-- Private unless said otherwise. Contacts are shared as their companies.
INSERT INTO crm_defaults VALUES
    ('Accounts', 'private'), ('Contacts', 'private'), ('Leads', 'private'), ('Potentials', 'private'),
    ('HelpDesk', 'private'), ('Machines', 'read'), ('Documents', 'private');

INSERT INTO crm_sharing_rules VALUES
    ('companies-to-service', 'Accounts', 'role', 'sales-rep', 'roles', 'service-lead', 0),
    ('tickets-to-sales', 'HelpDesk', 'roles', 'service-lead', 'roles', 'sales-lead', 0);
