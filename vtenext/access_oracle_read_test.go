package vtenext_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

func newOracle(t *testing.T, db *sql.DB) *oracle {
	o := &oracle{
		t: t, db: db, memo: make(map[string][]string), admin: make(map[string]bool), role: make(map[string]string),
		path: make(map[string]string), profiles: make(map[string][]string), global: make(map[string]map[string]string),
		access: make(map[string]map[string]string), actions: make(map[string]map[string]string),
		groups: make(map[string]map[string][]string), tab: make(map[string][]string), share: make(map[string]string),
		matches: make(map[string]map[string]map[string]string), listed: make(map[string][]string), leads: make(map[string]bool),
	}
	o.each("SELECT id, is_admin FROM vte_users", func(r []string) { o.admin[r[0]] = r[1] == "on" })
	o.each("SELECT userid, roleid FROM vte_user2role", func(r []string) { o.role[r[0]] = r[1] })
	o.each("SELECT roleid, parentrole FROM vte_role", func(r []string) { o.path[r[0]] = r[1] })
	o.each("SELECT roleid, profileid FROM vte_role2profile WHERE mobile = 0 ORDER BY profileid", func(r []string) {
		o.profiles[r[0]] = append(o.profiles[r[0]], r[1])
	})
	put := func(m map[string]map[string]string) func([]string) {
		return func(r []string) {
			if m[r[0]] == nil {
				m[r[0]] = make(map[string]string)
			}
			m[r[0]][r[1]] = r[2]
		}
	}
	o.each("SELECT profileid, globalactionid, globalactionpermission FROM vte_profile2globalperm", put(o.global))
	o.each("SELECT profileid, tabid, permissions FROM vte_profile2tab", put(o.access))
	o.each("SELECT profileid, CONCAT(tabid, '/', operation), permissions FROM vte_profile2standardperm", put(o.actions))
	for kind, from := range map[string]string{
		"user": "groupid, userid FROM vte_users2group", "role": "groupid, roleid FROM vte_group2role",
		"tree": "groupid, roleandsubid FROM vte_group2rs", "group": "groupid, containsgroupid FROM vte_group2grouprel",
	} {
		o.each("SELECT "+from, func(r []string) {
			if o.groups[r[0]] == nil {
				o.groups[r[0]] = make(map[string][]string)
			}
			o.groups[r[0]][kind] = append(o.groups[r[0]][kind], r[1])
		})
	}
	o.each("SELECT name, tabid, presence, ownedby, isentitytype FROM vte_tab", func(r []string) { o.tab[r[0]] = r[1:] })
	o.each("SELECT tabid, permission FROM vte_def_org_share", func(r []string) { o.share[r[0]] = r[1] })
	for _, pair := range []string{
		"role2role", "role2rs", "role2group", "rs2role", "rs2rs", "rs2grp", "grp2role", "grp2rs", "grp2grp", "usr2usr",
	} {
		o.each(`SELECT m.tabid, '`+pair+`', s.* FROM vte_datashare_`+pair+` s
			JOIN vte_datashare_mod_rel m ON m.shareid = s.shareid`,
			func(r []string) { o.rules = append(o.rules, []string{r[0], r[1], r[3], r[4], r[5]}) })
	}
	o.readFilters()
	o.each("SELECT resource, crmid FROM vte_process_adv_permissions", func(r []string) {
		o.listed[r[0]] = append(o.listed[r[0]], r[1])
	})
	o.each("SELECT leadid FROM vte_leaddetails WHERE converted = 1", func(r []string) { o.leads[r[0]] = true })
	return o
}

func (o *oracle) each(query string, row func([]string)) {
	o.t.Helper()
	rows, err := o.db.QueryContext(o.t.Context(), query)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		o.t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range into {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			o.t.Fatal(err)
		}
		texts := make([]string, len(columns))
		for i, v := range values {
			texts[i] = v.String
		}
		row(texts)
	}
	if err := rows.Err(); err != nil {
		o.t.Fatal(err)
	}
}

// readFilters evaluates the advanced rules of the dumps, which have one condition each.
func (o *oracle) readFilters() {
	keys := map[string]string{
		"vte_account": "accountid", "vte_leaddetails": "leadid", "vte_troubletickets": "ticketid",
		"vte_contactdetails": "contactid", "vte_potential": "potentialid", "vte_joborder": "joborderid",
	}
	patterns := map[string]string{"c": "%%%s%%", "e": "%s", "s": "%s%%"}
	o.each("SELECT advrule_id, columnname, comparator, value FROM tbl_s_advancedrulefilters", func(f []string) {
		column := strings.Split(f[1], ":")
		var met []string
		o.each(fmt.Sprintf(`SELECT x.%s FROM %s x JOIN vte_crmentity e ON e.crmid = x.%s AND e.deleted = 0
			WHERE x.%s LIKE '%s'`, keys[column[0]], column[0], keys[column[0]], column[1], fmt.Sprintf(patterns[f[2]], f[3])),
			func(r []string) { met = append(met, r[0]) })
		o.each("SELECT id, permission FROM tbl_s_advancedrule_rel WHERE advrule_id = "+f[0], func(r []string) {
			if o.matches[r[0]] == nil {
				o.matches[r[0]] = make(map[string]map[string]string)
			}
			for _, id := range met {
				if o.matches[r[0]][id] == nil {
					o.matches[r[0]][id] = make(map[string]string)
				}
				o.matches[r[0]][id][f[0]] = r[1]
			}
		})
	})
}
