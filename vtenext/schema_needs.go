package vtenext

import "strings"

// need is a table and those of its columns that a part reads or writes.
type need struct {
	part    Part
	table   string // as CRM.sql reads it
	columns []string
}

func needs(part Part, table, columns string) need {
	return need{part: part, table: table, columns: strings.Fields(columns)}
}

// baseNeeds lists the tables without which nothing is answered: those of the policy, and that of the records.
func baseNeeds() []need {
	list := []need{needs(PartPermissions, "{crmentity}", "crmid setype smownerid deleted")}
	for _, s := range policySources() {
		for _, p := range s.parts {
			if !p.optional {
				list = append(list, need{PartPermissions, p.table, p.names()})
			}
		}
	}
	return list
}

// permissionNeeds lists the tables that questions about some records are answered from.
func permissionNeeds() []need {
	return append(messageNeeds(), []need{
		needs(PartProcesses, "{trigger_queue}", "crmid freeze"),
		needs(PartProcesses, "{processmaker_rec}", "crmid running_process"),
		needs(PartProcesses, "{running_processes}", "id processmakerid xml_version xml_version_forced"),
		needs(PartCalendar, "{activity}", "activityid visibility"),
		needs(PartCalendar, "{invitees}", "activityid inviteeid"),
		needs(PartCalendar, "{sharedcalendar}", "userid sharedid only_occ"),
	}...)
}

// messageNeeds lists the tables that tell who reads a message.
func messageNeeds() []need {
	return []need{
		needs(PartMessages, "{messages}", "messagesid smownerid deleted draft mvisibility mtype messagehash"),
		needs(PartMessages, "{messagesrel}", "messagehash crmid module"),
		needs(PartMessages, "{messages_recipients}", "messagesid id"),
		needs(PartMessages, "{modcomments_msgrel}", "userid messagesid"),
		needs(PartMessages, "{modcomments}", "modcommentsid related_to"),
	}
}

// signInNeeds lists the tables that accounts are read from and failures written to.
func signInNeeds() []need {
	return []need{
		needs(PartSignIn, "{users}", "id user_name first_name last_name user_password crypt_type status deleted is_admin use_ldap "+
			"default_language email1 email2 yahoo_id"),
		needs(PartSignIn, "vte_check_pwd", "userid last_change_pwd"),
		needs(PartSignIn, "{check_logins}", "id userid first_attempt last_attempt ip type attempts status"),
		needs(PartSignIn, "tbl_s_ldap_config", "ldap_active"),
		needs(PartSignIn, "{messages_account}", "userid email username"),
	}
}

// recordNeeds lists the tables that search and cards read, beside the fields the CRM names itself.
func recordNeeds() []need {
	return []need{
		needs(PartRecords, "{crmentity}", "crmid setype smownerid deleted modifiedtime"),
		needs(PartRecords, "{users}", "id default_language"),
		needs(PartRecords, "{fieldmodulerel}", "fieldid relmodule"),
		needs(PartRecords, "sdk_language", "module language label trans_label"),
		needs(PartRecords, "{language}", "id prefix isdefault active"),
	}
}

// filingNeeds lists the tables that filing writes.
func filingNeeds() []need {
	return []need{
		needs(PartFiling, "{crmentity}", "crmid smcreatorid smownerid setype createdtime modifiedtime viewedtime deleted"),
		needs(PartFiling, "{crmentity_seq}", "id"),
		needs(PartFiling, "{users}", "id user_name first_name last_name email1 email2"),
		needs(PartFiling, "{messages_account}", "userid email"),
		needs(PartFiling, "{messages}", "messagesid subject mdate mfrom mto mcc mreplyto messageid xmailer mbcc xuid folder mfrom_n "+
			"mfrom_f mto_n mto_f mcc_n mcc_f mbcc_n mbcc_f mreplyto_n mreplyto_f messagehash mtype in_reply_to mreferences "+
			"thread_index lastson send_mode account mvisibility seen answered forwarded flagged draft description cleaned_body "+
			"content_ids smownerid createdtime modifiedtime deleted"),
		needs(PartFiling, "{messages_attach}", "messagesid contentid content_id contentname contenttype contentdisposition "+
			"contentcharset contentencoding contentmethod document size"),
		needs(PartFiling, "{messages_mref}", "messagesid mreference"),
		needs(PartFiling, "{messagesrel}", "messagehash crmid module"),
		needs(PartFiling, "{messages_recipients}", "messagesid id"),
		needs(PartFiling, "{entity_displayname}", "crmid setype displayname lastupdate"),
		needs(PartFiling, "{attachments}", "attachmentsid name type path"),
		needs(PartFiling, "{seattachmentsrel}", "crmid attachmentsid"),
		needs(PartFiling, "{notes}", "notesid title filename notecontent filetype filesize filedownloadcount fileversion folderid "+
			"note_no filelocationtype backend_name filestatus active_portal"),
		needs(PartFiling, "{notescf}", "notesid"),
		needs(PartFiling, "{senotesrel}", "notesid crmid relmodule"),
		needs(PartFiling, "{crmentityfolder}", "folderid tabid foldername"),
		needs(PartFiling, "{modentity_num}", "num_id semodule prefix cur_id active"),
		needs(PartFiling, "{changelog}", "changelogid audit_no user_id user_name display_id display_module display_name "+
			"modified_date parent_id description hide request_id"),
	}
}
