package messages

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

const (
	maxTargets = 50
	// maxDocuments bounds the attachments of one mail that become documents. The host writes them in one transaction, for
	// which others wait; and nobody looks through thousands.
	maxDocuments = 500
	// maxPlacements bounds the documents on records that one request makes, times over for each record.
	maxPlacements = 5000
	maxHostID     = 64  // bytes of an id of the CRM
	maxKey        = 200 // bytes of an idempotency key
)

// job is a request whose form was found right.
type job struct {
	sub         permissions.Subject
	asked       []permissions.Record // as the request lists them
	links       []permissions.Record // each once
	origin      Origin
	client      Client
	receipt     string
	idempotency [32]byte  // of the key, or of nothing else
	repeatable  bool      // the client gave a key
	done        bool      // there is a receipt under it
	fingerprint [32]byte  // of what is asked for
	letter      *letter   // the copy that arrived; nil where an archived message is linked again
	upload      string    // the staged upload to consume; empty for none
	renews      bool      // only links that are still there: nothing is put where it was taken off
	again       string    // the archived message to link again
	checked     time.Time // when the targets were
}

// newJob checks the form of a request and gives it the id of its receipt.
func (s *Service) newJob(sub permissions.Subject, r LinkRequest) (*job, error) {
	if err := checkTargetsForm(r.Links); err != nil {
		return nil, err
	}
	if len(r.IdempotencyKey) > maxKey {
		return nil, &InvalidError{Pointer: "/idempotency_key", Detail: fmt.Sprintf("must have at most %d bytes", maxKey)}
	}
	if r.Origin == "" {
		r.Origin = Manual
	}
	if r.Origin != Manual && r.Origin != Auto {
		return nil, &InvalidError{Pointer: "/origin", Detail: "must be manual or auto"}
	}
	if d := r.Client.Direction; d != "" && d != Inbound && d != Outbound {
		return nil, &InvalidError{Pointer: "/direction", Detail: "must be inbound or outbound"}
	}
	j := &job{
		sub: sub, asked: r.Links, links: distinct(r.Links), origin: r.Origin, client: r.Client.clipped(),
		receipt: newID(s.c.DB.Now()),
	}
	j.repeatable = r.IdempotencyKey != ""
	j.idempotency = hashOf("receipt", j.receipt)
	if j.repeatable {
		j.idempotency = hashOf("key", r.IdempotencyKey)
	}
	return j, nil
}

func checkTargetsForm(links []permissions.Record) error {
	if len(links) == 0 || len(links) > maxTargets {
		return &InvalidError{Pointer: "/links", Detail: fmt.Sprintf("must name 1 to %d records", maxTargets)}
	}
	for i, r := range links {
		if !validRecord(r) {
			return &InvalidError{Pointer: "/links/" + strconv.Itoa(i), Detail: "is not a record"}
		}
	}
	return nil
}

func validRecord(r permissions.Record) bool {
	return r.Type != "" && r.ID != "" && len(r.Type) <= maxHostID && len(r.ID) <= maxHostID &&
		clean(r.Type) == r.Type && clean(r.ID) == r.ID
}

func distinct[T comparable](list []T) []T {
	seen := make(map[T]bool, len(list))
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool {
		twice := seen[v]
		seen[v] = true
		return twice
	})
}

func (c Client) clipped() Client {
	return Client{
		Direction: c.Direction, Mailbox: clip(clean(c.Mailbox), maxHint), ItemID: clip(clean(c.ItemID), maxHint),
		Platform: clip(clean(c.Platform), maxHint), AddinVersion: clip(clean(c.AddinVersion), maxHint),
	}
}

// consume makes a job one on a staged upload, which is done at most once and then gone. Its id stands for its bytes.
func (j *job) consume(upload, messageID string) {
	j.upload = upload
	if !j.repeatable {
		j.repeatable, j.idempotency = true, hashOf("upload", upload)
	}
	j.setFingerprint("staged", messageID, upload)
}

// setFingerprint sums up what is asked for: the same key for anything else is a conflict.
func (j *job) setFingerprint(about ...string) {
	fields := append([]string{string(j.origin)}, about...)
	for _, r := range j.links {
		fields = append(fields, r.Type, r.ID)
	}
	j.fingerprint = hashOf(fields...)
}
