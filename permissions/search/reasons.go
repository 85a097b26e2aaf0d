package search

import "strings"

// phrase is a group's label and the sentence for one of its records; "…" stands for what matched.
type phrase struct{ label, reason string }

// phrases are the texts of the groups by language and kind. A language that is not here is answered in English.
func phrases(lang string) map[string]phrase {
	if strings.HasPrefix(strings.ToLower(lang), "it") {
		return map[string]phrase{
			"conversation": {"Questa conversazione", "Un messaggio di questa conversazione è già collegato"},
			"choice":       {"Scelti in precedenza", "L'hai collegato in precedenza per …"},
			"address":      {"Stesso indirizzo e-mail", "Contiene l'indirizzo …"},
			"number":       {"Numero nell'oggetto", "Il numero … è nell'oggetto"},
			"open":         {"Opportunità e ticket aperti", "Aperto per una persona o azienda trovata sopra"},
			"domain":       {"Aziende con questo dominio", "Usa il dominio …"},
		}
	}
	return map[string]phrase{
		"conversation": {"This conversation", "A mail of this conversation is already linked"},
		"choice":       {"Chosen before", "You linked it before for …"},
		"address":      {"Same e-mail address", "Has the address …"},
		"number":       {"Number in the subject", "Its number … is in the subject"},
		"open":         {"Open deals and tickets", "Open for a person or company found above"},
		"domain":       {"Companies with this domain", "Uses the domain …"},
	}
}

func groupLabel(lang, kind string) string { return phrases(lang)[kind].label }

func reasonText(lang, kind, about string) string {
	return strings.Replace(phrases(lang)[kind].reason, "…", about, 1)
}
