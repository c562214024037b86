//! Properties, as `mongoexport` writes them. A test names only the field that it is about.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::id::PropertyId;
use serde_json::{Value, json};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A property of the collection.
#[derive(Clone, Debug)]
pub struct House {
    /// Its ObjectId.
    pub id: PropertyId,
    /// The document, as it is exported.
    pub document: Value,
}

/// A house for sale, on the chain, unlike any other of this process.
pub fn house() -> House {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let id = PropertyId::parse(&format!("67ec31596333aba2{number:08x}")).unwrap();
    let document = json!({
        "_id": { "$oid": id },
        "owner": { "$oid": "67ec31596333aba221e84d00" },
        "propertyName": "Lekki Pearl",
        "location": "Lekki, Lagos",
        "onchainId": format!("0x{:040x}", 0x5290_8400_u64 + u64::from(number)),
        "price": 150_000,
        "action": "for sale",
        "cryptoAccepted": true,
        "createdAt": { "$date": "2025-04-01T18:32:57.123Z" },
    });
    House { id, document }
}

/// So many houses.
pub fn houses(count: usize) -> Vec<House> {
    std::iter::repeat_with(house).take(count).collect()
}

/// The file that `mongoexport` writes of these houses.
pub fn lines(houses: &[House]) -> String {
    houses.iter().map(|house| format!("{}\n", house.document)).collect()
}

impl House {
    /// With this field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.document[name] = value.into();
        self
    }

    /// Without this field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        let fields = self.document.as_object_mut().unwrap();
        assert!(fields.remove(name).is_some(), "a house has no {name}");
        self
    }

    /// The address that its scan page leads to.
    pub fn page_url(&self) -> String {
        format!("https://www.daobitat.xyz/property-details/{}", self.id)
    }

    /// The address of its page at the explorer.
    pub fn explorer_url(&self) -> String {
        format!("https://basescan.org/address/{}", self.document["onchainId"].as_str().unwrap())
    }
}
