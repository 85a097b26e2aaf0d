package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// errArchiveDamaged lets a script tell whether the archive holds.
var errArchiveDamaged = errors.New("the archive is not as it was: restore what is named above from a backup")

func exportCommand() command {
	return command{
		summary: "Export a record's mails as .eml files or as one mbox, or verify the whole archive.",
		detail: "Mails are exported as they were uploaded, Bcc included: this is for the operator. A mail of which no client had\n" +
			"the bytes is exported as JSON, and is not part of an mbox. --verify reads every stored byte and compares it with its\n" +
			"hash and with the ledger; it fails where something differs.",
		example: "mailconnector export --vtenext /var/www/crm --content /var/lib/mailconnector --vendor vendor.pub --module Contacts --record 42 --out mails\n" +
			"mailconnector export --vtenext /var/www/crm --content /var/lib/mailconnector --vendor vendor.pub --verify",
		flags: func(f *flag.FlagSet) runner {
			var c siteFlags
			c.declare(f)
			var e export
			f.StringVar(&e.record.Type, "module", "", "`module` of the record, such as Contacts")
			f.StringVar(&e.record.ID, "record", "", "`id` of the record")
			f.StringVar(&e.folder, "out", "", "`folder` to write one file a mail to; it is made")
			f.StringVar(&e.mbox, "mbox", "", "`file` to append the mails to, or - for standard output")
			f.BoolVar(&e.verify, "verify", false, "verify the whole archive instead")
			return func(ctx context.Context, s streams, _ []string) error {
				return c.with(ctx, s, func(x *site) error { return e.run(ctx, s, x) }, e.needs()...)
			}
		},
	}
}

// export is what to export and where to.
type export struct {
	record       permissions.Record
	folder, mbox string
	verify       bool
}

// needs are those of an export: a record, and one place to write to.
func (e export) needs() []need {
	return []need{
		{e.verify || e.record.Type != "" && e.record.ID != "", "--module and --record, or --verify", "the record whose mails to export"},
		{e.verify || (e.folder == "") != (e.mbox == ""), "--out or --mbox", "where to write them, one of the two"},
	}
}

func (e export) run(ctx context.Context, s streams, x *site) error {
	if e.verify {
		return verifyArchive(ctx, s, x)
	}
	write, done, err := e.writer(s)
	if err != nil {
		return err
	}
	mails, err := x.ExportMails(ctx, e.record, write)
	if err = errors.Join(err, done()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "%d mails of %s\n", mails, e.record)
	return err
}

// writer returns what to do with each mail, and what to do at the end.
func (e export) writer(s streams) (write func(messages.ExportedMail, io.Reader) error, done func() error, err error) {
	if e.folder != "" {
		return e.writeFile, func() error { return nil }, os.MkdirAll(e.folder, 0o700)
	}
	out, done := s.out, func() error { return nil }
	if e.mbox != "-" {
		f, err := os.OpenFile(e.mbox, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, nil, err
		}
		out, done = f, f.Close
	}
	return func(m messages.ExportedMail, mail io.Reader) error {
		if !m.Exact {
			_, err := fmt.Fprintf(s.err, "%s is left out: no client had its bytes\n", m.FileName())
			return err
		}
		return messages.WriteMbox(out, m.From.Address, m.Date, mail)
	}, done, nil
}

func (e export) writeFile(m messages.ExportedMail, mail io.Reader) error {
	f, err := os.OpenFile(filepath.Join(e.folder, m.FileName()), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, mail)
	return errors.Join(err, f.Close())
}

func verifyArchive(ctx context.Context, s streams, x *site) error {
	report, err := x.VerifyArchive(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d copies of mails, %d parts, %d bytes read; %d events in %d seals\n",
		report.Copies, report.Parts, report.Bytes, report.Ledger.Events, report.Ledger.Seals)
	for _, fault := range report.Faults {
		fmt.Fprintf(s.out, "message %s, part %d: %s\n", fault.Message, fault.Part, fault.Detail)
	}
	if report.Ledger.Broken != "" {
		fmt.Fprintf(s.out, "the ledger does not hold: %s\n", report.Ledger.Broken)
	}
	if !report.Holds() {
		return errArchiveDamaged
	}
	return nil
}
