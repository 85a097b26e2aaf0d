package admin

import "strings"

// browserOf names the browser and the system of a user agent, for people who look for their own session in a list.
// Nothing depends on it, so a rough reading is enough.
func browserOf(userAgent string) string {
	browser := firstOf(userAgent, "Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari")
	system := firstOf(userAgent, "Windows", "Windows", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad",
		"Mac OS X", "macOS", "Linux", "Linux")
	return strings.TrimSpace(strings.Trim(browser+" · "+system, " ·"))
}

// firstOf returns the name behind the first mark that a text contains.
func firstOf(text string, marksAndNames ...string) string {
	for i := 0; i+1 < len(marksAndNames); i += 2 {
		if strings.Contains(text, marksAndNames[i]) {
			return marksAndNames[i+1]
		}
	}
	return ""
}
