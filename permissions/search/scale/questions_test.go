package scale_test

import (
	"context"
	"math/rand/v2"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// question is one kind of thing to ask.
type question struct {
	name    string
	budget  float64 // of the 99th percentile, in floors
	nothing bool    // asked of those only who are to find nothing
	ask     func(ctx context.Context, w *world, who permissions.Subject, r *rand.Rand) error
}

// questions are all that is measured; the first one is what people type most.
func questions() []question {
	return []question{
		{name: "prefix", budget: 60, ask: typed(func(w *world, r *rand.Rand) string { return beginning(w.draw(r).last, 2+r.IntN(5)) })},
		{name: "infix", budget: 60, ask: typed(func(w *world, r *rand.Rand) string { return middle(w.draw(r).last, 3+r.IntN(4)) })},
		{name: "two words", budget: 60, ask: typed(twoWords)},
		{name: "one module", budget: 60, ask: typedIn("HelpDesk", func(w *world, r *rand.Rand) string { return beginning(w.draw(r).last, 1+r.IntN(5)) })},
		{name: "e-mail", budget: 60, ask: typed((*world).drawMail)},
		{name: "domain", budget: 60, ask: typed(func(w *world, r *rand.Rand) string {
			_, domain, _ := strings.Cut(w.drawMail(r), "@")
			return "@" + domain
		})},
		{name: "suggestions", budget: 120, ask: mail(func(w *world, r *rand.Rand) string { return w.drawMail(r) })},
		{name: "adversarial", budget: 80, nothing: true, ask: typed(func(_ *world, r *rand.Rand) string {
			return beginning(adversary, 4+r.IntN(5))
		})},
		{name: "adversarial mail", budget: 120, nothing: true, ask: mail(func(*world, *rand.Rand) string { return officeOfAdversary })},
	}
}

func typed(text func(*world, *rand.Rand) string) func(context.Context, *world, permissions.Subject, *rand.Rand) error {
	return typedIn("", text)
}

// typedIn asks for records of one entity type.
func typedIn(entityType string, text func(*world, *rand.Rand) string) func(context.Context, *world, permissions.Subject, *rand.Rand) error {
	return func(ctx context.Context, w *world, who permissions.Subject, r *rand.Rand) error {
		_, err := w.search.Search(ctx, who, search.Query{Text: text(w, r), Type: entityType})
		return err
	}
}

// mail asks for suggestions for a mail of ten participants with a record number in its subject.
func mail(sender func(*world, *rand.Rand) string) func(context.Context, *world, permissions.Subject, *rand.Rand) error {
	return func(ctx context.Context, w *world, who permissions.Subject, r *rand.Rand) error {
		m := search.Mail{
			Subject:      "Re: your offer " + w.draw(r).number(),
			Participants: []search.Participant{{Role: "from", Address: sender(w, r)}},
		}
		for range 9 {
			m.Participants = append(m.Participants, search.Participant{Role: "to", Address: w.drawMail(r)})
		}
		_, err := w.search.Suggest(ctx, who, m, "en")
		return err
	}
}

func (w *world) draw(r *rand.Rand) row { return w.sample[r.IntN(len(w.sample))] }

func (w *world) drawMail(r *rand.Rand) string {
	for {
		if one := w.draw(r); one.email != "" {
			return one.email
		}
	}
}

func twoWords(w *world, r *rand.Rand) string {
	one := w.draw(r)
	return beginning(one.last, 3+r.IntN(4)) + " " + beginning(one.first+one.email, 2+r.IntN(4))
}

func beginning(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(n, len(runes))])
}

func middle(text string, n int) string {
	runes := []rune(text)
	return string(runes[1:min(n+1, len(runes))])
}
