//! `GET /bank` and `GET /bank/resolve`: a part of the list, and owners that are made from the account's number.

use domain::money::Currency;
use serde_json::{Value, json};

use super::api::Call;
use super::paging;
use super::reply::{Outcome, Refusal, Reply};

/// A bank, or an operator of wallets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bank {
    pub(super) name: &'static str,
    code: &'static str,
    long_code: &'static str,
    country: Country,
    kind: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Country {
    Nigeria,
    Ghana,
    Kenya,
    SouthAfrica,
}

impl Country {
    fn name(self) -> &'static str {
        match self {
            Country::Nigeria => "Nigeria",
            Country::Ghana => "Ghana",
            Country::Kenya => "Kenya",
            Country::SouthAfrica => "South Africa",
        }
    }

    fn currency(self) -> Currency {
        match self {
            Country::Nigeria => Currency::Ngn,
            Country::Ghana => Currency::Ghs,
            Country::Kenya => Currency::Kes,
            Country::SouthAfrica => Currency::Zar,
        }
    }
}

const fn nigerian(name: &'static str, code: &'static str, long_code: &'static str) -> Bank {
    Bank { name, code, long_code, country: Country::Nigeria, kind: "nuban" }
}

const fn other(
    name: &'static str,
    code: &'static str,
    country: Country,
    kind: &'static str,
) -> Bank {
    Bank { name, code, long_code: "", country, kind }
}

const BANKS: [Bank; 36] = [
    nigerian("Access Bank", "044", "044150149"),
    nigerian("Citibank Nigeria", "023", "023150005"),
    nigerian("Ecobank Nigeria", "050", "050150010"),
    nigerian("Fidelity Bank", "070", "070150003"),
    nigerian("First Bank of Nigeria", "011", "011151003"),
    nigerian("First City Monument Bank", "214", "214150018"),
    nigerian("Globus Bank", "00103", "103015001"),
    nigerian("Guaranty Trust Bank", "058", "058152036"),
    nigerian("Jaiz Bank", "301", "301080020"),
    nigerian("Keystone Bank", "082", "082150017"),
    nigerian("Kuda Bank", "50211", ""),
    nigerian("Moniepoint MFB", "50515", ""),
    nigerian("OPay Digital Services Limited (OPay)", "999992", ""),
    nigerian("PalmPay", "999991", ""),
    nigerian("Polaris Bank", "076", "076151006"),
    nigerian("Providus Bank", "101", ""),
    nigerian("Stanbic IBTC Bank", "221", "221159522"),
    nigerian("Standard Chartered Bank", "068", "068150015"),
    nigerian("Sterling Bank", "232", "232150016"),
    nigerian("Union Bank of Nigeria", "032", "032080474"),
    nigerian("United Bank For Africa", "033", "033153513"),
    nigerian("Unity Bank", "215", "215154097"),
    nigerian("Wema Bank", "035", "035150103"),
    nigerian("Zenith Bank", "057", "057150013"),
    other("Absa Bank Ghana Ltd", "030100", Country::Ghana, "ghipss"),
    other("GCB Bank Limited", "040100", Country::Ghana, "ghipss"),
    other("AirtelTigo", "ATL", Country::Ghana, "mobile_money"),
    other("MTN", "MTN", Country::Ghana, "mobile_money"),
    other("Vodafone", "VOD", Country::Ghana, "mobile_money"),
    other("Equity Bank", "68", Country::Kenya, "kepss"),
    other("KCB Bank", "01", Country::Kenya, "kepss"),
    other("M-PESA", "MPESA", Country::Kenya, "mobile_money"),
    other("Absa Bank Limited, South Africa", "632005", Country::SouthAfrica, "basa"),
    other("Capitec Bank Limited", "470010", Country::SouthAfrica, "basa"),
    other("First National Bank", "250655", Country::SouthAfrica, "basa"),
    other("Standard Bank South Africa", "051001", Country::SouthAfrica, "basa"),
];

/// Account numbers with this beginning belong to nobody.
const NOBODY: &str = "9999";
/// Digits of a Nigerian account number.
const NUBAN_DIGITS: usize = 10;
const FIRST_NAMES: [&str; 10] = [
    "ADAEZE",
    "BABATUNDE",
    "CHIDI",
    "EBELE",
    "FEMI",
    "HALIMA",
    "IBRAHIM",
    "NGOZI",
    "OLUWASEUN",
    "YETUNDE",
];
const LAST_NAMES: [&str; 10] = [
    "ADEYEMI", "BELLO", "CHUKWU", "DANJUMA", "EZE", "FALANA", "MOHAMMED", "NWOSU", "OKAFOR",
    "SULEIMAN",
];

impl Bank {
    pub(super) fn currency(&self) -> Currency {
        self.country.currency()
    }

    fn id(&self) -> usize {
        BANKS.iter().position(|bank| bank.code == self.code).map_or(0, |at| at + 1)
    }

    fn body(&self) -> Value {
        let slug = self.name.to_lowercase().replace([' ', ',', '(', ')'], "-");
        json!({
            "id": self.id(),
            "name": self.name,
            "slug": slug.trim_end_matches('-'),
            "code": self.code,
            "longcode": self.long_code,
            "gateway": null,
            "pay_with_bank": false,
            "supports_transfer": true,
            "available_for_direct_debit": false,
            "active": true,
            "is_deleted": false,
            "country": self.country.name(),
            "currency": self.currency().code(),
            "type": self.kind,
            "createdAt": "2016-07-14T10:04:29.000Z",
            "updatedAt": "2020-02-18T08:06:44.000Z",
        })
    }
}

/// The bank with this code. Codes are text: they begin with zeros.
pub(super) fn named(code: &str) -> Option<&'static Bank> {
    BANKS.iter().find(|bank| bank.code == code)
}

/// Whose account it is; nobody's when the number is not one.
pub(super) fn owner(bank: &Bank, account_number: &str) -> Option<String> {
    let digits: Vec<usize> = account_number
        .chars()
        .map(|c| c.to_digit(10).map(|d| d as usize))
        .collect::<Option<_>>()?;
    let length = match bank.country {
        Country::Nigeria => NUBAN_DIGITS..=NUBAN_DIGITS,
        _ => 5..=16,
    };
    if !length.contains(&digits.len()) || account_number.starts_with(NOBODY) {
        return None;
    }
    let sum: usize = digits.iter().enumerate().map(|(at, digit)| (at + 1) * digit).sum();
    let last = digits.last().copied().unwrap_or(0);
    Some(format!("{} {}", LAST_NAMES[sum % LAST_NAMES.len()], FIRST_NAMES[last]))
}

/// `GET /bank`.
pub(super) fn list(_: &mut super::state::State, call: &Call) -> Outcome {
    let query = &call.query;
    let is_wanted = |bank: &&Bank| {
        let country = query.text("country").map(|country| country.to_lowercase());
        country.is_none_or(|country| country == bank.country.name().to_lowercase())
            && query.text("currency").is_none_or(|code| code == bank.currency().code())
            && query.text("type").is_none_or(|kind| kind == bank.kind)
            && !query.flag("pay_with_bank")
    };
    let found: Vec<Bank> = BANKS.iter().filter(is_wanted).copied().collect();
    let (page, meta) = paging::page(query, &found, |bank| bank.id() as u64)?;
    let bodies = page.iter().map(Bank::body).collect();
    Ok(Reply::list("Banks retrieved", (bodies, meta)))
}

/// `GET /bank/resolve`: for Nigeria and Ghana only.
pub(super) fn resolve(_: &mut super::state::State, call: &Call) -> Outcome {
    let text = |name: &str| call.query.text(name);
    let number = text("account_number");
    let number = number.ok_or_else(|| Refusal::missing("Account number is required"))?;
    let code = text("bank_code").ok_or_else(|| Refusal::missing("Bank code is required"))?;
    let bank = named(&code).ok_or_else(|| Refusal::unknown_bank(&code))?;
    if !matches!(bank.country, Country::Nigeria | Country::Ghana) {
        return Err(Refusal::unresolved());
    }
    let name = owner(bank, &number).ok_or_else(Refusal::unresolved)?;
    let content = json!({ "account_number": number, "account_name": name, "bank_id": bank.id() });
    Ok(Reply::ok("Account number resolved", content))
}
