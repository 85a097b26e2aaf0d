package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/module/moduletest"
)

// renamed gives the CRM's tables another prefix, where they have one, and the widest characters.
func renamed(statement string) string {
	for name, other := range map[string]string{
		"CHARSET=utf8mb3": "CHARSET=utf8mb4", "utf8mb3_general_ci": "utf8mb4_unicode_ci",
		"`vte_check_pwd`": "`@check_pwd`", "`vte_hide_tab`": "`@hide_tab`",
	} {
		statement = strings.ReplaceAll(statement, name, other)
	}
	statement = regexp.MustCompile("([`'])vte_").ReplaceAllString(statement, "${1}crm2_")
	return strings.ReplaceAll(statement, "`@", "`vte_")
}

// TestShapesOfInstallations signs in, searches, links and reads back where tables have another prefix and character set,
// where the server is strict or takes anything, and where two CRMs are on one server.
func TestShapesOfInstallations(t *testing.T) {
	dump := shared(t, "vtenext", "organisation-a.sql.gz")
	lax, strict := organisation(t, dump, strings.TrimSpace), organisation(t, dump, renamed)
	for _, shape := range []struct {
		name, dsn, mode, prefix string
		subject                 string // as the CRM's table holds it
	}{
		{"a server that takes anything", lax, "", "vte", "&lt;Caf&eacute;&gt; &#128512;"},
		{"a strict one, another prefix, and every character", strict, "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE," +
			"ONLY_FULL_GROUP_BY,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION", "crm2", "&lt;Caf&eacute;&gt; 😀"},
	} {
		t.Run(shape.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			must(t, "", "vendor", "init")
			if err := os.Mkdir("content", 0o700); err != nil {
				t.Fatal(err)
			}
			cfg, err := mysql.ParseDSN(shape.dsn)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Params = map[string]string{"sql_mode": "'" + shape.mode + "'"}
			t.Setenv("MAILCONNECTOR_DSN", cfg.FormatDSN())
			b := besideCRM(t, shape.prefix, shape.dsn)
			b.flags = append(b.flags, "--table-prefix", shape.prefix)
			must(t, "", b.args("migrate")...)
			b.license(t)
			must(t, "", b.args("index build")...)
			b.linksOvernight(t, shape.prefix, strings.ReplaceAll(shape.subject, "&eacute;", "é"))
		})
	}
	t.Run("two CRMs on one server", func(t *testing.T) {
		counts := "SELECT CONCAT((SELECT COUNT(*) FROM @messages), ' ', (SELECT COUNT(*) FROM @messagesrel), ' ', (SELECT COUNT(*) FROM mc_messages))"
		for prefix, dsn := range map[string]string{"vte_": lax, "crm2_": strict} {
			// Each has what was linked there, and nothing of the other's: as many of ours as of the CRM's.
			if got := text(t, openDB(t, dsn), strings.ReplaceAll(counts, "@", prefix)); got != "2 4 2" {
				t.Errorf("%s: messages, relations and archived mails are %s, want 2 4 2", prefix, got)
			}
		}
	})
}

// linksOvernight links mails of the hours in which clocks are set forward and back, and reads them back.
func (b *beside) linksOvernight(t *testing.T, prefix, subject string) {
	t.Helper()
	address, stop := b.serving(t)
	defer stop()
	c := moduletest.Dial(address, nil)
	if _, err := c.SignIn(t.Context(), "user3", "Secret#3-pw"); err != nil {
		t.Fatal(err)
	}
	to := b.newcomer(t, c, prefix)
	var dates []time.Time
	for _, night := range []struct{ header, local string }{
		{"Sun, 29 Mar 2026 02:30:00 +0100", "2026-03-29 03:30:00"},
		{"Sun, 25 Oct 2026 02:30:00 +0100", "2026-10-25 02:30:00"},
	} {
		sent, err := time.Parse(time.RFC1123Z, night.header)
		if err != nil {
			t.Fatal(err)
		}
		mail := "From: a@example.com\r\nMessage-ID: <" + night.local[:10] + "@example.com>\r\nDate: " + night.header +
			"\r\nSubject: <Café> 😀\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n" +
			"Content-Disposition: attachment; filename=\"" + night.local[:10] + ".txt\"\r\n\r\nattached " + night.local + "\r\n--b--\r\n"
		receipt, err := c.Link(t.Context(), bytes.NewReader([]byte(mail)), moduletest.LinkOptions{}, to)
		if err != nil {
			t.Fatalf("link the mail of %s: %v", night.header, err)
		}
		got, err := c.Message(t.Context(), receipt.Message.ID)
		if err != nil || got.Subject != "<Café> 😀" {
			t.Errorf("the mail of %s is read back as %q, %v", night.header, got.Subject, err)
		}
		dates = append(dates, sent)
		row := text(t, b.db, "SELECT CONCAT(mdate, ' ', subject) FROM "+prefix+"_messages WHERE messageid = ?", receipt.Message.MessageID)
		if row != night.local+" "+subject {
			t.Errorf("the CRM keeps the mail of %s as %s, want %s %s", night.header, row, night.local, subject)
		}
		if part, err := c.Part(t.Context(), receipt.Message.ID, receipt.Parts[len(receipt.Parts)-1].Part); err != nil || !strings.Contains(string(part), night.local) {
			t.Errorf("the attachment is read back as %q, %v", part, err)
		}
	}
	list, err := c.Messages(t.Context(), to, 10, "")
	if err != nil || len(list.Items) != 2 || !list.Items[0].Date.Equal(dates[1]) || !list.Items[1].Date.Equal(dates[0]) {
		t.Errorf("the record's mails are %+v, %v, want those of %v, the newest first", list, err, dates)
	}
}

// newcomer makes an account as the CRM does, and finds it by its name: each search looks for changes, but for those within a second
// of one that did, and while the index is compared with the CRM in the background, which is done first and then each minute.
func (b *beside) newcomer(t *testing.T, c *moduletest.Client, prefix string) moduletest.Target {
	t.Helper()
	owner := text(t, b.db, "SELECT id FROM "+prefix+"_users WHERE user_name = 'user3'")
	b.exec(t, "UPDATE "+prefix+"_crmentity_seq SET id = id + 1")
	id := text(t, b.db, "SELECT id FROM "+prefix+"_crmentity_seq")
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	b.awaitCompared(t)
	now := time.Now().In(rome).Format(time.DateTime)
	b.exec(t, "INSERT INTO "+prefix+"_crmentity (crmid, smcreatorid, smownerid, setype, createdtime, modifiedtime, viewedtime) "+
		"VALUES ("+id+", "+owner+", "+owner+", 'Accounts', '"+now+"', '"+now+"', '"+now+"')")
	b.exec(t, "INSERT INTO "+prefix+"_account (accountid, accountname) VALUES ("+id+", 'Überraschung "+prefix+"')")
	for looks := 1; ; looks++ {
		found, err := c.Search(t.Context(), moduletest.Query{Text: "uberra", Module: "Accounts", Limit: 5})
		if err == nil && len(found.Items) == 1 && found.Items[0].Record == id {
			return found.Items[0].Target
		}
		if err != nil || looks == 5 {
			t.Fatalf("the new account %s is not found: %+v, %v", id, found, err)
		}
		time.Sleep(1100 * time.Millisecond)
	}
}

// awaitCompared waits until the index was compared with the CRM.
func (b *beside) awaitCompared(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(time.Minute); strings.Contains(must(t, "", b.args("index status")...), "compared: never"); {
		if time.Now().After(end) {
			t.Fatal("the index is not compared with the CRM within a minute")
		}
		time.Sleep(50 * time.Millisecond)
	}
}
