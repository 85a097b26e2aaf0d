package messages

import (
	"encoding/json"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages/mail"
)

type messageRow struct {
	ID           string `gorm:"primaryKey"`
	Identity     []byte
	Variant      int
	Fingerprint  []byte // NULL in rows older than the column
	MessageID    string
	OwnMessageID string
	Threading    string
	Subject      string
	Date         int64
	Direction    string
	FromName     string
	FromAddress  string
	Attachments  int
	Snippet      string
	Rendition    string
	Completeness string
	Problems     string
	Created      int64
	Version      int64 // changes when an incomplete message is linked, which therefore waits for a copy that completes it
}

func (messageRow) TableName() string { return "mc_messages" }

type participantRow struct {
	MessageID string `gorm:"primaryKey"`
	Position  int    `gorm:"primaryKey;autoIncrement:false"`
	Role      string
	Name      string
	Address   string
}

func (participantRow) TableName() string { return "mc_participants" }

type referenceRow struct {
	MessageID string `gorm:"primaryKey"`
	RefersTo  []byte `gorm:"primaryKey"`
}

func (referenceRow) TableName() string { return "mc_references" }

type renditionRow struct {
	ID        string `gorm:"primaryKey"`
	MessageID string
	Uploader  string
	SHA256    []byte `gorm:"column:sha256"`
	Shape     string
	BlobKey   string
	Size      int64
	HTML      string
	Text      string
	HTMLHash  []byte
	TextHash  []byte
	Created   int64
}

func (renditionRow) TableName() string { return "mc_renditions" }

type partRow struct {
	Rendition   string `gorm:"primaryKey"`
	Number      int    `gorm:"primaryKey;autoIncrement:false"`
	Role        string
	Name        string
	ContentType string
	Sniffed     string
	ContentID   string
	Encoding    string
	BlobKey     string
	Start       int64
	Length      int64
	Size        int64
	SHA256      []byte `gorm:"column:sha256"`
	State       string
	URL         string
	Detail      string
}

func (partRow) TableName() string { return "mc_parts" }

func newMessageRow(id string, variant int, rendition string, d Direction, l *letter, now int64) messageRow {
	from, sum := l.from(), fingerprint(l)
	return messageRow{
		ID: id, Identity: l.identity[:], Variant: variant, Fingerprint: sum[:], MessageID: l.messageID, OwnMessageID: l.ownID,
		Threading: asJSON(l.threading), Subject: l.subject, Date: database.Micros(l.date), Direction: string(d),
		FromName: from.Name, FromAddress: from.Address, Attachments: l.attachments(), Snippet: snippet(l),
		Rendition: rendition, Completeness: string(l.complete), Problems: asJSON(l.problems), Created: now,
	}
}

func participantRows(message string, l *letter) []participantRow {
	rows := make([]participantRow, len(l.people))
	for i, p := range l.people {
		rows[i] = participantRow{MessageID: message, Position: i + 1, Role: string(p.role), Name: p.Name, Address: p.Address}
	}
	return rows
}

func referenceRows(message string, t threading) []referenceRow {
	seen := make(map[[32]byte]bool)
	var rows []referenceRow
	for _, id := range t.references() {
		hash := identityOf(id)
		if normalID(id) == "" || seen[hash] {
			continue
		}
		seen[hash] = true
		rows = append(rows, referenceRow{MessageID: message, RefersTo: hash[:]})
	}
	return rows
}

func newRenditionRow(id, message, uploader string, l *letter, now int64) renditionRow {
	return renditionRow{
		ID: id, MessageID: message, Uploader: uploader, SHA256: l.copy.sha256[:], Shape: string(l.copy.shape),
		BlobKey: l.copy.blob, Size: l.copy.size, HTML: l.html, Text: l.text,
		HTMLHash: l.copy.htmlHash, TextHash: l.copy.textHash, Created: now,
	}
}

func partRows(rendition string, parts []part) []partRow {
	rows := make([]partRow, len(parts))
	for i, p := range parts {
		rows[i] = partRow{
			Rendition: rendition, Number: p.Number, Role: string(p.Role), Name: p.Name, ContentType: p.ContentType,
			Sniffed: p.Sniffed, ContentID: p.ContentID, Encoding: p.encoding, BlobKey: p.blob, Start: p.start,
			Length: p.length, Size: p.Size, SHA256: bytes32(p.SHA256), State: string(p.state), URL: p.URL, Detail: p.detail,
		}
	}
	return rows
}

func (r partRow) part() part {
	return part{
		Part: Part{
			Number: r.Number, Role: mail.Role(r.Role), Name: r.Name, ContentType: r.ContentType, Sniffed: r.Sniffed,
			ContentID: r.ContentID, Size: r.Size, SHA256: hash32(r.SHA256), URL: r.URL,
		},
		encoding: r.Encoding, blob: r.BlobKey, start: r.Start, length: r.Length,
		state: AttachmentState(r.State), detail: r.Detail,
	}
}

// letter reads back what the row says; the rest is in other tables.
func (r messageRow) letter() (*letter, error) {
	l := &letter{
		identity: hash32(r.Identity), messageID: r.MessageID, ownID: r.OwnMessageID, subject: r.Subject,
		date: database.Time(r.Date), complete: Completeness(r.Completeness),
	}
	if err := json.Unmarshal([]byte(r.Threading), &l.threading); err != nil {
		return nil, err
	}
	return l, json.Unmarshal([]byte(r.Problems), &l.problems)
}

// info describes the copy without its texts.
func (r renditionRow) info() copyInfo {
	return copyInfo{
		id: r.ID, shape: shape(r.Shape), blob: r.BlobKey, size: r.Size, sha256: hash32(r.SHA256),
		htmlHash: r.HTMLHash, textHash: r.TextHash, created: database.Time(r.Created),
	}
}

// asJSON encodes our own small structs, which never fails.
func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
