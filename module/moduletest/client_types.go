package moduletest

import (
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// The answers of the API, as openapi.yaml describes them. Members a test does not need are left out.
type (
	// Account is a signed-in user.
	Account struct {
		ID       string `json:"id"`
		UserName string `json:"username"`
		Name     string `json:"name"`
		Admin    bool   `json:"admin"`
		Language string `json:"language"`
	}

	// Grant is a new session.
	Grant struct {
		Token   string    `json:"access_token"`
		Expires time.Time `json:"expires_at"`
		User    Account   `json:"user"`
	}

	// Session is the session of the client's token.
	Session struct {
		User    Account   `json:"user"`
		Created time.Time `json:"created_at"`
		Expires time.Time `json:"expires_at"`
		License struct {
			State string `json:"state"`
		} `json:"license"`
	}

	// EntityType is a kind of record that the user sees: a module, in the CRM's words.
	EntityType struct {
		Name    string `json:"name"`
		Label   string `json:"label"`
		CanLink bool   `json:"can_link"`
	}

	// Target addresses a record.
	Target struct {
		Module string `json:"module"`
		Record string `json:"record"`
	}

	// Card is a record as the user sees it.
	Card struct {
		Target
		Label    string      `json:"label"`
		Number   string      `json:"number"`
		Subtitle string      `json:"subtitle"`
		URL      string      `json:"url"`
		Fields   []CardField `json:"fields"`
		CanLink  bool        `json:"can_link"`
		Reason   Reason      `json:"reason"` // of a suggestion
		// Successor is what the record became, and whether mails may be linked there.
		Successor *Successor `json:"successor"`
	}

	// Successor is what a record became.
	Successor struct {
		Target
		CanLink bool `json:"can_link"`
	}

	// CardField is one value of a card.
	CardField struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}

	// Reason says why a record is suggested.
	Reason struct {
		Code string `json:"code"`
		Text string `json:"text"`
	}

	// Found is a page of a search.
	Found struct {
		Items   []Card   `json:"items"`
		Next    string   `json:"next_cursor"` // empty at the end
		Partial []string `json:"partial"`
	}

	// OpenMail is what a client knows of the mail in front of its user.
	OpenMail struct {
		MessageID    string        `json:"internet_message_id,omitempty"`
		InReplyTo    string        `json:"in_reply_to,omitempty"`
		References   []string      `json:"references,omitempty"`
		Subject      string        `json:"subject,omitempty"`
		Participants []Participant `json:"participants,omitempty"`
	}

	// Participant is somebody who takes part in a mail: "from", "to", "cc", "bcc", "sender" or "reply_to".
	Participant struct {
		Role    string `json:"role,omitempty"`
		Name    string `json:"name,omitempty"`
		Address string `json:"address"`
	}

	// Group is a group of suggestions.
	Group struct {
		Kind  string `json:"kind"`
		Label string `json:"label"`
		Items []Card `json:"items"`
	}

	// Receipt says what became of linking.
	Receipt struct {
		ID       string `json:"receipt"`
		Replayed bool   `json:"replayed"`
		Message  struct {
			ID           string `json:"id"`
			MessageID    string `json:"internet_message_id"`
			Subject      string `json:"subject"`
			Completeness string `json:"completeness"`
		} `json:"message"`
		Links    []ReceiptLink `json:"links"`
		Parts    []ReceiptPart `json:"parts"`
		Problems []PartProblem `json:"problems"`
	}

	// ReceiptLink is one link of a receipt.
	ReceiptLink struct {
		Target
		Label   string `json:"label"`
		Created bool   `json:"created"`
	}

	// ReceiptPart is one part of a receipt.
	ReceiptPart struct {
		Part     int    `json:"part"`
		Name     string `json:"name"`
		Size     int64  `json:"size"`
		SHA256   string `json:"sha256"`
		Status   string `json:"status"`
		Document string `json:"document"`
		Detail   string `json:"detail"`
	}

	// PartProblem is something odd about a message.
	PartProblem struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
		Part   int    `json:"part"`
	}

	// Summary is a message in a record's list. ID is empty for a message that only the CRM has.
	Summary struct {
		ID        string      `json:"id"`
		Origin    string      `json:"origin"`
		MessageID string      `json:"internet_message_id"`
		Subject   string      `json:"subject"`
		From      Participant `json:"from"`
		Date      time.Time   `json:"date"`
	}

	// SummaryPage is a page of a record's list.
	SummaryPage struct {
		Items []Summary `json:"items"`
		Next  string    `json:"next_cursor"` // empty at the end
	}

	// Message is one message.
	Message struct {
		ID        string        `json:"id"`
		MessageID string        `json:"internet_message_id"`
		Subject   string        `json:"subject"`
		From      []Participant `json:"from"`
		To        []Participant `json:"to"`
		Links     []MessageLink `json:"links"`
		Parts     []MessagePart `json:"parts"`
		HasSource bool          `json:"has_source"`
		HasHTML   bool          `json:"has_html"`
	}

	// MessageLink is a link of a message that the user may know of.
	MessageLink struct {
		Target
		Label string `json:"label"`
		Mine  bool   `json:"mine"`
	}

	// MessagePart is one part of a message.
	MessagePart struct {
		Part     int    `json:"part"`
		Name     string `json:"name"`
		Size     int64  `json:"size"`
		SHA256   string `json:"sha256"`
		Status   string `json:"status"`
		Document string `json:"document"`
	}

	// MessageStatus says whether a mail is linked, as far as the user may know.
	MessageStatus struct {
		MessageID string       `json:"internet_message_id"`
		Linked    bool         `json:"linked"`
		Message   string       `json:"message"`
		Links     []StatusLink `json:"links"`
	}

	// StatusLink says that a mail is on a record, by which of the messages with its Message-ID.
	StatusLink struct {
		MessageLink
		Messages []string `json:"messages"`
	}
)

// TargetOf addresses a record as the API does.
func TargetOf(r permissions.Record) Target { return Target{Module: r.Type, Record: r.ID} }

// Of returns the record a target addresses.
func (t Target) Of() permissions.Record { return permissions.Record{Type: t.Module, ID: t.Record} }
