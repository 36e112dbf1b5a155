//! `tandem talk`: type to the agents of a dialplan, and see what they take it for.

use crate::{Config, dialplan::understood, hours::moment};
use anyhow::{Context, bail};
use futures_util::StreamExt;
use std::{
    io::{BufRead, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};
use tandem_agent::{
    Brain,
    tool::{Fact, caller_lookup, facts, judged},
    typed::{Caller, Happened, Typed},
};
use tandem_dialplan::{Destination, Dialplan, Plan};
use tandem_server::{config::read, endpoints, profiles};
use tandem_speech::{ChatPart, ChatRequest, Providers, Settings};
use tandem_types::{
    Mono, Now, Reason,
    agent::Target,
    journal::What,
    provider::{ProviderCommand, ProviderEvent, ProviderFault},
};

/// To whom, and as whom.
#[derive(clap::Args, Debug)]
pub(crate) struct Typist {
    /// The dialplan by its name; needed where there are several.
    plan: Option<String>,
    /// The agent to begin with; the one at which calls start if left out.
    #[arg(long)]
    agent: Option<String>,
    /// The caller's number.
    #[arg(long, default_value = "")]
    from: String,
    /// Local time, as "2026-12-25 10:00"; now if left out.
    #[arg(long)]
    at: Option<String>,
    /// Ask no language model and no tool, as if all of them were down.
    #[arg(long)]
    no_model: bool,
}

/// What may be typed besides words.
const HELP: &str =
    "type what the caller says; a single key (0-9, * or #) is pressed; /quit hangs up";

/// What may be typed while somebody is rung.
const LEAVING: &str = "Enter: somebody takes the call; /nobody: nobody does";

pub(crate) async fn run(config: &Config, ask: &Typist) -> anyhow::Result<ExitCode> {
    let (plan, _) = read(&config.config)?;
    let dialplan = crate::dialplan::graph::chosen(&plan, ask.plan.as_deref())?;
    let agent = first_agent(dialplan, ask.agent.as_deref())?;
    let at = moment(dialplan, ask.at.as_deref())?;
    let caller = Caller {
        number: ask.from.clone(),
        language: dialplan.languages.first().cloned().unwrap_or_default(),
        utc_offset: dialplan.timezone.offset_minutes(at),
        facts: Vec::new(),
    };
    let brain = Arc::new(Brain::new(dialplan.rules.clone()));
    let now = Now {
        mono: Mono::default(),
        wall: at,
    };
    let settings = Settings {
        endpoints: endpoints(&plan),
        ..Settings::default()
    };
    let providers = Providers::new(profiles(&plan.node.providers), settings)?;
    println!("{HELP}");
    let facts = match ask.no_model {
        true => Vec::new(),
        false => looked_up(dialplan, &ask.from, &providers).await,
    };
    let caller = Caller { facts, ..caller };
    let (typed, happened) = Typed::begin(brain, &agent, caller, now, !ask.no_model);
    let mut talk = Conversation {
        plan: &plan,
        dialplan,
        typed,
        providers,
        leaving: false,
    };
    let mut over = talk.told(happened).await;
    let mut lines = std::io::stdin().lock().lines();
    let asks = std::io::stdin().is_terminal();
    while !over {
        if asks {
            print!("> ");
            std::io::stdout().flush()?;
        }
        let Some(line) = lines.next().transpose().context("standard input")? else {
            break;
        };
        let line = line.trim();
        if line == "/quit" || (talk.leaving && line.is_empty()) {
            break;
        }
        let mut chars = line.chars();
        let happened = match (chars.next(), chars.next()) {
            (None, _) => continue,
            (Some('/'), _) if talk.leaving && line == "/nobody" => {
                talk.leaving = false;
                talk.typed.nobody_takes_it(Reason::NoAnswer)
            }
            _ if talk.leaving => {
                println!("{LEAVING}");
                continue;
            }
            (Some(key @ ('0'..='9' | '*' | '#')), None) => talk.typed.presses(key),
            (Some('/'), _) => {
                println!("{HELP}");
                continue;
            }
            _ => talk.typed.says(line),
        };
        over = talk.told(happened).await;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the dialplan's look-up knows of a caller.
async fn looked_up(dialplan: &Dialplan, from: &str, providers: &Providers) -> Vec<Fact> {
    let Some(plan) = &dialplan.rules.caller_lookup else {
        return Vec::new();
    };
    let Some(ask) = caller_lookup(plan, from) else {
        println!("    nobody is looked up: --from is no number like +447700900123");
        return Vec::new();
    };
    println!("    GET {}", ask.url);
    match judged(&providers.fetch(ask).await) {
        Ok(answer) => {
            let facts = facts(&plan.keep, &answer, "caller_lookup");
            for fact in &facts {
                let value = if fact.sensitive {
                    "(hidden)"
                } else {
                    &fact.value
                };
                println!("      {}: {value}", fact.name);
            }
            facts
        }
        Err(fault) => {
            println!("    caller_lookup: {}", fault.label());
            Vec::new()
        }
    }
}

fn first_agent(dialplan: &Dialplan, asked: Option<&str>) -> anyhow::Result<String> {
    let agents = &dialplan.rules.agents;
    let known = agents.keys().cloned().collect::<Vec<_>>().join(", ");
    match (asked, &dialplan.start) {
        (Some(name), _) if agents.contains_key(name) => Ok(name.to_owned()),
        (Some(name), _) => bail!("there is no agent {name:?}; known are {known}"),
        (None, Some(Destination::Agent(name))) => Ok(name.clone()),
        (None, _) if known.is_empty() => {
            bail!("this dialplan has no agents; `tandem dialplan test` walks its menus")
        }
        (None, _) => bail!("calls do not start at an agent; choose one with --agent: {known}"),
    }
}

struct Conversation<'p> {
    plan: &'p Plan,
    dialplan: &'p Dialplan,
    typed: Typed,
    providers: Arc<Providers>,
    /// The caller is being put through.
    leaving: bool,
}

impl Conversation<'_> {
    /// Shows what happened, and asks the model as often as it is wanted. `true`: the call is over.
    async fn told(&mut self, happened: Vec<Happened>) -> bool {
        let mut over = self.show(happened);
        while let Some(command) = self.typed.asked() {
            over |= match command {
                ProviderCommand::Fetch { request, ask } => {
                    println!("    {} {}", ask.method.as_str(), ask.url);
                    let result = self.providers.fetch(*ask).await;
                    let event = ProviderEvent::Fetched { request, result };
                    let happened = self.typed.answered(event);
                    self.show(happened)
                }
                command => self.chat(command).await,
            };
        }
        over
    }

    async fn chat(&mut self, command: ProviderCommand) -> bool {
        let ProviderCommand::Chat {
            request,
            profile,
            messages,
            tools,
            first_token,
            total,
        } = command
        else {
            return false;
        };
        let mut stream = self.providers.llm(&profile).chat(ChatRequest {
            messages,
            tools,
            first_token,
            total,
        });
        let mut over = false;
        loop {
            let event = match stream.next().await {
                Some(Ok(ChatPart::Text(text))) => ProviderEvent::ChatText { request, text },
                Some(Ok(ChatPart::Tool(call))) => {
                    println!("    the model calls {} {}", call.name, call.arguments);
                    ProviderEvent::ChatTool { request, call }
                }
                Some(Ok(ChatPart::Done)) => ProviderEvent::ChatDone { request },
                Some(Err(fault)) => ProviderEvent::ChatFailed { request, fault },
                None => ProviderEvent::ChatFailed {
                    request,
                    fault: ProviderFault::Malformed,
                },
            };
            let last = matches!(
                event,
                ProviderEvent::ChatDone { .. } | ProviderEvent::ChatFailed { .. }
            );
            let happened = self.typed.answered(event);
            over |= self.show(happened);
            if last {
                return over;
            }
        }
    }

    fn show(&mut self, happened: Vec<Happened>) -> bool {
        let mut over = false;
        for one in happened {
            match one {
                Happened::Said(text) => {
                    println!("{}: {text}", self.typed.agent().unwrap_or("agent"))
                }
                Happened::Decided(what) => decided(&what),
                Happened::Leaves(Target(to)) => {
                    println!("    put through to {to}{}", self.who(&to));
                    println!("{LEAVING}");
                    self.leaving = true;
                }
                Happened::HungUp => {
                    println!("    hangs up");
                    over = true;
                }
            }
        }
        over
    }

    fn who(&self, to: &str) -> String {
        match to.parse() {
            Ok(Destination::Queue(name)) => {
                self.dialplan.queues.get(&name).map_or(String::new(), |q| {
                    let members: Vec<String> = q.members.iter().map(ToString::to_string).collect();
                    format!(", which rings {}", members.join(", "))
                })
            }
            Ok(Destination::Ext(number)) => self
                .plan
                .extension(&number)
                .map_or(String::new(), |e| format!(", {}", e.name)),
            _ => String::new(),
        }
    }
}

/// A decision, in a line.
fn decided(what: &What) {
    match what {
        What::AgentEntered { agent, .. } => println!("    agent:{agent} has the caller"),
        What::Understood {
            intent,
            confidence,
            by,
            ..
        } => {
            let understood = understood(intent.as_deref(), *confidence, by);
            println!("    {understood}");
        }
        What::HandoffOffered { package, .. } => {
            println!(
                "    handoff to {} ({:?}: {})",
                package.to, package.reason, package.trigger
            );
            if let Some(goal) = &package.goal {
                println!("      goal: {goal}");
            }
            for fact in &package.entities {
                let value = if fact.sensitive {
                    "(hidden)"
                } else {
                    &fact.value
                };
                println!(
                    "      {}: {value} ({}.{} %)",
                    fact.name,
                    fact.confidence / 10,
                    fact.confidence % 10
                );
            }
        }
        What::Refused { wanted, rule } => println!("    refused: {wanted}: {rule}"),
        What::ToolCalled {
            tool, arguments, ..
        } => println!("    tool {tool} {arguments}"),
        What::ToolEnded {
            tool,
            outcome,
            ms,
            kept,
            ..
        } => {
            let kept = match kept.is_empty() {
                true => String::new(),
                false => format!(", and keeps {}", kept.join(", ")),
            };
            println!("    tool {tool}: {outcome} after {ms} ms{kept}");
        }
        What::ProviderFailed {
            door,
            fault,
            instead,
        } => println!("    {door} failed ({fault:?}): {instead}"),
        _ => {}
    }
}
