package vtenext

import (
	"slices"
	"strings"
)

// source is something the policy is made of: the rows of one table, or those of several that say the same.
// The digest covers exactly what a source reads.
type source struct {
	name  string
	parts []part
}

// part is a table of a source. A column in quotes is a constant that tells the parts apart.
type part struct {
	table    string // as CRM.sql reads it
	columns  string // separated by ", "
	where    string // empty for all rows
	order    string // where the order of the rows matters
	optional bool   // an installation without the table has no such rows
}

// The names of the sources.
const (
	usersSource        = "users"
	userRolesSource    = "roles of users"
	rolesSource        = "roles"
	roleProfilesSource = "profiles of roles"
	profilesSource     = "profiles"
	globalsSource      = "global permissions"
	profileTypesSource = "entity types of profiles"
	operationsSource   = "operations of profiles"
	profileFieldSource = "fields of profiles"
	groupsSource       = "groups"
	membersSource      = "members of groups"
	typesSource        = "entity types"
	fieldsSource       = "fields"
	blocksSource       = "blocks"
	orgFieldsSource    = "fields of the organisation"
	defaultsSource     = "defaults"
	ruleTypesSource    = "entity types of rules"
	rulesSource        = "rules"
	advancedSource     = "advanced rules"
	advancedUserSource = "users of advanced rules"
	filtersSource      = "filters of advanced rules"
	relationsSource    = "relations"
	namesSource        = "names of records"
	hooksSource        = "hooks"
	versionsSource     = "versions of processes"
	propertiesSource   = "properties"
)

// policySources lists all a decision depends on but the record.
func policySources() []source {
	return []source{
		from(usersSource, "{users}", "id, user_name, is_admin, status, deleted"),
		from(userRolesSource, "{user2role}", "userid, roleid"),
		from(rolesSource, "{role}", "roleid, rolename, parentrole"),
		{roleProfilesSource, []part{{table: "{role2profile}", columns: "roleid, profileid, mobile", order: "roleid, profileid"}}},
		from(profilesSource, "{profile}", "profileid, profilename"),
		from(globalsSource, "{profile2globalperm}", "profileid, globalactionid, globalactionpermission"),
		from(profileTypesSource, "{profile2tab}", "profileid, tabid, permissions"),
		{operationsSource, []part{
			{table: "{profile2standardperm}", columns: "profileid, tabid, operation, permissions"},
			{table: "{profile2utility}", columns: "profileid, tabid, activityid, permission"},
		}},
		from(profileFieldSource, "{profile2field}", "profileid, tabid, fieldid, visible"),
		from(groupsSource, "{groups}", "groupid, groupname"),
		{membersSource, []part{
			{table: "{users2group}", columns: "groupid, 'user', userid"},
			{table: "{group2role}", columns: "groupid, 'role', roleid"},
			{table: "{group2rs}", columns: "groupid, 'tree', roleandsubid"},
			{table: "{group2grouprel}", columns: "groupid, 'group', containsgroupid"},
		}},
		{typesSource, []part{{table: "{tab}", columns: "tabid, name, tablabel, presence, ownedby, isentitytype", order: "tabid"}}},
		{fieldsSource, []part{{
			table: "{field}",
			columns: "tabid, fieldid, fieldname, columnname, tablename, fieldlabel, uitype, readonly, presence, block, displaytype, " +
				"typeofdata",
			order: "fieldid",
		}}},
		from(blocksSource, "{blocks}", "blockid, blocklabel"),
		from(orgFieldsSource, "{def_org_field}", "fieldid, visible"),
		from(defaultsSource, "{def_org_share}", "tabid, permission"),
		from(ruleTypesSource, "{datashare_mod_rel}", "shareid, tabid"),
		{rulesSource, ruleParts()},
		fromOptional(advancedSource, "tbl_s_advancedrule", "advrule_id, module_name, title"),
		fromOptional(advancedUserSource, "tbl_s_advancedrule_rel", "advrule_id, entity_type, id, permission"),
		fromOptional(filtersSource, "tbl_s_advancedrulefilters", "advrule_id, columnname, comparator, value"),
		from(relationsSource, "{relatedlists}", "tabid, related_tabid"),
		from(namesSource, "{entityname}", "modulename, tablename, fieldname, entityidfield"),
		{hooksSource, []part{
			{table: "sdk_adv_permission", columns: "'sdk_adv_permission', module, function", optional: true},
			{table: "sdk_adv_query", columns: "'sdk_adv_query', module, function", optional: true},
			{table: "sdk_class", columns: "'sdk_class', extends, module", optional: true},
		}},
		{propertiesSource, []part{{
			table: "{vteprop}", columns: "property, value, override_value", where: "property LIKE 'performance.%'", optional: true,
		}}},
		fromOptional(versionsSource, "{processmaker_versions}", "processmakerid, xml_version"),
	}
}

func from(name, table, columns string) source {
	return source{name, []part{{table: table, columns: columns}}}
}

func fromOptional(name, table, columns string) source {
	return source{name, []part{{table: table, columns: columns, optional: true}}}
}

// ruleParts lists the tables of sharing rules: one for each pair of parties.
func ruleParts() []part {
	columns := map[string]string{"role": "roleid", "rs": "roleandsubid", "grp": "groupid", "group": "groupid", "usr": "userid"}
	pairs := []string{
		"role2role", "role2rs", "role2group", "rs2role", "rs2rs", "rs2grp", "grp2role", "grp2rs", "grp2grp", "usr2usr",
	}
	parts := make([]part, len(pairs))
	for i, pair := range pairs {
		from, to, _ := strings.Cut(pair, "2")
		parts[i] = part{
			table:   "{datashare_" + pair + "}",
			columns: "shareid, '" + from + "', share_" + columns[from] + ", '" + to + "', to_" + columns[to] + ", permission",
		}
	}
	return parts
}

// names returns the columns that are read, without constants.
func (p part) names() []string {
	return slices.DeleteFunc(strings.Split(p.columns, ", "), func(c string) bool { return strings.HasPrefix(c, "'") })
}
