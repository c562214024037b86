//! One part of a printing: its codes, their short codes, the lines of the list, and the sheets. Made a second time it
//! is the same part.

use std::sync::Arc;

use adapters::files::PrintFile;
use adapters::signer::VoucherSigner;
use adapters::table::TypedCode;
use domain::campaign::{Batch, REMOTE_SIGNED_MAX, SHORT_CODE_TRIES_MAX};
use domain::redemption::CodeForm;
use futures::{StreamExt, TryStreamExt, stream};
use qr::{Sheet, SheetCode};
use web::csv;

use crate::{Deps, Unprinted};

/// Codes of one part.
pub(crate) const PART_CODES: u32 = 500;
/// What the list says of each code.
pub(crate) const HEADS: [&str; 6] = ["number", "index", "short_code", "url", "token", "variant"];
/// Codes that are worked on at once: the table and, for few codes, KMS are asked for each.
const AT_ONCE: usize = 24;

/// A code, ready to be printed.
#[derive(Debug)]
struct Code {
    /// From zero.
    number: u32,
    index: u32,
    short: String,
    url: String,
    token: String,
    variant: Option<char>,
}

/// Makes the next part of the printing; says which files of sheets there are now.
///
/// # Errors
/// [`Unprinted`]; what was made stays, and is found again.
pub(crate) async fn print(
    deps: &Deps,
    sheet: &Arc<Sheet>,
    batch: &Batch,
) -> Result<Vec<String>, Unprinted> {
    let from = batch.progress.done;
    let to = from.saturating_add(PART_CODES).min(batch.count);
    let part = from / PART_CODES + 1;
    let signer = match batch.count > REMOTE_SIGNED_MAX {
        true => deps.signer.local(),
        false => deps.signer.clone(),
    };
    if from == 0 {
        // Before anything is written: whether such codes can be printed at all.
        sheet.check(&on_sheet(&signed(&signer, batch, 0).await?))?;
    }
    let signer = &signer;
    let codes = stream::iter(from..to).map(|number| async move {
        let code = signed(signer, batch, number).await?;
        named(deps, batch, code).await
    });
    let codes: Vec<Code> = codes.buffered(AT_ONCE).try_collect().await?;
    deps.files.put_print(batch, PrintFile::Lines(part), csv::rows(codes.iter().map(line))?).await?;
    let sheets = PrintFile::Sheets(part);
    deps.files.put_print(batch, sheets, pdf(sheet, codes, from).await?).await?;
    let mut files = batch.progress.files.clone();
    files.push(sheets.key(batch));
    Ok(files)
}

/// The code of this number, without its short code.
async fn signed(signer: &VoucherSigner, batch: &Batch, number: u32) -> Result<Code, Unprinted> {
    let claims = batch.claims(number)?;
    let compact = signer.compact(&claims, &batch.tenant).await?;
    Ok(Code {
        number,
        index: batch.index(number),
        short: batch.short_code(number, 0).as_str().to_owned(),
        url: signer.realm(&batch.tenant).print_url(&compact),
        token: signer.jwt(&claims, &batch.tenant).await?,
        variant: batch.variant(number),
    })
}

/// The code with a short code that is its own. The same ones are tried in the same order each time, so that a part that
/// is made again finds what it has.
async fn named(deps: &Deps, batch: &Batch, code: Code) -> Result<Code, Unprinted> {
    let stands_for = TypedCode {
        voucher: batch.voucher.clone(),
        form: CodeForm::Short,
        printed: Some((batch.id.clone(), code.index)),
    };
    for attempt in 0..SHORT_CODE_TRIES_MAX {
        let short = batch.short_code(code.number, attempt);
        if deps.table.insert_printed_code(&batch.tenant, short.as_str(), &stands_for).await? {
            return Ok(Code { short: short.as_str().to_owned(), ..code });
        }
    }
    Err(Unprinted::NoShortCode)
}

fn on_sheet(code: &Code) -> SheetCode<'_> {
    SheetCode { payload: &code.url, short_code: &code.short, label: code.variant }
}

fn line(code: &Code) -> Vec<String> {
    vec![
        code.number.saturating_add(1).to_string(),
        code.index.to_string(),
        code.short.clone(),
        code.url.clone(),
        code.token.clone(),
        code.variant.map(String::from).unwrap_or_default(),
    ]
}

/// The sheets, drawn and read back away from the thread that waits for others.
async fn pdf(sheet: &Arc<Sheet>, codes: Vec<Code>, from: u32) -> Result<Vec<u8>, Unprinted> {
    let sheet = Arc::clone(sheet);
    let drawn = tokio::task::spawn_blocking(move || {
        let codes: Vec<SheetCode<'_>> = codes.iter().map(on_sheet).collect();
        sheet.pdf(&codes, from.saturating_add(1))
    });
    Ok(drawn.await??)
}
