package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"

	"github.com/mailconnector/mailconnector/messages/mail"
)

func mailCommands() group {
	return group{
		summary: "Look into mails as the archive does.",
		members: []member{{"inspect", inspectCommand()}},
	}
}

func inspectCommand() command {
	return command{
		summary: "Print what the archive reads from mails, one JSON object a line.",
		args:    "FILE...",
		detail: "A mail is never refused: what is odd about it is listed under problems. The sha256 of the mail is that of\n" +
			"the file; that of an attachment is that of its decoded bytes.",
		example: "mailconnector mail inspect inbox/*.eml | jq .subject",
		flags: func(*flag.FlagSet) runner {
			return func(ctx context.Context, s streams, args []string) error {
				if len(args) == 0 {
					return usageError{"wants at least one file"}
				}
				return inspect(ctx, s, args)
			}
		},
	}
}

func inspect(ctx context.Context, s streams, files []string) error {
	out := json.NewEncoder(s.out)
	out.SetEscapeHTML(false)
	bar := progress(s, len(files))
	defer func() { _ = bar.Finish() }()
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		report, err := inspectFile(name)
		if err != nil {
			return err
		}
		if err := out.Encode(report); err != nil {
			return err
		}
		_ = bar.Add(1)
	}
	return nil
}

// progress draws a bar on a terminal when there is something to wait for and the output goes elsewhere.
func progress(s streams, total int) *progressbar.ProgressBar {
	errFile, ok := s.err.(*os.File)
	if !ok || total < 2 || !isTerminal(errFile) {
		return progressbar.DefaultSilent(int64(total))
	}
	if outFile, ok := s.out.(*os.File); ok && isTerminal(outFile) {
		return progressbar.DefaultSilent(int64(total))
	}
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(errFile), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}

type report struct {
	File        string       `json:"file"`
	SHA256      string       `json:"sha256"`
	MessageID   string       `json:"message_id"`
	Subject     string       `json:"subject"`
	From        string       `json:"from"`
	DateUnix    *int64       `json:"date_unix"`
	Attachments []attachment `json:"attachments"`
	Problems    []problem    `json:"problems"`
}

type attachment struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type problem struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Part   int    `json:"part,omitempty"`
}

func inspectFile(name string) (report, error) {
	f, err := os.Open(name)
	if err != nil {
		return report{}, err
	}
	defer f.Close()
	m, err := mail.Parse(f, mail.Limits{})
	if err != nil {
		return report{}, fmt.Errorf("inspect %s: %w", name, err)
	}
	r := report{
		File: name, SHA256: hex.EncodeToString(m.SHA256[:]), MessageID: m.MessageID, Subject: m.Subject,
		Attachments: []attachment{}, Problems: []problem{},
	}
	if len(m.From) > 0 {
		r.From = m.From[0].Address
	}
	if !m.Date.IsZero() {
		unix := m.Date.Unix()
		r.DateUnix = &unix
	}
	for _, p := range m.Parts {
		if p.Role == mail.RoleAttachment || p.Role == mail.RoleInline {
			r.Attachments = append(r.Attachments, attachment{p.Name, p.Size, hex.EncodeToString(p.SHA256[:])})
		}
	}
	for _, p := range m.Problems {
		r.Problems = append(r.Problems, problem{p.Code, p.Detail, p.Part})
	}
	return r, nil
}
