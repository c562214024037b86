//! From YAML with CloudFormation's short tags to plain JSON with its long forms.
//!
//! `!Ref X` becomes `{"Ref": "X"}` and `!GetAtt A.B` becomes `{"Fn::GetAtt": ["A", "B"]}`, as CloudFormation
//! itself does, so the rest of this folder knows one spelling. Deliberately absent: any meaning of those forms.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value};

/// Reads one YAML document.
///
/// # Errors
/// The reason with its line, for a person to read.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    match documents.as_slice() {
        [document] => long_form(document),
        [] => Err("it is empty".to_owned()),
        _ => Err("it holds more than one YAML document".to_owned()),
    }
}

fn long_form(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(scalar) => of_scalar(scalar),
        Yaml::Representation(text, ..) => Value::String(text.to_string()),
        Yaml::Sequence(items) => {
            Value::Array(items.iter().map(long_form).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(entries) => {
            let mut object = Map::with_capacity(entries.len());
            for (key, value) in entries {
                object.insert(key_text(key)?, long_form(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tag, inner) => of_tag(&tag.suffix, long_form(inner)?)?,
        Yaml::Alias(_) => return Err("it uses a YAML alias, which is not supported".to_owned()),
        Yaml::BadValue => return Err("it holds a value that YAML cannot read".to_owned()),
    })
}

fn of_scalar(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Bool(*value),
        Scalar::Integer(value) => Value::Number((*value).into()),
        Scalar::FloatingPoint(value) => {
            Number::from_f64(value.into_inner()).map_or(Value::Null, Value::Number)
        }
        Scalar::String(text) => Value::String(text.to_string()),
    }
}

fn key_text(key: &Yaml<'_>) -> Result<String, String> {
    match key {
        Yaml::Value(Scalar::String(text)) => Ok(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Ok(number.to_string()),
        Yaml::Value(Scalar::Boolean(value)) => Ok(value.to_string()),
        other => Err(format!("it has a key that is not text: {other:?}")),
    }
}

fn of_tag(tag: &str, value: Value) -> Result<Value, String> {
    let (name, value) = match tag {
        "Ref" | "Condition" => (tag.to_owned(), value),
        "GetAtt" => ("Fn::GetAtt".to_owned(), split_attribute(value)?),
        "Sub" | "If" | "Equals" | "And" | "Or" | "Not" | "Join" | "Select" | "Split"
        | "FindInMap" | "Base64" | "Cidr" | "GetAZs" | "ImportValue" | "Transform" => {
            (format!("Fn::{tag}"), value)
        }
        other => {
            return Err(format!("it uses the tag !{other}, which CloudFormation lacks"));
        }
    };
    Ok(Value::Object(Map::from_iter([(name, value)])))
}

/// `!GetAtt A.B.C` names resource `A` and attribute `B.C`.
fn split_attribute(value: Value) -> Result<Value, String> {
    match value {
        Value::String(text) => match text.split_once('.') {
            Some((resource, attribute)) => Ok(serde_json::json!([resource, attribute])),
            None => Err(format!("!GetAtt {text} lacks an attribute")),
        },
        list => Ok(list),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_tags_become_cloudformations_long_forms() {
        let cases = [
            ("a: !Ref X", json!({"a": {"Ref": "X"}})),
            ("a: !Sub '${X}-y'", json!({"a": {"Fn::Sub": "${X}-y"}})),
            ("a: !GetAtt X.Arn", json!({"a": {"Fn::GetAtt": ["X", "Arn"]}})),
            ("a: !GetAtt X.Outputs.Y", json!({"a": {"Fn::GetAtt": ["X", "Outputs.Y"]}})),
            ("a: !If [C, 1, 2]", json!({"a": {"Fn::If": ["C", 1, 2]}})),
            ("a: !Equals [!Ref X, prod]", json!({"a": {"Fn::Equals": [{"Ref": "X"}, "prod"]}})),
            ("a: !Join ['-', [x, !Ref Y]]", json!({"a": {"Fn::Join": ["-", ["x", {"Ref": "Y"}]]}})),
            ("a: !Select [0, [x]]", json!({"a": {"Fn::Select": [0, ["x"]]}})),
            ("a: !FindInMap [M, x, y]", json!({"a": {"Fn::FindInMap": ["M", "x", "y"]}})),
            ("a: {Ref: X}", json!({"a": {"Ref": "X"}})),
            (
                "a: '2010-09-09'\nb: true\nc: 1.5\nd: ~",
                json!({"a": "2010-09-09", "b": true, "c": 1.5, "d": null}),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_broken_document_is_refused_with_its_reason() {
        let cases = [
            ("a: [1", "line"),
            ("", "empty"),
            ("a: 1\n---\nb: 2", "more than one"),
            ("a: !Nope x", "!Nope"),
            ("a: !GetAtt X", "lacks an attribute"),
            ("a: 1\na: 2", "line"),
        ];
        for (text, part) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{text:?} gave {error:?}");
        }
    }
}
