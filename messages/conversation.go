package messages

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// threadRoot is how many bytes of a Thread-Index all mails of a conversation share: a time and a GUID. Each reply appends
// five more (MS-OXOMSG, section 2.2.1.3, PidTagConversationIndex).
const threadRoot = 22

// ThreadReference returns what stands for Outlook's Thread-Index among message ids: the same for every mail of its
// conversation, also where a gateway has cut References. [Service.LinkedTo] takes it. Empty for what is no Thread-Index.
func ThreadReference(threadIndex string) string {
	encoded := strings.TrimRight(strings.Join(strings.Fields(threadIndex), ""), "=")
	index, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil || len(index) < threadRoot {
		return ""
	}
	return "<" + hex.EncodeToString(index[:threadRoot]) + "@thread-index.invalid>" // a domain that no sender has, RFC 2606
}

// references are the ids that tie a mail to others, as LinkedTo is asked for them.
func (t threading) references() []string {
	ids := append(t.References[:len(t.References):len(t.References)], t.InReplyTo, ThreadReference(t.ThreadIndex))
	return append(ids, t.attachedIDs()...)
}

// attachedIDs are the message ids of the mails within a mail.
func (t threading) attachedIDs() []string {
	var ids []string
	for _, m := range t.Attached {
		if normalID(m.MessageID) != "" {
			ids = append(ids, m.MessageID)
		}
	}
	return ids
}
