//! Where a guard's tips are paid out (T36): looked up at the bank, made a recipient at Paystack, and kept without the
//! account's number, which goes to Paystack and nowhere else.

use adapters::paystack::{Bank, Paystack, RecipientKind, RecipientWish};
use adapters::table::Table;
use domain::audit::{Actor, AuditChange, Facts, Note, Operation};
use domain::failure::{FieldError, InvalidFields};
use domain::guard::{AccountChange, Guard, GuardRefused, PayoutAccount};
use domain::id::TenantId;
use domain::money::Currency;
use domain::notice::{News, Notice};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::tenant_of;
use crate::problem::Problem;

/// The fewest and most digits of an account's or a wallet's number.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 6..=20;
/// The digits of a Nigerian account's number (NUBAN).
const NUBAN_DIGITS: usize = 10;
/// The longest code of a bank, in bytes.
const BANK_CODE_MAX_BYTES: usize = 20;

/// What receives the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// An account at a bank.
    Bank,
    /// A telephone's wallet.
    MobileWallet,
}

/// An account as somebody has typed it. It is not printed.
pub struct AccountWishes {
    /// What receives the money.
    pub kind: AccountKind,
    /// The bank's code, or the wallet network's.
    pub bank_code: String,
    /// The account's or the wallet's number.
    pub account_number: String,
    /// In what it is paid; the currency of the tenant's tips when nothing is said.
    pub currency: Option<Currency>,
}

/// Who asks for an account, and why.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why. Without it, a second person has to confirm a changed account.
    pub note: Option<Note>,
}

/// An account that was set, and what its bank says about it.
#[derive(Debug)]
pub struct AccountSet {
    /// The guard with it.
    pub guard: Guard,
    /// What is kept.
    pub payout_account: PayoutAccount,
    /// The owner's name as the bank has it, where banks tell. It is not kept.
    pub account_name: Option<String>,
    /// Whether that name is like the guard's.
    pub name_matches: Option<bool>,
}

/// Who keeps accounts, and who knows them.
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'a> {
    /// Where guards lie.
    pub table: &'a Table,
    /// Who pays them.
    pub paystack: &'a Paystack,
}

impl Accounts<'_> {
    /// The banks, or the networks of wallets, in Paystack's order; the currency is that of the tenant's tips when
    /// nothing is said.
    ///
    /// # Errors
    /// [`InvalidFields`] where Paystack does not pay so, or its refusal.
    pub async fn banks(
        &self,
        tenant: &TenantId,
        kind: AccountKind,
        currency: Option<Currency>,
    ) -> Result<Vec<Bank>, Problem> {
        let currency = match currency {
            Some(currency) => currency,
            None => self.tips_currency(tenant).await?,
        };
        let kind = recipient_kind(kind, currency)?;
        Ok(self.paystack.banks(tenant, currency, Some(kind)).await?)
    }

    /// Sets where the guard's tips are paid out. The account is looked up first. A change holds the guard's payouts,
    /// and tells the guard.
    ///
    /// # Errors
    /// [`InvalidFields`], [`domain::guard::GuardRefused`], Paystack's refusal or the store's failure.
    pub async fn set(
        &self,
        before: &Guard,
        wishes: AccountWishes,
        asked: Asked,
    ) -> Result<AccountSet, Problem> {
        let tenant = &before.tenant;
        let wanted = Wanted::parse(wishes, self.tips_currency(tenant).await?)?;
        let bank = self.bank(tenant, &wanted).await?;
        let account_name = self.account_name(tenant, &wanted).await?;
        let name = account_name.clone().unwrap_or_else(|| before.profile.full_name());
        let number = wanted.account_number.clone();
        let recipient = self.paystack.create_recipient(tenant, &wanted.named(name)).await?;
        let payout_account = PayoutAccount::new(&recipient, &number, &bank.name)?;
        let guard = asked.change(before, payout_account.clone())?;
        asked.commit(self.table, &guard, before).await?;
        let id = &guard.id;
        tracing::info!(event = "payout_account_set", guard.id = %id, "`{id}` is paid to another account");
        let name_matches = account_name.as_deref().map(|name| guard.profile.is_like(name));
        Ok(AccountSet { guard, payout_account, account_name, name_matches })
    }

    /// Confirms the changed account of a guard, as a second person. Its payouts go on a day after the change.
    ///
    /// # Errors
    /// [`domain::guard::ConfirmRefused`], or the store's failure.
    pub async fn confirm(&self, before: &Guard, asked: Asked) -> Result<Guard, Problem> {
        let guard = before.clone().confirm_account(&asked.by)?;
        let change = asked.audit(Operation::PayoutAccountConfirmed, before, &guard);
        self.table.replace_guard_audited(&guard, before, &change, None).await??;
        let id = &guard.id;
        tracing::info!(event = "payout_account_confirmed", guard.id = %id, "`{id}`'s account is confirmed");
        Ok(guard)
    }

    async fn tips_currency(&self, tenant: &TenantId) -> Result<Currency, Problem> {
        Ok(tenant_of(self.table, tenant).await?.settings.tips.currency)
    }

    /// The bank that is meant.
    async fn bank(&self, tenant: &TenantId, wanted: &Wanted) -> Result<Bank, Problem> {
        let banks = self.paystack.banks(tenant, wanted.currency, Some(wanted.kind)).await?;
        let bank = banks.into_iter().find(|bank| bank.code == wanted.bank_code);
        let detail = "no bank has this code; choose one of the list of banks";
        Ok(bank.ok_or_else(|| wrong("bank_code", "unknown_bank", detail))?)
    }

    /// The name of the account's owner, in the countries whose banks tell it.
    async fn account_name(
        &self,
        tenant: &TenantId,
        wanted: &Wanted,
    ) -> Result<Option<String>, Problem> {
        match wanted.currency {
            Currency::Ngn | Currency::Ghs => {
                let (number, bank) = (&wanted.account_number, &wanted.bank_code);
                Ok(Some(self.paystack.resolve(tenant, number, bank).await?))
            }
            Currency::Kes | Currency::Usd | Currency::Zar => Ok(None),
        }
    }
}

impl Asked {
    fn change(&self, before: &Guard, account: PayoutAccount) -> Result<Guard, GuardRefused> {
        let explained = self.note.is_some();
        let change = AccountChange { by: self.by.clone(), at: self.at, explained };
        before.clone().pay_to(account, change)
    }

    /// The guard, the record of the change, and, unless it is the guard's first account, the news of it.
    async fn commit(&self, table: &Table, guard: &Guard, before: &Guard) -> Result<(), Problem> {
        let change = self.audit(Operation::PayoutAccountChanged, before, guard);
        let code = |guard: &Guard| guard.payout_account.as_ref().map(|a| a.recipient_code.clone());
        let told = before.payout_account.is_some() && code(before) != code(guard);
        let notice = told.then(|| self.notice(guard)).flatten();
        Ok(table.replace_guard_audited(guard, before, &change, notice.as_ref()).await??)
    }

    fn audit(&self, operation: Operation, before: &Guard, guard: &Guard) -> AuditChange {
        AuditChange {
            tenant: guard.tenant.clone(),
            at: self.at,
            actor: self.by.clone(),
            operation,
            subject: guard.id.to_string(),
            before: facts(before),
            after: facts(guard),
            note: self.note.clone(),
        }
    }

    fn notice(&self, guard: &Guard) -> Option<Notice> {
        let last4 = guard.payout_account.as_ref()?.last4.clone();
        let news = News::PayoutAccountChanged { last4, version: guard.version };
        let (tenant, guard) = (guard.tenant.clone(), guard.id.clone());
        Some(Notice { tenant, guard, at: self.at, news })
    }
}

/// What the audit says of a guard's account.
fn facts(guard: &Guard) -> Facts {
    let account = guard.payout_account.as_ref();
    Facts::of(&json!({
        "recipient": account.map(|account| &account.recipient_code),
        "last4": account.map(|account| &account.last4),
        "confirmed": guard.payout_unconfirmed.is_none(),
        "held_until": guard.hold_ends_at(),
    }))
}

/// An account whose parts look right. It is not printed.
struct Wanted {
    kind: RecipientKind,
    bank_code: String,
    account_number: String,
    currency: Currency,
}

impl Wanted {
    fn parse(request: AccountWishes, tips: Currency) -> Result<Self, InvalidFields> {
        let currency = request.currency.unwrap_or(tips);
        let kind = recipient_kind(request.kind, currency)?;
        let mut errors = Vec::new();
        let mut wrong = |field: &str, code, detail: String| {
            errors.push(FieldError::new(field, code, detail));
        };
        let number: String = request.account_number.split_whitespace().collect();
        if !number.bytes().all(|byte| byte.is_ascii_digit())
            || !NUMBER_DIGITS.contains(&number.len())
        {
            let (fewest, most) = (NUMBER_DIGITS.start(), NUMBER_DIGITS.end());
            let detail = format!("an account's number has {fewest} to {most} digits");
            wrong("account_number", "invalid_account_number", detail);
        } else if kind == RecipientKind::Nuban && number.len() != NUBAN_DIGITS {
            let detail = format!("a Nigerian account's number has {NUBAN_DIGITS} digits");
            wrong("account_number", "invalid_account_number", detail);
        }
        let code = request.bank_code.trim();
        let symbol = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=BANK_CODE_MAX_BYTES).contains(&code.len()) || !code.bytes().all(symbol) {
            wrong("bank_code", "unknown_bank", "choose a code of the list of banks".to_owned());
        }
        if !errors.is_empty() {
            return Err(InvalidFields(errors));
        }
        Ok(Self { kind, bank_code: code.to_owned(), account_number: number, currency })
    }

    /// The recipient of this name.
    fn named(self, name: String) -> RecipientWish {
        let Self { kind, bank_code, account_number, currency } = self;
        RecipientWish { kind, name, account_number, bank_code, currency }
    }
}

/// Paystack's kind of an account in a currency.
fn recipient_kind(kind: AccountKind, currency: Currency) -> Result<RecipientKind, InvalidFields> {
    match (kind, currency) {
        (AccountKind::Bank, Currency::Ngn) => Ok(RecipientKind::Nuban),
        (AccountKind::Bank, Currency::Ghs) => Ok(RecipientKind::Ghipss),
        (AccountKind::Bank, Currency::Kes) => Ok(RecipientKind::Kepss),
        (AccountKind::Bank, Currency::Zar) => Ok(RecipientKind::Basa),
        (AccountKind::MobileWallet, Currency::Ghs | Currency::Kes) => {
            Ok(RecipientKind::MobileMoney)
        }
        (AccountKind::MobileWallet, Currency::Ngn | Currency::Zar) => {
            let detail = "Paystack pays to wallets in GHS and KES; choose a bank";
            Err(wrong("kind", "unsupported_kind", detail))
        }
        (_, Currency::Usd) => {
            let detail = "Paystack makes no payouts in USD";
            Err(wrong("currency", "unsupported_currency", detail))
        }
    }
}

fn wrong(field: &str, code: &'static str, detail: &str) -> InvalidFields {
    InvalidFields(vec![FieldError::new(field, code, detail)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_looked_at_before_anybody_is_asked() {
        let check = |kind, currency, bank_code: &str, number: &str, wrong: &[&str]| {
            let (code, account_number) = (bank_code.to_owned(), number.to_owned());
            let request = AccountWishes { kind, bank_code: code, account_number, currency };
            let parsed = Wanted::parse(request, Currency::Ngn);
            let fields: Vec<String> = parsed
                .err()
                .map(|errors| errors.0.into_iter().map(|error| error.field).collect())
                .unwrap_or_default();
            assert_eq!(fields, wrong, "{kind:?} {currency:?} {bank_code} {number}");
        };
        let (bank, wallet) = (AccountKind::Bank, AccountKind::MobileWallet);
        check(bank, None, "057", "0022728151", &[]);
        check(bank, None, "057", "002 272 8151", &[]);
        check(wallet, Some(Currency::Ghs), "MTN", "0551234987", &[]);
        check(wallet, Some(Currency::Kes), "MPESA", "0711000000", &[]);
        check(bank, Some(Currency::Zar), "632005", "123456789012", &[]);
        check(bank, None, "057", "022728151", &["account_number"]);
        check(bank, None, "", "00227281x1", &["account_number", "bank_code"]);
        check(bank, None, "05/7", "0022728151", &["bank_code"]);
        check(wallet, None, "MTN", "0022728151", &["kind"]);
        check(bank, Some(Currency::Usd), "057", "0022728151", &["currency"]);
    }
}
