//! `tandem schema`: what is published, and each file by its name. The shipped files name theirs.

use super::lab::Lab;
use std::{fs, path::Path};

#[test]
fn what_is_written_is_what_is_published() {
    let lab = Lab::new();
    let said = lab.tandem("schema -o DIR/schema");
    assert_eq!(said.code, Some(0), "{}", said.err);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for name in ["tandem", "phones", "trunk", "dialplan"] {
        let file = format!("{name}.json");
        let published = fs::read_to_string(root.join("schema").join(&file)).expect("published");
        let written = fs::read_to_string(lab.path("schema").join(&file)).expect("written");
        assert_eq!(published, written, "{file}");
        assert_eq!(lab.tandem(&format!("schema {name}")).out, published);
    }
    let unknown = lab.tandem("schema trunks");
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown
            .err
            .contains("write tandem, phones, trunk or dialplan"),
        "{}",
        unknown.err
    );
}

#[test]
fn each_shipped_file_names_its_schema() {
    let office = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dialplans");
    for (file, schema) in [
        ("tandem.toml", "tandem.json"),
        ("phones.toml", "phones.json"),
        ("trunks/carrier.toml", "trunk.json"),
        ("dialplans/reception.toml", "dialplan.json"),
    ] {
        let path = office.join(file);
        let text = fs::read_to_string(&path).expect("shipped");
        let named = text
            .lines()
            .next()
            .and_then(|l| l.strip_prefix("#:schema "));
        let named = path
            .parent()
            .expect("a folder")
            .join(named.expect("the first line names it"));
        assert!(
            named.ends_with(format!("schema/{schema}")) && named.exists(),
            "{file}"
        );
    }
}
