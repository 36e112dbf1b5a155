//! What is asked, and what an answer has to be.

use super::{kind::Kind, server::Server};
use crate::fresh::slug;
use anyhow::{Context, bail};
use clap::ValueEnum;
use std::{
    fs,
    io::{BufRead, IsTerminal, Write},
    path::PathBuf,
};
use tandem_dialplan::{Zone, country_of, hours_complaint, normalise};
use tandem_types::is_e164;

/// What it is to be.
#[derive(clap::Args, Debug)]
pub(crate) struct Asked {
    /// Directory for the new configuration. It must not be there yet.
    pub(super) dir: PathBuf,
    /// What it is for.
    #[arg(long)]
    kind: Option<Kind>,
    /// Name of the business, as it is said to callers.
    #[arg(long)]
    name: Option<String>,
    /// The number that is called, with country code: +442079460100.
    #[arg(long)]
    number: Option<String>,
    /// The carrier's SIP server; USER@HOST where it wants a registration.
    #[arg(long, value_name = "[USER@]HOST[:PORT]")]
    carrier: Option<String>,
    /// The PBX's address (pbx).
    #[arg(long, value_name = "HOST[:PORT]")]
    pbx: Option<String>,
    /// Who is rung when it cannot wait (answering-service).
    #[arg(long, value_name = "NUMBER")]
    mobile: Option<String>,
    /// When somebody is there, as OpenStreetMap writes it: "Mo-Fr 09:00-17:00; Sa 10:00-13:00".
    #[arg(long, value_name = "HOURS")]
    open: Option<String>,
    /// Whose clock the hours go by; that of the number's country if left out.
    #[arg(long)]
    timezone: Option<String>,
}

/// All that a beginning needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) country: &'static str,
    pub(super) carrier: Server,
    pub(super) pbx: Option<Server>,
    pub(super) mobile: Option<String>,
    pub(super) open: String,
    pub(super) timezone: String,
}

/// Usual office hours.
const OPEN: &str = "Mo-Fr 09:00-17:00";

impl Answers {
    /// What the flags say, and what is asked for besides.
    ///
    /// # Errors
    /// A flag that is no answer, or the end of what can be read.
    pub(super) fn from(asked: &Asked, input: &mut impl BufRead) -> anyhow::Result<Self> {
        let mut ask = Questions { input };
        let kind = match asked.kind {
            Some(kind) => kind,
            None => ask.until("What is it for?\n  1  a menu in front of a PBX that stays\n  2  the front desk of a clinic\n  3  an online shop\n  4  an answering service, day and night\n1 to 4", None, "--kind", kind)?,
        };
        let name = ask.given(
            asked.name.as_deref(),
            "Name of the business, as it is said to callers",
            None,
            "--name",
            name,
        )?;
        let number = ask.given(
            asked.number.as_deref(),
            "The number that is called, with country code, like +442079460100",
            None,
            "--number",
            number,
        )?;
        let carrier = ask.given(
            asked.carrier.as_deref(),
            "The carrier's SIP server; USER@HOST where it wants a registration",
            None,
            "--carrier",
            Server::read,
        )?;
        let (mut pbx, mut mobile) = (None, None);
        let mut usual = asked.open.as_deref();
        match kind {
            Kind::Pbx => {
                pbx = Some(ask.given(
                    asked.pbx.as_deref(),
                    "The PBX's address, like 192.0.2.10",
                    None,
                    "--pbx",
                    Server::read,
                )?);
                usual = usual.or(Some(OPEN));
            }
            Kind::AnsweringService => {
                mobile = Some(ask.given(
                    asked.mobile.as_deref(),
                    "Who is rung when it cannot wait: a number with country code",
                    None,
                    "--mobile",
                    number_of,
                )?);
                usual = usual.or(Some(OPEN));
            }
            Kind::Clinic | Kind::Shop => {}
        }
        let open = ask.given(usual, "When you are open", Some(OPEN), "--open", open)?;
        let country = country_of(&number).context("the number's country is not known here")?;
        let timezone = match &asked.timezone {
            Some(name) if name.parse::<Zone>().is_ok() => name.clone(),
            Some(name) => {
                bail!("--timezone: there is no time zone {name:?}; write it like Europe/London")
            }
            None => zone_of(country),
        };
        Ok(Self {
            kind,
            name,
            number,
            country,
            carrier,
            pbx,
            mobile,
            open,
            timezone,
        })
    }

    /// Trunks by their name.
    pub(super) fn servers(&self) -> impl Iterator<Item = (&'static str, &Server)> {
        [("carrier", Some(&self.carrier)), ("pbx", self.pbx.as_ref())]
            .into_iter()
            .filter_map(|(name, server)| Some((name, server?)))
    }

    /// SIP domain and realm of the phones.
    pub(super) fn domain(&self) -> String {
        format!("phones.{}.local", slug(&self.name))
    }
}

struct Questions<'a, R> {
    input: &'a mut R,
}

impl<R: BufRead> Questions<'_, R> {
    /// A flag's word, or the answer to the question.
    fn given<T>(
        &mut self,
        flag: Option<&str>,
        question: &str,
        usual: Option<&str>,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<T> {
        match flag {
            Some(text) => read(text).map_err(|why| anyhow::anyhow!("{name}: {why}")),
            None => self.until(question, usual, name, read),
        }
    }

    /// Asks until the answer is one; whoever is no terminal is asked once.
    fn until<T>(
        &mut self,
        question: &str,
        usual: Option<&str>,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<T> {
        loop {
            let hint = usual.map_or_else(String::new, |u| format!(" [{u}]"));
            print!("{question}{hint}: ");
            std::io::stdout().flush()?;
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                println!();
                bail!("no answer; say it with {name}");
            }
            if !std::io::stdin().is_terminal() {
                println!("{}", line.trim());
            }
            let text = match (line.trim(), usual) {
                ("", Some(usual)) => usual,
                (text, _) => text,
            };
            match read(text) {
                Ok(answer) => return Ok(answer),
                Err(why) if std::io::stdin().is_terminal() => println!("  {why}"),
                Err(why) => bail!("{why}"),
            }
        }
    }
}

fn kind(text: &str) -> Result<Kind, String> {
    match text {
        "1" => Ok(Kind::Pbx),
        "2" => Ok(Kind::Clinic),
        "3" => Ok(Kind::Shop),
        "4" => Ok(Kind::AnsweringService),
        other => Kind::from_str(other, true).map_err(|_| "1, 2, 3 or 4".to_owned()),
    }
}

/// Goes into texts in quotes, which agents and prompts say.
fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let odd = |c: char| c.is_control() || "\"\\{}@#".contains(c);
    match (text.is_empty(), text.chars().find(|c| odd(*c))) {
        (true, _) => Err("a name, please".to_owned()),
        (_, Some(c)) => Err(format!("{c:?} cannot stand in it")),
        (false, None) => Ok(text.to_owned()),
    }
}

fn number(text: &str) -> Result<String, String> {
    let number = number_of(text)?;
    match country_of(&number) {
        Some(_) => Ok(number),
        None => Err(format!(
            "{number}: the country of this number is not known here"
        )),
    }
}

fn number_of(text: &str) -> Result<String, String> {
    let number = normalise(text).unwrap_or_default();
    match is_e164(&number) {
        true => Ok(number),
        false => Err("write it with + and the country code, like +442079460100".to_owned()),
    }
}

fn open(text: &str) -> Result<String, String> {
    match hours_complaint(text) {
        None if text.contains(['"', '\\', '@']) => Err("write it without quotes".to_owned()),
        None => Ok(text.trim().to_owned()),
        Some(why) => Err(format!(
            "{why}; write it like \"Mo-Fr 09:00-17:00; Sa 10:00-13:00\""
        )),
    }
}

/// The clock of a country: its only one, the machine's if that is one of its own, else the first that the time zone
/// database names for it (the most populous, by its zone.tab); the machine's where there is no such database.
fn zone_of(country: &str) -> String {
    let tab = fs::read_to_string("/usr/share/zoneinfo/zone.tab").unwrap_or_default();
    let of_country: Vec<&str> = tab
        .lines()
        .filter(|line| line.starts_with(country))
        .filter_map(|line| line.split('\t').nth(2))
        .collect();
    let link = fs::read_link("/etc/localtime").ok();
    let machine = link.as_deref().and_then(|path| path.to_str());
    let machine = machine
        .and_then(|path| path.split_once("zoneinfo/"))
        .map(|(_, zone)| zone);
    let own = machine.filter(|zone| of_country.is_empty() || of_country.contains(zone));
    let zone = own.or(of_country.first().copied()).unwrap_or("UTC");
    match zone.parse::<Zone>() {
        Ok(_) => zone.to_owned(),
        Err(_) => "UTC".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_into_a_file_is_no_name() {
        for bad in ["", " ", "a\"b", "a\\b", "{me}", "a\nb", "@name@"] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(name(" Müller & Söhne ").as_deref(), Ok("Müller & Söhne"));
    }

    #[test]
    fn a_number_has_its_country() {
        assert_eq!(number("+44 20 7946 0100").as_deref(), Ok("+442079460100"));
        for bad in [
            "02079460100",
            "+44",
            "+4420794601001234",
            "reception",
            "+999123456789",
        ] {
            assert!(number(bad).is_err(), "{bad:?}");
        }
    }
}
