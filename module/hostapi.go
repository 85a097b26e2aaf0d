package module

import (
	"context"
	"io"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// LinkMail archives a mail and links it to records, as the add-in does for its user. It asks the license as every call
// of the add-in does: the subject needs a seat, which signing in to the add-in takes, and so does
// [licensing.Service.TakeSeat]. It answers the errors of [licensing.Service.Allow] and of [messages.Service.Archive].
func (e *Extension) LinkMail(ctx context.Context, s permissions.Subject, r messages.Request) (messages.Receipt, error) {
	if err := e.licensing.Allow(ctx, s.UserID); err != nil {
		return messages.Receipt{}, err
	}
	return e.messages.Archive(ctx, s, r)
}

// RecordMessages lists the messages on a record that the subject may read, newest first. Reading needs no license: what
// was linked stays readable. It answers permissions.ErrNotFound for a record the subject may not view.
func (e *Extension) RecordMessages(ctx context.Context, s permissions.Subject, r permissions.Record, p messages.Page) (list []messages.Summary, next string, err error) {
	return e.messages.ForRecord(ctx, s, r, p)
}

// Message reads one message. It answers permissions.ErrNotFound for one the subject may not read.
func (e *Extension) Message(ctx context.Context, s permissions.Subject, id string) (messages.Message, error) {
	return e.messages.Message(ctx, s, id)
}

// MessageBody returns a message's body as a document that is safe to show in a sandboxed frame under its CSP.
func (e *Extension) MessageBody(ctx context.Context, s permissions.Subject, id string, o messages.BodyOptions) (messages.Body, error) {
	return e.messages.Body(ctx, s, id, o)
}

// MessagePart opens the decoded bytes of one part of a message.
func (e *Extension) MessagePart(ctx context.Context, s permissions.Subject, id string, part int) (messages.Content, messages.Info, error) {
	return e.messages.Part(ctx, s, id, part)
}

// Search finds records as the add-in does for its user. It asks no license.
func (e *Extension) Search(ctx context.Context, s permissions.Subject, q search.Query) (search.Results, error) {
	return e.search.Search(ctx, s, q)
}

// IndexStatus tells how far the search index has come.
func (e *Extension) IndexStatus(ctx context.Context) (search.IndexStatus, error) {
	return e.search.Status(ctx)
}

// BuildIndex reads every record of the host into the search index, going on where an earlier build stopped, and reports
// after each batch how many records it has read so far. A started Extension does so by itself; this is for whoever wants
// to wait for it. It fails while another process is refreshing the index.
func (e *Extension) BuildIndex(ctx context.Context, progress func(records int)) error {
	return e.search.Build(ctx, progress)
}

// ExportMails hands out the mails on a record, oldest first, with their exact bytes where a client had them. It asks for
// no permission and the bytes may name Bcc recipients: it is for the operator, never for a user's request.
func (e *Extension) ExportMails(ctx context.Context, r permissions.Record, each func(messages.ExportedMail, io.Reader) error) (mails int, err error) {
	return e.messages.Export(ctx, r, each)
}

// VerifyArchive reads everything that is stored and compares it with its recorded hash and with the ledger.
func (e *Extension) VerifyArchive(ctx context.Context) (messages.VerifyReport, error) {
	return e.messages.Verify(ctx)
}
