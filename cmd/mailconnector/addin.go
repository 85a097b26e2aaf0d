package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/mailconnector/mailconnector/addin"
	"github.com/mailconnector/mailconnector/module"
)

func addinCommands() group {
	return group{
		summary: "Get what Outlook needs of the add-in.",
		members: []member{{"manifest", addinManifestCommand()}},
	}
}

func addinManifestCommand() command {
	return command{
		summary: "Print the add-in's manifest, the file that tells Outlook where the add-in is.",
		detail: "It names the module at the address of the CRM, which everybody's Outlook has to reach by https. A Microsoft 365 administrator\n" +
			"hands it out under Settings, Integrated apps, Upload custom apps; to try it, one user adds it at https://aka.ms/olksideload.\n" +
			"Print it anew, and upload it again, after each update of the module and where that address changes.",
		example: "mailconnector addin manifest --crm-url https://crm.example.com > manifest.xml\n" +
			"mailconnector addin manifest --config /etc/mailconnector.yaml --out manifest.xml",
		flags: func(f *flag.FlagSet) runner {
			var c crmFlags
			c.declareAddress(f)
			path := f.String("prefix", module.DefaultPrefix, "`path` everything is served below")
			out := f.String("out", "", "`file` to write instead of printing")
			return func(_ context.Context, s streams, _ []string) error {
				site, err := c.address()
				if err != nil {
					return err
				}
				manifest, err := addin.Manifest(pageOf(site, *path, ""))
				if err != nil {
					return usageError{err.Error()}
				}
				if *out == "" {
					_, err = s.out.Write(manifest)
					return err
				}
				if err := os.WriteFile(*out, manifest, 0o644); err != nil { //nolint:gosec // it is for everybody
					return fmt.Errorf("--out: %w", err)
				}
				_, err = fmt.Fprintf(s.out, "wrote %s for %s\n", *out, pageOf(site, *path, ""))
				return err
			}
		},
	}
}
