package vtenext

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// condition is a row of a filter. Conditions of a filter must all hold; of several values, separated by commas, one.
type condition struct {
	column     string // "table:column:field:label:type"
	comparator string
	value      string
}

// currentUser begins a value that is a property of the asking user.
const currentUser = "$current_user->"

var plainName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// compileRule makes a statement of a filter. Its error says what cannot be evaluated.
func (b *builder) compileRule(id string, t *entityType, conditions []condition) (*advancedRule, error) {
	if len(conditions) == 0 {
		return nil, errNoConditions
	}
	rule := &advancedRule{id: id, entityType: t.name}
	var tables, where []string
	for _, c := range conditions {
		f, err := b.fieldOf(t, c.column)
		if err != nil {
			return nil, err
		}
		sql, args, err := c.compile(f, "`"+f.table+"`.`"+f.column+"`")
		if err != nil {
			return nil, err
		}
		where, rule.args = append(where, sql), append(rule.args, args...)
		if !slices.Contains(tables, f.table) {
			tables = append(tables, f.table)
		}
	}
	if lead := b.crm.table("leaddetails"); t.name == "Leads" {
		where = append(where, "`"+lead+"`.converted = 0")
		if !slices.Contains(tables, lead) {
			tables = append(tables, lead)
		}
	}
	for _, table := range tables {
		key, ok := b.keyOf(t, table)
		if !ok {
			return nil, fmt.Errorf("the table %s has no single key", table)
		}
		rule.joins += "JOIN `" + table + "` ON `" + table + "`.`" + key + "` = e.crmid "
	}
	rule.where = strings.Join(where, " AND ")
	return rule, nil
}

// keyOf returns the column of a table that holds the record's id: the one the CRM names for the entity type, or else the
// primary key.
func (b *builder) keyOf(t *entityType, table string) (string, bool) {
	key, ok := t.key, table == t.table
	if !ok {
		key, ok = b.columns.key(table)
	}
	return key, ok && plainName.MatchString(key) && b.columns.missing(table, []string{key}) == ""
}

// tableOf returns the table a condition is about.
func tableOf(columnName string) string {
	table, _, _ := strings.Cut(columnName, ":")
	return table
}

// fieldOf finds the field a condition is about, so that no name reaches a statement that is not a field's.
func (b *builder) fieldOf(t *entityType, columnName string) (field, error) {
	parts := strings.Split(columnName, ":")
	if len(parts) < 3 {
		return field{}, fmt.Errorf("%q names no column", columnName)
	}
	for _, f := range t.fields {
		if f.table != parts[0] || f.column != parts[1] {
			continue
		}
		if !plainName.MatchString(f.table) || !plainName.MatchString(f.column) ||
			b.columns.missing(f.table, []string{f.column}) != "" {
			break
		}
		return f, nil
	}
	return field{}, fmt.Errorf("%s has no column %s:%s", t.name, parts[0], parts[1])
}

// plainTypes are the numbers of fields whose column holds what the user sees: texts, picklists, numbers, addresses.
// References, owners, currencies and check boxes are compared by the CRM in ways of their own.
var plainTypes = []string{
	"1", "2", "4", "7", "9", "11", "13", "15", "16", "17", "19", "20", "21", "22", "24", "55", "104", "255",
	"1013", "1014", "1112",
}

var isoDate = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func (c condition) compile(f field, operand string) (string, []any, error) {
	date := f.dataType == "D" && slices.Contains([]string{"5", "23"}, f.uiType)
	if !date && !slices.Contains(plainTypes, f.uiType) {
		return "", nil, fmt.Errorf("conditions on fields as %s are not evaluated", f.name)
	}
	var alternatives []string
	var args []any
	for value := range strings.SplitSeq(c.value, ",") {
		arg, err := valueOf(strings.TrimSpace(value))
		if err != nil {
			return "", nil, err
		}
		if err := c.check(f, arg, date); err != nil {
			return "", nil, err
		}
		sql, ok := comparison(operand, c.comparator)
		if !ok {
			return "", nil, fmt.Errorf("the comparator %q is unknown", c.comparator)
		}
		alternatives, args = append(alternatives, sql), append(args, arg)
	}
	return "(" + strings.Join(alternatives, " OR ") + ")", args, nil
}

// check refuses values that the CRM would compare in ways of its own.
func (c condition) check(f field, arg any, date bool) error {
	value, fixed := arg.(string)
	if !fixed {
		return nil
	}
	partial := slices.Contains([]string{"s", "ew", "c", "k"}, c.comparator)
	switch {
	case value == "" && c.comparator != "e" && c.comparator != "n":
		return fmt.Errorf("the value for %s is empty", f.name)
	case date && (partial || !isoDate.MatchString(value)):
		return fmt.Errorf("%q is not a date as 2006-01-02", value)
	case !partial && value != "" && slices.Contains([]string{"I", "N", "NN"}, f.dataType):
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return fmt.Errorf("%q is not a number", value)
		}
	}
	return nil
}

// valueOf reads a value: fixed, or a property of the asking user.
func valueOf(value string) (any, error) {
	property, ofUser := strings.CutPrefix(value, currentUser)
	if !ofUser {
		return value, nil
	}
	known := []string{
		"id", "user_name", "first_name", "last_name", "email1", "email2", "title", "department", "phone_work", "phone_mobile",
		"address_city", "address_state", "address_country", "address_postalcode", "reports_to_id", "description",
	}
	if !slices.Contains(known, property) {
		return nil, fmt.Errorf("the property %q of users is not evaluated", property)
	}
	return userColumn(property), nil
}

// comparison compares an operand with one placeholder. Wildcards in a value stand for themselves, but where this would
// let a record through that the CRM keeps back.
func comparison(operand, comparator string) (string, bool) {
	const escaped = "REPLACE(REPLACE(REPLACE(?, '|', '||'), '%', '|%'), '_', '|_')"
	switch comparator {
	case "e":
		return operand + " = ?", true
	case "n":
		return operand + " <> ?", true
	case "s":
		return operand + " LIKE CONCAT(" + escaped + ", '%') ESCAPE '|'", true
	case "ew":
		return operand + " LIKE CONCAT('%', " + escaped + ") ESCAPE '|'", true
	case "c":
		return operand + " LIKE CONCAT('%', " + escaped + ", '%') ESCAPE '|'", true
	case "k":
		return operand + " NOT LIKE CONCAT('%', ?, '%')", true
	case "l":
		return operand + " < ?", true
	case "g":
		return operand + " > ?", true
	case "m":
		return operand + " <= ?", true
	case "h":
		return operand + " >= ?", true
	}
	return "", false
}
