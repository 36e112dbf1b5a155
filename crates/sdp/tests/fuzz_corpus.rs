//! What fuzzing found interesting, replayed: `fuzz/corpus/sdp`, and the bodies of real products.

#[path = "../../../fuzz/checks/sdp.rs"]
mod checks;

use std::{fs, path::Path};

#[test]
fn session_descriptions() {
    for folder in ["../../fuzz/corpus/sdp", "tests/samples"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files = 0;
        for file in fs::read_dir(&folder).expect("the corpus is there") {
            checks::sdp(&fs::read(file.expect("an entry").path()).expect("a file"));
            files += 1;
        }
        assert!(files > 0, "{}", folder.display());
    }
}
