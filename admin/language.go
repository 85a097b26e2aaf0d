package admin

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	textlanguage "golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

//go:embed locales/*.json
var localeFiles embed.FS

// fallback is the language that has every text.
const fallback = "en"

// language says texts, numbers and dates in one language.
type language struct {
	tag      textlanguage.Tag
	texts    map[string]string
	fallback *language // nil in English
	numbers  *message.Printer
}

// languages are all there are, by the name of their file.
type languages struct {
	byName  map[string]*language
	names   []string // in the order of the matcher
	matcher textlanguage.Matcher
}

func readLanguages() (languages, error) {
	l := languages{byName: map[string]*language{}}
	files, err := localeFiles.ReadDir("locales")
	if err != nil {
		return l, fmt.Errorf("admin: read languages: %w", err)
	}
	var tags []textlanguage.Tag
	for _, file := range files {
		name := strings.TrimSuffix(file.Name(), ".json")
		one, err := readLanguage(name)
		if err != nil {
			return l, fmt.Errorf("admin: read language %s: %w", name, err)
		}
		l.byName[name] = one
		if name == fallback { // the first is taken where nothing matches
			tags, l.names = append([]textlanguage.Tag{one.tag}, tags...), append([]string{name}, l.names...)
		} else {
			tags, l.names = append(tags, one.tag), append(l.names, name)
		}
	}
	for name, one := range l.byName {
		if name != fallback {
			one.fallback = l.byName[fallback]
		}
	}
	l.matcher = textlanguage.NewMatcher(tags)
	return l, nil
}

func readLanguage(name string) (*language, error) {
	tag, err := textlanguage.Parse(name)
	if err != nil {
		return nil, err
	}
	raw, err := localeFiles.ReadFile(path.Join("locales", name+".json"))
	if err != nil {
		return nil, err
	}
	l := &language{tag: tag, texts: map[string]string{}, numbers: message.NewPrinter(tag)}
	return l, json.Unmarshal(raw, &l.texts)
}

// say reports whether a sentence is one of the texts, in any language.
func (l languages) say(sentence string, keys ...string) bool {
	for _, one := range l.byName {
		for _, key := range keys {
			if sentence == one.text(key) {
				return true
			}
		}
	}
	return false
}

// of picks the language of the account if there are texts in it, else the one the browser asks for, else English.
func (l languages) of(account, acceptLanguage string) *language {
	for _, wanted := range []string{account, acceptLanguage} {
		tags, _, err := textlanguage.ParseAcceptLanguage(strings.ReplaceAll(wanted, "_", "-"))
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, index, confidence := l.matcher.Match(tags...); confidence >= textlanguage.High {
			return l.byName[l.names[index]]
		}
	}
	return l.byName[fallback]
}

// has reports whether there is a text, in this language or in English.
func (l *language) has(key string) bool {
	_, ok := l.lookup(key)
	return ok
}

func (l *language) lookup(key string) (string, bool) {
	if text, ok := l.texts[key]; ok {
		return text, true
	}
	if l.fallback == nil {
		return "", false
	}
	return l.fallback.lookup(key)
}

// text says a key, its {placeholders} replaced by the values that follow their names. A key without a text is shown as
// it is: a test keeps that from happening.
func (l *language) text(key string, namesAndValues ...any) string {
	text, ok := l.lookup(key)
	if !ok {
		return key
	}
	pairs := make([]string, 0, len(namesAndValues))
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", namesAndValues[i]), l.value(namesAndValues[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// count says a key in the form that a number of things takes in this language (CLDR plural rules): key.one, key.other
// and whatever else its file has. {n} is the number.
func (l *language) count(key string, n int64, namesAndValues ...any) string {
	names := map[plural.Form]string{
		plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many",
	}
	form := key + "." + names[plural.Cardinal.MatchPlural(l.tag, int(n%1_000_000_000), 0, 0, 0, 0)]
	if _, ok := l.texts[form]; !ok {
		form = key + ".other"
	}
	return l.text(form, append(namesAndValues, "n", n)...)
}

// steps says the texts key.1, key.2 and so on, as many as there are, with what replaces placeholders in any of them.
func (l *language) steps(key string, namesAndValues ...any) []string {
	var texts []string
	for n := 1; l.has(fmt.Sprintf("%s.%d", key, n)); n++ {
		texts = append(texts, l.text(fmt.Sprintf("%s.%d", key, n), namesAndValues...))
	}
	return texts
}

func (l *language) value(v any) string {
	switch v := v.(type) {
	case int:
		return l.number(int64(v))
	case int64:
		return l.number(v)
	default:
		return fmt.Sprint(v)
	}
}

func (l *language) number(n int64) string { return l.numbers.Sprint(number.Decimal(n)) }

// size says a number of bytes for people.
func (l *language) size(bytes int64) string {
	value, unit := float64(bytes), 0
	units := []string{"B", "kB", "MB", "GB", "TB"}
	for value >= 1000 && unit < len(units)-1 {
		value, unit = value/1000, unit+1
	}
	if unit == 0 || value >= 100 {
		return l.numbers.Sprint(number.Decimal(value, number.MaxFractionDigits(0))) + " " + units[unit]
	}
	return l.numbers.Sprint(number.Decimal(value, number.MaxFractionDigits(1))) + " " + units[unit]
}

// date says a day in UTC.
func (l *language) date(t time.Time) string {
	t = t.UTC()
	return l.text("date", "day", fmt.Sprint(t.Day()), "month", l.text("month."+fmt.Sprint(int(t.Month()))), "year", fmt.Sprint(t.Year()))
}

// dayMonth says a day without its year.
func (l *language) dayMonth(t time.Time) string {
	t = t.UTC()
	return l.text("date.short", "day", fmt.Sprint(t.Day()), "month", l.text("month.short."+fmt.Sprint(int(t.Month()))))
}

// moment says a time to the minute in UTC. In a browser with JavaScript it is replaced by local time.
func (l *language) moment(t time.Time) string {
	return l.text("moment", "date", l.date(t), "time", t.UTC().Format("15:04"))
}

// ago says how long something is past, roughly.
func (l *language) ago(past time.Duration) string {
	switch {
	case past < 2*time.Minute:
		return l.text("ago.now")
	case past < time.Hour:
		return l.count("ago.minutes", int64(past/time.Minute))
	case past < 24*time.Hour:
		return l.count("ago.hours", int64(past/time.Hour))
	default:
		return l.count("ago.days", int64(past/(24*time.Hour)))
	}
}

// wait says how long to wait, rounded up.
func (l *language) wait(d time.Duration) string {
	if d > time.Minute {
		return l.count("wait.minutes", int64((d+time.Minute-1)/time.Minute))
	}
	return l.count("wait.seconds", max(1, int64((d+time.Second-1)/time.Second)))
}
