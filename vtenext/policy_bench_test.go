package vtenext_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

// company adds a big company to an organisation: 2,000 users, 200 roles, 50 groups, 20 profiles that list everything,
// 1,000 sharing rules.
func company(tb testing.TB) *vtenext.Permissions {
	tb.Helper()
	const users, roles, groups, profiles, rules = 2000, 200, 50, 20, 1000
	db := organisation(tb, organisationA)
	paths := make([]string, roles)
	rows(tb, db, "vte_role (roleid, rolename, parentrole, depth)", roles, func(i int) string {
		paths[i] = fmt.Sprintf("H1::C%d", i)
		if i > 0 {
			paths[i] = paths[(i-1)/3] + fmt.Sprintf("::C%d", i)
		}
		return fmt.Sprintf("'C%d', 'role %d', '%s', 1", i, i, paths[i])
	})
	rows(tb, db, "vte_role2profile (roleid, profileid, mobile)", 2*roles, func(i int) string {
		return fmt.Sprintf("'C%d', %d, 0", i/2, 5000+(i/2+i%2*3)%profiles)
	})
	rows(tb, db, "vte_users (id, user_name, status, is_admin, reminder_interval)", users, func(i int) string {
		return fmt.Sprintf("%d, 'person%d', 'Active', 'off', ''", 10000+i, i)
	})
	rows(tb, db, "vte_user2role", users, func(i int) string { return fmt.Sprintf("%d, 'C%d'", 10000+i, i%roles) })
	rows(tb, db, "vte_groups (groupid, groupname)", groups, func(i int) string {
		return fmt.Sprintf("%d, 'company group %d'", 20000+i, i)
	})
	rows(tb, db, "vte_users2group (groupid, userid)", 20*groups, func(i int) string {
		return fmt.Sprintf("%d, %d", 20000+i%groups, 10000+(i*37)%users)
	})
	rows(tb, db, "vte_profile (profileid, profilename)", profiles, func(i int) string {
		return fmt.Sprintf("%d, 'profile'", 5000+i)
	})
	for _, copied := range []string{
		"vte_profile2globalperm SELECT p.profileid, x.globalactionid, 1 FROM vte_profile2globalperm x",
		"vte_profile2tab SELECT p.profileid, x.tabid, 0 FROM vte_profile2tab x",
		"vte_profile2standardperm SELECT p.profileid, x.tabid, x.operation, 0 FROM vte_profile2standardperm x",
		"vte_profile2utility SELECT p.profileid, x.tabid, x.activityid, 0 FROM vte_profile2utility x",
		"vte_profile2field SELECT p.profileid, x.tabid, x.fieldid, x.visible, x.readonly, 0, 1 FROM vte_profile2field x",
	} {
		exec(tb, db, "INSERT INTO "+copied+" JOIN vte_profile p ON p.profileid >= 5000 WHERE x.profileid = 2")
	}
	rows(tb, db, "vte_datashare_mod_rel (shareid, tabid)", rules, func(i int) string {
		return fmt.Sprintf("%d, %d", 30000+i, []int{6, 7, 2, 8}[i%4])
	})
	rows(tb, db, "vte_datashare_rs2rs", rules, func(i int) string {
		return fmt.Sprintf("%d, 'C%d', 'C%d', %d", 30000+i, i*13%roles, i*17%roles, i%2)
	})
	crm, err := vtenext.New(vtenext.Config{DB: db, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return vtenext.NewPermissions(crm)
}

// rows inserts many rows with one statement.
func rows(tb testing.TB, db *sql.DB, into string, n int, values func(int) string) {
	tb.Helper()
	list := make([]string, n)
	for i := range list {
		list[i] = "(" + values(i) + ")"
	}
	exec(tb, db, "INSERT INTO "+into+" VALUES "+strings.Join(list, ", "))
}

func BenchmarkPermissionsOfTwoThousandUsers(b *testing.B) {
	p := company(b)
	ctx := b.Context()
	b.Run("read the policy", func(b *testing.B) {
		for b.Loop() {
			p.Forget()
			if err := p.Refresh(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check that nothing changed", func(b *testing.B) {
		for b.Loop() {
			if err := p.Refresh(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	const user = "10003"
	b.Run("decide about a record", func(b *testing.B) {
		decide, err := p.Decider(ctx, user, record("Accounts", "59"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			decide()
		}
	})
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("check %d records", n), func(b *testing.B) {
			list := make([]permissions.Record, n)
			for i := range list {
				list[i] = record("Accounts", fmt.Sprint(59+i))
			}
			for b.Loop() {
				if _, err := p.Check(ctx, permissions.Subject{UserID: user}, permissions.View, list); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("name the entity types", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.Types(ctx, permissions.Subject{UserID: user}, "en"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
