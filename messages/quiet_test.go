package messages_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// secrets are what a mail says and no log may.
var secrets = []string{"secret-id", "Quiet subject", "nobody@else.example", "Nobody Else", "payroll", "hushed words", "boss@else.example"}

// secretive is a mail of nothing but such words, with a mail attached.
var secretive = letter{
	id: "<secret-id@else.example>", subject: "Quiet subject", from: "Nobody Else <nobody@else.example>", bcc: "boss@else.example",
	text: "hushed words", files: append(attached("payroll", "hushed words", "<secret-id-2@else.example>"),
		file{name: "payroll.pdf", contentType: "application/pdf", content: "hushed words"}),
}

// TestNoFailureNamesAnythingOfAMail fails each statement of a link, its unlink and its refiling, and reads what is said and
// logged of it.
func TestNoFailureNamesAnythingOfAMail(t *testing.T) {
	onFaulty(t, func(t *testing.T, h *harness, f *faults) {
		var log bytes.Buffer
		h = newWith(t, h, func(c *messages.Config) {
			c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		said := func(err error) bool {
			if err != nil {
				log.WriteString(err.Error() + "\n")
			}
			return err != nil
		}
		h.crm.onPrepared = func() error { return errors.New("the host refuses") }
		_, err := h.tryArchive(ann, secretive, "", nora)
		said(err)
		h.crm.onPrepared = nil
		h.content.err = errors.New("the store refuses")
		_, err = h.tryArchive(ann, secretive, "", nora)
		said(err)
		h.content.err = nil
		failed := 0
		for n := 1; ; n++ {
			f.reset(n, 0)
			receipt, err := h.tryArchive(ann, secretive, "", nora)
			if said(err) {
				failed++
				continue
			}
			f.reset(1, 0)
			said(h.Unlink(t.Context(), ann, receipt.Message.ID, nora))
			break
		}
		f.reset(0, 0)
		for _, target := range []permissions.Record{{Type: "Contacts", ID: "gone"}, {}} {
			h.crm.hide(ann, target)
			_, err := h.tryArchive(ann, secretive, "", target)
			said(err)
		}
		if failed < 10 {
			t.Errorf("only %d statements failed", failed)
		}
		for _, secret := range secrets {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%q is said:\n%s", secret, log.String())
			}
		}
	})
}
