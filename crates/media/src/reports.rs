//! What a leg does without packets coming in: reports (RFC 3550 section 6), and the watch on silence.
//!
//! ```text
//!               rtp_timeout without a packet, while the far end should send
//!   [Heard] ------------------------------------------------------------> [Quiet] (said once)
//!      ^                              a packet, a report that counts ours, a new generation |
//!      '------------------------------------------------------------------------------------'
//!               pause without sound or a key, while the far end should send
//!   [Sounding] ---------------------------------------------------------> [Silent] (FellSilent)
//!      ^                                         sound or a key: HeardAgain; a resume |
//!      '-------------------------------------------------------------------------------'
//! ```
//! The second watch is of what the others hear: a report, or comfort noise of the far end's, is a sign of life and no sound.

use crate::{
    graph::Context,
    leg::Leg,
    output::{EngineConfig, Transmit},
};
use std::{net::SocketAddr, time::Duration};
use tandem_rtp::{
    ReportBlock,
    rtcp::{self, SenderInfo},
    srtp::OVERHEAD,
};
use tandem_types::{
    Mono, Now, Rng,
    media::{MediaEvent, MediaFlow, Proof},
};

/// Between reports, before the random factor (RFC 3550 section 6.2).
const REPORT_EVERY: Duration = Duration::from_secs(5);
/// e - 3/2 (section 6.3.1): makes up for reconsideration, so that the mean is as meant.
const COMPENSATION: f64 = std::f64::consts::E - 1.5;
const NEVER: Mono = Mono(u64::MAX);

/// Times and marks of one leg.
#[derive(Debug)]
pub(crate) struct Watch {
    /// When something was last heard, or the watch began.
    heard: Mono,
    told: bool,
    quiet_due: Mono,
    /// When sound or a key came last, or the watch began.
    sounded: Mono,
    silent: bool,
    silent_due: Mono,
    report_due: Mono,
    proved_rtp: bool,
    proved_rtcp: bool,
    /// Packets sent when the last report went out.
    sent_before: u64,
    /// On the way to the far end.
    loss: Loss,
}

/// What share of our packets gets lost, as the far end's reports have it: more at once, less little by little, since loss comes in
/// bursts.
#[derive(Debug, Default)]
struct Loss {
    percent: f32,
}

impl Loss {
    /// A report came. In whole percent.
    fn told(&mut self, block: &ReportBlock) -> u8 {
        let now = f32::from(block.fraction_lost) / 2.56;
        self.percent = now.max(self.percent * 0.7);
        self.percent.round() as u8
    }
}

impl Watch {
    pub(crate) fn new(now: Mono) -> Self {
        Self {
            heard: now,
            told: false,
            quiet_due: NEVER,
            sounded: now,
            silent: false,
            silent_due: NEVER,
            report_due: NEVER,
            proved_rtp: false,
            proved_rtcp: false,
            sent_before: 0,
            loss: Loss::default(),
        }
    }

    /// A flow was set: another generation proves itself anew, and the watch begins if the far end should send.
    pub(crate) fn flow(
        &mut self,
        now: Mono,
        old: Option<&MediaFlow>,
        new: &MediaFlow,
        config: &EngineConfig,
        rng: &mut Rng,
    ) {
        if old.is_none_or(|o| o.generation != new.generation) {
            self.proved_rtp = false;
            self.proved_rtcp = false;
        }
        if old.is_none_or(|o| o.generation != new.generation || !o.receive) {
            self.heard = now;
            self.told = false;
        }
        // An offer alone is no sound: what the others hear of a muted phone that negotiates anew is nothing still.
        if old.is_none_or(|o| !o.receive) {
            self.sounded = now;
            self.silent = false;
        }
        let due = |done: bool, at: Mono| if new.receive && !done { at } else { NEVER };
        self.quiet_due = due(self.told, self.heard + config.rtp_timeout);
        self.silent_due = due(self.silent, self.sounded + config.pause);
        if self.report_due == NEVER {
            // Half as long for the first (section 6.2).
            self.report_due = now + interval(rng) / 2;
        }
    }

    /// Something was heard. Says whether the watch had given up and must be set again.
    fn alive(&mut self, now: Mono) -> bool {
        self.heard = now;
        std::mem::take(&mut self.told)
    }
}

fn interval(rng: &mut Rng) -> Duration {
    let factor = 0.5 + rng.below(1_000_000) as f64 / 1_000_000.0;
    REPORT_EVERY.mul_f64(factor / COMPENSATION)
}

impl Leg {
    /// When [`Leg::on_deadline`] is wanted; the end of time if never.
    pub(crate) fn deadline(&self) -> Mono {
        self.watch
            .quiet_due
            .min(self.watch.silent_due)
            .min(self.watch.report_due)
    }

    /// A packet was taken; `sounds`: it is to be heard by others. Says whether the deadline changed.
    pub(crate) fn heard_rtp(&mut self, context: &mut Context<'_>, sounds: bool) -> bool {
        if !std::mem::replace(&mut self.watch.proved_rtp, true) {
            context.event(MediaEvent::Proved {
                leg: self.id,
                by: Proof::Rtp,
            });
        }
        let rearm = self.alive(context);
        if !sounds {
            return rearm;
        }
        self.watch.sounded = context.now.mono;
        if !std::mem::take(&mut self.watch.silent) {
            return rearm;
        }
        self.watch.silent_due = context.now.mono + context.config.pause;
        context.event(MediaEvent::HeardAgain { leg: self.id });
        true
    }

    /// RTCP came from a source that may be heard. Says whether the deadline changed.
    pub(crate) fn heard_rtcp(&mut self, context: &mut Context<'_>, packet: &[u8]) -> bool {
        let mut rearm = false;
        for part in rtcp::parse(packet) {
            let rtcp::Rtcp::Report {
                ssrc,
                sender,
                blocks,
            } = part
            else {
                continue;
            };
            if let Some(info) = sender {
                self.received
                    .sender_report(context.now.mono, ssrc, info.ntp);
            }
            let ours = blocks.iter().find(|b| b.ssrc == self.out.ssrc());
            if let Some(block) = ours.filter(|_| self.out.packets() > 0) {
                self.encoder.set_loss(self.watch.loss.told(block));
                if !std::mem::replace(&mut self.watch.proved_rtcp, true) {
                    context.event(MediaEvent::Proved {
                        leg: self.id,
                        by: Proof::RtcpReport,
                    });
                }
                rearm |= self.alive(context);
            }
        }
        rearm
    }

    /// Something was heard; if the watch had given up, it is set again. Says whether it was.
    fn alive(&mut self, context: &Context<'_>) -> bool {
        let given_up = self.watch.alive(context.now.mono);
        if given_up && self.flow.as_ref().is_some_and(|f| f.receive) {
            self.watch.quiet_due = self.watch.heard + context.config.rtp_timeout;
        }
        given_up
    }

    /// Sends a report and looks for silence, as far as they are due.
    pub(crate) fn on_deadline(
        &mut self,
        context: &mut Context<'_>,
        rng: &mut Rng,
        send: &mut dyn FnMut(Transmit<'_>),
    ) {
        let now = context.now;
        if self.watch.quiet_due <= now.mono {
            let due = self.watch.heard + context.config.rtp_timeout;
            if due <= now.mono {
                let silent = now.mono.since(self.watch.heard);
                self.watch.told = true;
                self.watch.quiet_due = NEVER;
                let for_ms = u32::try_from(silent.as_millis()).unwrap_or(u32::MAX);
                context.event(MediaEvent::Quiet {
                    leg: self.id,
                    for_ms,
                });
            } else {
                self.watch.quiet_due = due;
            }
        }
        if self.watch.silent_due <= now.mono {
            let due = self.watch.sounded + context.config.pause;
            self.watch.silent = due <= now.mono;
            self.watch.silent_due = if self.watch.silent { NEVER } else { due };
            if self.watch.silent {
                context.event(MediaEvent::FellSilent { leg: self.id });
            }
        }
        if self.watch.report_due <= now.mono {
            self.watch.report_due = now.mono + interval(rng);
            if let Some((to, bytes)) = self.report(now, context.config, false) {
                send(Transmit {
                    leg: self.id,
                    rtcp: true,
                    to,
                    bytes: &bytes,
                });
            }
        }
    }

    /// The last report, with BYE, if anything was ever sent or could be.
    pub(crate) fn farewell(
        &mut self,
        now: Now,
        config: &EngineConfig,
    ) -> Option<(SocketAddr, Vec<u8>)> {
        self.local?;
        // Section 6.3.7: who never sent says no BYE.
        if self.out.packets() == 0 {
            return None;
        }
        self.report(now, config, true)
    }

    fn report(
        &mut self,
        now: Now,
        config: &EngineConfig,
        bye: bool,
    ) -> Option<(SocketAddr, Vec<u8>)> {
        self.flow.as_ref()?;
        let to = self.latch.send_rtcp_to()?;
        let sent = self.out.packets();
        let info = SenderInfo {
            ntp: rtcp::ntp(now.wall),
            rtp_timestamp: self.out.timestamp_at(now.mono),
            packets: sent as u32,
            octets: self.out.octets() as u32,
        };
        let sender = (sent > std::mem::replace(&mut self.watch.sent_before, sent)).then_some(info);
        let block = self.received.report(now.mono);
        let mut bytes = rtcp::report(self.out.ssrc(), sender, block, &config.cname, bye);
        let length = bytes.len();
        if let Some(srtp) = self.srtp.as_mut().filter(|_| length > 0) {
            bytes.resize(length + OVERHEAD, 0);
            let sealed = srtp.protect_rtcp(&mut bytes, length);
            bytes.truncate(sealed.unwrap_or(0));
        }
        (!bytes.is_empty()).then_some((to, bytes))
    }
}
