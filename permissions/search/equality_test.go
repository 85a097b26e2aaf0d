package search_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// TestEveryKindOfQueryEqualsReadingEverything compares random queries of every kind by users of every kind with reading
// all records, between random changes; a fifth of the changes leave no trace but in the digests.
func TestEveryKindOfQueryEqualsReadingEverything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c, random := newCRM(), rand.New(rand.NewPCG(7, 11))
		for i := range 40 {
			c.sees["many"] = append(c.sees["many"], fmt.Sprint("owner", i))
		}
		c.sees["few"], c.sees["guest"] = []string{"owner3", "owner41"}, []string{"owner5", "owner6"}
		c.sees["none"] = nil
		c.allOf["mixed"], c.sees["mixed"] = "Accounts", []string{"owner7", "owner8"}
		for i := range 300 {
			c.put(randomDoc(random, i))
		}
		s := service(t, db, c)
		compared, found := 0, 0
		for round := range 6 {
			for range 15 {
				text := randomQuery(random, c)
				for _, user := range []string{"few", "many", "guest", "none", "mixed", "boss"} {
					who := permissions.Subject{UserID: user}
					for _, only := range []string{"", "Contacts", "Accounts"} {
						want, got := c.matching(who, text, only), findAll(t, s, who, text, only)
						if diff := cmp.Diff(want, got); diff != "" {
							t.Fatalf("round %d: %s searches %q in %q (-want +got):\n%s", round, user, text, only, diff)
						}
						compared, found = compared+1, found+len(got)
					}
				}
			}
			for range 30 {
				c.change(random, randomDoc(random, random.IntN(320)))
			}
			if err := s.Reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d answers with %d hits equal", compared, found)
	})
}

// change saves a record as another state, deletes it, or hands it over behind the back of the modified time.
func (c *crm) change(random *rand.Rand, d search.Doc) {
	old, there := c.docs[d.Record]
	switch random.IntN(5) {
	case 0:
		if there {
			old.Owner = d.Owner
			c.docs[d.Record] = old
		}
	case 1:
		d.Deleted = true
		c.put(d)
	default:
		c.put(d)
	}
}

func randomDoc(random *rand.Rand, id int) search.Doc {
	pick := func(words string) string { return strings.Fields(words)[random.IntN(len(strings.Fields(words)))] }
	owner := fmt.Sprint("owner", random.IntN(45))
	label := pick("anna annamaria joanna hanna otto lotte") + " " + pick("rossi rossini derossi conti contini li ng annas")
	if id%3 == 0 {
		return company(fmt.Sprint(id), owner, label, "https://www."+pick("rossi.example conti.example acme.example")+"/x")
	}
	email := fmt.Sprintf("%s%d@%s", pick("anna rossi li"), random.IntN(30), pick("acme.example conti.example mail.rossi.example"))
	return contact(fmt.Sprint(id), owner, label, email, fmt.Sprintf("+39 0%d %05d", 2+random.IntN(3), random.IntN(300)))
}

func randomQuery(random *rand.Rand, c *crm) string {
	words := strings.Fields("anna rossi conti joanna lotte li ng example acme")
	word := func() string { return words[random.IntN(len(words))] }
	cutOut := func(text string) string {
		from := random.IntN(len(text))
		return text[from : from+1+random.IntN(len(text)-from)]
	}
	switch random.IntN(8) {
	case 0:
		return cutOut(word())
	case 1:
		return cutOut(word()) + " " + cutOut(word())
	case 2:
		return fmt.Sprintf("%s%d@acme", word(), random.IntN(30))
	case 3:
		return "@" + cutOut("mail.rossi.example")
	case 4:
		return "con" + []string{"", " "}[random.IntN(2)] + fmt.Sprint(random.IntN(40))
	case 5:
		return []string{"+39 0", "0039 0", "0", ""}[random.IntN(4)] + fmt.Sprintf("%d %03d", 2+random.IntN(3), random.IntN(10))
	case 6:
		return fmt.Sprintf("%05d", random.IntN(300))
	default:
		return word() + " con" + fmt.Sprint(random.IntN(40))
	}
}

// matching reads all records and applies the rules of package search as its documentation words them.
func (c *crm) matching(who permissions.Subject, text, only string) []string {
	found := []string{}
	for r, d := range c.docs {
		if d.Deleted || only != "" && only != r.Type || !c.shows(who, d) {
			continue
		}
		pieces := strings.Fields(text)
		if phone := onlyDigits(text); len(phone) >= 4 && strings.Trim(text, "+0123456789 ") == "" {
			pieces = []string{strings.ReplaceAll(text, " ", "")}
		}
		digits, spaced := strings.CutPrefix(text, "con ")
		if spaced = spaced && c.has(who, d, "con"+digits); spaced ||
			!slices.ContainsFunc(pieces, func(piece string) bool { return !c.has(who, d, piece) }) {
			found = append(found, r.String())
		}
	}
	return sorted(found)
}

func (c *crm) has(who permissions.Subject, d search.Doc, piece string) bool {
	return slices.ContainsFunc(d.Entries, func(e search.Entry) bool {
		return e.Field != c.hidden[who.UserID] && e.Value != "" && entryHas(e, piece)
	})
}

func entryHas(e search.Entry, piece string) bool {
	value := strings.ToLower(e.Value)
	asked, numeric := piece, onlyDigits(piece) == strings.TrimPrefix(piece, "+")
	if numeric {
		piece = onlyDigits(piece)
	}
	switch e.Kind {
	case permissions.KindPhone:
		return numeric && phoneHas(onlyDigits(value), asked)
	case permissions.KindNumber:
		hasDigit := onlyDigits(piece) != "" && !strings.Contains(piece, "@")
		return hasDigit && (strings.HasPrefix(value, piece) || strings.HasPrefix(onlyDigits(value), piece))
	}
	_, domain, isAddress := strings.Cut(value, "@")
	if !isAddress && e.Kind == permissions.KindDomain {
		domain = strings.TrimSuffix(strings.TrimPrefix(value, "https://www."), "/x")
	}
	if wanted, found := strings.CutPrefix(piece, "@"); found {
		return domain != "" && strings.HasPrefix(domain, wanted)
	}
	if strings.Contains(piece, "@") {
		return isAddress && strings.HasPrefix(value, piece)
	}
	for _, piece := range strings.Split(piece, ".") {
		if !slices.ContainsFunc(strings.FieldsFunc(value, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') }), func(have string) bool {
			return strings.HasPrefix(have, piece) || len(piece) > 2 && !(numeric && len(piece) >= 4) && strings.Contains(have, piece)
		}) {
			return false
		}
	}
	return true
}

// phoneHas tells whether an Italian number begins or ends with what is asked for, in any way it may be dialled.
func phoneHas(number, asked string) bool {
	dialled := []string{onlyDigits(asked)}
	if abroad, found := strings.CutPrefix(asked, "00"); found && len(abroad) >= 4 {
		dialled = append(dialled, abroad)
	} else {
		dialled = append(dialled, strings.TrimLeft(asked, "+0"))
	}
	return slices.ContainsFunc(dialled, func(d string) bool {
		return len(d) >= 4 && (strings.HasPrefix(number, d) || strings.HasSuffix(number, d) ||
			strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(number, "39"), "0"), d))
	})
}

func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

func findAll(t *testing.T, s *search.Service, who permissions.Subject, text, only string) []string {
	t.Helper()
	found := []string{}
	q := search.Query{Text: text, Type: only, Limit: search.MaxLimit}
	for {
		results, err := s.Search(t.Context(), who, q)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, labels(results.Items, func(h search.Hit) string { return h.Record.String() })...)
		if q.Cursor = results.Next; q.Cursor == "" {
			return sorted(found)
		}
	}
}

// TestSearchEqualsReadingEverything compares the index with a plain reading of all records, for random users, words
// and changes.
func TestSearchEqualsReadingEverything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		random := rand.New(rand.NewPCG(1, 2))
		syllables := []string{"ma", "ro", "be", "li", "to"}
		word := func() string {
			return syllables[random.IntN(5)] + syllables[random.IntN(5)] + syllables[random.IntN(5)]
		}
		c := newCRM()
		owners := make([]string, 60)
		for i := range owners {
			owners[i] = fmt.Sprintf("owner%d", i)
		}
		c.sees["few"], c.sees["many"] = owners[:3], owners[5:50]
		s := service(t, db, c)
		for round := range 4 {
			for range 150 {
				id := fmt.Sprint(random.IntN(400))
				c.put(contact(id, owners[random.IntN(60)], word()+" "+word(), "", ""))
			}
			for range 40 {
				text := word()[:2+random.IntN(4)]
				if random.IntN(2) == 0 {
					text += " " + word()[:1+random.IntN(2)]
				}
				for _, user := range []string{"few", "many", "boss"} {
					who := permissions.Subject{UserID: user}
					want, got := c.matching(who, text, ""), findAll(t, s, who, text, "")
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("round %d: %s searches %q (-want +got):\n%s", round, user, text, diff)
					}
				}
			}
		}
	})
}
