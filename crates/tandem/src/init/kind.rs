//! What people start from.

use clap::ValueEnum;

/// The four that people start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A menu in front of a PBX that stays.
    Pbx,
    /// Front desk of a clinic.
    Clinic,
    /// An online shop.
    Shop,
    /// Calls are answered day and night; what is urgent rings a mobile.
    AnsweringService,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pbx => "pbx",
            Self::Clinic => "clinic",
            Self::Shop => "shop",
            Self::AnsweringService => "answering-service",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Pbx => "a menu in front of a PBX",
            Self::Clinic => "the front desk of a clinic",
            Self::Shop => "an online shop",
            Self::AnsweringService => "an answering service",
        }
    }

    /// Desk phones that register here, and their names.
    pub(super) fn phones(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Pbx => &[],
            Self::Clinic => &[
                ("200", "Reception one"),
                ("201", "Reception two"),
                ("202", "Nurse"),
            ],
            Self::Shop => &[
                ("200", "Orders one"),
                ("201", "Orders two"),
                ("202", "Sales"),
            ],
            Self::AnsweringService => &[("200", "Team one"), ("201", "Team two")],
        }
    }

    /// What a first try may press or say.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Pbx => "--key 210",
            Self::Clinic => "--say \"i need a new prescription\"",
            Self::Shop => "--say \"where is my order\"",
            Self::AnsweringService => "--say \"there is water everywhere\"",
        }
    }
}
