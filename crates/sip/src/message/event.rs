//! Event and Subscription-State (RFC 6665).

use super::{
    HeaderName, Headers, Params, ParseError, Text,
    lexer::{all_token, trim},
    readers::seconds,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An event package, `refer;id=93809824`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Package, as spelled.
    pub package: Text,
    /// Parameters.
    pub params: Params,
}

impl Event {
    /// The `id`.
    pub fn id(&self) -> Option<&str> {
        self.params.get("id").filter(|id| !id.is_empty())
    }
    /// Of this package.
    pub fn is(&self, package: &str) -> bool {
        self.package.eq_ignore_ascii_case(package)
    }
    /// Reads a value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let (package, params) = token_and_params(s)?;
        Ok(Self { package, params })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.package, self.params)
    }
}

/// Where a subscription stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubState {
    /// It runs.
    Active,
    /// Not decided yet.
    Pending,
    /// It is over.
    Terminated,
    /// Any other; to be taken as active.
    Other(Text),
}

/// Subscription-State.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionState {
    /// Where it stands.
    pub state: SubState,
    /// `expires`, `reason`, `retry-after`.
    pub params: Params,
}

impl SubscriptionState {
    /// It runs for so many seconds.
    pub fn active(expires: u32) -> Self {
        Self {
            state: SubState::Active,
            params: Params::new().with("expires", expires),
        }
    }
    /// It is over for this reason (`noresource`, `timeout`, ...).
    pub fn terminated(reason: &str) -> Self {
        Self {
            state: SubState::Terminated,
            params: Params::new().with("reason", reason),
        }
    }
    /// Seconds left.
    pub fn expires(&self) -> Option<u32> {
        seconds(self.params.get("expires")?)
    }
    /// Why it is over.
    pub fn reason(&self) -> Option<&str> {
        self.params.get("reason")
    }
    /// It is over.
    pub fn is_terminated(&self) -> bool {
        self.state == SubState::Terminated
    }
    /// Reads a value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let (word, params) = token_and_params(s)?;
        let known = [
            ("active", SubState::Active),
            ("pending", SubState::Pending),
            ("terminated", SubState::Terminated),
        ];
        let state = known
            .into_iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name));
        Ok(Self {
            state: state.map_or(SubState::Other(word), |(_, s)| s),
            params,
        })
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match &self.state {
            SubState::Active => "active",
            SubState::Pending => "pending",
            SubState::Terminated => "terminated",
            SubState::Other(word) => word,
        };
        write!(f, "{word}{}", self.params)
    }
}

/// `token;a=b`, of which several headers are made.
pub(crate) fn token_and_params(s: &str) -> Result<(Text, Params), ParseError> {
    let text = Text::from(s);
    let end = text.find(';').unwrap_or(text.len());
    let (word, params) = text.split_at(end);
    let word = trim(word);
    if !all_token(word) {
        return Err(ParseError::Token);
    }
    Ok((text.cut(word), Params::parse(&text, params)?))
}

impl Headers {
    /// Event, if it can be read.
    pub fn event(&self) -> Option<Event> {
        Event::parse(self.first(&HeaderName::Event)?).ok()
    }
    /// Subscription-State, if it can be read.
    pub fn subscription_state(&self) -> Option<SubscriptionState> {
        SubscriptionState::parse(self.first(&HeaderName::SubscriptionState)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refer_subscription_is_read() {
        let h = Headers::new()
            .with("o", "refer;id=93809824")
            .with("Subscription-State", "terminated ; reason=noresource");
        let event = h.event().unwrap();
        assert!(event.is("Refer"));
        assert_eq!(event.id(), Some("93809824"));
        let state = h.subscription_state().unwrap();
        assert!(state.is_terminated());
        assert_eq!(state.reason(), Some("noresource"));
        assert_eq!(
            SubscriptionState::active(60).to_string(),
            "active;expires=60"
        );
        assert_eq!(
            SubscriptionState::parse("active;expires=60"),
            Ok(SubscriptionState::active(60))
        );
        let other = SubscriptionState::parse("waiting").unwrap();
        assert_eq!(other.state, SubState::Other("waiting".into()));
        assert!(SubscriptionState::parse(";reason=x").is_err());
    }
}
