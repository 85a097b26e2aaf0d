package vtenext

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// phpSettings are the assignments of a PHP file that are plain to see: of strings, numbers, constants of the language
// and arrays of these, at the outermost level. A key tells the variable and the place in its array: "dbconfig[db_name]".
type phpSettings struct {
	values   map[string]string
	computed map[string]bool // assigned in another way, so that the value is not known
	unclear  bool            // written in a way that hides which statements are conditional
}

// maxNesting is how deep arrays may be nested.
const maxNesting = 16

// readPHP reads the assignments of a PHP file. It never fails: what it cannot read is not in the settings, or computed.
func readPHP(source string) phpSettings {
	r := phpReader{source: source, settings: phpSettings{values: make(map[string]string), computed: make(map[string]bool)}}
	r.enter()
	for r.at < len(r.source) {
		r.statement()
	}
	return r.settings
}

// phpReader walks over a PHP file, token by token.
type phpReader struct {
	source   string
	at       int
	nesting  int  // open brackets of any kind
	begins   bool // a statement begins here
	settings phpSettings
}

func (r *phpReader) rest() string { return r.source[r.at:] }

func (r *phpReader) looking(at string) bool { return strings.HasPrefix(r.rest(), at) }

// enter goes on behind the next opening tag. What is outside of tags is printed by PHP, and of no interest.
func (r *phpReader) enter() {
	open := strings.Index(r.rest(), "<?")
	if open < 0 {
		r.at = len(r.source)
		return
	}
	r.at += open + len("<?")
	if r.looking("php") {
		r.at += len("php")
	}
	r.begins = true
}

// statement reads an assignment, or one token of something else.
func (r *phpReader) statement() {
	if r.space() {
		return
	}
	begins := r.begins
	r.begins = false
	switch c := r.source[r.at]; {
	case r.looking("?>"):
		r.enter()
	case c == '$':
		r.assignment(begins)
	case c == ';':
		r.at++
		r.begins = r.nesting == 0
	case strings.IndexByte("({[", c) >= 0:
		r.at++
		r.nesting++
	case strings.IndexByte(")}]", c) >= 0:
		r.at++
		r.nesting = max(0, r.nesting-1)
		r.begins = c == '}' && r.nesting == 0
	default:
		r.token()
	}
}

// space skips blanks and comments, and reports whether the file ended.
func (r *phpReader) space() bool {
	for r.at < len(r.source) {
		switch {
		case strings.IndexByte(" \t\r\n\v\f", r.source[r.at]) >= 0:
			r.at++
		case r.looking("//"), r.looking("#") && !r.looking("#["):
			r.skipLine()
		case r.looking("/*"):
			r.skipPast("*/")
		default:
			return false
		}
	}
	return true
}

// skipLine skips a comment, which ends with its line or with the closing tag.
func (r *phpReader) skipLine() {
	for r.at < len(r.source) && r.source[r.at] != '\n' && !r.looking("?>") {
		r.at++
	}
}

func (r *phpReader) skipPast(end string) {
	if i := strings.Index(r.rest(), end); i >= 0 {
		r.at += i + len(end)
	} else {
		r.at = len(r.source)
	}
}

// token skips a string, a word or a single character.
func (r *phpReader) token() {
	switch {
	case r.looking("'"), r.looking(`"`):
		r.quoted()
	case r.looking("<<<"):
		r.heredoc()
	default:
		word := r.word()
		switch strings.ToLower(word) {
		case "":
			r.at++
		case "endif", "endforeach", "endfor", "endwhile", "endswitch":
			r.settings.unclear = true
		case "__halt_compiler":
			r.at = len(r.source)
		}
	}
}

// word reads letters, digits and underscores. Bytes beyond ASCII are letters to PHP.
func (r *phpReader) word() string {
	start := r.at
	for r.at < len(r.source) {
		c := r.source[r.at]
		if c != '_' && c < utf8.RuneSelf && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			break
		}
		r.at++
	}
	return r.source[start:r.at]
}

// heredoc skips text between a word that is announced and a line that begins with it.
func (r *phpReader) heredoc() {
	r.at += len("<<<")
	line, _, _ := strings.Cut(r.rest(), "\n")
	word := strings.Trim(line, " \t\r'\"")
	r.at += len(line)
	for word != "" && r.at < len(r.source) {
		r.at++
		line, _, _ := strings.Cut(r.rest(), "\n")
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), word) {
			r.at += strings.Index(line, word) + len(word)
			return
		}
		r.at += len(line)
	}
}

// assignment reads "$name[key] = value;". Whatever else is done to a variable makes its value unknown.
func (r *phpReader) assignment(begins bool) {
	name, plain := r.variable()
	if r.space() || name == "" {
		return
	}
	operator := r.operator()
	if operator == "" {
		return
	}
	if operator != "=" || !plain || !begins || r.nesting > 0 {
		r.forget(name)
		return
	}
	values := make(map[string]string)
	start := r.at
	if r.value(name, values, 0) && !r.space() && r.looking(";") {
		r.forget(name)
		delete(r.settings.computed, name)
		for key, value := range values {
			r.settings.values[key] = value
			delete(r.settings.computed, key)
		}
		return
	}
	r.at = start
	r.forget(name)
}

// forget drops what is known of a variable, and of its array.
func (r *phpReader) forget(name string) {
	r.settings.computed[name] = true
	for key := range r.settings.values {
		if key == name || strings.HasPrefix(key, name+"[") {
			delete(r.settings.values, key)
			r.settings.computed[key] = true
		}
	}
}

// variable reads a name with its keys, and reports whether all of it is plain.
func (r *phpReader) variable() (name string, plain bool) {
	r.at++ // $
	if name = r.word(); name == "" {
		return "", false
	}
	for r.looking("[") {
		start := r.at
		r.at++
		keys := make(map[string]string)
		if r.space() || !r.value("", keys, maxNesting) || r.space() || !r.looking("]") {
			r.at = start
			return name, false
		}
		r.at++
		name += "[" + keys[""] + "]"
	}
	return name, true
}

// operator reads an operator that assigns, or nothing.
func (r *phpReader) operator() string {
	for _, other := range []string{"===", "==", "=>"} {
		if r.looking(other) {
			return ""
		}
	}
	for _, assigning := range []string{"=", ".=", "+=", "-=", "*=", "/=", "%=", "??=", "[]=", "++", "--", "->", "["} {
		if r.looking(assigning) {
			if assigning != "[" && assigning != "->" {
				r.at += len(assigning)
			} else {
				r.at++
			}
			return assigning
		}
	}
	return ""
}

// value reads a literal into values, under name and the keys of an array. It reports whether there was one.
func (r *phpReader) value(name string, values map[string]string, nested int) bool {
	if r.space() {
		return false
	}
	switch c := r.source[r.at]; {
	case c == '\'' || c == '"':
		text, plain := r.quoted()
		values[name] = text
		return plain
	case c == '[':
		return nested < maxNesting && r.array(name, values, "]", nested)
	case c == '-' || c == '.' || '0' <= c && c <= '9':
		return r.number(name, values)
	}
	switch start := r.at; strings.ToLower(r.word()) {
	case "true":
		values[name] = "1"
	case "false", "null":
		values[name] = ""
	case "array":
		return nested < maxNesting && !r.space() && r.looking("(") && r.array(name, values, ")", nested)
	default:
		r.at = start
		return false
	}
	return true
}

func (r *phpReader) number(name string, values map[string]string) bool {
	start := r.at
	r.at++
	for r.at < len(r.source) && (r.source[r.at] == '.' || '0' <= r.source[r.at] && r.source[r.at] <= '9') {
		r.at++
	}
	text := r.source[start:r.at]
	_, err := strconv.ParseFloat(text, 64)
	values[name] = text
	return err == nil
}

// array reads an array after its opening bracket. Elements without a key are counted.
func (r *phpReader) array(name string, values map[string]string, end string, nested int) bool {
	r.at++
	for next := 0; ; {
		if r.space() {
			return false
		}
		if r.looking(end) {
			r.at++
			return true
		}
		key := make(map[string]string)
		start := r.at
		if r.value("", key, maxNesting) && !r.space() && r.looking("=>") {
			r.at += len("=>")
			if n, err := strconv.Atoi(key[""]); err == nil && n >= next {
				next = n + 1
			}
		} else {
			r.at, key = start, map[string]string{"": strconv.Itoa(next)}
			next++
		}
		if !r.value(name+"["+key[""]+"]", values, nested+1) || r.space() {
			return false
		}
		if r.looking(",") {
			r.at++
		} else if !r.looking(end) {
			return false
		}
	}
}
