package search

import "strings"

// phrase is a group's label and the sentence for one of its records; "…" stands for what matched.
type phrase struct{ label, reason string }

// phrases are the texts of the groups by language and kind. A language that is not here is answered in English.
func phrases(lang string) map[string]phrase {
	if strings.HasPrefix(strings.ToLower(lang), "it") {
		return map[string]phrase{
			byConversation: {"Questa conversazione", "Un messaggio di questa conversazione è già collegato"},
			byChoice:       {"Scelti in precedenza", "L'hai collegato in precedenza per …"},
			byAddress:      {"Stesso indirizzo e-mail", "Contiene l'indirizzo …"},
			byNumber:       {"Numero nell'oggetto", "Il numero … è nell'oggetto"},
			byParent:       {"Opportunità e ticket aperti", "Aperto per …"},
			byDomain:       {"Aziende con questo dominio", "Usa il dominio …"},
		}
	}
	return map[string]phrase{
		byConversation: {"This conversation", "A mail of this conversation is already linked"},
		byChoice:       {"Chosen before", "You linked it before for …"},
		byAddress:      {"Same e-mail address", "Has the address …"},
		byNumber:       {"Number in the subject", "Its number … is in the subject"},
		byParent:       {"Open deals and tickets", "Open for …"},
		byDomain:       {"Companies with this domain", "Uses the domain …"},
	}
}

func groupLabel(lang, kind string) string { return phrases(lang)[kind].label }

func reasonText(lang, kind, about string) string {
	return strings.Replace(phrases(lang)[kind].reason, "…", about, 1)
}
