//! `exp` and `ln` from additions, multiplications and divisions alone: a C library's differ in the last
//! bit from machine to machine, and a model must not.

/// 1 / n!
const TAYLOR: [f64; 16] = {
    let mut out = [1.0; 16];
    let mut n = 1;
    while n < 16 {
        out[n] = out[n - 1] / n as f64;
        n += 1;
    }
    out
};

/// e^x: x = k ln 2 + r, a Taylor series for r, k by the exponent.
pub(super) fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let k = (x / std::f64::consts::LN_2).round();
    let r = x - k * std::f64::consts::LN_2;
    let sum = TAYLOR.iter().rev().fold(0.0, |sum, t| sum * r + t);
    sum * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

/// The natural logarithm of a normal positive number: x = m 2^k, and for m between 1 and 2
/// ln m = 2 artanh((m - 1) / (m + 1)) as a series.
pub(super) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let k = (bits >> 52) as i64 - 1023;
    let m = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    let t = (m - 1.0) / (m + 1.0);
    let mut power = t;
    let mut sum = 0.0;
    for n in 0..18 {
        sum += power / f64::from(2 * n + 1);
        power *= t * t;
    }
    k as f64 * std::f64::consts::LN_2 + 2.0 * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exp() {
        for i in -6000..6000 {
            let x = f64::from(i) / 10.0;
            let relative = (exp(x) - x.exp()).abs() / x.exp();
            assert!(relative < 1e-12, "exp({x})");
        }
    }

    #[test]
    fn ln_is_ln() {
        for i in 1..20_000 {
            let x = f64::from(i) / 7.0;
            assert!((ln(x) - x.ln()).abs() < 1e-12, "ln({x})");
        }
        assert_eq!(ln(1.0), 0.0);
    }
}
