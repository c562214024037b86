//! What a code stands for: a token is verified, a typed code is looked up, and either leads to its voucher and its
//! printing.
//!
//! Wrong typed codes are counted (X26). A code whose check symbol is wrong is refused before that, and another
//! business's or another tenant's is as unknown as none.

use domain::campaign::Batch;
use domain::customer::CustomerId;
use domain::redemption::{CodeForm, CodeRead, RedeemRefused};
use domain::short_code::{ShortCode, ShortCodeRefused, StaticCode};
use domain::voucher::Voucher;
use domain::voucher_token::{Claims, Form, Realm, TokenKind, TokenRefused};
use jiff::Timestamp;
use tokio::try_join;

use crate::Deps;
use crate::order::Order;
use crate::rejected::{Halt, Refusal, Rejected, form_of};

/// The longest text that somebody types in, in bytes; the shortest token is longer.
const TYPED_MAX_BYTES: usize = 64;

/// A code with what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// What was read.
    pub code: CodeRead,
    /// Its voucher.
    pub voucher: Voucher,
    /// Its printing.
    pub batch: Option<Batch>,
    /// Whether it was taken back.
    pub revoked: bool,
}

impl Known {
    /// The code, unless it was taken back.
    pub(crate) fn good(self) -> Result<Self, Rejected> {
        if self.revoked { Err(self.refused(RedeemRefused::Revoked)) } else { Ok(self) }
    }

    /// Whether its printing has a limit of its own.
    pub(crate) fn is_limited(&self) -> bool {
        let limited = &self.voucher.limited;
        self.batch.as_ref().is_some_and(|batch| limited.contains(&batch.id))
    }

    /// A refusal of this code.
    pub(crate) fn refused(&self, why: impl Into<Refusal>) -> Rejected {
        Rejected::of(why, &self.voucher.id, self.code.form())
    }
}

/// Finds out what the code of an order stands for, unless it was taken back. `now` is when it is typed in; a token has
/// to be good at the order's own instant.
pub(crate) async fn read(deps: &Deps, order: &Order, now: Timestamp) -> Result<Known, Halt> {
    Ok(recognise(deps, order, now).await?.good()?)
}

/// The same of a code that may have been taken back: what was redeemed with it before stands.
pub(crate) async fn recognise(deps: &Deps, order: &Order, now: Timestamp) -> Result<Known, Halt> {
    let realm = deps.signer.realm(&order.tenant);
    match typed(&realm, &order.code) {
        Some(text) => by_hand(deps, order, text, now).await,
        None => by_token(deps, order).await,
    }
}

/// The text, when it is not a token: as it is, or behind the address of the voucher's page.
fn typed<'t>(realm: &Realm, code: &'t str) -> Option<&'t str> {
    let (code, page) = (code.trim(), realm.page_url(""));
    let behind = code.split_at_checked(page.len());
    let behind = behind.filter(|(address, _)| address.eq_ignore_ascii_case(&page));
    let text = behind.map_or(code, |(_, rest)| rest);
    (text.len() <= TYPED_MAX_BYTES && !text.contains('.') && !text.contains("://")).then_some(text)
}

async fn by_token(deps: &Deps, order: &Order) -> Result<Known, Halt> {
    let verifier = deps.signer.verifier(&order.tenant).await?;
    let started = deps.ids.clock().stopwatch();
    let verdict = verifier.verify(order.code.trim(), &TokenKind::ALL, None, order.at);
    metrics::histogram!("voucher_verification_seconds").record(started.elapsed().as_secs_f64());
    let claims = verdict.map_err(Rejected::token)?;
    let (form, place) = (form_of(claims.kind()), claims.index.get());
    let printing = async {
        match form {
            CodeForm::Print => deps.table.batch_of_index(&claims.voucher, place).await,
            CodeForm::Standard | CodeForm::User | CodeForm::Short | CodeForm::Static => Ok(None),
        }
    };
    let (voucher, revoked, batch) = try_join!(
        deps.table.voucher_of(&order.tenant, &claims.voucher),
        deps.table.is_revoked(&order.tenant, place),
        printing
    )?;
    let voucher = voucher.ok_or_else(|| match revoked {
        true => Rejected::of(RedeemRefused::Revoked, &claims.voucher, form),
        false => Rejected::unread(RedeemRefused::UnknownCode),
    })?;
    let code = code_of(&claims, batch.as_ref());
    let code = code.map_err(|why| Rejected::of(why, &voucher.id, form))?;
    Ok(Known { code, voucher, batch, revoked })
}

/// What a good token stands for.
fn code_of(claims: &Claims, batch: Option<&Batch>) -> Result<CodeRead, Refusal> {
    let index = claims.index.get();
    match &claims.form {
        Form::Standard => Ok(CodeRead::Shared(CodeForm::Standard)),
        Form::User { customer } => {
            // Our compact tokens name nobody: they are printed.
            let named = customer.as_deref().ok_or(TokenRefused::WrongKind)?;
            let customer = CustomerId::parse(named).map_err(|_| TokenRefused::Malformed)?;
            Ok(CodeRead::User { customer, issued_at: claims.issued_at, index })
        }
        Form::Print { .. } => {
            let batch = batch.ok_or(RedeemRefused::UnknownCode)?.id.clone();
            Ok(CodeRead::Print { batch, index, form: CodeForm::Print })
        }
    }
}

/// A code that was typed in. A try is taken before it is looked up.
async fn by_hand(deps: &Deps, order: &Order, text: &str, now: Timestamp) -> Result<Known, Halt> {
    let text = spelled(text).map_err(Rejected::unread)?;
    let till = (&order.tenant, &order.business);
    let taken = deps.table.take_try(till, now).await?.map_err(|why| match why {
        // It says nothing about this code, so nothing is kept of it.
        busy @ RedeemRefused::CodesBusy { .. } => Halt::Broken(busy.into()),
        why => Rejected::unread(why).into(),
    })?;
    let found = looked_up(deps, order, &text).await;
    let right = matches!(&found, Ok(Some(_)));
    deps.table.end_try(till, taken, right).await?;
    let known = found?.ok_or_else(|| Rejected::unread(RedeemRefused::UnknownCode))?;
    // The voucher's own codes are one with its token: what takes that back takes them all back.
    let place = known.code.index().unwrap_or(known.voucher.index);
    let revoked = deps.table.is_revoked(&order.tenant, place).await?;
    Ok(Known { revoked, ..known })
}

/// The code as the table has it.
fn spelled(text: &str) -> Result<String, ShortCodeRefused> {
    match ShortCode::parse(text) {
        Ok(code) => Ok(code.to_string()),
        Err(ShortCodeRefused::WrongCheck) => Err(ShortCodeRefused::WrongCheck),
        Err(ShortCodeRefused::Malformed) => {
            let fixed = StaticCode::parse(text).map_err(|_| ShortCodeRefused::Malformed)?;
            Ok(fixed.to_string())
        }
    }
}

/// What the business has under this code; what a printing has not is a code that nobody has. Whether it was taken back
/// is not looked at here.
async fn looked_up(deps: &Deps, order: &Order, text: &str) -> Result<Option<Known>, Halt> {
    let Some(found) = deps.table.typed_code(&order.tenant, text).await? else { return Ok(None) };
    let voucher = deps.table.voucher_of(&order.tenant, &found.voucher).await?;
    let Some(voucher) = voucher.filter(|voucher| voucher.business == order.business) else {
        return Ok(None);
    };
    let Some((_, index)) = found.printed else {
        let code = CodeRead::Shared(found.form);
        return Ok(Some(Known { code, voucher, batch: None, revoked: false }));
    };
    let batch = deps.table.batch_of_index(&voucher.id, index).await?;
    Ok(batch.map(|batch| {
        let code = CodeRead::Print { batch: batch.id.clone(), index, form: found.form };
        Known { code, voucher, batch: Some(batch), revoked: false }
    }))
}
