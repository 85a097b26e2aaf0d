package vtenext

import (
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// entityType is what the CRM says of a kind of record.
type entityType struct {
	tabID    string
	name     string
	label    string // a key of the CRM's translations
	presence string // "0" on, "1" off, "2" on but not shown
	entity   bool   // a kind of record, rather than a page or a tool
	messages bool   // has the Messages relation
	fields   []field
	table    string   // where its records are, if the CRM names them
	key      string   // the column of the record's id in table
	naming   []string // the fields or columns a record's name is made of
	rule     rule
	extended bool // by code that may change permissions and is not trusted
}

// field is a field of an entity type.
type field struct {
	id, name      string
	table, column string
	label         string // a key of the CRM's translations
	uiType        string // the CRM's number of how it is shown and edited
	dataType      string // V, I, N, D, DT, T, E, C …: the first word of typeofdata
	presence      string
	displayType   string
	readOnly      string // "99" not editable, "100" hidden
	unlisted      bool   // not offered to searches and lists
}

// rule tells by whose rules the records of an entity type are judged.
type rule uint8

const (
	ordinaryRule rule = iota // the sharing engine's
	calendarRule             // the engine's, with invitations, visibility and shared calendars
	messagesRule             // those of Messages, which bind administrators too
	usersRule                // administrators, and oneself
	adminRule                // a function of the CRM that we cannot evaluate: administrators only
	closedRule               // a function of the CRM that we cannot evaluate, before anything else: nobody
)

// ruleOf names the rule of an entity type of vtenext 20.04.
func ruleOf(name string) rule {
	switch name {
	case "Calendar", "Events":
		return calendarRule
	case "Messages":
		return messagesRule
	case "Users":
		return usersRule
	case "Charts", "Processes":
		return adminRule
	case "MyNotes", "ModNotifications":
		return closedRule
	}
	return ordinaryRule
}

// unshared reports whether sharing rules never apply to the entity type.
func unshared(name string) bool {
	fixed := []string{"Calendar", "Events", "Sms", "ModComments", "MyNotes", "MyFiles", "Charts", "Messages"}
	return slices.Contains(fixed, name) || strings.HasPrefix(name, "ModLight")
}

func (b *builder) addTypes() {
	b.nameOf = make(map[string]string)
	for _, row := range b.rows[typesSource] {
		t := &entityType{
			tabID: row[0], name: row[1], label: row[2], presence: row[3], entity: row[5] == "1", rule: ruleOf(row[1]),
		}
		if !slices.Contains([]string{"0", "1", "2"}, t.presence) {
			b.unknown("presence of "+t.name, t.presence, "switched off")
			t.presence = "1"
		}
		b.nameOf[t.tabID] = t.name
		b.types, b.typeOf[t.name] = append(b.types, t), t
	}
	b.describeTypes()
	b.addHooks()
	b.shownFields = b.column(orgFieldsSource)
	shares := b.column(defaultsSource)
	for i, row := range b.rows[typesSource] {
		m := b.modelType(b.types[i], row[4] == "1", shares)
		if m.Name == "Messages" {
			b.messages = m.Default
		}
		b.model.Types = append(b.model.Types, m)
	}
}

// describeTypes adds fields, names and relations.
func (b *builder) describeTypes() {
	for _, row := range b.rows[namesSource] {
		if t := b.typeOf[row[0]]; t != nil {
			t.table, t.naming, t.key = row[1], strings.Split(row[2], ","), row[3]
		}
	}
	for _, row := range b.rows[relationsSource] {
		if t := b.typeOf[b.nameOf[row[0]]]; t != nil && b.nameOf[row[1]] == "Messages" {
			t.messages = true
		}
	}
	blocks := b.column(blocksSource)
	for _, row := range b.rows[fieldsSource] {
		t := b.typeOf[b.nameOf[row[0]]]
		if t == nil || slices.ContainsFunc(t.fields, func(f field) bool { return f.name == row[2] }) {
			continue
		}
		block, inBlock := blocks[row[9]]
		dataType, _, _ := strings.Cut(row[11], "~")
		t.fields = append(t.fields, field{
			id: row[1], name: row[2], column: row[3], table: row[4], label: row[5], uiType: row[6], readOnly: row[7],
			presence: row[8], displayType: row[10], dataType: dataType,
			unlisted: row[7] == "100" || !inBlock || block == "LBL_IMAGE_INFORMATION" || block == "LBL_COMMENTS" ||
				!slices.Contains([]string{"1", "2", "3", "4"}, row[10]),
		})
	}
}

// modelType tells the sharing engine of an entity type. Contacts are shared as the accounts they belong to.
func (b *builder) modelType(t *entityType, public bool, shares map[string]string) sharing.Type {
	m := sharing.Type{
		Name: t.name, Entity: t.entity, Public: public, Disabled: t.presence == "1", Hidden: t.presence == "2",
		Unshared: unshared(t.name), Default: b.standard(t, shares), Absent: absent(t), Fields: b.modelFields(t),
	}
	if t.name == "Contacts" && b.typeOf["Accounts"] != nil {
		m.Follows = "Accounts"
	}
	return m
}

// standard reads the organisation's default.
func (b *builder) standard(t *entityType, shares map[string]string) sharing.Sharing {
	switch share, listed := shares[t.tabID]; share {
	case "0":
		return sharing.PublicReadOnly
	case "1":
		return sharing.PublicReadWrite
	case "2":
		return sharing.PublicReadWriteDelete
	case "3":
		return sharing.Private
	case "8":
		return sharing.Assigned
	case "4", "5", "6", "7": // of calendars of former versions
		return sharing.NoDefault
	default:
		if !listed {
			return sharing.NoDefault
		}
		b.unknown("default of "+t.name, share, "private")
		return sharing.Private
	}
}

func (b *builder) modelFields(t *entityType) []sharing.Field {
	fields := make([]sharing.Field, len(t.fields))
	for i, f := range t.fields {
		fields[i] = sharing.Field{
			Name: f.name, Inactive: f.presence != "0" && f.presence != "2", Hidden: b.shownFields[f.id] != "0", Unlisted: f.unlisted,
		}
	}
	return fields
}

// addHooks finds the extensions that may change permissions, beyond those of a default installation.
func (b *builder) addHooks() {
	for _, row := range b.rows[hooksSource] {
		t := b.typeOf[row[1]]
		if t == nil || isDefaultHook(row) || slices.Contains(b.crm.trusted, t.name) {
			continue
		}
		t.extended = true
		b.find(PartPermissions, true, t.name, "%s names %s, which may change permissions: nobody but administrators is "+
			"permitted anything until the entity type is trusted", row[0], row[2])
	}
}

func isDefaultHook(row []string) bool {
	defaults := [][]string{
		{"sdk_adv_permission", "Charts", "chartsPermission"},
		{"sdk_adv_permission", "Processes", "advPermProcesses"},
		{"sdk_adv_query", "Processes", "advQueryProcesses"},
	}
	return slices.ContainsFunc(defaults, func(d []string) bool { return slices.Equal(d, row) })
}

// absent lists the operations the CRM has no page for. Every kind of record has all pages; which ones the tools of
// vtenext 20.04 have is told here, and other tools are taken to have none.
func absent(t *entityType) []sharing.Operation {
	present, known := map[string][]sharing.Operation{
		"Area":             {sharing.Index},
		"Conditionals":     {sharing.Index, sharing.EditView, sharing.Delete},
		"CustomerPortal":   {sharing.Index},
		"FieldFormulas":    {sharing.Index},
		"Geolocalization":  {sharing.Index},
		"ModNotifications": {sharing.DetailView, sharing.EditView},
		"Morphsuit":        {sharing.Index},
		"Popup":            {sharing.Index},
		"Portal":           {sharing.Index, sharing.Delete},
		"RecycleBin":       {sharing.Index},
		"Reports":          {sharing.Index, sharing.Delete},
		"Rss":              {sharing.Index, sharing.Delete},
		"Transitions":      {sharing.Index, sharing.Delete},
		"Update":           {sharing.Index},
		"WSAPP":            {sharing.Index},
		"Webforms":         {sharing.Index, sharing.Delete},
	}[t.name]
	exempt := []string{"Home", "PDFMaker", "Touch", "Users"} // from looking for the page
	if t.entity || !known && slices.Contains(exempt, t.name) {
		return nil
	}
	all := []sharing.Operation{
		sharing.Save, sharing.EditView, sharing.Delete, sharing.Index, sharing.DetailView, sharing.Import, sharing.Export,
	}
	return slices.DeleteFunc(all, func(op sharing.Operation) bool { return slices.Contains(present, op) })
}
