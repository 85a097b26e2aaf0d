package database

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// sqliteCode returns the most precise result code an error of any SQLite driver carries. The drivers are told by their
// names because none is imported: modernc.org/sqlite has a method Code, mattn/go-sqlite3 the fields ExtendedCode and
// Code, ncruces/go-sqlite3 methods of the same names.
func sqliteCode(err error) (int, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			return sqliteCodeOfAny(many.Unwrap())
		}
		if !strings.Contains(fmt.Sprintf("%T", err), "sqlite") {
			continue
		}
		if code, ok := member(err, "ExtendedCode"); ok && code != 0 {
			return code, true
		}
		if code, ok := member(err, "Code"); ok {
			return code, true
		}
	}
	return 0, false
}

func sqliteCodeOfAny(errs []error) (int, bool) {
	for _, err := range errs {
		if code, ok := sqliteCode(err); ok {
			return code, true
		}
	}
	return 0, false
}

// member reads the integer that a method without arguments or a field of the given name holds.
func member(err error, name string) (int, bool) {
	v := reflect.ValueOf(err)
	if m := v.MethodByName(name); m.IsValid() && m.Type().NumIn() == 0 && m.Type().NumOut() == 1 {
		return integer(m.Call(nil)[0])
	}
	if v = reflect.Indirect(v); v.Kind() == reflect.Struct {
		if f := v.FieldByName(name); f.IsValid() {
			return integer(f)
		}
	}
	return 0, false
}

func integer(v reflect.Value) (int, bool) {
	switch {
	case v.CanInt():
		return int(v.Int()), true
	case v.CanUint():
		return int(v.Uint()), true
	default:
		return 0, false
	}
}
