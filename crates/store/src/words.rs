//! How values of the journal are spelled in a row.

use serde::Serialize;
use tandem_types::context::{Holder, Speaker};

/// The word of a plain enum, as the journal spells it: `no_answer`.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// `agent:billing`, `queue:reception`, `extension:200`.
pub(crate) fn holder(holder: &Holder) -> String {
    match holder {
        Holder::Agent(id) => format!("agent:{id}"),
        Holder::Queue(id) => format!("queue:{id}"),
        Holder::Extension(id) => format!("extension:{id}"),
        Holder::Outside(id) => format!("outside:{id}"),
        Holder::Menu(id) => format!("menu:{id}"),
        Holder::Other(id) => id.clone(),
    }
}

/// `caller`, `caller_keys`, `agent:billing`.
pub(crate) fn speaker(speaker: &Speaker) -> String {
    match speaker {
        Speaker::Caller => "caller".to_owned(),
        Speaker::CallerKeys => "caller_keys".to_owned(),
        Speaker::Agent(id) => format!("agent:{id}"),
    }
}

/// Times in answers are RFC 3339 text: they are read by people and by other programs.
pub(crate) mod time {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use tandem_types::Wall;

    pub(crate) fn serialize<S: Serializer>(at: &Wall, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(at)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Wall, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// As [`time`]; `null` when it has not come to that.
pub(crate) mod maybe_time {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use tandem_types::Wall;

    pub(crate) fn serialize<S: Serializer>(at: &Option<Wall>, s: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => s.collect_str(at),
            None => s.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Wall>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|t| t.parse().map_err(D::Error::custom))
            .transpose()
    }
}
