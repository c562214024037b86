//! What a scanned code belongs to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{GuardId, InvalidId, PropertyId, VoucherId};

/// A property, a guard or a voucher, written as its id: none can be taken for another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum CodeSubject {
    /// The code leads to a property's page.
    Property(PropertyId),
    /// The code leads to a guard's tip page.
    Guard(GuardId),
    /// The code leads to a voucher's page.
    Voucher(VoucherId),
}

impl CodeSubject {
    /// Reads an id of any kind.
    ///
    /// # Errors
    /// [`InvalidId`] when it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text.starts_with(GuardId::PREFIX) {
            return GuardId::parse(text).map(Self::Guard);
        }
        if text.starts_with(VoucherId::PREFIX) {
            return VoucherId::parse(text).map(Self::Voucher);
        }
        PropertyId::parse(text).map(Self::Property)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        match self {
            CodeSubject::Property(id) => id.as_str(),
            CodeSubject::Guard(id) => id.as_str(),
            CodeSubject::Voucher(id) => id.as_str(),
        }
    }
}

impl fmt::Display for CodeSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<PropertyId> for CodeSubject {
    fn from(id: PropertyId) -> Self {
        Self::Property(id)
    }
}

impl From<GuardId> for CodeSubject {
    fn from(id: GuardId) -> Self {
        Self::Guard(id)
    }
}

impl From<VoucherId> for CodeSubject {
    fn from(id: VoucherId) -> Self {
        Self::Voucher(id)
    }
}

impl From<CodeSubject> for String {
    fn from(subject: CodeSubject) -> String {
        match subject {
            CodeSubject::Property(id) => id.into(),
            CodeSubject::Guard(id) => id.into(),
            CodeSubject::Voucher(id) => id.into(),
        }
    }
}

impl TryFrom<String> for CodeSubject {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}
