//! What an admin reads for each mistake, as golden files. `TANDEM_BLESS=1` writes them anew.

use crate::base::{
    Change::{self, Add, Drop, Swap},
    changed, found,
};
use std::{env, fs, path::PathBuf};
use tandem_dialplan::{Diagnostic, Look, Severity, render, render_as, to_json};

const TANDEM: &str = "tandem.toml";
const CARRIER: &str = "trunks/carrier.toml";
const PHONES: &str = "phones.toml";
const HEAD: &str = "dialplans/head.toml";
const EMERGENCY: &str = "[[emergency]]\nnumbers = [\"999\", \"112\"]\ncaller_id = \"+442079460100\"\ntell = [\"ext:200\"]\n";

/// Each in its own way.
const ASKS_WRONG: &str = r#"
[ask.Account-No]
prompt = "Your number, {name}?"
digits = "8-6"
then = "queue:repairs"
otherwise = "queue:repairs"
[ask.pin]
prompt = "Your PIN?"
digits = 40
end_key = "5"
meanwhile = "One moment."
then = "queue:repair"
[ask.account]
prompt = "Your number?"
digits = 6
then = "queue:repairs"
otherwise = "ask:acount"
[ask.account.lookup]
url = "https://crm.example/accounts"
timeout = "1m"
keep = ["status"]
[[ask.account.branch]]
answer = ["12345", "_9."]
is = "x"
to = "queue:repairs"
[[ask.account.branch]]
fact = "state"
is = "overdue"
to = "queue:repairs"
[[ask.account.branch]]
fact = "status"
to = "queue:repairs"
[[ask.account.branch]]
answer = "123456"
fact = "status"
is = "overdue"
to = "queue:repairs"
[[ask.account.branch]]
to = "queue:repairs"
"#;

/// Each in its own way.
const TOOLS_WRONG: &str = r#"
[tools.transfer_to]
description = "Taken"
url = "https://crm.example/a"
[tools.no_scheme]
description = "d"
url = "crm.example/a"
[tools.chosen_host]
description = "d"
url = "https://{host}.example/a"
[tools.chosen_host.args]
host = {}
[tools.with_a_user]
description = "d"
url = "https://me:s3cr3t@crm.example/a"
[tools.with_a_fragment]
description = "d"
url = "https://crm.example/a#b"
[tools.with_a_blank]
description = "d"
url = "https://crm.example/a b"
[tools.unknown_gap]
description = "d"
url = "https://crm.example/{tenent_id}"
[tools.optional_gap]
description = "d"
url = "https://crm.example/{id}"
args = { id = { required = false } }
[tools.no_description]
url = "https://crm.example/a"
[tools.headers]
description = "d"
url = "https://crm.example/a"
headers = { Authorization = "x", Host = "y", "X Y" = "z", X-Api-Key = "s3cr3t", X-Line = "a\nb" }
[tools.body]
description = "d"
url = "https://crm.example/a"
body = { a = 1 }
[tools.slow]
description = "d"
url = "https://crm.example/a"
timeout = "1m"
confirm_with_caller = "Shall I book {day}?"
"#;

const ARGS_WRONG: &str = r#"
[tools.book]
description = "Book"
method = "POST"
url = "https://crm.example/book"
body = { day = "{dya}" }
[tools.book.args]
a = { type = "array" }
b = { type = "integer", pattern = "x", format = "date", enum = ["1"] }
c = { type = "string", min = 1 }
d = { type = "integer", min = 5, max = 1 }
e = { pattern = "[a" }
f = { format = "day" }
g = { enum = [] }
h = { max_length = 0 }
day = { kind = "string" }
"#;

fn golden(name: &str, printed: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if env::var_os("TANDEM_BLESS").is_some() {
        fs::write(&path, printed).expect("the golden file can be written");
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        printed,
        wanted,
        "{} differs: TANDEM_BLESS=1 writes it anew",
        path.display()
    );
}

/// Errors, printed as in the golden file.
fn refused(name: &str, changes: &[Change]) {
    let found = changed(changes).expect_err("this is a mistake");
    check(name, &found);
}

/// Warnings alone, printed as in the golden file.
fn warned(name: &str, changes: &[Change]) {
    let (_, found) = changed(changes).unwrap_or_else(|found| panic!("{}", render(&found)));
    assert!(found.iter().all(|d| d.severity == Severity::Warning) && !found.is_empty());
    check(name, &found);
}

fn check(name: &str, found: &[Diagnostic]) {
    let printed = render(found);
    assert!(!printed.contains("s3cr3t"), "a secret is printed");
    assert!(printed.lines().all(|l| l.trim_end().chars().count() <= 220));
    golden(&format!("{name}.txt"), &printed);
}

#[test]
fn the_base_is_right() {
    assert_eq!(render(&found(&[])), "");
}

macro_rules! mistakes {
    ($($how:ident $name:ident: [$($change:expr),+ $(,)?];)+) => {
        $(#[test] fn $name() { $how(stringify!($name), &[$($change),+]); })+
    };
}

mistakes! {
    // the text itself
    refused no_toml: [Swap(HEAD, "start = \"agent:triage\"", "start = agent:triage")];
    refused a_list_without_its_end: [Swap(HEAD, "numbers = [\"+442079460100\", ", "numbers = [\"+442079460100\" \"x\", ")];
    refused a_key_twice: [Swap(HEAD, "ring = \"20s\"", "ring = \"20s\"\nring = \"25s\"")];
    refused an_unknown_key: [Swap(HEAD, "ring = \"20s\"", "rings = \"20s\"")];
    refused an_unknown_table: [Add(HEAD, "\n[queue.repairs]\nmembers = []\n")];
    refused an_unknown_key_with_nothing_near: [Add(TANDEM, "\n[store]\nflavour = \"vanilla\"\n")];
    refused a_number_for_a_text: [Swap(CARRIER, "username = \"northgate\"", "username = 42")];
    refused a_text_for_a_list: [Swap(HEAD, "trunks = [\"carrier\"]", "trunks = \"carrier\"")];
    refused a_missing_key: [Swap(HEAD, "then = \"hangup\"\n", "")];
    refused a_table_for_a_list_of_tables: [Swap(HEAD, "[[escalate]]", "[escalate]")];
    // names that lead nowhere
    refused a_destination_that_is_not_there: [Swap(HEAD, "keys = { 1 = \"queue:repairs\" }", "keys = { 1 = \"queue:repair\" }")];
    refused a_destination_of_another_kind: [Swap(HEAD, "operator = \"queue:repairs\"", "operator = \"agent:repairs\"")];
    refused a_destination_without_its_kind: [Swap(HEAD, "then = \"hangup\"", "then = \"closed\"")];
    refused a_kind_that_is_misspelt: [Swap(HEAD, "start = \"agent:triage\"", "start = \"agnet:triage\"")];
    refused an_extension_that_is_not_there: [Swap(HEAD, "\"ext:210\"", "\"ext:220\"")];
    refused a_trunk_that_is_not_there: [Swap(HEAD, "via = [\"carrier\"]", "via = [\"carier\"]")];
    refused a_trunk_that_only_calls_in: [Swap(CARRIER, "peers =", "direction = \"in\"\npeers =")];
    refused a_profile_that_is_not_there: [Swap(HEAD, "providers = \"fast\"", "providers = \"fats\"")];
    refused a_prompt_that_is_not_there: [Swap(HEAD, "prompts/triage.md", "prompts/trage.md")];
    refused a_prompt_in_the_wrong_place: [Swap(HEAD, "prompts/triage.md", "dialplans/notes.md")];
    refused fallbacks_in_a_ring: [Swap(TANDEM, "[providers.fast]", "[providers.careful]\nfallback = \"fast\"\n[providers.fast]\nfallback = \"careful\"")];
    refused an_unknown_intent: [Swap(HEAD, "[agents.triage.routes]\nrepairs =", "[agents.triage.routes]\nrepair =")];
    refused a_hold_piece_that_is_not_there: [Swap(HEAD, "ring = \"20s\"", "hold = \"sounds/none.wav\"")];
    // values
    refused a_duration_without_a_unit: [Swap(HEAD, "ring = \"20s\"", "ring = 20")];
    refused a_duration_that_is_none: [Swap(HEAD, "ring = \"20s\"", "ring = \"20 parsecs\"")];
    refused a_pattern_with_a_strange_letter: [Swap(HEAD, "_+4420794601[1-4]X", "_+4420794601[1-4]Y")];
    refused a_pattern_with_more_after_the_rest: [Swap(CARRIER, "_+44X.", "_+44.X")];
    refused a_pattern_with_an_open_choice: [Swap(HEAD, "_+4420794601[1-4]X", "_+4420794601[1-4X")];
    refused a_number_with_spaces: [Swap(HEAD, "\"+442079460100\"", "\"+44 20 7946 0100\"")];
    refused a_network_that_is_a_name: [Swap(CARRIER, "203.0.113.0/28", "sbc.carrier.example")];
    refused ports_backwards: [Swap(TANDEM, "30000-30999", "30999-30000")];
    refused rtp_over_the_sip_port: [Swap(TANDEM, "30000-30999", "5000-5999")];
    refused a_placeholder_that_is_unknown: [Swap(HEAD, "Good {daypart}.", "Good {day_part}, {weather}.")];
    refused a_capture_where_nothing_was_called: [Swap(HEAD, "then = \"hangup\"", "then = \"ext:{to}\"")];
    refused a_host_made_from_a_capture: [Swap(HEAD, "\"2000\" = \"echo\"", "\"_4X\" = \"sip:400@{to}\"")];
    // tools
    refused tools_that_cannot_be_asked: [Add(HEAD, TOOLS_WRONG)];
    refused arguments_that_cannot_be: [Add(HEAD, ARGS_WRONG)];
    refused a_look_up_that_cannot_be: [Add(HEAD, "[caller_lookup]\nurl = \"https://crm.example/callers\"\ntimeout = \"5s\"\nbearer = \"s3cr3t-token\"\nkeep = [\"name\", \"Name.\", \"a.name\"]\nsensitive = [\"pin\"]\n")];
    refused questions_that_cannot_be_asked: [Add(HEAD, ASKS_WRONG)];
    refused words_of_a_menu_that_mean_nothing: [Swap(HEAD, "keys = { 1 = \"queue:repairs\" }", "keys = { 1 = \"queue:repairs\", 2 = \"announce:closed\" }\nwords = { 1 = [\"Repairs\", \"?!\"], 2 = \"repairs.\", 3 = \"sales\", x = \"y\" }")];
    refused questions_that_go_round: [Add(HEAD, "\n[ask.account]\nprompt = \"Your number?\"\ndigits = 4\nthen = \"announce:round\"\notherwise = \"ask:account\"\n[announcements.round]\ntext = \"Once more.\"\nthen = \"ask:account\"\n")];
    refused tools_of_an_agent_that_are_none: [
        Swap(HEAD, "hands_off_to = [\"queue:repairs\"]", "hands_off_to = [\"queue:repairs\"]\ntools = [\"find\", \"fnid\", \"end_call\"]\nauthority = { find = { id = { max = 5 } }, refund = { amount = { max = 5 } } }"),
        Add(HEAD, "[tools.find]\ndescription = \"Find\"\nurl = \"https://crm.example/find\"\n[tools.find.args]\ncode = {}\n"),
    ];
    warned a_secret_that_goes_unencrypted: [
        Swap(HEAD, "hands_off_to = [\"queue:repairs\"]", "hands_off_to = [\"queue:repairs\"]\nproviders = \"offline\"\ntools = [\"find\"]"),
        Swap(HEAD, "providers = \"fast\"\n", ""),
        Add(HEAD, "[tools.find]\ndescription = \"Find\"\nurl = \"http://crm.example/find\"\nbearer = \"env:CRM\"\n"),
    ];
    // secrets
    refused a_password_in_the_file: [Swap(CARRIER, "cred:carrier", "s3cr3t-value")];
    refused a_secret_that_cannot_be_read: [Swap(TANDEM, "env:KEY", "env:GONE")];
    refused a_secret_that_is_empty: [Swap(CARRIER, "cred:carrier", "env:EMPTY")];
    refused a_password_in_the_database_url: [Add(TANDEM, "\n[store]\nurl = \"postgres://tandem:s3cr3t@db/tandem\"\n")];
    // telemetry
    refused a_capture_server_that_is_none: [Add(TANDEM, "\n[telemetry]\nhep = { to = \"tcp:homer.carrier.example:9060\", agent_id = \"gw\", password = \"hunter2\" }\n")];
    // what does not hold together
    refused one_number_in_two_dialplans: [Add("dialplans/night.toml", "numbers = [\"+442079460100\", \"_+44207946011X\"]\nstart = \"hangup\"\n")];
    refused no_disclosure_for_a_language: [Swap(HEAD, "languages = [\"en-GB\"]", "languages = [\"en-GB\", \"cy-GB\"]")];
    refused a_member_that_may_not_be_dialled: [Swap(HEAD, "may_dial = [\"_2XX\", ", "may_dial = [\"200\", ")];
    refused an_outside_number_that_never_beats: [Swap(HEAD, "never_dial = [\"_00X.\"]", "never_dial = [\"_+441632X.\"]")];
    refused an_outside_number_that_the_trunk_may_not: [Swap(CARRIER, "may_dial = [\"_+44X.\"]", "may_dial = [\"_+353X.\"]")];
    refused a_straight_route_that_may_not_be_dialled: [Swap(HEAD, "\"2000\" = \"echo\"", "\"_4XXXXX\" = \"sip:{to}@192.0.2.1:5090\"")];
    refused a_queue_with_no_members: [Swap(HEAD, "members = [\"ext:200\", \"ext:210\"]", "members = []")];
    refused what_means_nothing_where_nobody_waits: [Swap(HEAD, "ring = \"20s\"", "ring = \"20s\"\nstrategy = \"longest-idle\"\nafter_call = \"10s\"\nleave_key = \"*\"")];
    refused a_queue_that_leads_on_to_nothing: [Swap(HEAD, "ring = \"20s\"", "ring = \"20s\"\nmax_wait = \"5m\"\noverflow = \"queue:nobody\"\nleave_key = \"**\"\npause_after = 101\nsays = { position = \"You are number {m}.\", last = \"x\" }")];
    refused a_mailbox_that_is_not_there: [Swap(HEAD, "then = \"hangup\"", "then = \"voicemail:general\"\n[voicemail.generl]\nthen = \"announce:closed\"")];
    refused a_mailbox_with_nothing_right: [Add(HEAD, "\n[voicemail.general]\nspoken = \"the office\"\ngreeting = \"Speak.\"\ngreeting_file = \"sounds/none.wav\"\nphones = [\"210\", \"_21X\", \"20\"]\npin = \"env:KEY\"\nmax_length = \"11m\"\nmin_length = \"20m\"\nsilence = \"1s\"\nmail_to = [\"office at northgate\"]\ntranscript = true\nsays = { thanks = \"Thank you, {name}.\", bye = \"Bye.\" }\n")];
    refused two_mailboxes_of_one_extension: [Swap(HEAD, "then = \"hangup\"", "then = \"voicemail:one\"\n[voicemail.one]\nanswers_for = [\"200\", \"299\"]\n[voicemail.two]\nanswers_for = [\"200\"]")];
    refused a_greeting_in_no_language: [Swap(HEAD, "languages = [\"en-GB\"]", "languages = [\"en-GB\", \"cy-GB\"]"), Swap(HEAD, "en-GB = \"You are speaking with a machine.\"", "en-GB = \"You are speaking with a machine.\"\ncy-GB = \"Peiriant ydw i.\""), Swap(HEAD, "then = \"hangup\"", "then = \"voicemail:cy\"\n[voicemail.cy]\nlanguage = \"cy-GB\"")];
    refused a_callback_with_nothing_right: [Add(HEAD, "\n[callbacks.general]\nqueue = \"repairs\"\nwithin = \"ofice\"\nvia = \"carier\"\nmay_call = [\"_+44X\"]\nattempts = 0\nevery = \"0s\"\nminutes_a_day = -1\notherwise = \"callback:generl\"\nsays = { promise = \"Bye, {name}.\", hello = \"\" }\n")];
    refused a_callback_of_nobody_to_numbers_that_may_not_be_dialled: [Add(HEAD, "\n[callbacks.general]\nqueue = \"repair\"\nvia = \"carrier\"\nmay_call = [\"_+1NXXNXXXXXX\"]\n[callbacks.other]\n")];
    refused a_mail_server_that_is_none: [Add(TANDEM, "\n[mail]\nserver = \"mail.example:smtp\"\nfrom = \"Northgate\"\ntls = \"off\"\nusername = \"gw\"\npassword = \"env:KEY\"\nca = \"sounds/none.wav\"\n")];
    refused codes_that_are_none: [Add(PHONES, "\n[features]\npause = \"47\"\nresume = \"*1234567\"\n")];
    refused a_code_for_two_things: [Add(PHONES, "\n[features]\npause = \"*47\"\nresume = \"*47\"\nback_to_ai = \"*9\"\nhours = \"*28\"\n")];
    refused a_key_for_a_queue_that_leads_nowhere: [Add(HEAD, "\n[transfers.warm]\nqueue_key = \"5\"\n")];
    refused a_key_for_a_queue_where_nobody_waits: [Add(HEAD, "\n[transfers.warm]\nsend_to = \"queue:repairs\"\nmore_key = \"4\"\n")];
    refused announcements_in_a_ring: [Swap(HEAD, "then = \"hangup\"", "then = \"announce:again\"\n[announcements.again]\ntext = \"Still closed.\"\nthen = \"announce:closed\"")];
    refused a_menu_that_only_repeats: [Swap(HEAD, "keys = { 1 = \"queue:repairs\" }\notherwise = \"queue:repairs\"", "keys = { 1 = \"menu:main\" }\notherwise = \"menu:main\"")];
    refused an_intent_that_leads_nowhere: [Swap(HEAD, "[agents.triage.routes]", "hours = [\"when are you open\", \"are you open now\", \"what are your hours\"]\n[agents.triage.routes]")];
    refused a_handoff_that_is_not_listed: [Swap(HEAD, "hands_off_to = [\"queue:repairs\"]", "hands_off_to = []")];
    refused one_example_for_two_intents: [Swap(HEAD, "[agents.triage.routes]", "leaks = [\"There is a leak!\", \"water is coming in\", \"it drips\"]\n[agents.triage.routes]\nleaks = \"queue:repairs\"")];
    refused an_emergency_number: [Swap(HEAD, "dial = \"+441632960555\"", "dial = \"999\"")];
    refused an_extension_that_is_never_reached: [Add(PHONES, "\n[extensions.211]\nvia = \"carrier\"\n")];
    refused an_extension_that_nobody_reaches: [Swap(PHONES, "via = \"carrier\"\n", "")];
    refused a_route_that_is_never_taken: [Swap(HEAD, "\"2000\" = \"echo\"", "\"_2XXX\" = \"conference:{to}\"\n\"2000\" = \"echo\"")];
    refused a_trunk_that_registers_without_a_user: [Swap(CARRIER, "username = \"northgate\"\npassword = \"cred:carrier\"", "register = { registrar = \"sip:carrier.example\" }")];
    refused an_empty_list_of_registrars: [Swap(CARRIER, "password = \"cred:carrier\"", "password = \"cred:carrier\"\nregister = { registrar = [] }")];
    refused a_realm_without_a_user: [Swap(CARRIER, "username = \"northgate\"\npassword = \"cred:carrier\"", "realm = \"carrier.example\"")];
    refused keys_that_are_the_same: [Add(HEAD, "\n[transfers.warm]\ndecline_key = \"1\"\n")];
    refused no_tandem_toml: [Drop(TANDEM)];
    refused an_operator_that_is_an_agent: [Swap(HEAD, "operator = \"queue:repairs\"", "operator = \"agent:triage\"")];
    refused an_offline_language_model: [Add(TANDEM, "\n[providers.own]\nllm = { kind = \"offline\" }\n")];
    refused a_file_that_is_no_plan: [Add("dialplans/night.toml", "start = \"hangup\"\nversion = 2\n")];
    // what a later version has
    refused parking_is_not_here_yet: [Swap(HEAD, "then = \"hangup\"", "then = \"park:general\"")];
    refused hours_of_a_queue_that_are_not_there: [Swap(HEAD, "ring = \"20s\"", "ring = \"20s\"\nmax_wait = \"5m\"\nwithin = \"ofice\"\nclosed = \"announce:nothing\"")];
    refused hours_of_a_queue_in_which_nobody_waits: [Swap(HEAD, "ring = \"20s\"", "ring = \"20s\"\nwithin = \"office\"")];
    refused a_way_out_of_a_queue_that_is_never_closed: [Swap(HEAD, "ring = \"20s\"", "ring = \"20s\"\nmax_wait = \"5m\"\nclosed = \"hangup\"")];
    refused rules_by_language_are_not_here_yet: [Add(HEAD, "\n[[when]]\nlanguages = [\"pl-PL\"]\nstart = \"announce:closed\"\n")];
    // hours and rules
    refused hours_that_are_none: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30; Sa from nine to noon; PH off\"\n")];
    refused hours_past_their_end: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-57:30\"\n")];
    refused a_zone_that_is_not_there: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/Londn\"\nopen = \"Mo-Fr 08:30-17:30\"\n")];
    refused hours_without_a_zone: [Add(HEAD, "\n[hours.office]\nopen = \"Mo-Fr 08:30-17:30\"\n")];
    refused a_country_whose_holidays_nobody_knows: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30\"\nholidays = [\"country:UK\"]\n")];
    refused a_calendar_that_is_not_there: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30\"\nholidays = [\"holidays/wales.ics\"]\n"), Add("holidays/whales.ics", "")];
    refused a_calendar_that_is_none: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30\"\nholidays = [\"holidays/wales.ics\"]\n"), Add("holidays/wales.ics", "<html>404</html>")];
    refused a_calendar_with_what_is_not_read: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30\"\nholidays = [\"holidays/wales.ics\"]\n"), Add("holidays/wales.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260105\r\nSUMMARY:Stocktaking\r\nRRULE:FREQ=MONTHLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")];
    refused a_rule_for_hours_that_are_not_there: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30\"\n[[when]]\noutside = \"ofice\"\nstart = \"announce:closed\"\n")];
    refused a_rule_that_leads_nowhere: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30\"\n[[when]]\noutside = \"office\"\n")];
    refused a_rule_that_is_never_asked: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30\"\n[[when]]\nname = \"always\"\nstart = \"menu:main\"\n[[when]]\nname = \"shut\"\noutside = \"office\"\nstart = \"announce:closed\"\n")];
    refused an_override_called_auto: [Add(HEAD, "\n[[when]]\noverride = \"auto\"\nstart = \"announce:closed\"\n")];
    refused rules_without_numbers: [Add("dialplans/night.toml", "timezone = \"UTC\"\n[routes]\n\"2999\" = \"echo\"\n[hours.office]\nopen = \"Mo-Fr 08:30-17:30\"\n[[when]]\nwithin = \"office\"\nstart = \"hangup\"\n")];
    refused a_share_of_everything: [Add(HEAD, "\n[[when]]\nshare = 100\nstart = \"menu:main\"\n")];
    refused tls_without_a_certificate: [Swap(TANDEM, "udp://127.0.0.1:5060", "tls://127.0.0.1:5061")];
    refused tls_with_files_that_do_not_fit: [Swap(TANDEM, "udp://127.0.0.1:5060", "tls://127.0.0.1:5061"), Add(TANDEM, "\n[sip.tls]\ncertificate = \"expired.pem\"\nkey = \"another.key\"\nclient_certificates = \"required\"\n"), Add(CARRIER, "\n[tls]\nca = \"missing.pem\"\n")];
    refused nobody_is_called_by_websocket: [Swap(CARRIER, "sip:sbc.carrier.example", "sip:sbc.carrier.example;transport=ws")];
    refused web_pages_that_are_none: [Swap(TANDEM, "listen = [", "websocket_origins = [\"https://phones.example/softphone\"]\nlisten = [")];
    refused learning_refer_is_not_here_yet: [Add(CARRIER, "\n[media]\nrefer = \"learn\"\ncodecs = [\"g729\", \"pcma\"]\nsrtp = \"prefered\"\n")];
    refused a_digest_that_nobody_knows: [Add(PHONES, "digest = [\"md5\", \"md4\", \"md5\"]\n")];
    // trunks
    refused a_country_whose_numbers_nobody_knows: [Add(CARRIER, "\n[numbers]\ncountry = \"FJ\"\ninbound_format = \"national\"\n")];
    refused a_number_of_theirs_without_one_of_ours: [Add(CARRIER, "\n[numbers]\ndiversion = \"diversion\"\n")];
    warned a_reserve_of_no_limit: [Swap(CARRIER, "[limits]\n", "[limits]\nreserve = 2\n")];
    refused calls_that_are_told_by_nothing: [Swap(CARRIER, "username =", "only = {}\nusername =")];
    refused a_host_with_a_port: [Add(CARRIER, "\n[hosts]\nfrom = \"sbc.example:5061\"\n")];
    // phones
    refused a_class_that_is_not_there: [Swap(PHONES, "name = \"Reception\"", "name = \"Reception\"\nclass = \"staff\"\n[classes.stuff]\nmay_dial = [\"_2XX\"]\n[extensions.202]")];
    // calls for help
    warned nobody_verifies_numbers: [Add(HEAD, "\n[[when]]\nattestation = [\"A\", \"B\"]\nstart = \"agent:triage\"\n")];
    refused a_level_of_attestation_that_is_none: [Add(HEAD, "\n[[when]]\nattestation = [\"a\"]\nstart = \"agent:triage\"\n")];
    warned a_pickup_group_of_one: [Swap(PHONES, "name = \"Reception\"", "name = \"Reception\"\npickup = [\"front\"]")];
    refused a_pickup_group_of_a_phone_elsewhere: [Swap(PHONES, "name = \"Lettings\"", "name = \"Lettings\"\npickup = [\"front\"]")];
    warned nobody_can_call_for_help: [Swap(PHONES, EMERGENCY, "")];
    warned phones_of_no_site: [Swap(PHONES, "[[emergency]]", "[[emergency]]\nextensions = [\"_21X\"]")];
    warned a_trunk_that_is_not_told_where: [Add(CARRIER, "\n[emergency]\nlocation = \"pidf-lo\"\n")];
    refused two_sites_with_all_phones: [Add(PHONES, EMERGENCY)];
    refused an_emergency_number_that_is_none: [Swap(PHONES, "\"999\", ", "\"+44999\", ")];
    refused a_call_for_help_as_nobody: [Swap(PHONES, "caller_id = \"+442079460100\"\n", "")];
    refused a_call_for_help_by_a_trunk_that_is_not_there: [Swap(PHONES, "tell = ", "via = [\"carier\"]\ntell = ")];
    refused a_call_for_help_that_tells_nobody: [Swap(PHONES, "ext:200\"]\n", "ext:202\"]\n")];
    refused a_site_without_phones: [Swap(PHONES, "[[emergency]]", "[[emergency]]\nextensions = [\"_3XX\"]")];
    refused a_test_that_is_none: [Swap(PHONES, "tell = ", "test = { number = \"*999\", dials = \"999\" }\ntell = ")];
    refused an_address_with_a_strange_element: [Swap(PHONES, "tell = ", "location = { country = \"GB\", town = \"London\" }\ntell = ")];
    refused a_dialplan_that_dials_for_help: [Swap(HEAD, "\"2000\" = \"echo\"", "\"2000\" = \"trunk:carrier/112\"")];
    refused sentiment_is_not_here_yet: [Add(HEAD, "\n[[escalate]]\non = \"sentiment\"\nbelow = -0.6\nfor_turns = 2\nto = \"queue:repairs\"\n")];
    // recordings
    refused a_recording_after_a_notice_that_nobody_tells: [Add("dialplans/night.toml", "numbers = [\"+442079460199\"]\nstart = \"hangup\"\n[recording]\ncalls = \"after-notice\"\n")];
    refused a_recording_that_rests_where_it_cannot: [Add(HEAD, "\n[recording]\ncalls = \"from-answer\"\npause_code = \"*90\"\nnot_in = [\"queue:repairs\", \"agent:payment\"]\ntone = \"1s\"\n")];
    refused a_recordings_key_that_is_none: [Add(TANDEM, "\n[recordings]\nkey = \"k2\"\n[recordings.keys]\nk1 = \"cred:carrier\"\n")];
    refused a_notice_of_recording_is_not_here_yet: [Swap(HEAD, "[notice.disclosure]", "[notice]\nrecord = \"after-notice\"\n[notice.disclosure]")];
    // several at once, in the order of the files
    refused everything_at_once: [
        Swap(TANDEM, "name = \"gw-1\"", "nane = \"gw-1\""),
        Swap(CARRIER, "_+44909X.", "_+44909X.Y"),
        Swap(PHONES, "via = \"carrier\"", "via = \"carrier-b\""),
        Swap(HEAD, "start = \"agent:triage\"", "start = \"agent:triag\""),
        Swap(HEAD, "dial = \"+441632960555\"", "dial = 441632960555"),
    ];
    refused a_way_that_is_too_long: [Swap(HEAD, "\"2000\" = \"echo\"", "\"2000\" = \"announce:a0\""), Add(HEAD, "\n[announcements.a0]\ntext = \"More.\"\nthen = \"announce:a1\"\n[announcements.a1]\ntext = \"More.\"\nthen = \"announce:a2\"\n[announcements.a2]\ntext = \"More.\"\nthen = \"announce:a3\"\n[announcements.a3]\ntext = \"More.\"\nthen = \"announce:a4\"\n[announcements.a4]\ntext = \"More.\"\nthen = \"announce:a5\"\n[announcements.a5]\ntext = \"More.\"\nthen = \"announce:a6\"\n[announcements.a6]\ntext = \"More.\"\nthen = \"announce:a7\"\n[announcements.a7]\ntext = \"More.\"\nthen = \"announce:a8\"\n[announcements.a8]\ntext = \"More.\"\nthen = \"announce:a9\"\n[announcements.a9]\ntext = \"More.\"\nthen = \"announce:a10\"\n[announcements.a10]\ntext = \"More.\"\nthen = \"announce:a11\"\n[announcements.a11]\ntext = \"More.\"\nthen = \"announce:a12\"\n[announcements.a12]\ntext = \"The end.\"\nthen = \"hangup\"\n")];
    // warnings
    refused a_second_address_for_sound_that_is_none: [Swap(TANDEM, "ports = \"30000-30999\"", "ports = \"30000-30999\"\naddress6 = \"192.0.2.1\"")];
    refused two_addresses_for_sound_of_one_family: [Swap(TANDEM, "ports = \"30000-30999\"", "ports = \"30000-30999\"\naddress = \"::1\"\naddress6 = \"::1\"")];
    warned ipv6_without_sound: [Swap(TANDEM, "\"udp://127.0.0.1:5060\"", "\"udp://127.0.0.1:5060\", \"udp://[::1]:5060\"")];
    warned rtp_in_the_ephemeral_ports: [Swap(TANDEM, "30000-30999", "30000-39999")];
    warned no_operator: [Swap(HEAD, "operator = \"queue:repairs\"\n", ""), Swap(HEAD, "on = \"key:0\"", "on = \"key:9\"")];
    warned few_examples: [Swap(HEAD, "repairs = [\"my boiler is broken\", \"there is a leak\", \"report a repair\"]", "repairs = [\"report a repair\"]")];
    warned a_menu_that_waits_for_ever: [Swap(HEAD, "otherwise = \"queue:repairs\"", "otherwise = \"menu:main\"")];
    warned the_whole_internet: [Swap(CARRIER, "203.0.113.0/28", "0.0.0.0/0")];
    warned an_agent_that_understands_nothing: [Add(HEAD, "\n[agents.night]\nproviders = \"offline\"\n")];
    warned an_agent_that_speaks_english_where_nothing_is_written: [
        Swap(HEAD, "languages = [\"en-GB\"]", "languages = [\"pl-PL\"]"),
        Swap(HEAD, "en-GB = \"You are speaking with a machine.\"", "pl-PL = \"Rozmawiasz z automatem.\""),
    ];
    warned a_plan_that_nothing_leads_to: [Add("dialplans/night.toml", "start = \"hangup\"\n")];
    warned no_dialplan: [Drop(HEAD)];
    warned callers_who_go_round: [Swap(HEAD, "otherwise = [\"announce:closed\"]", "otherwise = [\"menu:main\", \"announce:closed\"]")];
    warned a_queue_whose_last_fallback_can_fail: [Swap(HEAD, "otherwise = [\"announce:closed\"]", "otherwise = [\"ext:210\"]"), Swap(HEAD, "then = \"hangup\"", "then = \"queue:repairs\""), Swap(HEAD, "\"2000\" = \"echo\"", "\"2000\" = \"announce:closed\"")];
    warned parts_that_nothing_leads_to: [Add(HEAD, "\n[announcements.strike]\ntext = \"We are on strike.\"\nthen = \"menu:old\"\n[menus.old]\nprompt = \"Press one.\"\nkeys = { 1 = \"queue:repairs\" }\notherwise = \"hangup\"\n")];
    warned hours_never_open: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30; 2026-2030 off\"\n")];
    warned hours_always_open: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"24/7\"\n")];
    warned hours_that_nobody_knows: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30; Sa unknown\"\n")];
    warned holidays_that_nobody_knows: [Add(HEAD, "\n[hours.office]\ntimezone = \"Europe/London\"\nopen = \"Mo-Fr 08:30-17:30; PH off\"\n")];
    warned a_rule_that_asks_nothing: [Add(HEAD, "\n[[when]]\nstart = \"menu:main\"\n")];
}

#[test]
fn the_same_in_ascii_and_as_json() {
    let found = found(&[
        Swap(HEAD, "start = \"agent:triage\"", "start = \"agent:triag\""),
        Swap(TANDEM, "30000-30999", "30000-39999"),
    ]);
    let ascii = render_as(&found, Look::Ascii);
    assert!(ascii.is_ascii());
    golden("in_ascii.txt", &ascii);
    golden("as_json.json", &format!("{:#}\n", to_json(&found)));
    assert!(render_as(&found, Look::Colour).contains("\u{1b}["));
    assert!(!render(&found).contains('\u{1b}'));
}

#[test]
fn a_place_is_where_the_text_is() {
    let found = found(&[Swap(
        HEAD,
        "start = \"agent:triage\"",
        "# Würste\nstart = \"agent:triäg\"",
    )]);
    let d = &found[0];
    assert_eq!((d.file.as_str(), d.line, d.column), (HEAD, 6, 9));
    assert_eq!(&d.source[d.span.clone()], "\"agent:triäg\"");
}

#[test]
fn a_broken_file_is_not_held_against_the_others() {
    let found = found(&[Swap(
        PHONES,
        "domain = \"phones.example\"",
        "domain = phones.example",
    )]);
    assert_eq!(found.len(), 1, "{}", render(&found));
    let found = crate::base::found(&[Swap(CARRIER, "[limits]", "[limits")]);
    assert!(
        found.iter().all(|d| d.file == CARRIER),
        "{}",
        render(&found)
    );
    let found = crate::base::found(&[Swap(TANDEM, "[sip]", "[sip")]);
    assert!(found.iter().all(|d| d.file == TANDEM), "{}", render(&found));
}
