//! Offer/answer (RFC 3264) as pure functions over an audio model.
