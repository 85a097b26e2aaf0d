package crm

import (
	"slices"
	"strings"

	p "github.com/mailconnector/mailconnector/permissions"
)

// The types beside the entity types that the permission port is asked about.
const (
	messagesType  = "Messages"
	documentsType = "Documents"
)

// entityType is one kind of record. Names are those of vtenext, so that what is learned here holds there.
type entityType struct {
	Name     string
	Prefix   string // of record numbers
	Icon     string
	Labels   text // plural
	Singular text
	Subtitle string   // the field that tells namesakes apart
	Closed   []string // values of the subtitle that close a record; nil where records are neither open nor closed
	Fields   []field  // the first one is the record's number; those of kind "name" make up its name
}

// field is one value a record of a type can have.
type field struct {
	Name   string
	Kind   p.FieldKind
	Labels text
}

// text is a word in the two languages of this CRM.
type text struct{ English, Italian string }

// in returns the word in a language, in English where there is no other.
func (t text) in(lang string) string {
	if strings.HasPrefix(strings.ToLower(lang), "it") {
		return t.Italian
	}
	return t.English
}

// catalog is every entity type, in the order of the menu.
type catalog []*entityType

// find returns the type of a name, or nil.
func (c catalog) find(name string) *entityType {
	i := slices.IndexFunc(c, func(t *entityType) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return c[i]
}

func newCatalog() catalog {
	return catalog{{
		Name: "Accounts", Prefix: "ACC", Icon: "🏢", Subtitle: "bill_city",
		Labels: text{"Companies", "Aziende"}, Singular: text{"Company", "Azienda"},
		Fields: []field{
			{"account_no", p.KindNumber, text{"Company no.", "Azienda n."}},
			{"accountname", p.KindName, text{"Name", "Nome"}},
			{"website", p.KindDomain, text{"Website", "Sito web"}},
			{"email1", p.KindEmail, text{"E-mail", "E-mail"}},
			{"phone", p.KindPhone, text{"Phone", "Telefono"}},
			{"bill_city", p.KindText, text{"City", "Città"}},
			{"industry", p.KindText, text{"Industry", "Settore"}},
			{"annual_revenue", p.KindText, text{"Annual revenue", "Fatturato annuo"}},
		},
	}, {
		Name: "Contacts", Prefix: "CON", Icon: "👤", Subtitle: "title",
		Labels: text{"Contacts", "Contatti"}, Singular: text{"Contact", "Contatto"},
		Fields: []field{
			{"contact_no", p.KindNumber, text{"Contact no.", "Contatto n."}},
			{"firstname", p.KindName, text{"First name", "Nome"}},
			{"lastname", p.KindName, text{"Last name", "Cognome"}},
			{"title", p.KindText, text{"Title", "Ruolo"}},
			{"email", p.KindEmail, text{"E-mail", "E-mail"}},
			{"phone", p.KindPhone, text{"Phone", "Telefono"}},
			{"mobile", p.KindPhone, text{"Mobile", "Cellulare"}},
		},
	}, {
		Name: "Leads", Prefix: "LEA", Icon: "🎯", Subtitle: "company",
		Labels: text{"Leads", "Lead"}, Singular: text{"Lead", "Lead"},
		Fields: []field{
			{"lead_no", p.KindNumber, text{"Lead no.", "Lead n."}},
			{"firstname", p.KindName, text{"First name", "Nome"}},
			{"lastname", p.KindName, text{"Last name", "Cognome"}},
			{"company", p.KindText, text{"Company", "Azienda"}},
			{"email", p.KindEmail, text{"E-mail", "E-mail"}},
			{"phone", p.KindPhone, text{"Phone", "Telefono"}},
			{"leadstatus", p.KindText, text{"Status", "Stato"}},
		},
	}, {
		Name: "Potentials", Prefix: "OPP", Icon: "💶", Subtitle: "sales_stage", Closed: []string{"Closed won", "Closed lost"},
		Labels: text{"Opportunities", "Opportunità"}, Singular: text{"Opportunity", "Opportunità"},
		Fields: []field{
			{"potential_no", p.KindNumber, text{"Opportunity no.", "Opportunità n."}},
			{"potentialname", p.KindName, text{"Name", "Nome"}},
			{"amount", p.KindText, text{"Amount", "Importo"}},
			{"sales_stage", p.KindText, text{"Stage", "Fase"}},
			{"closingdate", p.KindText, text{"Expected close", "Chiusura prevista"}},
		},
	}, {
		Name: "HelpDesk", Prefix: "TT", Icon: "🎫", Subtitle: "ticketstatus", Closed: []string{"Closed"},
		Labels: text{"Tickets", "Ticket"}, Singular: text{"Ticket", "Ticket"},
		Fields: []field{
			{"ticket_no", p.KindNumber, text{"Ticket no.", "Ticket n."}},
			{"ticket_title", p.KindName, text{"Title", "Titolo"}},
			{"ticketstatus", p.KindText, text{"Status", "Stato"}},
			{"ticketpriorities", p.KindText, text{"Priority", "Priorità"}},
		},
	}, {
		Name: "Machines", Prefix: "MA", Icon: "⚙️", Subtitle: "serial",
		Labels: text{"Machines", "Macchine"}, Singular: text{"Machine", "Macchina"},
		Fields: []field{
			{"machine_no", p.KindNumber, text{"Machine no.", "Macchina n."}},
			{"machinename", p.KindName, text{"Model", "Modello"}},
			{"serial", p.KindText, text{"Serial number", "Numero di serie"}},
			{"installed", p.KindText, text{"Installed", "Installata"}},
		},
	}}
}
