package vtenext_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/mailconnector/mailconnector/vtenext"
)

// An installation is read without running any of its code, and printed without its password.
func ExampleReadConfig() {
	folder, err := os.MkdirTemp("", "crm")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	config := `<?php
$dbconfig['db_server'] = 'localhost';
$dbconfig['db_port'] = ':3306';
$dbconfig['db_username'] = 'crm';
$dbconfig['db_password'] = 'secret';
$dbconfig['db_name'] = 'vtenext';
$table_prefix = 'vte';
$site_URL = 'https://crm.example.com';
$default_timezone = 'Europe/Rome';
`
	if err := os.WriteFile(filepath.Join(folder, "config.inc.php"), []byte(config), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	installation, err := vtenext.ReadConfig(folder)
	if err != nil {
		fmt.Println(err)
		return
	}
	installation.Folder = "/var/www/crm"
	fmt.Println(installation)
	fmt.Println(installation.SiteURL, installation.TimeZone)
	// Output:
	// vtenext of unknown version in /var/www/crm, tables vte_ in database vtenext at localhost:3306
	// https://crm.example.com Europe/Rome
}
