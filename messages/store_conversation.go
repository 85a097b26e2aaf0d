package messages

import (
	"context"
	"fmt"
)

const (
	// maxConversation bounds the newest messages that a conversation is looked up in.
	maxConversation = 200
	// maxLinked bounds those that are looked at beside them: of the user, and of the others who linked one.
	maxLinked = 100
)

// members are the messages that are, or refer to, one of the identities.
const members = "(SELECT id FROM mc_messages WHERE identity IN @identities UNION " +
	"SELECT message_id FROM mc_references WHERE refers_to IN @identities) AS m"

// conversation returns the ids of messages that are, or refer to, one of the identities. Whoever writes a mail chooses what
// it refers to, and nobody's mails may crowd out those of others: first come the newest that the user linked, then the
// newest of each who linked one, and then the newest of all.
func (s store) conversation(ctx context.Context, identities [][]byte, user string) ([]string, error) {
	const linked = "FROM " + members + " JOIN mc_links AS l ON l.message_id = m.id "
	values := map[string]any{"identities": identities, "user": user, "linked": maxLinked, "newest": maxConversation}
	var ids []string
	for _, query := range []string{
		"SELECT DISTINCT m.id " + linked + "WHERE l.linked_by = @user ORDER BY m.id DESC LIMIT @linked",
		"SELECT MAX(m.id) " + linked + "GROUP BY l.linked_by ORDER BY MAX(m.id) DESC LIMIT @linked",
		"SELECT m.id FROM " + members + " ORDER BY m.id DESC LIMIT @newest",
	} {
		var found []string
		if err := s.gorm(ctx).Raw(query, values).Scan(&found).Error; err != nil {
			return nil, fmt.Errorf("find conversation: %w", err)
		}
		ids = append(ids, found...)
	}
	return distinct(ids), nil
}
