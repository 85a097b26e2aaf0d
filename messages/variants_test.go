package messages_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// flooded archives different mails with one Message-ID until a user may bring no more, and returns how many there are.
func (h *harness) flood(who permissions.Subject, on permissions.Record) (mails int) {
	h.t.Helper()
	for ; mails < 200; mails++ {
		_, err := h.tryArchive(who, letter{files: []file{pdf(fmt.Sprint(mails))}}, "", on)
		if errors.Is(err, messages.ErrVariants) {
			return mails
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	h.t.Error("nothing bounds the mails of one Message-ID")
	return mails
}

func TestNobodyHidesAMailBehindOthersOfItsMessageID(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		n := h.flood(bob, acme)
		h.wantCounts(map[string]int{"mc_messages": n})
		if _, err := h.tryArchive(bob, letter{files: []file{pdf("0")}}, "", acme); err != nil {
			t.Errorf("a mail that is there: %v", err)
		}
		h.crm.hide(ann, acme)
		genuine := letter{files: []file{pdf("genuine")}}
		first := h.archive(ann, genuine, nora)
		for _, again := range []letter{genuine, {files: genuine.files, date: "Fri, 20 Nov 2026 10:00:01 +0100", more: "X-Rendered: anew\r\n"}} {
			if got := h.archive(ann, again, nora); got.Message.ID != first.Message.ID {
				t.Error("a copy of a mail is not known among many with its Message-ID")
			}
		}
		found, err := h.Status(t.Context(), ann, []string{"<one@acme.example>"})
		if err != nil || found[0].ID != first.Message.ID {
			t.Errorf("status = %+v, %v, want ann's mail", found, err)
		}
	})
}

// TestNobodyHidesAMailBehindOthersWithItsFields lets bob bring mails that differ from the genuine one in their words or links alone,
// as any reply quotes the rest, each after he took the one before off its record.
func TestNobodyHidesAMailBehindOthersWithItsFields(t *testing.T) {
	for differing, mail := range map[string]func(what string) letter{
		"words": func(what string) letter { return letter{text: "Pay " + what} },
		"links": func(what string) letter { return letter{html: `<a href="https://acme.example/` + what + `">Pay</a>`} },
	} {
		t.Run(differing, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *harness) {
				for n := range 50 {
					forged := h.archive(bob, mail(fmt.Sprint(n)), acme)
					if err := h.Unlink(t.Context(), bob, forged.Message.ID, acme); err != nil {
						t.Fatal(err)
					}
				}
				h.wantCounts(map[string]int{"mc_messages": 50})
				genuine := mail("genuine")
				first := h.archive(ann, genuine, nora)
				genuine.more = "X-Copy: another\r\n"
				if again := h.archive(ann, genuine, offer); again.Message.ID != first.Message.ID {
					t.Error("a copy of a mail is not known among many with its fields")
				}
				h.wantCounts(map[string]int{"mc_messages": 51})
			})
		})
	}
}

func TestTheStatusOfAMessageIDThatVeryManyShare(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		h := newHarness(t, db)
		h.archive(bob, letter{files: []file{pdf("first")}}, acme)
		h.multiply(t, 150)
		genuine := h.archive(ann, letter{files: []file{pdf("genuine")}}, nora)
		found, err := h.Status(t.Context(), ann, []string{"<one@acme.example>"})
		if err != nil || len(found[0].Links) != 2 || found[0].Links[1].Record != nora {
			t.Errorf("status = %+v, %v, want the first mail and ann's, %s", found, err, genuine.Message.ID)
		}
	})
}

func TestTheStatusNamesEachRecordOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		mail := func(who permissions.Subject, content string, on ...permissions.Record) string {
			h.clock.forward(1e9)
			return h.archive(who, letter{files: []file{pdf(content)}}, on...).Message.ID
		}
		carol, first := permissions.Subject{UserID: "carol"}, mail(bob, "first", nora, acme)
		h.exec("INSERT INTO host_links (message, type, record) SELECT id, '" + offer.Type + "', '" + offer.ID + "' FROM host_messages")
		second, third := mail(ann, "second", nora, offer), mail(ann, "third", nora)

		h.wantOn(ann, first, []placement{{acme, "bob", first}, {nora, "ann", second + third}, {offer, "ann", second}})
		h.wantOn(bob, first, []placement{{acme, "bob", first}, {nora, "bob", first}, {offer, "ann", first + second}})
		h.wantOn(carol, first, []placement{{acme, "bob", first}, {nora, "bob", first + second + third}, {offer, "ann", first + second}})
		h.crm.hide(carol, acme, nora)
		h.wantOn(carol, first, []placement{{offer, "ann", first + second}})

		for _, own := range []string{second, third} {
			if err := h.Unlink(t.Context(), ann, own, nora); err != nil {
				t.Error(err)
			}
		}
		h.wantOn(ann, first, []placement{{acme, "bob", first}, {nora, "bob", first}, {offer, "ann", second}})
	})
}

func TestTheStatusNamesNoMailThatTheUserMayNotRead(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h = newWith(t, h, func(c *messages.Config) { c.Shared = notShared })
		theirs := h.archive(bob, letter{files: []file{pdf("theirs")}}, nora, acme).Message.ID
		own := h.archive(ann, letter{files: []file{pdf("own")}}, nora).Message.ID
		h.wantOn(ann, own, []placement{{nora, "ann", own}})
		h.wantOn(bob, theirs, []placement{{acme, "bob", theirs}, {nora, "bob", theirs}})
		h.wantOn(permissions.Subject{UserID: "carol"}, "", nil)
	})
}

// placement is what Status says of a record: who linked it, and the ids of the messages one after the other.
type placement struct {
	on       permissions.Record
	by       string
	messages string
}

// wantOn asks for the status of the Message-ID of every letter.
func (h *harness) wantOn(who permissions.Subject, first string, want []placement) {
	h.t.Helper()
	found, err := h.Status(h.t.Context(), who, []string{"<one@acme.example>"})
	if err != nil {
		h.t.Fatal(err)
	}
	var got []placement
	for _, link := range found[0].Links {
		got = append(got, placement{link.Record, link.LinkedBy.ID, strings.Join(link.Messages, "")})
		if link.Mine != (link.LinkedBy.ID == who.UserID) {
			h.t.Errorf("to %s, the link of %s is said to be his own: %t", who.UserID, link.LinkedBy.ID, link.Mine)
		}
	}
	if !slices.Equal(got, want) || found[0].ID != first {
		h.t.Errorf("to %s, %s is on %+v, want %s on %+v", who.UserID, found[0].ID, got, first, want)
	}
}

// multiply gives the only message variants, as if as many different mails had come with its Message-ID.
func (h *harness) multiply(t testing.TB, variants int) {
	t.Helper()
	tx, err := h.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range variants {
		id := fmt.Sprintf("zzzzzzzzzzzzzzzz%010d", n)
		sum := []byte(fmt.Sprintf("%032d", n))
		for _, s := range []struct {
			query string
			args  []any
		}{
			{"INSERT INTO mc_messages (id, identity, variant, fingerprint, message_id, own_message_id, threading, subject, date, direction, " +
				"from_name, from_address, attachments, snippet, rendition, completeness, problems, created) SELECT ?, identity, ?, ?, message_id, " +
				"own_message_id, threading, subject, date, direction, from_name, from_address, attachments, snippet, ?, completeness, problems, " +
				"created FROM mc_messages WHERE variant = 0", []any{id, n + 1, sum, id}},
			{"INSERT INTO mc_participants SELECT ?, position, role, name, address FROM mc_participants WHERE message_id = " +
				"(SELECT id FROM mc_messages WHERE variant = 0)", []any{id}},
			{"INSERT INTO mc_renditions SELECT ?, ?, 'mallory', sha256, shape, blob_key, size, html, text, html_hash, text_hash, created " +
				"FROM mc_renditions WHERE id = (SELECT rendition FROM mc_messages WHERE variant = 0)", []any{id, id}},
			{"INSERT INTO mc_parts SELECT ?, number, role, name, content_type, sniffed, content_id, encoding, blob_key, start, length, size, " +
				"?, state, url, detail FROM mc_parts WHERE rendition = (SELECT rendition FROM mc_messages WHERE variant = 0)", []any{id, sum}},
		} {
			if _, err := tx.ExecContext(context.WithoutCancel(t.Context()), s.query, s.args...); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkIdentify links a mail again that shares its Message-ID with many others, beside one that does not.
func BenchmarkIdentify(b *testing.B) {
	for _, variants := range []int{0, 50, 5000} {
		b.Run(fmt.Sprintf("variants=%d", variants), func(b *testing.B) {
			h := newHarness(b, dbtest.MariaDB(b))
			h.archive(bob, letter{files: []file{pdf("first")}}, acme)
			h.multiply(b, variants)
			genuine := letter{files: []file{pdf("genuine")}}
			h.archive(ann, genuine, nora)
			began := time.Now()
			for b.Loop() {
				h.archive(ann, genuine, nora)
			}
			b.ReportMetric(float64(time.Since(began).Microseconds())/float64(b.N), "µs/link")
			b.StopTimer()
			h.exec("UPDATE mc_messages SET fingerprint = NULL")
			began = time.Now()
			h.archive(ann, letter{files: []file{pdf("yet another")}}, nora)
			b.ReportMetric(float64(time.Since(began).Microseconds()), "µs/another-mail")
		})
	}
}

// TestALargeMailAmongManyIsReadInPart lets bob bring mails with ann's Message-ID and fields of hundreds of attachments each.
func TestALargeMailAmongManyIsReadInPart(t *testing.T) {
	onFaulty(t, func(t *testing.T, h *harness, f *faults) {
		large := letter{}
		for n := range 700 {
			large.files = append(large.files, pdf(fmt.Sprint(n)))
		}
		first := h.archive(bob, large, acme)
		large.more = "X-Rendered: anew\r\n"
		if again := h.archive(bob, large, acme); again.Message.ID != first.Message.ID {
			t.Error("a copy of a mail with many attachments is not known")
		}
		h.multiply(t, 49)
		statements, rows := f.reads.of("FROM `mc_parts`", func() { h.archive(ann, letter{files: []file{pdf("genuine")}}, nora) })
		if statements != 50 || rows > 50*500 {
			t.Errorf("%d statements read %d parts, want no more than the first 500 of each mail", statements, rows)
		}
	})
}
