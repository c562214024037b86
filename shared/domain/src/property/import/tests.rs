//! Files as `mongoexport` writes them, and lines that are not taken in.

use serde_json::json;

use super::*;
use crate::property::tests::document;

/// The line numbers of a file and how each document fared.
fn fared(text: &str, expected: &[(usize, &str)]) {
    let fate =
        |result: Result<Property, LineError>| result.map_or_else(|error| error.code(), |_| "ok");
    let found: Vec<_> = import_lines(text).map(|(line, result)| (line, fate(result))).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_file_is_read_line_by_line_and_a_broken_line_costs_itself_alone() {
    let good = document(json!({})).to_string();
    fared("", &[]);
    fared("\u{feff}\n \r\n", &[]);
    fared(
        &format!("\u{feff}{good}\r\n\n  {good},\n{{\"_id\": 1\n{{}}\n{good}"),
        &[(1, "ok"), (3, "ok"), (4, "line_not_json"), (5, "invalid_fields"), (6, "ok")],
    );
    fared("{\n", &[(1, "line_not_json")]);
    let long = document(json!({ "big": "x".repeat(LINE_MAX_BYTES) })).to_string();
    fared(&format!("{long}\n{good}"), &[(1, "line_too_long"), (2, "ok")]);
}

#[test]
fn a_json_array_is_read_element_by_element() {
    let good = document(json!({ "property_name": "a ] } \" , \\" })).to_string();
    let pretty = serde_json::to_string_pretty(&document(json!({}))).unwrap();
    fared("[]", &[]);
    fared(" [\n] \n", &[]);
    fared(&format!("[{good},\n{good}]\n"), &[(1, "ok"), (2, "ok")]);
    fared(&format!("\u{feff}[\n{pretty},\n{good}\n]"), &[(2, "ok"), (11, "ok")]);
    fared(
        &format!("[{good},\n{{\"_id\": oops}},\n7,\n{good}]"),
        &[(1, "ok"), (2, "line_not_json"), (3, "invalid_fields"), (4, "ok")],
    );
    fared(&format!("[{good},\n{good}"), &[(1, "ok"), (2, "array_not_closed")]);
    fared(&format!("[{good},\n{{\"_id\": \""), &[(1, "ok"), (2, "array_not_closed")]);
    fared(&format!("[{good}]\n[{good}]"), &[(1, "ok"), (1, "array_not_closed")]);
    fared("[}", &[(1, "array_not_closed")]);
    fared("[}]", &[(1, "line_not_json")]);
}

#[test]
fn a_line_error_is_a_sentence_that_helps() {
    let check = |line: &str, expected: &str| {
        assert_eq!(import_line(line).unwrap_err().to_string(), expected);
    };
    check(
        "{",
        "this is not a complete JSON document (column 1); export one document a line, without --pretty",
    );
    check("7", "a property is a JSON object");
    check(
        &document(json!({ "price": 0.5, "_id": 7 })).to_string(),
        "id: property id is not valid: it has 24 hexadecimal digits; price: price is a whole number, without a fraction",
    );
    let long = "x".repeat(LINE_MAX_BYTES + 1);
    check(&long, "this document has 262145 bytes; at most 262144 are taken");
}
