//! Sound files.

use std::path::Path;

/// A WAV file of 16 bits, any rate, its first channel, at 8 kHz.
pub(super) fn read_wav(path: &Path) -> Result<Vec<i16>, hound::Error> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    if spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int {
        return Err(hound::Error::FormatError(
            "not 16-bit PCM; `sox in.wav -b 16 out.wav` makes it so",
        ));
    }
    let channels = usize::from(spec.channels.max(1));
    let samples: Result<Vec<i16>, _> = reader.samples::<i16>().step_by(channels).collect();
    Ok(tandem_codec::resample::whole(
        &samples?,
        spec.sample_rate,
        8000,
    ))
}
