//! `tandem`: a SIP/RTP telephony gateway with an AI front desk. One file per verb.

mod ask;
mod callbacks;
mod calls;
mod check;
mod demo;
mod dialplan;
mod doctor;
mod drain;
mod export;
mod fresh;
mod hours;
mod import;
mod init;
mod intents;
mod log;
mod phones;
mod queues;
mod recording;
mod reload;
mod report;
mod schema;
mod serve;
mod talk;
mod trace;
mod trunks;
mod voicemail;
mod watch;

use clap::{Args, Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Half of the cost of the C library's, and what other threads free goes back to the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A SIP/RTP telephony gateway with an AI front desk.
#[derive(Parser)]
#[command(name = "tandem", version, about, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the configuration has errors, 4 no such call."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

/// Where the configuration is.
#[derive(Args, Clone, Debug)]
struct Config {
    /// Directory that holds tandem.toml.
    #[arg(long, short, default_value = "dialplans", env = "TANDEM_CONFIG")]
    config: PathBuf,
    /// Directory for database, journal and rendered prompts, instead of the configured one.
    #[arg(long, env = "TANDEM_DATA")]
    data: Option<String>,
}

/// Machine-readable output.
#[derive(Args, Clone, Copy, Debug)]
struct Format {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// A configuration of your own, from five questions.
    Init {
        #[command(flatten)]
        asked: init::Asked,
    },
    /// Take calls until SIGTERM or Ctrl-C; then drain.
    Serve {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// Check a configuration directory; every mistake in one go.
    Check {
        /// Directory that holds tandem.toml.
        #[arg(default_value = "dialplans")]
        dir: PathBuf,
        #[command(flatten)]
        format: Format,
    },
    /// The last calls.
    Calls {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
        /// How many.
        #[arg(long, short, default_value_t = 20)]
        limit: u32,
    },
    /// One call: legs, transcript, handoffs, transfers; or end it.
    Call {
        /// Its id, or the first characters of it.
        id: String,
        /// End it now.
        #[arg(long)]
        hangup: bool,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// Recordings: let one rest, hear an encrypted one, erase one.
    Recording {
        #[command(subcommand)]
        what: recording::Recording,
    },
    /// The handoff ledger.
    Handoffs {
        /// Of this call only, by its id or the first characters of it.
        call: Option<String>,
        /// Recompute the hash chains and say what does not fit.
        #[arg(long)]
        verify: bool,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// The running gateway live in the terminal: calls, what is said in the chosen one, its SIP ladder, people and queues.
    ///
    /// Keys: up and down (or k and j) choose a call, n the newest; r shows running ones alone; Tab, 1, 2 and 3 change the pane;
    /// PgUp, PgDn and End scroll it; q, Esc or Ctrl-C leave. A gateway that goes away is asked again each second.
    Watch {
        #[command(flatten)]
        config: Config,
    },
    /// What happened in a time: calls by number, how far transfers came, what callers wanted.
    Report {
        #[command(subcommand)]
        what: report::Report,
    },
    /// Call detail records, for billing and for who counts by them.
    Export {
        #[command(subcommand)]
        what: export::Export,
    },
    /// The SIP ladder of a call that the running gateway has seen.
    Trace {
        /// Its id, or the first characters of it.
        id: String,
        #[command(flatten)]
        shown: trace::Shown,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// Real calls over real SIP and RTP on loopback, played and checked.
    Demo {
        /// Keep the gateway and the desk phones running for a softphone of yours.
        #[arg(long)]
        stay: bool,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// The local classifier of what callers want.
    Intents {
        #[command(subcommand)]
        what: Intents,
    },
    /// Try a dialplan without a phone.
    Dialplan {
        #[command(subcommand)]
        what: Dialplan,
    },
    /// Type to the agents of a dialplan, and see what they take it for: intents, tools, handoffs.
    Talk {
        #[command(flatten)]
        ask: talk::Typist,
        #[command(flatten)]
        config: Config,
    },
    /// What is set by hand against the hours: `tandem hours`, `tandem hours set night`, `tandem hours set auto`.
    Hours {
        #[command(subcommand)]
        set: Option<Hours>,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// What happens to calls at a time: hours, holidays, and the rule that decides.
    When {
        #[command(flatten)]
        ask: hours::Then,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// How the gateway, its trunks, providers and disk do; and each call that was turned away in the last hour, with the line
    /// of the configuration that would let it in.
    Doctor {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// Where the desk phones are: address, software, how long they are registered, and whether they are in a call.
    Phones {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// How the trunks do: who answers, how our accounts stand, calls and limits, and what failed last.
    Trunks {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// Who waits in queues and who is there for them; and people who are not to be rung: `tandem queues pause 201`.
    Queues {
        #[command(subcommand)]
        set: Option<queues::Set>,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// Callers who are to be called back: listed, taken back.
    Callbacks {
        #[command(subcommand)]
        what: callbacks::Callbacks,
    },
    /// Messages that callers left: listed, heard, deleted.
    Voicemail {
        #[command(subcommand)]
        what: voicemail::Voicemail,
    },
    /// The running gateway reads its configuration again: all of it, or none. Running calls keep the plan that they began with.
    Reload {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// The running gateway takes no new calls, and stops when the last is over: as SIGTERM does.
    Drain {
        /// Come back when it has stopped.
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// An old dialplan becomes one of ours, that does the same with keys alone.
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// JSON Schema of the configuration files: editors complete and check by it.
    Schema {
        #[command(flatten)]
        wanted: schema::Wanted,
    },
    /// Version and build.
    Version {
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Subcommand)]
enum Dialplan {
    /// The way a call takes, with the line that decided each step. Agents go by their examples and templates: no
    /// language model is asked.
    Test {
        #[command(flatten)]
        call: dialplan::Call,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
    /// What leads where: a tree in the terminal, or a drawing.
    Graph {
        #[command(flatten)]
        ask: dialplan::graph::Drawing,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Subcommand)]
enum Import {
    /// Asterisk's extensions.conf, with queues.conf, voicemail.conf, pjsip.conf and sip.conf.
    Asterisk {
        #[command(flatten)]
        ask: import::OldPlan,
    },
}

#[derive(Subcommand)]
enum Hours {
    /// Set an override that `[[when]]` rules ask for, or take it back with `auto`. It outlives a restart.
    Set {
        /// `night`, or `auto`.
        name: String,
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Subcommand)]
enum Intents {
    /// Learn from rows, and say how well others are understood: accuracy, out-of-scope recall, calibration.
    Eval {
        #[command(flatten)]
        files: intents::Rows,
        #[command(flatten)]
        format: Format,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let serves = matches!(cli.verb, Verb::Serve { .. });
    let json = matches!(
        cli.verb,
        Verb::Serve {
            format: Format { json: true },
            ..
        }
    );
    let _log = log::begin(!serves, serves, json);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_start(tandem_server::step_back)
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("tandem: the runtime cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli.verb)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tandem: {error:#}");
            match error.is::<calls::Wrong>() {
                true => ExitCode::from(check::WRONG),
                false => ExitCode::FAILURE,
            }
        }
    }
}

async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Init { asked } => init::run(&asked),
        Verb::Serve { config, format: _ } => serve::run(&config).await,
        Verb::Check { dir, format } => check::run(&dir, format.json),
        Verb::Calls {
            config,
            format,
            limit,
        } => calls::list(&config, limit, format.json).await,
        Verb::Call {
            id,
            hangup: true,
            config,
            format: _,
        } => calls::hangup(&config, &id).await,
        Verb::Call {
            id,
            hangup: false,
            config,
            format,
        } => calls::show(&config, &id, format.json).await,
        Verb::Recording { what } => recording::run(what).await,
        Verb::Handoffs {
            call,
            verify,
            config,
            format,
        } => calls::handoffs(&config, call, verify, format.json).await,
        Verb::Watch { config } => watch::run(&config).await,
        Verb::Report { what } => report::run(what).await,
        Verb::Export { what } => export::run(what).await,
        Verb::Trace {
            id,
            shown,
            config,
            format,
        } => trace::run(&config, &id, &shown, format.json).await,
        Verb::Demo {
            stay,
            config,
            format,
        } => demo::run(&config, stay, format.json).await,
        Verb::Intents {
            what: Intents::Eval { files, format },
        } => intents::eval(&files, format.json),
        Verb::Talk { ask, config } => talk::run(&config, &ask).await,
        Verb::Dialplan {
            what:
                Dialplan::Test {
                    call,
                    config,
                    format,
                },
        } => dialplan::test(&config, &call, format.json),
        Verb::Dialplan {
            what:
                Dialplan::Graph {
                    ask,
                    config,
                    format,
                },
        } => dialplan::graph::graph(&config, &ask, format.json),
        Verb::Hours {
            set:
                Some(Hours::Set {
                    name,
                    config,
                    format,
                }),
            ..
        } => hours::hours(&config, Some(&name), format.json).await,
        Verb::Hours {
            set: None,
            config,
            format,
        } => hours::hours(&config, None, format.json).await,
        Verb::When {
            ask,
            config,
            format,
        } => hours::when(&config, &ask, format.json),
        Verb::Doctor { config, format } => doctor::run(&config, format.json).await,
        Verb::Phones { config, format } => phones::run(&config, format.json).await,
        Verb::Trunks { config, format } => trunks::run(&config, format.json).await,
        Verb::Callbacks { what } => callbacks::run(what).await,
        Verb::Voicemail { what } => voicemail::run(what).await,
        Verb::Queues { set: Some(set), .. } => queues::set(&set).await,
        Verb::Queues {
            set: None,
            config,
            format,
        } => queues::list(&config, format.json).await,
        Verb::Reload { config, format } => reload::run(&config, format.json).await,
        Verb::Drain {
            wait,
            config,
            format,
        } => drain::run(&config, wait, format.json).await,
        Verb::Import {
            what: Import::Asterisk { ask },
        } => import::run(&ask),
        Verb::Schema { wanted } => schema::run(&wanted),
        Verb::Version { format } => {
            version(format.json);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn version(json: bool) {
    let version = env!("CARGO_PKG_VERSION");
    if json {
        println!(
            "{}",
            serde_json::json!({ "name": "tandem", "version": version })
        );
    } else {
        println!("tandem {version}");
    }
}
