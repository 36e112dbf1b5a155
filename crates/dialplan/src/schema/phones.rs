//! `phones.toml`.

use super::{
    trunk::{Codecs, Dtmf, Srtp},
    values::{Dialled, Number, SecretReference, Span},
};
use crate::emergency::CIVIC;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::{borrow::Cow, collections::BTreeMap};

/// Desk phones, what they may dial, and what happens when one calls for help.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "phones.toml")]
pub(super) struct PhonesToml {
    phones: Option<PhonesTable>,
    /// By number, or by a pattern of them after `_`; the first that matches.
    extensions: Option<BTreeMap<String, ExtensionTable>>,
    /// What some phones may dial, by name.
    classes: Option<BTreeMap<String, ClassTable>>,
    /// Calls for help, site by site.
    emergency: Option<Vec<Site>>,
    features: Option<FeaturesTable>,
}

/// What phones dial to set something: * or #, and one to six digits.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct FeaturesTable {
    /// Queues do not ring the phone any more.
    #[schemars(regex(pattern = r"^[*#][0-9*#]{1,6}$"))]
    pause: Option<String>,
    /// They do again.
    #[schemars(regex(pattern = r"^[*#][0-9*#]{1,6}$"))]
    resume: Option<String>,
    /// The messages of the phone are heard.
    #[schemars(regex(pattern = r"^[*#][0-9*#]{1,6}$"))]
    voicemail: Option<String>,
}

/// The registrar.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct PhonesTable {
    /// SIP domain and digest realm.
    domain: Option<String>,
    codecs: Option<Codecs>,
    srtp: Option<Srtp>,
    dtmf: Option<Dtmf>,
    /// What phones of no class may dial; every extension if left out.
    may_dial: Option<Vec<Dialled>>,
    /// What phones prove themselves by, the preferred one first.
    digest: Option<Vec<Digest>>,
}

#[derive(JsonSchema)]
enum Digest {
    #[schemars(rename = "md5")]
    Md5,
    #[schemars(rename = "sha-256")]
    Sha256,
    #[schemars(rename = "sha-512-256")]
    Sha512256,
}

/// A phone: one that registers, or one that a trunk reaches.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ExtensionTable {
    name: Option<String>,
    registers: Option<Registers>,
    /// The trunk that it is reached by.
    via: Option<String>,
    /// What it may dial: a name of [classes].
    class: Option<String>,
    /// Groups of phones that pick up each other's calls.
    pickup: Option<Vec<String>>,
}

/// What it registers with.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Registers {
    username: String,
    password: SecretReference,
}

/// What some phones may dial.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ClassTable {
    may_dial: Option<Vec<Dialled>>,
    /// Never beats may.
    never_dial: Option<Vec<Dialled>>,
}

/// What happens when a phone of a site calls for help.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Site {
    /// Its name.
    site: Option<String>,
    /// Its phones; every phone that no other site has, if left out.
    extensions: Option<Vec<Dialled>>,
    /// What is dialled.
    numbers: Vec<String>,
    /// Trunks that are tried first.
    via: Option<Vec<String>>,
    /// What the services see, and call back.
    caller_id: Number,
    location: Option<Civic>,
    /// Who is rung and told: ext:NUMBER.
    tell: Option<Vec<String>>,
    /// So long a call to `caller_id` rings that phone before anything else.
    call_back: Option<Span>,
    test: Option<TestLine>,
}

/// A number for trying it, and what it dials.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct TestLine {
    number: Number,
    dials: Number,
}

/// An address by its elements.
struct Civic;

impl JsonSchema for Civic {
    fn schema_name() -> Cow<'static, str> {
        "Civic".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = || serde_json::json!({ "type": "string" });
        let all: BTreeMap<&str, _> = CIVIC.iter().map(|name| (*name, text())).collect();
        json_schema!({
            "type": "object",
            "description": "An address by its elements (RFC 5139): country, A3 (town), RD (street), HNO (house number), PC (postal code).",
            "properties": all,
            "additionalProperties": false,
        })
    }
}
