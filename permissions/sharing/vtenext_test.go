package sharing_test

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// crm is a dump of a vtenext database, as far as permissions go.
type crm map[string]table

func readCRM(t *testing.T, dump io.Reader) crm {
	t.Helper()
	return readDump(t, dump,
		"vte_users", "vte_user2role", "vte_role", "vte_role2profile", "vte_tab", "vte_field", "vte_blocks",
		"vte_profile", "vte_profile2globalperm", "vte_profile2tab", "vte_profile2standardperm", "vte_profile2utility",
		"vte_profile2field", "vte_def_org_field", "vte_def_org_share", "vte_groups", "vte_users2group",
		"vte_group2role", "vte_group2rs", "vte_group2grouprel", "vte_datashare_mod_rel", "vte_datashare_role2role",
		"vte_datashare_role2rs", "vte_datashare_role2group", "vte_datashare_rs2role", "vte_datashare_rs2rs",
		"vte_datashare_rs2grp", "vte_datashare_grp2role", "vte_datashare_grp2rs", "vte_datashare_grp2grp",
		"vte_datashare_usr2usr", "tbl_s_advancedrule", "tbl_s_advancedrule_rel", "tbl_s_advancedrulefilters",
		"vte_crmentity", "vte_account", "vte_leaddetails", "vte_troubletickets", "vte_contactdetails", "vte_potential",
		"vte_joborder", "vte_process_adv_permissions")
}

// lists groups the column of a table by another.
func (c crm) lists(name, by, column string) map[string][]string {
	lists := make(map[string][]string)
	for _, row := range c[name] {
		lists[row[by]] = append(lists[row[by]], row[column])
	}
	return lists
}

// column indexes a column of a table by its key.
func (c crm) column(name, key, column string) map[string]string {
	values := make(map[string]string)
	for _, row := range c[name] {
		values[row[key]] = row[column]
	}
	return values
}

// policy reads the base tables as the CRM does.
func (c crm) policy() sharing.Policy {
	p := sharing.Policy{Quirks: sharing.AllQuirks()}
	roles := c.column("vte_user2role", "userid", "roleid")
	for _, row := range c["vte_users"] {
		p.Users = append(p.Users, sharing.User{
			ID: row["id"], Name: row["user_name"], Role: roles[row["id"]], Admin: row["is_admin"] == "on",
		})
	}
	profiles := c.roleProfiles()
	for _, row := range c["vte_role"] {
		id := row["roleid"]
		p.Roles = append(p.Roles, sharing.Role{ID: id, Name: row["rolename"], Path: row["parentrole"], Profiles: profiles[id]})
	}
	p.Groups, p.Types, p.Profiles, p.Rules = c.groups(), c.types(), c.profiles(), c.rules()
	rules := make(map[string]map[string]string)
	for _, row := range c["tbl_s_advancedrule"] {
		rules[row["advrule_id"]] = row
	}
	for _, row := range c["tbl_s_advancedrule_rel"] {
		rule := rules[row["advrule_id"]]
		p.Advanced = append(p.Advanced, sharing.AdvancedRule{
			ID: row["advrule_id"], Name: rule["title"], Type: rule["module_name"], User: row["id"], Write: row["permission"] == "1",
		})
	}
	return p
}

func (c crm) roleProfiles() map[string][]string {
	profiles := make(map[string][]string)
	for _, row := range c["vte_role2profile"] {
		if row["mobile"] == "0" {
			profiles[row["roleid"]] = append(profiles[row["roleid"]], row["profileid"])
		}
	}
	return profiles
}

func (c crm) groups() []sharing.Group {
	users := c.lists("vte_users2group", "groupid", "userid")
	roles := c.lists("vte_group2role", "groupid", "roleid")
	trees := c.lists("vte_group2rs", "groupid", "roleandsubid")
	groups := c.lists("vte_group2grouprel", "groupid", "containsgroupid")
	var all []sharing.Group
	for _, row := range c["vte_groups"] {
		id := row["groupid"]
		all = append(all, sharing.Group{
			ID: id, Name: row["groupname"], Users: users[id], Roles: roles[id], RoleTrees: trees[id], Groups: groups[id],
		})
	}
	return all
}

func (c crm) types() []sharing.Type {
	defaults := map[string]sharing.Sharing{
		"0": sharing.PublicReadOnly, "1": sharing.PublicReadWrite, "2": sharing.PublicReadWriteDelete,
		"3": sharing.Private, "8": sharing.Assigned,
	}
	unshared := []string{"Calendar", "Events", "Sms", "ModComments", "MyNotes", "MyFiles", "Charts", "Messages"}
	shares := c.column("vte_def_org_share", "tabid", "permission")
	fields := c.fields()
	var types []sharing.Type
	for _, row := range c["vte_tab"] {
		t := sharing.Type{
			Name: row["name"], Entity: row["isentitytype"] == "1", Public: row["ownedby"] == "1",
			Disabled: row["presence"] == "1", Hidden: row["presence"] == "2",
			Unshared: slices.Contains(unshared, row["name"]) || strings.HasPrefix(row["name"], "ModLight"),
			Default:  sharing.NoDefault, Absent: absent(row["name"]), Fields: fields[row["tabid"]],
		}
		if standard, ok := defaults[shares[row["tabid"]]]; ok {
			t.Default = standard
		}
		if t.Name == "Contacts" {
			t.Follows = "Accounts"
		}
		types = append(types, t)
	}
	return types
}

// fields lists the fields by entity type.
func (c crm) fields() map[string][]sharing.Field {
	visible := c.column("vte_def_org_field", "fieldid", "visible")
	blocks := c.column("vte_blocks", "blockid", "blocklabel")
	fields := make(map[string][]sharing.Field)
	for _, row := range c["vte_field"] {
		block, inBlock := blocks[row["block"]]
		inBlock = inBlock && block != "LBL_IMAGE_INFORMATION" && block != "LBL_COMMENTS"
		fields[row["tabid"]] = append(fields[row["tabid"]], sharing.Field{
			Name:     row["fieldname"],
			Inactive: row["presence"] != "0" && row["presence"] != "2",
			Hidden:   visible[row["fieldid"]] != "0",
			Unlisted: row["readonly"] == "100" || !inBlock || !slices.Contains([]string{"1", "2", "3", "4"}, row["displaytype"]),
		})
	}
	return fields
}

func grant(permission string) sharing.Grant {
	if permission == "0" {
		return sharing.Granted
	}
	return sharing.Refused
}

func (c crm) profiles() []sharing.Profile {
	names := c.column("vte_tab", "tabid", "name")
	index := make(map[string]*sharing.Profile)
	for _, row := range c["vte_profile"] {
		index[row["profileid"]] = &sharing.Profile{
			ID: row["profileid"], Name: row["profilename"], Types: make(map[string]sharing.TypeGrants),
		}
	}
	for _, row := range c["vte_profile2globalperm"] {
		p := index[row["profileid"]]
		if row["globalactionid"] == "1" {
			p.ViewAll = grant(row["globalactionpermission"])
		} else {
			p.EditAll = grant(row["globalactionpermission"])
		}
	}
	for _, row := range c["vte_profile2tab"] {
		index[row["profileid"]].Types[names[row["tabid"]]] = sharing.TypeGrants{
			Access: grant(row["permissions"]), Operations: make(map[sharing.Operation]sharing.Grant), Fields: make(map[string]bool),
		}
	}
	c.operations(index, names, "vte_profile2standardperm", "Operation", "permissions")
	c.operations(index, names, "vte_profile2utility", "activityid", "permission")
	fields := c.column("vte_field", "fieldid", "fieldname")
	for _, row := range c["vte_profile2field"] {
		if listed, ok := index[row["profileid"]].Types[names[row["tabid"]]]; ok {
			listed.Fields[fields[row["fieldid"]]] = row["visible"] == "0"
		}
	}
	var profiles []sharing.Profile
	for _, row := range c["vte_profile"] {
		profiles = append(profiles, *index[row["profileid"]])
	}
	return profiles
}

func (c crm) operations(index map[string]*sharing.Profile, names map[string]string, name, operation, permission string) {
	for _, row := range c[name] {
		listed, ok := index[row["profileid"]].Types[names[row["tabid"]]]
		if n, err := strconv.Atoi(row[operation]); ok && err == nil {
			listed.Operations[sharing.Operation(n)] = grant(row[permission])
		}
	}
}

func (c crm) rules() []sharing.Rule {
	types := c.column("vte_tab", "tabid", "name")
	tabs := c.column("vte_datashare_mod_rel", "shareid", "tabid")
	sides := map[string]struct {
		kind   sharing.PartyKind
		column string
	}{
		"role": {sharing.RoleParty, "roleid"}, "rs": {sharing.RoleTreeParty, "roleandsubid"},
		"grp": {sharing.GroupParty, "groupid"}, "group": {sharing.GroupParty, "groupid"}, "usr": {sharing.UserParty, "userid"},
	}
	var rules []sharing.Rule
	for name, rows := range c {
		pair, ok := strings.CutPrefix(name, "vte_datashare_")
		from, to, isPair := strings.Cut(pair, "2")
		if !ok || !isPair {
			continue
		}
		for _, row := range rows {
			rules = append(rules, sharing.Rule{
				ID: row["shareid"], Type: types[tabs[row["shareid"]]], Write: row["permission"] == "1",
				From: sharing.Party{Kind: sides[from].kind, ID: row["share_"+sides[from].column]},
				To:   sharing.Party{Kind: sides[to].kind, ID: row["to_"+sides[to].column]},
			})
		}
	}
	return rules
}

// matches returns the advanced rules whose filters each record meets: contains, equals and starts with are enough here.
// The CRM evaluates them as a list query, which leaves out deleted records.
func (c crm) matches() map[string][]string {
	filters := make(map[string][]map[string]string)
	for _, row := range c["tbl_s_advancedrulefilters"] {
		filters[row["advrule_id"]] = append(filters[row["advrule_id"]], row)
	}
	keys := map[string]string{
		"vte_account": "accountid", "vte_leaddetails": "leadid", "vte_troubletickets": "ticketid",
		"vte_contactdetails": "contactid", "vte_potential": "potentialid", "vte_joborder": "joborderid",
	}
	deleted := c.column("vte_crmentity", "crmid", "deleted")
	matches := make(map[string][]string)
	for id, conditions := range filters {
		table, _, _ := strings.Cut(conditions[0]["columnname"], ":")
		for _, row := range c[table] {
			record := row[keys[table]]
			fails := func(f map[string]string) bool { return !meets(row, f) }
			if deleted[record] == "0" && !slices.ContainsFunc(conditions, fails) {
				matches[record] = append(matches[record], id)
			}
		}
	}
	return matches
}

func meets(row, filter map[string]string) bool {
	value := strings.ToLower(row[strings.Split(filter["columnname"], ":")[1]])
	wanted := strings.ToLower(filter["value"])
	switch filter["comparator"] {
	case "c":
		return strings.Contains(value, wanted)
	case "s":
		return strings.HasPrefix(value, wanted)
	default:
		return value == wanted
	}
}

// inProcess returns the records that running processes put in the lists of a user or of a group's users, by their ids.
func (c crm) inProcess() map[string][]string {
	return c.lists("vte_process_adv_permissions", "resource", "crmid")
}

// pages are the operations for which tools of vtenext 20.04.3, which are no kinds of records, have a page.
var pages = map[string][]sharing.Operation{
	"Area":             {sharing.Index},
	"ChangeLog":        {},
	"Conditionals":     {sharing.Index, sharing.EditView, sharing.Delete},
	"CustomerPortal":   {sharing.Index},
	"FieldFormulas":    {sharing.Index},
	"Geolocalization":  {sharing.Index},
	"M":                {},
	"Mobile":           {},
	"ModNotifications": {sharing.DetailView, sharing.EditView},
	"Morphsuit":        {sharing.Index},
	"Popup":            {sharing.Index},
	"Portal":           {sharing.Index, sharing.Delete},
	"RecycleBin":       {sharing.Index},
	"Reports":          {sharing.Index, sharing.Delete},
	"Rss":              {sharing.Index, sharing.Delete},
	"SDK":              {},
	"SLA":              {},
	"Transitions":      {sharing.Index, sharing.Delete},
	"Update":           {sharing.Index},
	"VteSync":          {},
	"WSAPP":            {sharing.Index},
	"Webforms":         {sharing.Index, sharing.Delete},
}

func absent(module string) []sharing.Operation {
	present, ok := pages[module]
	if !ok {
		return nil
	}
	all := []sharing.Operation{
		sharing.Save, sharing.EditView, sharing.Delete, sharing.Index, sharing.DetailView, sharing.Import, sharing.Export,
	}
	return slices.DeleteFunc(all, func(op sharing.Operation) bool { return slices.Contains(present, op) })
}
