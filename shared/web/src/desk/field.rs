//! One field of a form with its label, its hint and what is wrong with it, drawn alike on each page.

use askama::Template;
use domain::failure::{FieldError, InvalidFields};

use crate::page;
use crate::problem::Problem;

/// A choice of a list.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// A field.
#[derive(Clone, Debug, Template)]
#[template(path = "desk_field.html")]
pub struct Field {
    name: &'static str,
    label: &'static str,
    /// The type of the input.
    kind: &'static str,
    value: String,
    hint: &'static str,
    error: String,
    required: bool,
    is_loose: bool,
    most: u32,
    autocomplete: &'static str,
    /// The choices; a field without any is typed.
    choices: Vec<Choice>,
}

impl Field {
    /// A line of text.
    pub fn text(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            label,
            kind: "text",
            value: String::new(),
            hint: "",
            error: String::new(),
            required: true,
            is_loose: false,
            most: 200,
            autocomplete: "off",
            choices: Vec::new(),
        }
    }

    /// One of a list.
    pub fn choice(name: &'static str, label: &'static str, choices: Vec<Choice>) -> Self {
        Self { choices, ..Self::text(name, label) }
    }

    /// Of this type: `email`, `tel`, `date`, `password`.
    #[must_use]
    pub fn of(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// With what was typed, or stands there.
    #[must_use]
    pub fn holding(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    /// With a word of help.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// May be left empty.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// Left empty without a word: a search that looks for everything.
    #[must_use]
    pub fn loose(self) -> Self {
        Self { required: false, is_loose: true, ..self }
    }

    /// In several lines.
    #[must_use]
    pub fn long(self) -> Self {
        Self { kind: "textarea", ..self }
    }

    /// At most so many characters.
    #[must_use]
    pub fn most(self, most: u32) -> Self {
        Self { most, ..self }
    }

    /// With what is wrong about it.
    #[must_use]
    pub fn checked(self, wrongs: &Wrongs) -> Self {
        Self { error: wrongs.of(self.name), ..self }
    }

    /// The element that the browser's help is bound to.
    fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let error = (!self.error.is_empty()).then(|| format!("{}-error", self.name));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

/// What is wrong with what was sent.
#[derive(Clone, Debug, Default)]
pub struct Wrongs(Vec<FieldError>, Option<String>);

impl Wrongs {
    /// What a problem says about fields, and otherwise about the whole.
    pub fn from(problem: &Problem) -> Self {
        let fields = problem.body("").errors;
        let whole = fields.is_empty().then(|| page::sentence(&problem.detail()));
        Self(fields, whole)
    }

    /// Something about this field; `detail` is a sentence as a problem has it.
    pub fn at(field: &str, detail: &str) -> Self {
        Self(vec![FieldError::new(field, "invalid_value", detail)], None)
    }

    /// A field that holds no day, as a failure.
    pub fn day(field: &str) -> InvalidFields {
        let detail = "a day is written like 2026-11-21";
        InvalidFields(vec![FieldError::new(field, "invalid_date", detail)])
    }

    /// What a problem says, put beside this field.
    pub fn about(field: &str, problem: &Problem) -> Self {
        Self(vec![FieldError::new(field, problem.code(), problem.detail())], None)
    }

    /// What is wrong with one field: a sentence, or nothing.
    pub fn of(&self, field: &str) -> String {
        let found = self.0.iter().find(|error| error.field == field);
        let words = |error: &FieldError| {
            // People read labels, not the names of members.
            let named = error.detail.replace(&error.field, &error.field.replace('_', " "));
            page::sentence(&named)
        };
        found.map(words).unwrap_or_default()
    }

    /// All of it, for the head of the form: the field, and the sentence.
    pub fn all(&self) -> Vec<(String, String)> {
        let of_field = |error: &FieldError| (error.field.clone(), self.of(&error.field));
        let whole = self.1.iter().map(|sentence| (String::new(), sentence.clone()));
        whole.chain(self.0.iter().map(of_field)).collect()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty() && self.1.is_none()
    }
}

impl From<InvalidFields> for Wrongs {
    fn from(invalid: InvalidFields) -> Self {
        Self(invalid.0, None)
    }
}
