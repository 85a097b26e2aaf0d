package vtenext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLiterals(t *testing.T) {
	for source, want := range map[string]map[string]string{
		`$a = 'it\'s \n \\';`:                         {"a": `it's \n \`},
		`$a = "\x41\101\u{1F600}\t\$b\q";`:            {"a": "AA😀\t$b\\q"},
		`$a = 0x; $b = -1.5; $c = TRUE; $d = Null;`:   {"b": "-1.5", "c": "1", "d": ""},
		`$a['x'][3] = "y";`:                           {"a[x][3]": "y"},
		`$a = ['x', 'k' => 'y', 7 => 'z', 'w'];`:      {"a[0]": "x", "a[k]": "y", "a[7]": "z", "a[8]": "w"},
		`$a = array('k' => array('x' => 1,),);`:       {"a[k][x]": "1"},
		`$a = 'x'; $b = &$a; $a[] = 'y'; $c = 1 + 1;`: {},
		`$a = 'x' ?> $b = 'y'; <?php $c = 'z';`:       {"c": "z"},
		"$a = <<<'E'\nx\n  E;\n$b = 'y';":             {"b": "y"},
		`class C { public $a = 'x'; } $b = "{$a}";`:   {},
		strings.Repeat("$a = [", 1) + strings.Repeat("[", 100) + strings.Repeat("]", 101) + "; $b = 'y';": {"b": "y"},
	} {
		if diff := cmp.Diff(want, readPHP("<?php "+source).values); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}

// FuzzPHP checks that no source makes the reader fail, and that what is appended as a literal is read to the letter,
// whatever is in it.
func FuzzPHP(f *testing.F) {
	for _, seed := range []string{"", "<?php $a = 'b';", "<?php $a = array('b' => [1, 2]); if (x) { $c .= \"d\"; }", "<?php <<<X\nX;", "<?php \"\\u{", "?>"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		s := readPHP(source)
		for key := range s.values {
			if s.computed[key] {
				t.Errorf("%q is both known and unknown", key)
			}
		}
		literal := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text)
		if got := readPHP("<?php $a['b'] = '" + literal + "';").values["a[b]"]; got != text {
			t.Errorf("%q is read as %q", text, got)
		}
	})
}
