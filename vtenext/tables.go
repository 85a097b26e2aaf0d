package vtenext

// table names one of the CRM's tables: "users" is vte_users. The tables of the families tbl_s_ and sdk_, and
// vte_check_pwd, vte_hide_tab and vte_userauthtoken, are named without the prefix, whatever it is; they are written out.
func (c *CRM) table(name string) string { return c.prefix + name }

// sql fills the prefix into a statement: "{users}" reads vte_users. Statements are constants with placeholders for
// values, so no brace ever comes from outside.
func (c *CRM) sql(statement string) string { return c.names.Replace(statement) }
