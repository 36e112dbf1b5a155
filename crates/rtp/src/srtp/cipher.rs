//! Session keys and what is done with them to one packet.

use aes::{
    Aes128, Aes256,
    cipher::{InnerIvInit, KeyInit, StreamCipher},
};
use aes_gcm::{AeadInOut, Aes128Gcm, Aes256Gcm};
use ctr::{Ctr128BE, CtrCore};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use std::fmt;
use tandem_types::{SrtpKey, SrtpSuite};

/// A tag of SRTCP's under AES_CM, also where that of SRTP has 32 bits (RFC 4568 section 6.2.2).
const LONG_TAG: usize = 10;
const SHORT_TAG: usize = 4;
const GCM_TAG: usize = 16;
/// SRTCP's index stands at the end under GCM, and before the tag under AES_CM.
const INDEX: usize = 4;

/// Which of a master key's keys (RFC 3711 section 4.3): the first of three labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Rtp = 0,
    Rtcp = 3,
}

/// What makes a packet's key stream unlike every other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) ssrc: u32,
    /// 48 bits of RTP, 31 of RTCP.
    pub(super) index: u64,
}

/// The session keys of RTP or of RTCP.
pub(super) enum Cipher {
    Cm {
        block: Block,
        salt: [u8; 14],
        auth: Hmac<Sha1>,
        tag: usize,
    },
    Gcm {
        gcm: Gcm,
        salt: [u8; 12],
    },
}

pub(super) enum Block {
    Aes128(Aes128),
    Aes256(Aes256),
}

pub(super) enum Gcm {
    Aes128(Aes128Gcm),
    Aes256(Aes256Gcm),
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(..)")
    }
}

impl Block {
    /// Of 16 or 32 octets.
    pub(super) fn new(key: &[u8]) -> Self {
        match key.first_chunk::<32>() {
            Some(key) => Self::Aes256(Aes256::new(&(*key).into())),
            None => {
                let mut short = [0; 16];
                short.copy_from_slice(&key[..16]);
                Self::Aes128(Aes128::new(&short.into()))
            }
        }
    }

    /// Encrypts or decrypts in counter mode.
    pub(super) fn apply(&self, iv: [u8; 16], data: &mut [u8]) {
        match self {
            Self::Aes128(aes) => {
                let core = CtrCore::inner_iv_init(aes.clone(), &iv.into());
                Ctr128BE::from_core(core).apply_keystream(data);
            }
            Self::Aes256(aes) => {
                let core = CtrCore::inner_iv_init(aes.clone(), &iv.into());
                Ctr128BE::from_core(core).apply_keystream(data);
            }
        }
    }
}

impl Gcm {
    pub(super) fn new(key: &[u8]) -> Self {
        match key.first_chunk::<32>() {
            Some(key) => Self::Aes256(Aes256Gcm::new(&(*key).into())),
            None => {
                let mut short = [0; 16];
                short.copy_from_slice(&key[..16]);
                Self::Aes128(Aes128Gcm::new(&short.into()))
            }
        }
    }

    fn seal(&self, nonce: [u8; 12], clear: &[u8], data: &mut [u8]) -> [u8; GCM_TAG] {
        let (nonce, data) = (nonce.into(), data.into());
        let tag = match self {
            Self::Aes128(gcm) => gcm.encrypt_inout_detached(&nonce, clear, data),
            Self::Aes256(gcm) => gcm.encrypt_inout_detached(&nonce, clear, data),
        };
        // It fails for 64 GB and more.
        tag.map_or([0; GCM_TAG], Into::into)
    }

    fn open(&self, nonce: [u8; 12], clear: &[u8], data: &mut [u8], tag: [u8; GCM_TAG]) -> bool {
        let (nonce, data, tag) = (nonce.into(), data.into(), tag.into());
        match self {
            Self::Aes128(gcm) => gcm.decrypt_inout_detached(&nonce, clear, data, &tag),
            Self::Aes256(gcm) => gcm.decrypt_inout_detached(&nonce, clear, data, &tag),
        }
        .is_ok()
    }
}

impl Cipher {
    /// The session keys of a master key (section 4.3.1, at a key derivation rate of 0).
    pub(super) fn derived(suite: SrtpSuite, key: &SrtpKey, label: Label) -> Self {
        let (master, master_salt) = key.octets().split_at(suite.key_len());
        let prf = Block::new(master);
        let derive = |nth: u8, out: &mut [u8]| {
            let mut iv = [0; 16];
            iv[..master_salt.len()].copy_from_slice(master_salt);
            iv[7] ^= label as u8 + nth;
            out.fill(0);
            prf.apply(iv, out);
        };
        let mut session = [0; 32];
        let session = &mut session[..suite.key_len()];
        derive(0, session);
        let short = match suite {
            SrtpSuite::AeadAes128Gcm | SrtpSuite::AeadAes256Gcm => {
                let mut salt = [0; 12];
                derive(2, &mut salt);
                return Self::Gcm {
                    gcm: Gcm::new(session),
                    salt,
                };
            }
            SrtpSuite::AesCm128Sha1_80 | SrtpSuite::Aes256CmSha1_80 => false,
            SrtpSuite::AesCm128Sha1_32 | SrtpSuite::Aes256CmSha1_32 => label == Label::Rtp,
        };
        let (mut auth, mut salt) = ([0; 20], [0; 14]);
        derive(1, &mut auth);
        derive(2, &mut salt);
        Self::cm(
            session,
            salt,
            &auth,
            if short { SHORT_TAG } else { LONG_TAG },
        )
    }

    pub(super) fn cm(key: &[u8], salt: [u8; 14], auth: &[u8; 20], tag: usize) -> Self {
        let mut padded = [0; 64];
        padded[..20].copy_from_slice(auth);
        Self::Cm {
            block: Block::new(key),
            salt,
            // A key shorter than a block of the hash is padded by zeros (RFC 2104).
            auth: Hmac::new(&padded.into()),
            tag,
        }
    }

    pub(super) fn tag_len(&self) -> usize {
        match self {
            Self::Cm { tag, .. } => *tag,
            Self::Gcm { .. } => GCM_TAG,
        }
    }

    /// Encrypts a packet and fills the room for the tag at its end.
    pub(super) fn seal_rtp(&self, packet: &mut [u8], header: usize, number: Number) {
        let (body, tag) = packet.split_at_mut(packet.len() - self.tag_len());
        match self {
            Self::Cm {
                block, salt, auth, ..
            } => {
                block.apply(counter(salt, number), &mut body[header..]);
                let mac = rtp_mac(auth, body, number);
                tag.copy_from_slice(&mac.finalize().into_bytes()[..tag.len()]);
            }
            Self::Gcm { gcm, salt } => {
                let (clear, data) = body.split_at_mut(header);
                tag.copy_from_slice(&gcm.seal(nonce(salt, number), clear, data));
            }
        }
    }

    /// Decrypts a packet with its tag, if it is authentic; untouched otherwise.
    pub(super) fn open_rtp(&self, packet: &mut [u8], header: usize, number: Number) -> bool {
        let (body, tag) = packet.split_at_mut(packet.len() - self.tag_len());
        match self {
            Self::Cm {
                block, salt, auth, ..
            } => {
                let authentic = rtp_mac(auth, body, number)
                    .verify_truncated_left(tag)
                    .is_ok();
                if authentic {
                    block.apply(counter(salt, number), &mut body[header..]);
                }
                authentic
            }
            Self::Gcm { gcm, salt } => {
                let (clear, data) = body.split_at_mut(header);
                let tag = tag.try_into().unwrap_or([0; GCM_TAG]);
                gcm.open(nonce(salt, number), clear, data, tag)
            }
        }
    }

    /// The same for RTCP: `packet` ends with room for the tag and for the index, which is `trailer` as it is sent.
    pub(super) fn seal_rtcp(&self, packet: &mut [u8], header: usize, number: Number, trailer: u32) {
        let length = packet.len() - self.tag_len() - INDEX;
        match self {
            Self::Cm {
                block, salt, auth, ..
            } => {
                block.apply(counter(salt, number), &mut packet[header..length]);
                packet[length..length + INDEX].copy_from_slice(&trailer.to_be_bytes());
                let (all, tag) = packet.split_at_mut(length + INDEX);
                let mac = auth.clone().chain_update(all).finalize().into_bytes();
                tag.copy_from_slice(&mac[..tag.len()]);
            }
            Self::Gcm { gcm, salt } => {
                let clear = rtcp_clear(packet, header, trailer);
                let tag = gcm.seal(nonce(salt, number), &clear, &mut packet[header..length]);
                packet[length..length + GCM_TAG].copy_from_slice(&tag);
                packet[length + GCM_TAG..].copy_from_slice(&trailer.to_be_bytes());
            }
        }
    }

    /// The index of an SRTCP packet with the bit beside it.
    pub(super) fn index_of(&self, packet: &[u8]) -> u32 {
        let after = match self {
            Self::Cm { tag, .. } => *tag,
            Self::Gcm { .. } => 0,
        };
        let end = packet.len().saturating_sub(after);
        let trailer = packet.get(end.saturating_sub(INDEX)..end);
        trailer
            .and_then(|t| t.try_into().ok())
            .map_or(0, u32::from_be_bytes)
    }

    /// Decrypts an RTCP packet, if it is authentic; untouched otherwise.
    pub(super) fn open_rtcp(
        &self,
        packet: &mut [u8],
        header: usize,
        number: Number,
        trailer: u32,
    ) -> bool {
        let length = packet.len() - self.tag_len() - INDEX;
        match self {
            Self::Cm {
                block, salt, auth, ..
            } => {
                let (all, tag) = packet.split_at_mut(length + INDEX);
                let mac = auth.clone().chain_update(&*all);
                let authentic = mac.verify_truncated_left(tag).is_ok();
                if authentic {
                    block.apply(counter(salt, number), &mut all[header..length]);
                }
                authentic
            }
            Self::Gcm { gcm, salt } => {
                let clear = rtcp_clear(packet, header, trailer);
                let tag = packet[length..length + GCM_TAG].try_into();
                let data = &mut packet[header..length];
                gcm.open(
                    nonce(salt, number),
                    &clear,
                    data,
                    tag.unwrap_or([0; GCM_TAG]),
                )
            }
        }
    }
}

/// What GCM authenticates of an RTCP packet without encrypting it (RFC 7714 section 9.2).
fn rtcp_clear(packet: &[u8], header: usize, trailer: u32) -> [u8; 12] {
    let mut clear = [0; 12];
    clear[..header].copy_from_slice(&packet[..header]);
    clear[header..].copy_from_slice(&trailer.to_be_bytes());
    clear
}

/// The packet and its rollover counter (RFC 3711 section 4.2).
fn rtp_mac(auth: &Hmac<Sha1>, body: &[u8], number: Number) -> Hmac<Sha1> {
    let rolled = (number.index >> 16) as u32;
    auth.clone()
        .chain_update(body)
        .chain_update(rolled.to_be_bytes())
}

/// The first counter block (section 4.1.1).
fn counter(salt: &[u8; 14], number: Number) -> [u8; 16] {
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(salt);
    number.into_iv(&mut iv[4..14]);
    iv
}

/// GCM's nonce (RFC 7714 sections 8.1 and 9.1).
fn nonce(salt: &[u8; 12], number: Number) -> [u8; 12] {
    let mut iv = *salt;
    number.into_iv(&mut iv[2..]);
    iv
}

impl Number {
    /// SSRC and index, one after the other, into ten octets.
    fn into_iv(self, iv: &mut [u8]) {
        let index = self.index.to_be_bytes();
        let octets = self
            .ssrc
            .to_be_bytes()
            .into_iter()
            .chain(index[2..].iter().copied());
        for (place, octet) in iv.iter_mut().zip(octets) {
            *place ^= octet;
        }
    }
}
