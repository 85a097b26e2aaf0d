package vtenext_test

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

func typesOf(t testing.TB, p *vtenext.Permissions, user, lang string) map[string]permissions.EntityType {
	t.Helper()
	list, err := p.Types(t.Context(), permissions.Subject{UserID: user}, lang)
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string]permissions.EntityType)
	for _, e := range list {
		types[e.Name] = e
	}
	return types
}

func testEntityTypes(t *testing.T, db *sql.DB) {
	keep(t, db, "vte_profile2globalperm", "vte_profile2tab", "vte_profile2standardperm", "vte_profile2field")
	p := permissionsOf(t, db)
	t.Run("speak the language asked", func(t *testing.T) { testLanguages(t, p) })
	t.Run("have fields that say how they are matched", func(t *testing.T) { testKinds(t, p) })
	t.Run("are none for who may not sign in", func(t *testing.T) {
		inactive := text(t, db, "SELECT MIN(id) FROM vte_users WHERE status = 'Inactive'")
		if types := typesOf(t, p, inactive, "en"); len(types) > 0 {
			t.Errorf("%d entity types", len(types))
		}
	})
	t.Run("are those the user may see", func(t *testing.T) { testTypes(t, db, p) })
}

func testLanguages(t *testing.T, p *vtenext.Permissions) {
	for _, c := range []struct{ lang, plural, singular, industry string }{
		{"en", "Accounts", "Account", "Industry"},
		{"en-GB", "Accounts", "Account", "Industry"},
		{"it", "Aziende", "Azienda", "Settore"},
		{"it-IT", "Aziende", "Azienda", "Settore"},
		{"", "Aziende", "Azienda", "Settore"}, // the CRM's default
		{"fr", "Aziende", "Azienda", "Settore"},
	} {
		accounts := typesOf(t, p, "1", c.lang)["Accounts"]
		industry := fieldOf(accounts, "industry")
		if accounts.Label != c.plural || accounts.Singular != c.singular || industry.Label != c.industry {
			t.Errorf("in %q: %q, %q, %q", c.lang, accounts.Label, accounts.Singular, industry.Label)
		}
	}
}

func fieldOf(e permissions.EntityType, name string) permissions.Field {
	i := slices.IndexFunc(e.Fields, func(f permissions.Field) bool { return f.Name == name })
	if i < 0 {
		return permissions.Field{}
	}
	return e.Fields[i]
}

func testKinds(t *testing.T, p *vtenext.Permissions) {
	types := typesOf(t, p, "1", "en")
	got := make(map[string]permissions.FieldKind)
	for _, f := range []struct{ of, name string }{
		{"Accounts", "accountname"}, {"Accounts", "email1"}, {"Accounts", "phone"}, {"Accounts", "website"},
		{"Accounts", "account_no"}, {"Accounts", "industry"}, {"Contacts", "lastname"}, {"Contacts", "firstname"},
	} {
		got[f.name] = fieldOf(types[f.of], f.name).Kind
	}
	want := map[string]permissions.FieldKind{
		"accountname": permissions.KindName, "email1": permissions.KindEmail, "phone": permissions.KindPhone,
		"website": permissions.KindDomain, "account_no": permissions.KindNumber, "industry": permissions.KindText,
		"lastname": permissions.KindName, "firstname": permissions.KindName,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func testTypes(t *testing.T, db *sql.DB, p *vtenext.Permissions) {
	admin := typesOf(t, p, "1", "en")
	for _, name := range []string{"Accounts", "Contacts", "Leads", "Potentials", "HelpDesk", "Vendors", "JobOrder", "Calendar"} {
		if !admin[name].CanLink {
			t.Errorf("an administrator cannot link to %s", name)
		}
	}
	if documents, there := admin["Documents"]; !there || documents.CanLink {
		t.Errorf("documents: there %t, to link to %t; want them there, and not to link to", there, documents.CanLink)
	}
	for _, name := range []string{"Messages", "ModComments", "Users", "Events", "Charts", "Processes", "MyNotes", "Home"} {
		if _, there := admin[name]; there {
			t.Errorf("%s is offered", name)
		}
	}
	user := limitedUser(t, db)
	exec(t, db, "UPDATE vte_profile2tab SET permissions = 1 WHERE tabid = 6")
	exec(t, db, "UPDATE vte_profile2standardperm SET permissions = 1 WHERE tabid = 4 AND operation = 1")
	exec(t, db, `UPDATE vte_profile2field SET visible = 1
		WHERE fieldid IN (SELECT fieldid FROM vte_field WHERE tabid = 4 AND fieldname = 'email')`)
	seen := typesOf(t, permissionsOf(t, db), user, "en")
	if _, there := seen["Accounts"]; there {
		t.Error("an entity type that no profile opens is offered")
	}
	contacts := seen["Contacts"]
	if contacts.CanLink {
		t.Error("an entity type that no profile lets edit is offered for linking")
	}
	if fieldOf(contacts, "lastname").Name == "" || fieldOf(contacts, "email").Name != "" {
		t.Errorf("fields of contacts: %v; want lastname, and no email", contacts.Fields)
	}
}
