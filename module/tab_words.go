package module

import "strings"

// tabWords are the texts of the Messages tab.
type tabWords struct {
	None, LinkedBy, FromCRM, Show, ShowImages, Attachments, More string
}

// wordsFor returns the texts of a language, English where it is not known. lang is BCP 47.
func wordsFor(lang string) tabWords {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	if base == "it" {
		return tabWords{
			None:        "Nessun messaggio è collegato a questo record.",
			LinkedBy:    "collegato da",
			FromCRM:     "dal CRM",
			Show:        "Mostra il messaggio",
			ShowImages:  "Con immagini remote",
			Attachments: "Allegati",
			More:        "Sono mostrati solo i messaggi più recenti.",
		}
	}
	return tabWords{
		None:        "No message is linked to this record.",
		LinkedBy:    "linked by",
		FromCRM:     "from the CRM",
		Show:        "Show the message",
		ShowImages:  "With remote images",
		Attachments: "Attachments",
		More:        "Only the latest messages are shown.",
	}
}
