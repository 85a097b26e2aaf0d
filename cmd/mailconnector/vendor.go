package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/licensing"
)

const day = 24 * time.Hour

func vendorCommands() group {
	return group{
		summary: "Sign licenses: for the vendor of the module.",
		members: []member{
			{"init", keyPairCommand("Make the vendor's root key.", "vendor", "mailconnector vendor init --out vendor")},
			{"certify", certifyCommand()},
			{"issue", issueCommand()},
			{"revoke", revokeCommand()},
		},
	}
}

func partnerCommands() group {
	return group{
		summary: "Request licenses for customers: for certified partners.",
		members: []member{
			{"keygen", keyPairCommand("Make the partner's key.", "partner", "mailconnector partner keygen --out partner")},
			{"sign-request", signRequestCommand()},
		},
	}
}

func keyPairCommand(summary, name, example string) command {
	return command{
		summary: summary,
		detail:  "It writes NAME.key, which only its owner may read, and NAME.pub. Neither is ever overwritten.",
		example: example,
		flags: func(f *flag.FlagSet) runner {
			out := f.String("out", name, "`name` of the two files, without an ending")
			return func(_ context.Context, s streams, _ []string) error { return writeKeyPair(s, *out) }
		},
	}
}

func certifyCommand() command {
	return command{
		summary: "Certify a partner's key, so that the partner may request licenses.",
		args:    "PARTNER.pub",
		example: `mailconnector vendor certify --name "Good Partner" partner.pub > partner.cert`,
		flags: func(f *flag.FlagSet) runner {
			key := f.String("key", "vendor.key", "the vendor's private key `file`")
			name := f.String("name", "", "`name` of the partner")
			days := f.Int("days", 730, "`days` the certificate is valid")
			return func(_ context.Context, s streams, args []string) error {
				if len(args) != 1 || *name == "" {
					return usageError{"wants --name and the partner's public key file"}
				}
				vendor, err := openVendor(s, *key, "")
				if err != nil {
					return err
				}
				partner, err := readPublic(s, args[0])
				if err != nil {
					return err
				}
				certificate, err := vendor.Certify(partner, *name, time.Now().Add(time.Duration(*days)*day))
				if err != nil {
					return err
				}
				return printDocument(s, certificate.Document, "certificate "+certificate.Serial+" of "+certificate.Name)
			}
		},
	}
}

func signRequestCommand() command {
	return command{
		summary: "Sign a customer's request for a license.",
		args:    "[REQUEST]",
		detail:  "REQUEST is the text the customer's admin page shows, from a file or from standard input.",
		example: "mailconnector partner sign-request --certificate partner.cert request.txt > signed.txt",
		flags: func(f *flag.FlagSet) runner {
			key := f.String("key", "partner.key", "the partner's private key `file`")
			certificate := f.String("certificate", "partner.cert", "the certificate `file` from the vendor")
			vendor := f.String("vendor", "vendor.pub", "the vendor's public key `file`, to check the certificate with")
			return func(_ context.Context, s streams, args []string) error {
				return signRequest(s, *key, *certificate, *vendor, args)
			}
		},
	}
}

func signRequest(s streams, keyFile, certificateFile, vendorFile string, args []string) error {
	name, err := oneArgument(args)
	if err != nil {
		return err
	}
	key, err := readPrivate(s, keyFile)
	if err != nil {
		return err
	}
	certificate, err := readCertificate(s, certificateFile, vendorFile)
	if err != nil {
		return err
	}
	text, err := readText(s, name)
	if err != nil {
		return err
	}
	request, err := licensing.ParseRequest(text)
	if err != nil {
		return err
	}
	signed, err := licensing.SignRequest(key, certificate, request, time.Now())
	if err != nil {
		return err
	}
	return printDocument(s, signed.Document, fmt.Sprintf("request of %s for %d users", request.Installation, request.Users))
}

func issueCommand() command {
	return command{
		summary: "Issue the license for a request that a certified partner signed.",
		args:    "[SIGNED-REQUEST]",
		example: "mailconnector vendor issue --days 365 signed.txt > license.txt",
		flags: func(f *flag.FlagSet) runner {
			key := f.String("key", "vendor.key", "the vendor's private key `file`")
			revoked := f.String("revocations", "", "the newest revocation list `file`, to refuse revoked partners")
			days := f.Int("days", 365, "`days` the license is valid")
			grace := f.Int("grace", 14, "`days` after that in which everything still works")
			users := f.Int("users", 0, "`number` of users; 0 takes the number requested")
			trial := f.Bool("trial", false, "issue a trial license")
			return func(_ context.Context, s streams, args []string) error {
				terms := licensing.Terms{
					Kind: licensing.Subscription, GraceDays: *grace, Users: *users,
					ValidTo: time.Now().Add(time.Duration(*days) * day).Truncate(time.Second),
				}
				if *trial {
					terms.Kind = licensing.Trial
				}
				return issue(s, *key, *revoked, terms, args)
			}
		},
	}
}

func issue(s streams, keyFile, revokedFile string, terms licensing.Terms, args []string) error {
	name, err := oneArgument(args)
	if err != nil {
		return err
	}
	vendor, err := openVendor(s, keyFile, revokedFile)
	if err != nil {
		return err
	}
	request, err := readText(s, name)
	if err != nil {
		return err
	}
	license, err := vendor.Issue(request, terms)
	if err != nil {
		return err
	}
	return printDocument(s, license.Document, fmt.Sprintf("license %s for %s, %d users, until %s",
		license.Serial, license.Installation, license.Users, license.ValidTo.Format(time.DateOnly)))
}

func revokeCommand() command {
	return command{
		summary: "Add serials to the revocation list, which admins apply on the module's page.",
		example: "mailconnector vendor revoke --revocations list.txt --license SERIAL > new-list.txt",
		flags: func(f *flag.FlagSet) runner {
			key := f.String("key", "vendor.key", "the vendor's private key `file`")
			list := f.String("revocations", "", "the list so far, a `file`; empty begins a new one")
			licenses := f.String("license", "", "`serials` of licenses, separated by commas")
			partners := f.String("partner", "", "`serials` of partner certificates, separated by commas")
			return func(_ context.Context, s streams, _ []string) error {
				if *licenses == "" && *partners == "" {
					return usageError{"wants --license or --partner"}
				}
				vendor, err := openVendor(s, *key, *list)
				if err != nil {
					return err
				}
				revocations, err := vendor.Revoke(commas(*licenses), commas(*partners))
				if err != nil {
					return err
				}
				return printDocument(s, revocations.Document, "revocation list")
			}
		},
	}
}

func openVendor(s streams, keyFile, revokedFile string) (licensing.Vendor, error) {
	root, err := readPrivate(s, keyFile)
	if err != nil {
		return licensing.Vendor{}, err
	}
	vendor := licensing.Vendor{Root: root}
	if revokedFile == "" {
		return vendor, nil
	}
	text, err := readText(s, revokedFile)
	if err != nil {
		return vendor, err
	}
	if vendor.Revoked, err = licensing.VerifyRevocations(text, root.Public()); err != nil {
		return vendor, fmt.Errorf("revocation list %s: %w", revokedFile, err)
	}
	return vendor, nil
}

// printDocument puts the document on standard output, wrapped for mail, and what it is on standard error.
func printDocument(s streams, document, what string) error {
	_, err := fmt.Fprintln(s.out, strings.TrimRight(licensing.Wrap(document), "\n"))
	_, also := fmt.Fprintln(s.err, what)
	return errors.Join(err, also)
}
