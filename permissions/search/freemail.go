package search

import (
	"context"
	_ "embed"
	"slices"
	"strings"
)

//go:embed freemail.txt
var defaultFreeMail string

const freeMailSetting = "search.free_mail_domains"

// FreeMailDomains lists the mail domains by which no company is suggested: what an administrator set, or a list of
// well-known providers.
func (s *Service) FreeMailDomains(ctx context.Context) ([]string, error) {
	var domains []string
	set, err := s.db.Setting(ctx, freeMailSetting, &domains)
	if err != nil || set {
		return domains, err
	}
	return parseDomains(defaultFreeMail), nil
}

// SetFreeMailDomains replaces the list. Lines that are no domain are left out; the list in force is returned.
func (s *Service) SetFreeMailDomains(ctx context.Context, lines []string) ([]string, error) {
	domains := parseDomains(strings.Join(lines, "\n"))
	return domains, s.db.SetSetting(ctx, freeMailSetting, domains)
}

func parseDomains(text string) []string {
	domains := []string{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if domain := domainOf(line); domain != "" {
			domains = append(domains, domain)
		}
	}
	slices.Sort(domains)
	return slices.Compact(domains)
}

// isFreeMail reports whether a domain is in the list or below an entry of it.
func isFreeMail(domain string, list []string) bool {
	for {
		if slices.Contains(list, domain) {
			return true
		}
		_, parent, found := strings.Cut(domain, ".")
		if !found {
			return false
		}
		domain = parent
	}
}
