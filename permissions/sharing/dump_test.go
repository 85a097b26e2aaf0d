package sharing_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// table is a table of a database dump: rows by column name.
type table []map[string]string

// sharedFile opens a file of the folder of reference data, unpacked, or skips the test.
func sharedFile(t *testing.T, name string) io.Reader {
	t.Helper()
	folder := os.Getenv("MAILCONNECTOR_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(folder, filepath.FromSlash(name)))
	if os.IsNotExist(err) {
		t.Skipf("the reference data is not here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if !strings.HasSuffix(name, ".gz") {
		return f
	}
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return unpacked
}

// readDump reads the wanted tables of a dump as mariadb-dump writes it: a column a line, then a row a line.
func readDump(t *testing.T, r io.Reader, wanted ...string) map[string]table {
	t.Helper()
	tables := make(map[string]table)
	var creating, filling string
	columns := make(map[string][]string)
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<20), 64<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "CREATE TABLE `"):
			creating = quoted(line)
		case strings.HasPrefix(line, "  `") && slices.Contains(wanted, creating):
			columns[creating] = append(columns[creating], quoted(line))
		case strings.HasPrefix(line, "INSERT INTO `"):
			filling = quoted(line)
		case strings.HasPrefix(line, "(") && slices.Contains(wanted, filling):
			tables[filling] = append(tables[filling], row(columns[filling], line))
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return tables
}

func quoted(line string) string {
	_, rest, _ := strings.Cut(line, "`")
	name, _, _ := strings.Cut(rest, "`")
	return name
}

// row reads a row such as (1,'it”s',NULL), with backslash escapes; NULL reads as an absent column.
func row(columns []string, line string) map[string]string {
	values := make(map[string]string, len(columns))
	rest := line[1:]
	for _, column := range columns {
		value, null, n := literal(rest)
		if !null {
			values[column] = value
		}
		rest = rest[n+1:]
	}
	return values
}

// literal reads one value and returns how many bytes of s it took.
func literal(s string) (value string, null bool, n int) {
	if !strings.HasPrefix(s, "'") {
		n = strings.IndexAny(s, ",)")
		return s[:n], s[:n] == "NULL", n
	}
	var b strings.Builder
	for n = 1; s[n] != '\''; n++ {
		if s[n] == '\\' {
			n++
		}
		b.WriteByte(s[n])
	}
	return b.String(), false, n + 1
}
