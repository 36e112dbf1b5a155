//! JSON Schema of the files, for editors: what may stand where, and what it means. [`crate::load`] has the last word: it knows what
//! names lead to. A test lets the reader say which keys it knows in every table, and compares: the two cannot drift apart.

#[expect(dead_code, reason = "types that are only described")]
mod ask;
#[expect(dead_code, reason = "types that are only described")]
mod callback;
#[expect(dead_code, reason = "types that are only described")]
mod dialplan;
#[expect(dead_code, reason = "types that are only described")]
mod node;
#[expect(dead_code, reason = "types that are only described")]
mod phones;
#[expect(dead_code, reason = "types that are only described")]
mod tools;
#[expect(dead_code, reason = "types that are only described")]
mod trunk;
mod values;
#[expect(dead_code, reason = "types that are only described")]
mod voicemail;

use schemars::{
    JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform,
    transform::Transform,
};

/// The file of each schema, and what it is.
///
/// | file | of |
/// |---|---|
/// | `tandem.json` | `tandem.toml` |
/// | `phones.json` | `phones.toml` |
/// | `trunk.json` | `trunks/*.toml` |
/// | `dialplan.json` | `dialplans/*.toml` |
pub fn schemas() -> [(&'static str, Schema); 4] {
    [
        ("tandem.json", of::<node::TandemToml>()),
        ("phones.json", of::<phones::PhonesToml>()),
        ("trunk.json", of::<trunk::TrunkToml>()),
        ("dialplan.json", of::<dialplan::DialplanToml>()),
    ]
}

/// Draft 7: what the TOML language servers read.
fn of<T: JsonSchema>() -> Schema {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    RecursiveTransform(without_null).transform(&mut schema);
    schema
}

/// A key may be left out, but TOML has no null to write.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(types) = object.get_mut("type").and_then(|t| t.as_array_mut()) {
        types.retain(|t| t != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    let null = serde_json::json!({ "type": "null" });
    let Some(any) = object.get_mut("anyOf").and_then(|a| a.as_array_mut()) else {
        return;
    };
    any.retain(|one| *one != null);
    if let [serde_json::Value::Object(one)] = any.as_slice() {
        let one = one.clone();
        object.remove("anyOf");
        match object.get("description") {
            // Draft 7 reads nothing beside a $ref.
            Some(_) if one.contains_key("$ref") => {
                object.insert("allOf".to_owned(), serde_json::json!([one]));
            }
            _ => object.extend(one),
        }
    }
}

#[cfg(test)]
mod tests;
