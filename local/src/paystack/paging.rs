//! Pages of a list: by number, or by a cursor where the caller asks for one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fields::Fields;
use super::reply::Refusal;

/// Items on a page when nothing is said.
const PER_PAGE: usize = 50;
/// Items on a page at most.
const PER_PAGE_MAX: usize = 100;

/// A page of what was found, and what `meta` says about it. `found` is in the order of the list.
pub(super) fn page<'f, T>(
    query: &Fields,
    found: &'f [T],
    id: impl Fn(&T) -> u64,
) -> Result<(&'f [T], Value), Refusal> {
    let wrong = || Refusal::invalid("Invalid perPage or page value");
    let number = |name: &str| match query.value(name) {
        None => Ok(None),
        Some(_) => match query.number(name).and_then(|n| usize::try_from(n).ok()) {
            Some(number) if number > 0 => Ok(Some(number)),
            _ => Err(wrong()),
        },
    };
    let per_page = match number("perPage")? {
        Some(number) => number,
        None => number("per_page")?.unwrap_or(PER_PAGE),
    };
    let per_page = per_page.min(PER_PAGE_MAX);
    let has_cursor = query.text("next").is_some() || query.text("previous").is_some();
    if query.flag("use_cursor") || has_cursor {
        return by_cursor(query, found, per_page, id);
    }
    let page = number("page")?.unwrap_or(1);
    let skipped = (page - 1).saturating_mul(per_page);
    let start = skipped.min(found.len());
    let end = start.saturating_add(per_page).min(found.len());
    let meta = json!({
        "total": found.len(),
        "skipped": skipped,
        "perPage": per_page,
        "page": page,
        "pageCount": found.len().div_ceil(per_page),
    });
    Ok((&found[start..end], meta))
}

fn by_cursor<'f, T>(
    query: &Fields,
    found: &'f [T],
    per_page: usize,
    id: impl Fn(&T) -> u64,
) -> Result<(&'f [T], Value), Refusal> {
    let wrong = || Refusal::invalid("Invalid cursor");
    let place = |name: &str| match query.text(name) {
        None => Ok(None),
        Some(text) => {
            let wanted = read(&text).ok_or_else(wrong)?;
            let at = found.iter().position(|item| id(item) == wanted).ok_or_else(wrong)?;
            Ok(Some(at))
        }
    };
    let start = match (place("next")?, place("previous")?) {
        (Some(at), _) => at,
        (None, Some(end)) => end.saturating_sub(per_page),
        (None, None) => 0,
    };
    let end = start.saturating_add(per_page).min(found.len());
    let meta = json!({
        "next": found.get(end).map(|item| cursor(id(item))),
        "previous": found.get(start).filter(|_| start > 0).map(|item| cursor(id(item))),
        "perPage": per_page,
    });
    Ok((&found[start..end], meta))
}

/// A place in a list, as nobody should read it.
fn cursor(id: u64) -> String {
    STANDARD.encode(format!("item:{id}"))
}

fn read(cursor: &str) -> Option<u64> {
    let bytes = STANDARD.decode(cursor).ok()?;
    std::str::from_utf8(&bytes).ok()?.strip_prefix("item:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: [u64; 5] = [9, 8, 7, 6, 5];

    fn on(query: &str) -> (Vec<u64>, Value) {
        let (page, meta) = page(&Fields::form(query), &FOUND, |id| *id).unwrap();
        (page.to_vec(), meta)
    }

    #[test]
    fn pages_are_numbered_from_one_and_end() {
        for (query, ids, page, count) in [
            ("", &FOUND[..], 1, 1),
            ("perPage=2", &[9, 8], 1, 3),
            ("per_page=2&page=3", &[5], 3, 3),
            ("perPage=2&page=4", &[], 4, 3),
            ("perPage=5&per_page=2", &FOUND[..], 1, 1),
        ] {
            let (found, meta) = on(query);
            assert_eq!(found, ids, "{query}");
            assert_eq!((&meta["page"], &meta["pageCount"]), (&json!(page), &json!(count)));
            assert_eq!(meta["total"], 5);
        }
        for wrong in ["page=0", "perPage=x", "page=-1", "next=nothing"] {
            assert!(page(&Fields::form(wrong), &FOUND, |id| *id).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_cursor_walks_to_the_end_and_back() {
        let follow = |meta: &Value, way: &str| {
            let text = meta[way].as_str()?.to_owned();
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("perPage", "2")
                .append_pair(way, &text)
                .finish();
            Some(on(&query))
        };
        let first = on("use_cursor=true&perPage=2");
        assert_eq!(first.0, [9, 8]);
        assert!(first.1["previous"].is_null());
        let second = follow(&first.1, "next").unwrap();
        assert_eq!(second.0, [7, 6]);
        let third = follow(&second.1, "next").unwrap();
        assert_eq!(third.0, [5]);
        assert!(follow(&third.1, "next").is_none());
        assert_eq!(follow(&third.1, "previous").unwrap().0, [7, 6]);
    }
}
