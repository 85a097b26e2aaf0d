package vtenext_test

import (
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/vtenext"
)

// oracle recomputes decisions from the CRM's tables, step by step as its rules are written down, slowly and with nothing
// in common with the code it checks.
type oracle struct {
	t        *testing.T
	db       *sql.DB
	memo     map[string][]string
	admin    map[string]bool
	role     map[string]string
	path     map[string]string // of roles
	profiles map[string][]string
	global   map[string]map[string]string            // profile, action
	access   map[string]map[string]string            // profile, tab
	actions  map[string]map[string]string            // profile, "tab/operation"
	groups   map[string]map[string][]string          // group, kind of member
	tab      map[string][]string                     // name: tabid, presence, ownedby, isentitytype
	share    map[string]string                       // tab
	rules    [][]string                              // tab, pair, from, to, permission
	matches  map[string]map[string]map[string]string // user, record, rule: permission
	listed   map[string][]string                     // records by user or group
	leads    map[string]bool                         // converted
}

// remember computes a list once.
func (o *oracle) remember(key string, compute func() []string) []string {
	list, known := o.memo[key]
	if !known {
		list = compute()
		o.memo[key] = list
	}
	return list
}

// merged reads a permission over the profiles of a user: the first profile's keys, granted if another grants or is silent.
func (o *oracle) merged(user string, of map[string]map[string]string, key string) (permission string, listed bool) {
	profiles := o.profiles[o.role[user]]
	if len(profiles) == 0 {
		return "1", true
	}
	permission, listed = of[profiles[0]][key]
	for _, p := range profiles[1:] {
		if other, there := of[p][key]; listed && (!there || other == "0") {
			permission = "0"
		}
	}
	return permission, listed
}

func (o *oracle) usersOfRole(role string) (users []string) {
	for user, r := range o.role {
		if r == role {
			users = append(users, user)
		}
	}
	return users
}

// usersOfTree includes roles whose path merely begins with the same characters.
func (o *oracle) usersOfTree(role string) (users []string) {
	for other, path := range o.path {
		if strings.HasPrefix(path, o.path[role]) {
			users = append(users, o.usersOfRole(other)...)
		}
	}
	return users
}

// insideGroup returns the users of a group, the group, and the groups in it.
func (o *oracle) insideGroup(group string, visited ...string) []string {
	if slices.Contains(visited, group) {
		return nil
	}
	of := o.groups[group]
	list := append([]string{group}, of["user"]...)
	for _, role := range of["role"] {
		list = append(list, o.usersOfRole(role)...)
	}
	for _, role := range of["tree"] {
		list = append(list, o.usersOfTree(role)...)
	}
	for _, inner := range of["group"] {
		list = append(list, o.insideGroup(inner, append(visited, group)...)...)
	}
	return list
}

func (o *oracle) groupsOf(user string) []string {
	return o.remember("groups "+user, func() []string {
		line := strings.Split(o.path[o.role[user]], "::")
		var groups []string
		for id, of := range o.groups {
			inLine := func(role string) bool { return slices.Contains(line, role) }
			if slices.Contains(of["user"], user) || slices.Contains(of["role"], o.role[user]) || slices.ContainsFunc(of["tree"], inLine) {
				groups = append(groups, id)
			}
		}
		for i := 0; i < len(groups); i++ {
			for id, of := range o.groups {
				if slices.Contains(of["group"], groups[i]) && !slices.Contains(groups, id) {
					groups = append(groups, id)
				}
			}
		}
		return groups
	})
}

func (o *oracle) below(user string) []string {
	return o.remember("below "+user, func() (users []string) {
		for other, path := range o.path {
			if strings.HasPrefix(path, o.path[o.role[user]]+"::") {
				users = append(users, o.usersOfRole(other)...)
			}
		}
		return users
	})
}

// sharedWith returns the owners whose records the sharing rules open.
func (o *oracle) sharedWith(user, module string, write bool) []string {
	return o.remember(fmt.Sprint("shared ", user, module, write), func() (owners []string) {
		if module == "Contacts" {
			module = "Accounts"
		}
		tab, line := o.tab[module][0], strings.Split(o.path[o.role[user]], "::")
		for _, r := range o.rules {
			from, to, _ := strings.Cut(r[1], "2")
			applies := map[string]bool{
				"role": r[3] == o.role[user], "rs": slices.Contains(line, r[3]), "usr": r[3] == user,
				"grp": slices.Contains(o.groupsOf(user), r[3]), "group": slices.Contains(o.groupsOf(user), r[3]),
			}[to]
			org := o.share[tab]
			reads := (org == "3" || org == "8") && !write
			writes := write && r[4] == "1" && (org == "3" || org == "8" || org == "0" && from != "usr")
			if r[0] != tab || !applies || !reads && !writes {
				continue
			}
			switch from {
			case "role":
				owners = append(owners, o.usersOfRole(r[2])...)
			case "rs":
				owners = append(owners, o.usersOfTree(r[2])...)
			case "grp":
				owners = append(owners, o.insideGroup(r[2])...)
			default:
				owners = append(owners, r[2])
			}
		}
		return owners
	})
}

func (o *oracle) sharing(user, module, id, owner string, write bool) bool {
	tab := o.tab[module]
	if tab[1] != "0" || tab[2] != "0" || tab[3] != "1" {
		return false
	}
	if slices.Contains(o.sharedWith(user, module, write), owner) {
		return true
	}
	for _, permission := range o.matches[user][id] {
		if !write || permission == "1" {
			return true
		}
	}
	return false
}

func (o *oracle) owns(user, owner string) bool {
	if _, isUser := o.admin[owner]; isUser {
		return owner == user || slices.Contains(o.below(user), owner)
	}
	return slices.Contains(o.groupsOf(user), owner)
}

func (o *oracle) org(module string) string {
	if module == "Contacts" {
		module = "Accounts"
	}
	return o.share[o.tab[module][0]]
}

func (o *oracle) seesAll(user string, edit bool) bool {
	view, _ := o.merged(user, o.global, "1")
	all, _ := o.merged(user, o.global, "2")
	return all == "0" || view == "0" && !edit
}

// permitted follows the CRM's function from its bypass for administrators on.
func (o *oracle) permitted(user, module string, op int, id, owner string) bool {
	if o.admin[user] {
		return true
	}
	if (op == 4 || op == 1) && o.seesAll(user, op == 1) {
		return true
	}
	tab := o.tab[module]
	if access, _ := o.merged(user, o.access, tab[0]); access == "1" {
		return false
	}
	action, listed := o.merged(user, o.actions, tab[0]+"/"+strconv.Itoa(op))
	switch {
	case !listed:
		return true
	case action != "0":
		return false
	case tab[2] == "1", o.owns(user, owner):
		return true
	}
	switch o.org(module) {
	case "0":
		return op == 4 || op == 1 && o.sharing(user, module, id, owner, true)
	case "1":
		return op != 2
	case "3":
		return op != 2 && o.sharing(user, module, id, owner, op == 1)
	}
	return true
}

func (o *oracle) inList(user, module, id, owner, deleted string) bool {
	if deleted == "1" || o.leads[id] {
		return false
	}
	if o.admin[user] || o.seesAll(user, false) || o.org(module) != "3" || o.owns(user, owner) ||
		o.sharing(user, module, id, owner, false) {
		return true
	}
	return slices.ContainsFunc(append(o.groupsOf(user), user), func(r string) bool { return slices.Contains(o.listed[r], id) })
}

func TestDecisionsAreThoseOfTheWrittenRules(t *testing.T) {
	for _, name := range []string{organisationA, organisationB} {
		t.Run(name, func(t *testing.T) {
			db := organisation(t, name)
			p, o := permissionsOf(t, db), newOracle(t, db)
			owner := make(map[string]string)
			o.each("SELECT crmid, smownerid FROM vte_crmentity", func(r []string) { owner[r[0]] = r[1] })
			got := written(t, func(w io.Writer) error { return p.WriteAccess(t.Context(), w, vtenext.AccessOptions{}) })
			var want []string
			for _, line := range got {
				f := strings.Split(line, "\t")
				user, module, id := f[0], f[1], f[2]
				for i, op := range []int{4, 1, 2} {
					f[4+i] = bit(o.permitted(user, module, op, id, owner[id]))
				}
				f[7] = bit(o.inList(user, module, id, owner[id], f[3]))
				want = append(want, strings.Join(f, "\t"))
			}
			compare(t, got, want)
			if _, findings := inspect(t, p); len(findings) > 0 {
				t.Errorf("findings:\n%s", strings.Join(findings, "\n"))
			}
		})
	}
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
