//! Calls over real SIP and RTP on loopback, with phones that nobody here wrote: SIPp is the carrier and the caller,
//! baresip the desk phone, Kamailio the proxy. Sound is asserted from a capture of the wire.
//!
//! Every test has addresses, ports and a folder of its own, so tests run side by side. Who is who on a test's
//! network 127.R.T.0/24 is in `lab`; everybody has a tone of their own (`audio`).

mod wire {
    mod audio;
    mod baresip;
    mod capture;
    mod gateway;
    mod kamailio;
    mod lab;
    mod linphone;
    mod office;
    mod raw;
    mod sipp;
    mod sound;
    mod stage;

    mod asked;
    mod attended;
    mod callback;
    mod digest;
    mod door;
    mod echo;
    mod edge;
    mod extensions;
    mod facts;
    mod help;
    mod hold;
    mod identity;
    mod ipv6;
    mod keys;
    mod lamps;
    mod leaves;
    mod names;
    mod next_person;
    mod nobody;
    mod offline;
    mod opus;
    mod people;
    mod recording;
    mod refer;
    mod refer_followed;
    mod reload;
    mod returns;
    mod room;
    mod srtp;
    mod tls;
    mod tools;
    mod trunk;
    mod voicemail;
    mod waiting;
    mod warm;
    mod web;
    mod wide;
}
