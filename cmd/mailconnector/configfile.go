package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"
)

// configFlag names the file that says what the command line does not.
const configFlag = "config"

// values are those of one setting, which a file gives as one or as a list.
type values []string

// UnmarshalYAML takes a scalar or a list of scalars as they are written.
func (v *values) UnmarshalYAML(node *yaml.Node) error {
	switch node.Kind {
	case yaml.ScalarNode:
		*v = values{node.Value}
		return nil
	case yaml.SequenceNode:
		return node.Decode((*[]string)(v))
	default:
		return fmt.Errorf("line %d: want a value, or several as [a, b]", node.Line)
	}
}

// configure reads the file that --config names and sets the flags that the command line left out. A key is the name of a
// flag of serve; those that a command has no use for are passed over, unknown ones refused.
func configure(flags *flag.FlagSet) error {
	source := flags.Lookup(configFlag)
	if source == nil || source.Value.String() == "" {
		return nil
	}
	file := source.Value.String()
	settings, err := readConfigFile(file)
	if err != nil {
		return usageError{fmt.Sprintf("--config: %v", err)}
	}
	set := []string{configFlag}
	flags.Visit(func(f *flag.Flag) { set = append(set, f.Name) })
	if os.Getenv("MAILCONNECTOR_DSN") != "" || slices.Contains(set, "dsn") || slices.Contains(set, "dsn-file") {
		set = append(set, "dsn", "dsn-file") // one data source, and the file is asked last
	}
	for name, given := range settings {
		if slices.Contains(set, name) || flags.Lookup(name) == nil {
			continue
		}
		for _, value := range given {
			if err := flags.Set(name, value); err != nil {
				return usageError{fmt.Sprintf("--config: %s: %v", name, err)}
			}
		}
		if setting, ok := flags.Lookup(name).Value.(*dataSource); ok {
			setting.file = file
		}
	}
	return nil
}

func readConfigFile(file string) (map[string]values, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var settings map[string]values
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&settings); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one document", file)
	}
	known := flag.NewFlagSet("", flag.ContinueOnError)
	serveCommand().flags(known)
	for name, given := range settings {
		if name == configFlag || known.Lookup(name) == nil {
			return nil, fmt.Errorf("%s: there is no setting %q; they are named as the flags of serve are", file, name)
		}
		if _, several := known.Lookup(name).Value.(*list); len(given) != 1 && !several {
			return nil, fmt.Errorf("%s: %s wants one value", file, name)
		}
	}
	return settings, nil
}
