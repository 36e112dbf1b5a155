//! The C library, loaded at run time so that the binary starts without it: libpocketsphinx 0.8 (Debian's
//! 5prealpha, soname 3), of which some twenty functions are used. All `unsafe` of this crate is here.
//!
//! A [`Decoder`] owns one `ps_decoder_t`. Between decoders the library keeps its log callback and its log
//! file, which are taken away once, before the first of them, and a list of spare big numbers that
//! its reading of decimals uses without a lock (`dtoa.c`): whatever reads decimals (options, models,
//! the weights of a grammar) is done by one thread at a time, see [`READING`]. Decoding reads none.

use libloading::Library;
use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    path::Path,
    ptr::{self, NonNull},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Why there is no decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LoadError {
    /// The library, or a function of it, is not there.
    Library(String),
    /// The model is not there, or cannot be read.
    Model(String),
}

type Raw = NonNull<c_void>;

/// The functions, with the types of `pocketsphinx.h` and `cmd_ln.h`.
struct Api {
    ps_args: unsafe extern "C" fn() -> *const c_void,
    cmd_ln_parse_r: unsafe extern "C" fn(
        *mut c_void,
        *const c_void,
        c_int,
        *const *const c_char,
        c_int,
    ) -> Option<Raw>,
    cmd_ln_free_r: unsafe extern "C" fn(Raw) -> c_int,
    ps_init: unsafe extern "C" fn(Raw) -> Option<Raw>,
    ps_free: unsafe extern "C" fn(Raw) -> c_int,
    ps_set_jsgf_string: unsafe extern "C" fn(Raw, *const c_char, *const c_char) -> c_int,
    ps_set_allphone_file: unsafe extern "C" fn(Raw, *const c_char, *const c_char) -> c_int,
    ps_set_search: unsafe extern "C" fn(Raw, *const c_char) -> c_int,
    ps_unset_search: unsafe extern "C" fn(Raw, *const c_char) -> c_int,
    ps_start_utt: unsafe extern "C" fn(Raw) -> c_int,
    ps_process_raw: unsafe extern "C" fn(Raw, *const i16, usize, c_int, c_int) -> c_int,
    ps_end_utt: unsafe extern "C" fn(Raw) -> c_int,
    ps_get_hyp: unsafe extern "C" fn(Raw, *mut i32) -> *const c_char,
    ps_lookup_word: unsafe extern "C" fn(Raw, *const c_char) -> *mut c_char,
    ps_seg_iter: unsafe extern "C" fn(Raw) -> Option<Raw>,
    ps_seg_next: unsafe extern "C" fn(Raw) -> Option<Raw>,
    ps_seg_word: unsafe extern "C" fn(Raw) -> *const c_char,
    ps_seg_frames: unsafe extern "C" fn(Raw, *mut c_int, *mut c_int),
    ps_seg_prob: unsafe extern "C" fn(Raw, *mut i32, *mut i32, *mut i32) -> i32,
    ckd_free: unsafe extern "C" fn(*mut c_void),
}

const SPHINXBASE: &str = "libsphinxbase.so.3";
const POCKETSPHINX: &str = "libpocketsphinx.so.3";

/// Held while the library reads a decimal: two threads there end in a crash or never.
static READING: Mutex<()> = Mutex::new(());

fn reading() -> MutexGuard<'static, ()> {
    READING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The library, loaded once and never unloaded.
fn api() -> Result<&'static Api, LoadError> {
    static API: OnceLock<Result<Api, String>> = OnceLock::new();
    API.get_or_init(load)
        .as_ref()
        .map_err(|error| LoadError::Library(error.clone()))
}

fn load() -> Result<Api, String> {
    let open = |name| {
        // SAFETY: loading runs the libraries' initialisers; these two have none beyond the C runtime's.
        // They are leaked, so that no function pointer outlives its code.
        unsafe { Library::new(name) }
            .map(|library| &*Box::leak(Box::new(library)))
            .map_err(|e| e.to_string())
    };
    let (base, sphinx) = (open(SPHINXBASE)?, open(POCKETSPHINX)?);
    macro_rules! function {
        ($library:expr, $name:literal) => {
            // SAFETY: the field's type is the function's declaration in the header of the version that
            // the soname names (int is c_int, size_t is usize, pointers that may be NULL are Option or
            // raw).
            *unsafe { $library.get($name) }.map_err(|error| error.to_string())?
        };
    }
    let err_set_logfp: unsafe extern "C" fn(*mut c_void) = function!(base, b"err_set_logfp\0");
    type SetCallback = unsafe extern "C" fn(Option<unsafe extern "C" fn()>, *mut c_void);
    let err_set_callback: SetCallback = function!(base, b"err_set_callback\0");
    // SAFETY: called once, before any decoder exists. Without a callback the library logs nothing (its
    // log would hold what callers say), and without a file it prints no table of its options.
    unsafe {
        err_set_callback(None, ptr::null_mut());
        err_set_logfp(ptr::null_mut());
    }
    Ok(Api {
        ps_args: function!(sphinx, b"ps_args\0"),
        cmd_ln_parse_r: function!(base, b"cmd_ln_parse_r\0"),
        cmd_ln_free_r: function!(base, b"cmd_ln_free_r\0"),
        ps_init: function!(sphinx, b"ps_init\0"),
        ps_free: function!(sphinx, b"ps_free\0"),
        ps_set_jsgf_string: function!(sphinx, b"ps_set_jsgf_string\0"),
        ps_set_allphone_file: function!(sphinx, b"ps_set_allphone_file\0"),
        ps_set_search: function!(sphinx, b"ps_set_search\0"),
        ps_unset_search: function!(sphinx, b"ps_unset_search\0"),
        ps_start_utt: function!(sphinx, b"ps_start_utt\0"),
        ps_process_raw: function!(sphinx, b"ps_process_raw\0"),
        ps_end_utt: function!(sphinx, b"ps_end_utt\0"),
        ps_get_hyp: function!(sphinx, b"ps_get_hyp\0"),
        ps_lookup_word: function!(sphinx, b"ps_lookup_word\0"),
        ps_seg_iter: function!(sphinx, b"ps_seg_iter\0"),
        ps_seg_next: function!(sphinx, b"ps_seg_next\0"),
        ps_seg_word: function!(sphinx, b"ps_seg_word\0"),
        ps_seg_frames: function!(sphinx, b"ps_seg_frames\0"),
        ps_seg_prob: function!(sphinx, b"ps_seg_prob\0"),
        ckd_free: function!(base, b"ckd_free\0"),
    })
}

/// A hypothesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hypothesis {
    /// The words, with a space between; for the phone loop, phones.
    pub(super) text: String,
    /// Its words (or phones), silence and noises of the model included, in order.
    pub(super) segments: Vec<Segment>,
}

/// A word or phone, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) word: String,
    /// First and last frame.
    pub(super) frames: (u32, u32),
    /// Its acoustic score, in the library's log units.
    pub(super) score: i32,
}

/// One decoder.
pub(super) struct Decoder {
    api: &'static Api,
    decoder: Raw,
    config: Raw,
}

// SAFETY: a decoder has no tie to the thread that made it (the library has no thread-locals), all methods
// take `&mut self`, so that no two threads use it at a time, and what decoders share is behind `READING`.
unsafe impl Send for Decoder {}

impl Decoder {
    /// Loads the model from a folder with `en-us/` and `cmudict-en-us.dict`. 0.1 to 0.5 s.
    pub(super) fn new(model: &Path, options: &[(&str, &str)]) -> Result<Self, LoadError> {
        let api = api()?;
        let (acoustic, dictionary) = (model.join("en-us"), model.join("cmudict-en-us.dict"));
        for path in [&acoustic.join("mdef"), &dictionary] {
            // The library ends the process over some files that are missing.
            if let Err(error) = std::fs::File::open(path) {
                return Err(LoadError::Model(format!("{}: {error}", path.display())));
            }
        }
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let (Some(acoustic), Some(dictionary)) = (text(&acoustic), text(&dictionary)) else {
            return Err(LoadError::Model(format!("{}: not UTF-8", model.display())));
        };
        let mut words = vec!["tandem", "-hmm", &acoustic, "-dict", &dictionary];
        words.extend(options.iter().flat_map(|(name, value)| [*name, *value]));
        let words: Result<Vec<CString>, _> = words.into_iter().map(CString::new).collect();
        let words = words.map_err(|_| LoadError::Model("NUL in a path".to_owned()))?;
        let argv: Vec<*const c_char> = words.iter().map(|word| word.as_ptr()).collect();
        let argc = argv.len() as c_int;
        let _alone = reading();
        // SAFETY: `argv` holds `argc` C strings that live until the call returns; the library copies
        // them. `ps_args` is its static table of options. A NULL first argument makes a new config.
        let config = unsafe {
            (api.cmd_ln_parse_r)(ptr::null_mut(), (api.ps_args)(), argc, argv.as_ptr(), 0)
        };
        let config = config.ok_or_else(|| LoadError::Model("options refused".to_owned()))?;
        // SAFETY: `config` is a config that was just made; the decoder keeps a reference of its own.
        let Some(decoder) = (unsafe { (api.ps_init)(config) }) else {
            // SAFETY: ours, and nobody else holds it.
            unsafe { (api.cmd_ln_free_r)(config) };
            return Err(LoadError::Model(format!(
                "{}: cannot be read",
                model.display()
            )));
        };
        Ok(Self {
            api,
            decoder,
            config,
        })
    }

    /// Is it in the dictionary?
    pub(super) fn knows(&mut self, word: &str) -> bool {
        let Ok(word) = CString::new(word) else {
            return false;
        };
        // SAFETY: the decoder lives, `word` is a C string. The answer is NULL or a string that is ours.
        let phones = unsafe { (self.api.ps_lookup_word)(self.decoder, word.as_ptr()) };
        if phones.is_null() {
            return false;
        }
        // SAFETY: allocated by the library for us, freed once by its own function.
        unsafe { (self.api.ckd_free)(phones.cast()) };
        true
    }

    /// Adds a JSGF grammar under a name. False: the library does not take it.
    pub(super) fn add_grammar(&mut self, name: &CStr, jsgf: &str) -> bool {
        let Ok(jsgf) = CString::new(jsgf) else {
            return false;
        };
        let _alone = reading();
        // SAFETY: the decoder lives; both are C strings, and the library copies what it keeps.
        unsafe { (self.api.ps_set_jsgf_string)(self.decoder, name.as_ptr(), jsgf.as_ptr()) == 0 }
    }

    /// Adds the free phone loop under a name.
    pub(super) fn add_phone_loop(&mut self, name: &CStr) -> bool {
        // SAFETY: the decoder lives, `name` is a C string; NULL for the file means a loop without a
        // language model (`ps_set_allphone_file` tests for it).
        unsafe { (self.api.ps_set_allphone_file)(self.decoder, name.as_ptr(), ptr::null()) == 0 }
    }

    /// Forgets a search.
    pub(super) fn remove(&mut self, name: &CStr) {
        // SAFETY: the decoder lives, `name` is a C string; a name that is not there is refused.
        unsafe { (self.api.ps_unset_search)(self.decoder, name.as_ptr()) };
    }

    /// Decodes a whole utterance (16 kHz) with one of the searches. `None`: nothing was found.
    pub(super) fn decode(&mut self, search: &CStr, pcm: &[i16]) -> Option<Hypothesis> {
        let api = self.api;
        // SAFETY: the decoder lives, `search` is a C string; an unknown name is refused with -1.
        if unsafe { (api.ps_set_search)(self.decoder, search.as_ptr()) } != 0 {
            return None;
        }
        // SAFETY: the decoder lives and is not within an utterance: the one before was ended below.
        if unsafe { (api.ps_start_utt)(self.decoder) } != 0 {
            return None;
        }
        // SAFETY: `pcm` is valid for its length while the call reads it; search now (0), the whole
        // utterance at once (1), so that the mean of its spectrum is its own.
        let processed =
            unsafe { (api.ps_process_raw)(self.decoder, pcm.as_ptr(), pcm.len(), 0, 1) };
        // SAFETY: within the utterance that was started above.
        let ended = unsafe { (api.ps_end_utt)(self.decoder) };
        if processed < 0 || ended != 0 {
            return None;
        }
        let mut score = 0;
        // SAFETY: the decoder lives; `score` is written to; the string is NULL or the decoder's until the
        // next utterance, and is copied before.
        let text = unsafe {
            (api.ps_get_hyp)(self.decoder, &mut score)
                .as_ref()
                .map(|text| CStr::from_ptr(text).to_string_lossy().into_owned())
        }?;
        Some(Hypothesis {
            text,
            segments: self.segments(),
        })
    }

    fn segments(&mut self) -> Vec<Segment> {
        let (api, mut segments) = (self.api, Vec::new());
        // SAFETY: the decoder lives and is between utterances.
        let mut next = unsafe { (api.ps_seg_iter)(self.decoder) };
        while let Some(segment) = next {
            let (mut first, mut last, mut score, mut language, mut back) = (0, 0, 0, 0, 0);
            // SAFETY: `segment` is the iterator at a segment (not NULL); the out-pointers are valid; the word
            // is NULL or a C string of the decoder's dictionary, and is copied.
            let word = unsafe {
                (api.ps_seg_frames)(segment, &mut first, &mut last);
                (api.ps_seg_prob)(segment, &mut score, &mut language, &mut back);
                (api.ps_seg_word)(segment)
                    .as_ref()
                    .map(|word| CStr::from_ptr(word).to_string_lossy().into_owned())
            };
            let frame = |frame: c_int| u32::try_from(frame).unwrap_or(0);
            // Arcs of the grammar without a word appear as `(NULL)`, in a frame that is another's.
            if let Some(word) = word.filter(|word| !word.starts_with('(')) {
                segments.push(Segment {
                    word,
                    frames: (frame(first), frame(last)),
                    score,
                });
            }
            // SAFETY: at the end the library frees the iterator and answers NULL; it is not used after.
            next = unsafe { (api.ps_seg_next)(segment) };
        }
        segments
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: both were made in `new`, are freed once, and nothing uses them after; the decoder's own
        // reference to the config goes with it.
        unsafe {
            (self.api.ps_free)(self.decoder);
            (self.api.cmd_ln_free_r)(self.config);
        }
    }
}
