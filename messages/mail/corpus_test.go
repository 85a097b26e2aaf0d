package mail_test

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages/mail"
)

// accepted lists, file by file, the fields in which we knowingly differ from what at least two of three independent parsers agree
// on, and why they are wrong there.
var accepted = []struct{ file, fields, why string }{
	{"Webklex_php-imap/tests_messages_issue-275.eml", "from", noDomain},
	{"Webklex_php-imap/tests_messages_references.eml", "from", noDomain},
	{"apache_james-mime4j/core_src_test_resources_mimetools-testmsgs_re-fwd.msg.eml", "from", noDomain},
	{"apache_james-mime4j/core_src_test_resources_mimetools-testmsgs_uu-zeegee.msg.eml", "from", noDomain},
	{"dovecot_imaptest/src_tests_sort-display-from.mbox_2.eml", "from", noDomain},
	{"inbucket_inbucket/etc_swaks-tests_gmail.raw.eml", "from", noDomain},
	{"inbucket_inbucket/etc_swaks-tests_mime-errors.raw.eml", "from", noDomain},
	{"inbucket_inbucket/etc_swaks-tests_mime-html.raw.eml", "from", noDomain},
	{"inbucket_inbucket/etc_swaks-tests_nonmime-html-inlined.raw.eml", "from", noDomain},
	{"inbucket_inbucket/etc_swaks-tests_nonmime-html-responsive.raw.eml", "from", noDomain},
	{"inbucket_inbucket/etc_swaks-tests_nonmime-html.raw.eml", "from", noDomain},
	{"sisimai_set-of-emails/maildir_bsd_lhost-barracuda-02.eml", "from", noDomain},
	{"stalwartlabs_mail-parser/resources_eml_rfc_001.eml", "from", noDomain},
	{"stalwartlabs_mail-parser/resources_eml_rfc_004.eml", "from attachments", noDomain + "; " + inDigest},
	{"apache_james-mime4j/core_src_test_resources_mimetools-testmsgs_multi-digest.msg.eml", "attachments", inDigest},
	{"apache_james-mime4j/core_src_test_resources_testmsgs_multipartdigestnestedemptyparts.msg.eml", "attachments", inDigest},
	{"cpython_test_email/Lib_test_test_email_data_msg_30.txt.eml", "attachments", inDigest},
	{"apache_james-mime4j/core_src_test_resources_testmsgs_russian-headers.msg.eml", "attachments",
		"the name of the attachment is readable KOI8-R; they lose it"},
	{"apache_spamassassin/t_data_spam_badctype1.eml", "attachments",
		"the body says \"text plain\" for its type and is a text (RFC 2045 section 5.2); they take it for a file"},
	{"sisimai_set-of-emails/maildir_bsd_lhost-x1-02.eml", "attachments",
		"the body lacks the semicolon after \"text/plain\" and is a text; they take it for a file"},
	{"stalwartlabs_mail-parser/resources_eml_malformed_017.eml", "attachments",
		"the semicolon before the boundary is missing; they lose the image"},
	{"cpython_test_email/Lib_test_test_email_data_msg_15.txt.eml", "attachments",
		"two levels share one boundary; they stop at the end of the inner one and lose the attachment"},
	{"laminas_laminas-mail/test__files_mail_blank_top_line.eml", "message-id subject from date attachments",
		"a blank line before the header; they take the whole mail for a body"},
	{"jstedfast_MimeKit/UnitTests_TestData_messages_feedback-report.txt.eml", "from",
		"a byte order mark before the header; they lose its first field"},
	{"sisimai_set-of-emails/maildir_bsd_arf-11.eml", "date", "JST is nine hours east; they take it for UTC"},
	{"sisimai_set-of-emails/maildir_bsd_arf-12.eml", "date", "JST is nine hours east; they take it for UTC"},
	{"sisimai_set-of-emails/maildir_bsd_rfc3464-34.eml", "date", "29-04-2017 can be one day only; they do not read it"},
	{"sisimai_set-of-emails/maildir_err_make-test-31.eml", "subject", "it ends in NUL, which no database takes; they keep it"},
}

const (
	noDomain = "an address without a domain is the address the mail has; they drop it"
	inDigest = "the parts of a digest are mails unless they say otherwise (RFC 2046 section 5.1.5); they take them for texts"
)

// corpus returns the folder of the mails that other projects test with; it is not part of this repository.
func corpus(t *testing.T) string {
	t.Helper()
	shared := cmp.Or(os.Getenv("MAILCONNECTOR_SHARED"), filepath.Join("..", "..", "..", "shared"))
	dir := filepath.Join(shared, "mail-corpus")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no mail corpus here; MAILCONNECTOR_SHARED names the folder that has it")
	}
	return dir
}

// TestCorpusHoldsInvariants reads every file there, mail or not.
func TestCorpusHoldsInvariants(t *testing.T) {
	files := 0
	err := filepath.WalkDir(filepath.Join(corpus(t), "files"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		checkInvariants(t, raw, parse(t, string(raw)), mail.Limits{})
		if t.Failed() {
			t.Fatalf("in %s", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Error("the corpus has no files")
	}
	t.Logf("%d files", files)
}

// expectation is a row of expected.tsv: per field what the parsers agree on; "?" where they do not.
type expectation struct {
	file   string
	fields map[string]string
}

func expectations(t *testing.T, dir string) []expectation {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []expectation
	for line := range strings.Lines(string(data)) {
		if col := strings.Split(line, "\t"); col[0] != "file" {
			rows = append(rows, expectation{col[0], map[string]string{
				"message-id": col[2], "subject": col[3], "from": col[4], "date": col[5], "count": col[6], "attachments": col[7],
			}})
		}
	}
	return rows
}

// TestCorpusAgreesWithOtherParsers compares us with the consensus of other parsers, except where we know better.
func TestCorpusAgreesWithOtherParsers(t *testing.T) {
	dir := corpus(t)
	want := map[string]string{}
	for _, a := range accepted {
		want[a.file] = a.fields
	}
	agreed := map[string]int{}
	for _, e := range expectations(t, dir) {
		raw, err := os.ReadFile(filepath.Join(dir, "files", e.file))
		if err != nil {
			t.Fatal(err)
		}
		m := parse(t, string(raw))
		var differ []string
		for _, field := range []string{"message-id", "subject", "from", "date", "attachments"} {
			if diff := differs(t, e, field, m); diff == "" {
				agreed[field]++
			} else if differ = append(differ, field); !strings.Contains(want[e.file], field) {
				t.Errorf("%s: %s (-consensus +ours):\n%s", e.file, field, diff)
			}
		}
		if got := strings.Join(differ, " "); want[e.file] != "" && got != want[e.file] {
			t.Errorf("%s is listed to differ in %q, it differs in %q", e.file, want[e.file], got)
		}
	}
	for _, field := range []string{"message-id", "subject", "from", "date", "attachments"} {
		if agreed[field] == 0 {
			t.Errorf("no mail agrees in its %s", field)
		}
	}
	t.Logf("in agreement, or without a consensus to agree with: %v", agreed)
}

// differs compares one field; "" is agreement.
func differs(t *testing.T, e expectation, field string, m *mail.Message) string {
	t.Helper()
	want := e.fields[field]
	switch field {
	case "message-id":
		return diff(want, strings.Trim(m.MessageID, "<>"))
	case "subject":
		return diff(want, strings.Join(strings.Fields(m.Subject), " "))
	case "from":
		from := ""
		if len(m.From) > 0 {
			from = strings.ToLower(m.From[0].Address)
		}
		return diff(want, from)
	case "date":
		date := ""
		if !m.Date.IsZero() {
			date = strconv.FormatInt(m.Date.Unix(), 10)
		}
		return diff(want, date)
	}
	got := attachments(m)
	if count := diff(e.fields["count"], strconv.Itoa(len(got))); count != "" || want == "?" {
		return count
	}
	var list []attachment
	if err := json.Unmarshal([]byte(want), &list); err != nil {
		t.Fatalf("%s: %v", e.file, err)
	}
	slices.SortFunc(list, attachment.compare)
	namelessMails(list, got)
	slices.SortFunc(got, attachment.compare)
	return gocmp.Diff(list, got)
}

func diff(want, got string) string {
	if want == "?" {
		return ""
	}
	return gocmp.Diff(want, got)
}

// attachment is the name of a part and its hash; mails are compared without hash.
type attachment [2]string

func (a attachment) compare(b attachment) int { return slices.Compare(a[:], b[:]) }

// attachments lists what the consensus calls attachments: every part but unnamed texts.
func attachments(m *mail.Message) []attachment {
	list := []attachment{}
	for _, p := range m.Parts {
		if p.Role == mail.RoleText || p.Role == mail.RoleHTML {
			continue
		}
		a := attachment{p.Name, hex.EncodeToString(p.SHA256[:])}
		if strings.HasPrefix(p.ContentType, "message/") {
			a[1] = ""
		}
		list = append(list, a)
	}
	return list
}

// namelessMails takes away the names that we made for attached mails: others leave those nameless.
func namelessMails(want, got []attachment) {
	for i, a := range got {
		if a[1] == "" && strings.HasSuffix(a[0], ".eml") && !slices.Contains(want, a) {
			got[i][0] = ""
		}
	}
}
