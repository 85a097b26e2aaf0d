package crm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ownerOf says who has the i-th company: the two representatives most of them, the manager, the admin and the group
// of key accounts the rest.
func ownerOf(i int) string {
	return []string{"u3", "u3", "u5", "u2", "u5", "g1", "u3", "u5", "u1", "u5"}[i%10]
}

// agentOf says who of the service has the i-th ticket.
func agentOf(i int) string { return []string{"u4", "u6", "u4"}[i%3] }

func (s *seeder) companies() {
	dials := map[string]string{}
	for _, line := range s.lines("people.tsv") {
		dials[line[0]] = line[3]
	}
	for i, line := range s.lines("companies.tsv") {
		f := firm{name: line[0], country: line[2], domain: line[3], owner: ownerOf(i)}
		f.id = s.record("Accounts", f.owner, 0, 0, 0, f.name, "https://www."+f.domain, "info@"+f.domain,
			fmt.Sprintf("%s %d %02d", dials[f.country], 400100+i*1307, i), line[1], line[4], fmt.Sprintf("€ %d,000,000", 2+i*7%41))
		s.firms = append(s.firms, f)
	}
}

// contacts writes the people who are known by name, then more until each company has two or three.
func (s *seeder) contacts() {
	for _, line := range s.lines("contacts.tsv") {
		i := slices.IndexFunc(s.firms, func(f firm) bool { return f.name == line[0] })
		s.contact(i, line[1], line[2], line[3], line[4])
	}
	titles := []string{"Purchasing", "Production", "Quality", "Managing director", "Maintenance", "Sales", "Logistics"}
	names := map[string][]string{}
	for _, line := range s.lines("people.tsv") {
		names[line[0]] = line[1:3]
	}
	for i := range s.firms {
		f := &s.firms[i]
		first, last := strings.Split(names[f.country][0], ", "), strings.Split(names[f.country][1], ", ")
		for n := len(f.people); n < 2+i%2; n++ {
			k := i*3 + n*5
			p := person{first: first[k%len(first)], last: last[(k+i/len(first))%len(last)]}
			s.contact(i, p.first, p.last, titles[k%len(titles)], ascii(p.first)+"."+ascii(p.last)+"@"+f.domain)
		}
	}
}

func (s *seeder) contact(company int, first, last, title, address string) {
	f := &s.firms[company]
	n := len(f.people)
	phone := fmt.Sprintf("+49 89 %d-%02d", 400100+company*1307, 10+n)
	mobile := fmt.Sprintf("+49 171 %07d", 1234567+company*7919+n*31)
	id := s.record("Contacts", f.owner, f.id, 0, 0, first, last, title, address, phone, mobile)
	f.people = append(f.people, person{id, first, last})
}

// ascii returns a name as it would stand in an address: "Jørgen Öller" becomes "jorgenoeller".
func ascii(name string) string {
	name = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "ø", "o", "æ", "ae", "ł", "l", "å", "a").
		Replace(strings.ToLower(norm.NFC.String(name)))
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) {
			return -1
		}
		return r
	}, norm.NFD.String(name))
}

// leads writes people who are no customers yet; the last one became a contact.
func (s *seeder) leads() {
	stages := []string{"New", "Contacted", "Qualified"}
	for i, line := range s.lines("leads.tsv") {
		s.record("Leads", cmp.Or(line[4], ownerOf(i)), 0, 0, 0, line[0], line[1], line[2], line[3], "", stages[i%len(stages)])
	}
	if len(s.firms) == 0 {
		return
	}
	f := s.firms[0]
	p := f.people[1]
	s.record("Leads", f.owner, 0, 0, p.id, p.first, p.last, f.name, ascii(p.first)+"@"+f.domain, "", "Converted")
}

func (s *seeder) opportunities() {
	machines := []string{"Bottling line", "Flow packer", "Cartoner", "Labeller", "Palletiser", "Jar filler", "Pouch sealer"}
	stages := []string{"Prospecting", "Proposal", "Negotiation", "Closed won", "Closed lost", "Qualification"}
	for i := range 48 {
		f := s.firmAt(i * 7)
		s.record("Potentials", f.owner, f.id, f.firstPerson(), 0,
			machines[i%len(machines)]+" for "+f.name, fmt.Sprintf("€ %d,%03d", 18+i*13%230, i*50%1000),
			stages[i%len(stages)], s.now.AddDate(0, 0, 10+i*3).Format("2006-01-02"))
	}
}

func (s *seeder) tickets() {
	titles := []string{
		"Filler valve drips at head 4", "Sealing temperature drifts", "Label shifts after format change",
		"Spare belt for cartoner", "Light curtain stops the line", "Operator training", "Software update 4.2",
	}
	stages := []string{"Open", "In progress", "Waiting for customer", "Closed"}
	for i := range 40 {
		f := s.firmAt(i)
		s.record("HelpDesk", agentOf(i), f.id, f.firstPerson(), 0, titles[i%len(titles)], stages[i%len(stages)],
			[]string{"Normal", "High", "Low"}[i%3])
	}
}

func (s *seeder) machines() {
	models := []string{"Alpina B8 bottling line", "Alpina F2 flow packer", "Alpina C5 cartoner", "Alpina L1 labeller"}
	for i := range 42 {
		f := s.firmAt(i * 11)
		s.record("Machines", agentOf(i), f.id, 0, 0, models[i%len(models)], fmt.Sprintf("AL-%d-%04d", 2015+i%11, 4711+i*83),
			s.now.AddDate(-1-i%9, -i, 0).Format("2006-01-02"))
	}
}

// messages writes a few mails as if sent from the CRM itself, so that the two kinds can be told apart.
func (s *seeder) messages() {
	for i := range 10 {
		f := s.firmAt(i)
		s.id++
		s.exec(`INSERT INTO crm_messages (id, owner, message_id, subject, from_name, from_address, recipients, sent,
			direction, html, body_text, attachments) VALUES (?, 'u2', ?, ?, 'Stefan Hofer', 'stefan.hofer@alpina.example',
			'[]', ?, 'outbound', '', ?, 0)`,
			s.id, fmt.Sprintf("<news-%d@crm.alpina.example>", i), "Your service contact at Alpina Packaging",
			micros(s.now.AddDate(0, 0, -20-i)),
			"Good morning,\n\nfrom today Jonas Weber looks after your machines. He is glad to hear from you.\n\nStefan Hofer")
		for _, record := range []int64{f.id, f.firstPerson()} {
			s.exec("INSERT INTO crm_message_links (message_id, record_id) VALUES (?, ?)", s.id, record)
		}
	}
}

// firmAt returns a company, counting round; an empty one where there are none because of an earlier error.
func (s *seeder) firmAt(i int) firm {
	if len(s.firms) == 0 {
		return firm{}
	}
	return s.firms[i%len(s.firms)]
}

func (f firm) firstPerson() int64 {
	if len(f.people) == 0 {
		return 0
	}
	return f.people[0].id
}
