package main

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// newBucket starts a server of S3 in memory and returns the bucket "mails" on it, as --content takes it.
func newBucket(t *testing.T) (memory *s3mem.Backend, place string) {
	t.Helper()
	memory = s3mem.New()
	if err := memory.CreateBucket("mails"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(memory, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(server.Close)
	return memory, "s3://mails/crm?endpoint=" + url.QueryEscape(server.URL)
}

// objects lists the names of what is in the bucket.
func objects(t *testing.T, memory *s3mem.Backend) (names []string) {
	t.Helper()
	list, err := memory.ListBucket("mails", nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range list.Contents {
		names = append(names, object.Key)
	}
	return names
}

func TestMailsAreKeptInABucket(t *testing.T) {
	memory, place := newBucket(t)
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte("[default]\naws_access_key_id = access\naws_secret_access_key = secret-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	address := demonstrate(t, "--data", folder, "--content", place+"&credentials="+url.QueryEscape(keys))
	c := moduletest.Dial(address+module.DefaultPrefix, nil)
	if _, err := c.SignIn(t.Context(), "sales.rep", "demo"); err != nil {
		t.Fatal(err)
	}
	mail := "Message-ID: <bucket@x.example>\r\nSubject: Kept elsewhere\r\n\r\nHello\r\n"
	receipt, err := c.Link(t.Context(), strings.NewReader(mail), moduletest.LinkOptions{}, aContact(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if source, err := c.Source(t.Context(), receipt.Message.ID); err != nil || string(source) != mail {
		t.Errorf("the source is %q, %v", source, err)
	}
	if names := objects(t, memory); len(names) != 1 || !strings.HasPrefix(names[0], "crm/blobs/") {
		t.Errorf("the bucket holds %q, want the mail below crm/", names)
	}
	if _, err := os.Stat(filepath.Join(folder, "mails")); !os.IsNotExist(err) {
		t.Errorf("a folder for mails was made all the same: %v", err)
	}
}

// demonstrate runs the demo until the test ends and returns its address.
func demonstrate(t *testing.T, flags ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var problems bytes.Buffer
	out := &lines{told: make(chan string, 1)}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"demo", "--addr", "127.0.0.1:0"}, flags...), streams{strings.NewReader(""), out, &problems})
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != exitOK {
			t.Errorf("the demo ends with exit %d\n%s", code, problems.String())
		}
	})
	var greeting string
	select {
	case greeting = <-out.told:
	case <-time.After(time.Minute):
		t.Fatal("the demo does not begin within a minute")
	}
	for _, word := range strings.Fields(greeting) {
		if strings.HasPrefix(word, "http://") {
			return strings.TrimRight(word, "/")
		}
	}
	t.Fatalf("the demo names no address: %s", greeting)
	return ""
}

// aContact searches until the index is built.
func aContact(t *testing.T, c *moduletest.Client) moduletest.Target {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(25 * time.Millisecond) {
		found, err := c.Search(t.Context(), moduletest.Query{Text: "jürgen mül", Module: "Contacts"})
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Items) > 0 {
			return found.Items[0].Target
		}
	}
	t.Fatal("nobody is found")
	return moduletest.Target{}
}

func TestBucketsThatAreRefused(t *testing.T) {
	t.Setenv(accessKeyName, "access")
	t.Setenv(secretKeyName, "")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ place, want string }{
		"no bucket":            {"s3://?endpoint=https://s3.example.com", "want s3://BUCKET/PREFIX"},
		"keys in the argument": {"s3://access:hidden@mails?endpoint=https://s3.example.com", "without keys"},
		"a setting nobody has": {"s3://mails?endpoint=https://s3.example.com&secret=hidden", `"secret" is no setting`},
		"no server":            {"s3://mails", "name the server"},
		"no address":           {"s3://mails?endpoint=s3.example.com&credentials=" + empty, "the keys of the bucket are missing"},
		"one key of two":       {"s3://mails?region=eu-central-1", "in the environment"},
		"a file without keys":  {"s3://mails?region=eu-central-1&credentials=" + empty, "in " + empty},
		"no such file":         {"s3://mails?region=eu-central-1&credentials=" + empty + "x", "no such file"},
	} {
		code, _, problems := mailconnector(t, "", "demo", "--data", t.TempDir(), "--content", test.place)
		if code != exitFailed || !strings.Contains(problems, test.want) || strings.Contains(problems, "hidden") {
			t.Errorf("%s: exit %d, %q; want %q", name, code, problems, test.want)
		}
	}
}

func TestASessionTokenComesFromWhereTheKeysDo(t *testing.T) {
	memory := s3mem.New()
	if err := memory.CreateBucket("mails"); err != nil {
		t.Fatal(err)
	}
	bucket := gofakes3.New(memory, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	tokens := make(map[string]bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens[r.Header.Get("X-Amz-Security-Token")] = true
		bucket.ServeHTTP(w, r)
	}))
	defer server.Close()
	place := "s3://mails?endpoint=" + url.QueryEscape(server.URL)
	t.Setenv(accessKeyName, "access")
	t.Setenv(secretKeyName, "secret-key")
	t.Setenv(sessionTokenName, "of the environment")
	const lasting = "aws_access_key_id = access\naws_secret_access_key = secret-key\n"
	for name, test := range map[string]struct{ file, want string }{
		"the environment":        {"", "of the environment"},
		"a file":                 {lasting + "aws_session_token = of=the=file\n", "of=the=file"},
		"a file of lasting keys": {lasting, ""},
	} {
		from := place
		if test.file != "" {
			keys := filepath.Join(t.TempDir(), "keys")
			if err := os.WriteFile(keys, []byte(test.file), 0o600); err != nil {
				t.Fatal(err)
			}
			from += "&credentials=" + url.QueryEscape(keys)
		}
		clear(tokens)
		var out bytes.Buffer
		x := &examination{out: &out}
		if fine := x.content(t.Context(), from); !fine || !maps.Equal(tokens, map[string]bool{test.want: true}) {
			t.Errorf("%s: the tokens are %v, want %q\n%s", name, tokens, test.want, out.String())
		}
	}
}

// TestBesideVtenextWithABucket goes from the first command to a mail in the bucket.
func TestBesideVtenextWithABucket(t *testing.T) {
	memory, place := newBucket(t)
	t.Setenv(accessKeyName, "access")
	t.Setenv(secretKeyName, "secret-key")
	b := newBeside(t)
	b.flags = append(b.flags, "--content", place)
	must(t, "", b.args("migrate")...)
	b.license(t)
	must(t, "", b.args("index build")...)
	wantLines(t, must(t, "", b.args("doctor")...), `ok +content +s3://mails/crm takes`)
	linksWhileServing(t, b)
	if names := objects(t, memory); len(names) != 1 || !strings.HasPrefix(names[0], "crm/blobs/") {
		t.Errorf("the bucket holds %q, want the mail below crm/", names)
	}
	must(t, "", b.args("export", "--verify")...)
	if _, err := os.Stat("content"); !os.IsNotExist(err) {
		t.Errorf("a folder for mails was made all the same: %v", err)
	}
}

func TestTheDoctorTriesTheBucket(t *testing.T) {
	memory, place := newBucket(t)
	t.Setenv(accessKeyName, "access")
	t.Setenv(secretKeyName, "secret-key")
	for name, test := range map[string]struct {
		place string
		fine  bool
		want  string
	}{
		"there":        {place, true, "s3://mails/crm takes, gives and lets go of objects"},
		"not there":    {strings.Replace(place, "mails", "others", 1), false, "bucket"},
		"cannot dial":  {"s3://mails?endpoint=" + url.QueryEscape("http://127.0.0.1:1"), false, "unavailable"},
		"wrong by eye": {"s3://mails", false, "name the server"},
	} {
		var out bytes.Buffer
		x := &examination{out: &out}
		if fine := x.content(t.Context(), test.place); fine != test.fine || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: %t\n%s", name, fine, out.String())
		}
	}
	if left := objects(t, memory); len(left) != 0 {
		t.Errorf("the doctor left %q behind", left)
	}
}
