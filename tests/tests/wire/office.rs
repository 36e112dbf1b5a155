//! The shipped office, moved to a test's own addresses, and what a test changes in it.

use super::{
    lab::{GATEWAY_RTP, Lab},
    raw::SIP,
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Files of a configuration by name, not yet written.
pub(crate) struct Office(BTreeMap<String, String>);

/// The number that the office's agents answer.
pub(crate) const FRONT_DESK: &str = "+442079460100";

/// Where the office's HTTP listens on the gateway's address.
pub(crate) const HTTP: u16 = 8088;

impl Office {
    /// The shipped one, with a carrier that is nobody but the lab's.
    pub(crate) fn shipped(lab: &Lab) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dialplans");
        let mut files = BTreeMap::new();
        for folder in ["", "trunks", "dialplans", "prompts", "secrets"] {
            for entry in fs::read_dir(root.join(folder)).expect("the shipped office") {
                let path = entry.expect("an entry").path();
                if path.is_file() {
                    let name = path.strip_prefix(&root).expect("below it");
                    let text = fs::read_to_string(&path).expect("text");
                    files.insert(name.to_string_lossy().into_owned(), text);
                }
            }
        }
        let (gateway, carrier) = (lab.gateway(), lab.carrier(1));
        Self(files)
            .with(
                "tandem.toml",
                "udp://127.0.0.1:5070",
                &format!("udp://{gateway}:{SIP}"),
            )
            .with(
                "tandem.toml",
                "tcp://127.0.0.1:5070",
                &format!("tcp://{gateway}:{SIP}"),
            )
            .with(
                "tandem.toml",
                "address = \"127.0.0.1\"",
                &format!("address = \"{gateway}\""),
            )
            .with(
                "tandem.toml",
                "20000-20998",
                &format!("{}-{}", GATEWAY_RTP.0, GATEWAY_RTP.1),
            )
            .with(
                "tandem.toml",
                "127.0.0.1:8088",
                &format!("{gateway}:{HTTP}"),
            )
            .with(
                "trunks/carrier.toml",
                "sip:127.0.0.1:5080",
                &format!("sip:{carrier}:{SIP}"),
            )
            .with("trunks/carrier.toml", "127.0.0.0/8", &lab.carrier_network())
            .with(
                "dialplans/reception.toml",
                "127.0.0.1:5090",
                &format!("{}:{SIP}", lab.carrier(2)),
            )
    }

    /// With one text for another, wherever it stands in a file.
    #[must_use]
    pub(crate) fn with(mut self, file: &str, old: &str, new: &str) -> Self {
        let text = self
            .0
            .get_mut(file)
            .unwrap_or_else(|| panic!("no {file} in the office"));
        assert!(text.contains(old), "{file} does not have {old:?} any more");
        *text = text.replace(old, new);
        self
    }

    /// With more at the end of a file, which may be new.
    #[must_use]
    pub(crate) fn and(mut self, file: &str, more: &str) -> Self {
        let text = self.0.entry(file.to_owned()).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(more);
        self
    }

    /// Its agents hear and speak by a stand-in server, and think by it too where `llm` says so.
    #[must_use]
    pub(crate) fn with_standin(self, base_url: &str, llm: bool) -> Self {
        let door = |model: &str| {
            format!("{{ kind = \"openai\", base_url = \"{base_url}\", model = \"{model}\" }}")
        };
        let llm = if llm {
            door("thinks")
        } else {
            "{ kind = \"none\" }".to_owned()
        };
        let profile = format!(
            "[providers.standin]\nstt = {}\nllm = {llm}\ntts = {}\nfallback = \"none\"\n",
            door("hears"),
            door("speaks"),
        );
        self.and("tandem.toml", &profile).with(
            "dialplans/reception.toml",
            "version = 1\n",
            "version = 1\nproviders = \"standin\"\n",
        )
    }

    /// Whoever asks `TOOLS` asks the stand-in.
    #[must_use]
    pub(crate) fn asking(mut self, tools: &str) -> Self {
        for text in self.0.values_mut() {
            *text = text.replace("TOOLS", tools);
        }
        self
    }

    /// The password of a phone.
    pub(crate) fn password(&self, user: &str) -> String {
        self.0[&format!("secrets/{user}")].trim().to_owned()
    }

    /// Writes it into the lab and says where.
    pub(crate) fn write(&self, lab: &Lab) -> PathBuf {
        let dir = lab.folder("office");
        for (name, text) in &self.0 {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        dir
    }
}
