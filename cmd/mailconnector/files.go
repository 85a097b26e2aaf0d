package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/mailconnector/mailconnector/licensing"
)

// maxText bounds the documents that are read whole: keys, requests, licenses.
const maxText = 1 << 20

// readText reads a file, or standard input for "-".
func readText(s streams, name string) (string, error) {
	in := s.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxText))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return string(text), nil
}

// oneArgument returns the only argument, or "-" where there is none.
func oneArgument(args []string) (string, error) {
	switch len(args) {
	case 0:
		return "-", nil
	case 1:
		return args[0], nil
	default:
		return "", usageError{fmt.Sprintf("takes one file, not %d", len(args))}
	}
}

// writeNew writes a file that must not exist yet, so that no key is ever overwritten.
func writeNew(name, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: move it away first, it is never overwritten", name)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.TrimRight(text, "\n") + "\n")
	return errors.Join(err, f.Close())
}

// writeKeyPair keeps a new key in NAME.key, readable by its owner only, and its public half in NAME.pub.
func writeKeyPair(s streams, name string) error {
	key, err := licensing.GenerateKey()
	if err != nil {
		return err
	}
	if err := writeNew(name+".key", licensing.EncodePrivate(key), 0o600); err != nil {
		return err
	}
	if err := writeNew(name+".pub", licensing.EncodePublic(key.Public()), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s.key  keep it secret and backed up\n%s.pub  hand it out\n", name, name)
	return err
}

func readPrivate(s streams, name string) (licensing.PrivateKey, error) {
	text, err := readText(s, name)
	if err != nil {
		return licensing.PrivateKey{}, err
	}
	key, err := licensing.DecodePrivate(text)
	if err != nil {
		return key, fmt.Errorf("read private key %s: %w", name, err)
	}
	return key, nil
}

func readPublic(s streams, name string) (licensing.PublicKey, error) {
	text, err := readText(s, name)
	if err != nil {
		return licensing.PublicKey{}, err
	}
	key, err := licensing.DecodePublic(text)
	if err != nil {
		return key, fmt.Errorf("read public key %s: %w", name, err)
	}
	return key, nil
}

func readCertificate(s streams, name, vendorFile string) (licensing.Certificate, error) {
	vendor, err := readPublic(s, vendorFile)
	if err != nil {
		return licensing.Certificate{}, err
	}
	text, err := readText(s, name)
	if err != nil {
		return licensing.Certificate{}, err
	}
	certificate, err := licensing.VerifyCertificate(text, vendor)
	if err != nil {
		return certificate, fmt.Errorf("certificate %s: %w", name, err)
	}
	return certificate, nil
}
