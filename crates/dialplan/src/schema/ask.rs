//! `[ask.NAME]` of `dialplans/NAME.toml`.

use super::values::{Destination, Dialled, Key, OneOrSeveral, SecretReference, Span};
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// A question that is answered by keys, and where each answer leads.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct AskTable {
    /// What it is called when spoken of.
    spoken: Option<String>,
    /// What is said.
    prompt: String,
    /// So many: 8, or 6-8.
    digits: Digits,
    /// They may be read out as well.
    speech: Option<bool>,
    /// What is said before the prompt to somebody whose answer was wrong.
    wrong: Option<String>,
    /// Ends an answer that may be longer: #. By * it is begun anew.
    end_key: Option<Key>,
    /// Silence after the prompt.
    timeout: Option<Span>,
    /// So long after a digit the next one may come: 3s.
    digit_timeout: Option<Span>,
    /// How often it is asked again.
    #[schemars(range(max = 20))]
    retries: Option<u32>,
    /// The answer is kept from whoever need not see it.
    sensitive: Option<bool>,
    lookup: Option<LookupTable>,
    /// What the caller hears while the look-up is under way.
    meanwhile: Option<String>,
    /// The first that holds has the caller.
    branch: Option<Vec<BranchTable>>,
    /// Where every other answer leads.
    then: Destination,
    /// Where somebody goes who gives no answer, and everybody while the look-up does not work.
    otherwise: Destination,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Digits {
    Exactly(#[schemars(range(min = 1, max = 34))] u32),
    Range(#[schemars(regex(pattern = r"^[0-9]+( *- *[0-9]+)?$"))] String),
}

/// Another system is asked for the answer; when it has never heard of it (404), the answer was wrong.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LookupTable {
    /// With {NAME}, the answer; {from_e164}, the caller's number; {call}; and what is known of the caller.
    url: String,
    bearer: Option<SecretReference>,
    /// Sent with it; a value may be env:NAME, file:PATH or cred:NAME.
    headers: Option<BTreeMap<String, String>>,
    /// From the request to the whole answer: 3s, 8s at the most.
    timeout: Option<Span>,
    /// Fields of the answer that become facts: "name", "tenancy.id", "tenancy.ID as tenancy_id".
    keep: Option<Vec<String>>,
    /// Which of them are masked for whoever need not see them.
    sensitive: Option<Vec<String>>,
}

/// A way for some answers: by `answer`, or by `fact` and what it `is`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct BranchTable {
    /// What was keyed.
    answer: Option<OneOrSeveral<Dialled>>,
    /// What is known of the caller.
    fact: Option<String>,
    /// One of these; small letters and capitals are the same.
    is: Option<OneOrSeveral<String>>,
    to: Destination,
}
