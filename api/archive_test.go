package api_test

import (
	"strings"
	"testing"
)

const toNora = `"links":[{"module":"Contacts","record":"42"}]`

func TestArchiveOfTheBytesOfAMail(t *testing.T) {
	s := newArchive(t)
	a := s.want(raw("?link=Contacts:42&link=Leads:5&direction=inbound&platform=web", rawMail), 201, "",
		`"subject":"Offer"`, `"label":"Label of Contacts:42","created":true`, `"record":"5"`, `"replayed":false`)
	id := a.receipt(t).Message.ID
	if got := a.Header.Get("Location"); got != base+"/messages/"+id {
		t.Errorf("Location: %q", got)
	}
	if !contains(s.search.touched, nora) || s.search.mail.Participants[0].Address != "nora@example.com" {
		t.Errorf("learned: %v %+v", s.search.touched, s.search.mail)
	}
	s.want(raw("?link=Contacts:42", rawMail), 200, "", `"created":false`)
}

func TestARepeatedRequestHasTheSameReceipt(t *testing.T) {
	s := newArchive(t)
	first := s.want(raw("?link=Contacts:42", rawMail, "Idempotency-Key: k1"), 201, "").receipt(t)
	again := s.want(raw("?link=Contacts:42", rawMail, "Idempotency-Key: k1"), 200, "").receipt(t)
	if again.Receipt != first.Receipt || !again.Replayed || again.Message.ID != first.Message.ID {
		t.Errorf("first %+v, then %+v", first, again)
	}
	s.want(raw("?link=Leads:5", rawMail, "Idempotency-Key: k1"), 409, "conflict")
	s.want(raw("?link=Contacts:42", rawMail, "Idempotency-Key: "+strings.Repeat("k", 201)), 422, "invalid")
}

func TestTheClientsMessageIDComesFirst(t *testing.T) {
	s := newArchive(t)
	s.want(raw("?link=Contacts:42", rawMail, "X-Internet-Message-Id: <real@example.com>"), 201, "",
		`\u003creal@example.com\u003e`, "message-id-differs")
	s.want(raw("?link=Contacts:42", rawMail, "X-Internet-Message-Id: <"+strings.Repeat("x", 998)+">"), 422, "invalid")
}

func TestArchiveOfAForm(t *testing.T) {
	draft := `"draft":{"subject":"Offer","date":"2026-03-01T10:00:00Z","from":{"name":"Nora","address":"nora@example.com"},
		"to":[{"address":"ada@example.com"}],"text":"Hello.","complete":true,
		"attachments":[{"id":"a1","name":"offer.pdf","content_type":"application/pdf","size":4},
			{"id":"a2","name":"plan","state":"url","url":"https://cloud.example/plan"}]}`
	s := newArchive(t)
	a := s.want(form(message(`{`+toNora+`,"internet_message_id":"<2@example.com>","direction":"inbound",`+draft+`}`),
		part{"a1", "application/pdf", "%PDF"}), 201, "", `"name":"offer.pdf","size":4`, `"name":"plan","size":0,"sha256":""`)
	r := a.receipt(t)
	if r.Message.Subject != "Offer" || len(r.Parts) != 2 || r.Parts[1].Status != "skipped" {
		t.Errorf("receipt: %+v", r)
	}
}

func TestAFormWithTheWholeMailNeedsNoDraft(t *testing.T) {
	s := newArchive(t)
	s.want(form(message(`{`+toNora+`}`), part{"eml", "message/rfc822", rawMail}), 201, "", `"completeness":"full"`, "Offer")
	s.want(raw("?link=Contacts:42", rawMail), 200, "")
}

func TestADraftAloneIsAPartialMessage(t *testing.T) {
	s := newArchive(t)
	s.want(form(message(`{`+toNora+`,"internet_message_id":"<3@x>","draft":{"subject":"From a phone","text":"Hi",
		"attachments":[{"id":"a1","name":"big.zip","state":"failed","detail":"timeout"}]}}`)), 201, "",
		`"completeness":"partial"`, `"status":"failed"`)
}

func TestUploadsThatAreRefused(t *testing.T) {
	one := `{` + toNora + `,"draft":{"subject":"x","attachments":[{"id":"a1","name":"a"}]}}`
	bytes := part{"a1", "", "bytes"}
	cut := func(c call, n int) call { c.body = c.body[:len(c.body)-n]; return c }
	media := func(c call, contentType string) call { c.headers = []string{"Content-Type: " + contentType}; return c }
	archive := newArchive(t)
	for name, row := range map[string]struct {
		call   call
		status int
		slug   string
		texts  []string
	}{
		"another content type":      {raw("?link=Contacts:42", rawMail, "Content-Type: application/zip"), 415, "unsupported-media-type", []string{"message/rfc822 or multipart/form-data"}},
		"nothing":                   {call{post, "/messages?link=Contacts:42", []string{"Content-Type: message/rfc822"}, "", false}, 422, "invalid", []string{"no bytes"}},
		"no links":                  {raw("", rawMail), 422, "invalid", []string{`"pointer":"/links"`}},
		"a link that is none":       {raw("?link=Contacts", rawMail), 400, "malformed-request", []string{`"parameter":"link"`, "Contacts:42"}},
		"more links than allowed":   {raw("?link=A:1"+strings.Repeat("&link=A:2", 50)+strings.Repeat("&link=A:3", 2), rawMail), 422, "invalid", nil},
		"a query that is none":      {raw("?link=Contacts:42&x=%zz", rawMail), 400, "malformed-request", nil},
		"a direction that is none":  {raw("?link=Contacts:42&direction=sideways", rawMail), 422, "invalid", []string{"/direction"}},
		"a record that is hidden":   {raw("?link=Contacts:42&link=Contacts:99", rawMail), 404, "not-found", []string{`"pointer":"/links/1"`, "Contacts:99 does not exist, or you may not see it"}},
		"a record not to be linked": {raw("?link=Accounts:10", rawMail), 403, "permission-denied", []string{"You may see Accounts:10 but not link it."}},
		"a mail that is too large":  {raw("?link=Contacts:42", rawMail+strings.Repeat("x", testMailBytes)), 413, "content-too-large", []string{`"limit":1048576`}},

		"a form without a boundary":       {media(form(message(one), bytes), "multipart/form-data"), 400, "malformed-request", []string{"boundary"}},
		"a form with another boundary":    {media(form(message(one), bytes), "multipart/form-data; boundary=other"), 400, "malformed-request", nil},
		"a form that is none":             {media(call{post, "/messages", nil, "hello", false}, "multipart/form-data; boundary=x"), 400, "malformed-request", nil},
		"a form without parts":            {form(), 422, "invalid", []string{"first part"}},
		"a form that begins with bytes":   {form(bytes, message(one)), 422, "invalid", []string{"first part"}},
		"a first part of another type":    {form(part{"message", "text/plain", one}, bytes), 415, "unsupported-media-type", []string{"application/json"}},
		"a first part that is not JSON":   {form(message(`{`), bytes), 400, "malformed-request", nil},
		"a first part with unknown names": {form(message(`{"linkz":[]}`)), 400, "malformed-request", []string{`"pointer":"/linkz"`}},
		"a size that is no number":        {form(message(`{"draft":{"attachments":[{"id":"a1","size":"4"}]}}`)), 400, "malformed-request", []string{"/draft/attachments/0/size"}},
		"a size that is no whole number":  {form(message(`{"draft":{"attachments":[{"id":"a1","size":4.5}]}}`)), 400, "malformed-request", []string{"whole number"}},
		"a date that is none":             {form(message(`{"draft":{"date":"yesterday"}}`)), 400, "malformed-request", []string{"/draft/date", "RFC 3339"}},
		"a size below nothing":            {form(message(`{` + toNora + `,"draft":{"attachments":[{"id":"a1","size":-1}]}}`)), 422, "invalid", nil},
		"an id that names the first part": {form(message(`{` + toNora + `,"draft":{"attachments":[{"id":"message"}]}}`)), 422, "invalid", nil},
		"an id given twice":               {form(message(`{` + toNora + `,"draft":{"attachments":[{"id":"a1"},{"id":"a1"}]}}`)), 422, "invalid", []string{"/draft/attachments/1/id"}},
		"neither a draft nor a mail":      {form(message(`{` + toNora + `}`)), 422, "invalid", []string{`"pointer":"/draft"`}},
		"bytes without a draft":           {form(message(`{`+toNora+`}`), bytes), 422, "invalid", []string{`"pointer":"/draft"`}},
		"a part the draft does not name":  {form(message(one), part{"a9", "", "x"}), 422, "invalid", []string{"a9"}},
		"a part given twice":              {form(message(one), bytes, bytes), 422, "invalid", []string{"a1"}},
		"a second first part":             {form(message(one), message(one)), 422, "invalid", nil},
		"two mails":                       {form(message(`{`+toNora+`}`), part{"eml", "", rawMail}, part{"eml", "", rawMail}), 422, "invalid", nil},
		"a part without a name":           {form(message(one), part{"", "", "x"}), 422, "invalid", []string{"name"}},
		"a form cut off in a part":        {cut(form(message(one), bytes), 66), 400, "malformed-request", []string{"cut off"}},
		"a form cut off between parts":    {cut(form(message(one), bytes), 6), 400, "malformed-request", []string{"cut off"}},
		"a form cut off in its first":     {cut(form(message(one)), 80), 400, "malformed-request", []string{"cut off"}},
		"parts that are too large":        {form(message(one), part{"a1", "", strings.Repeat("x", testMailBytes+1)}), 413, "content-too-large", nil},
		"a first part that is too large":  {form(message(`{"draft":{"text":"` + strings.Repeat("x", 21<<20) + `"}}`)), 413, "content-too-large", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := *archive
			s.t = t
			a := s.want(row.call, row.status, row.slug, row.texts...)
			if found := insides.FindString(a.text); found != "" {
				t.Errorf("leaks %q: %s", found, a.text)
			}
		})
	}
}

func TestAMailThatNobodyCanReadIsKeptWithItsProblems(t *testing.T) {
	s := newArchive(t)
	a := s.want(raw("?link=Contacts:42", "\x00\x01\x02 this is not a mail"), 201, "")
	if len(a.receipt(t).Problems) == 0 {
		t.Errorf("no problems: %s", a.text)
	}
}
