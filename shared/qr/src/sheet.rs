//! Sheets to print: the codes of a campaign on labels or on paper to be cut, as PDF. Each code is one
//! filled shape beside its short code, and is read back from that shape before it is handed out.
//!
//! A batch is printed in parts, a file each, so that memory stays bounded; variants of a design are
//! sheets of their own. Deliberately absent: what a code means, and pictures as pixels.

mod artwork;
mod batch;
mod drawn;
mod layout;
mod print;
mod refused;

use domain::render::{Colors, Level, Rgb};
use krilla::Document;
use krilla::metadata::Metadata;

use crate::lettering::{LEADING, Line, Paragraph, Typeface};
use crate::logo::Logo;
use crate::press::real;
use artwork::Artwork;
use drawn::{Drawn, Look};
use layout::{Area, Face};
use print::{Label, Press, points};

pub use layout::Layout;
pub use refused::SheetRefused;

/// The most codes that one file is made for.
pub const PART_CODES_MAX: usize = 1_000;

/// Width of a short code's characters in parts of the type size. Almost none is wider, so that all
/// short codes of a sheet have one size.
const SHORT_CODE_EM: f32 = 0.7;

/// Type sizes in points, least and most.
type Sizes = (f32, f32);
/// Below that a title is not larger than its terms.
const TITLE_PT: Sizes = (5.5, 14.0);
/// It is read aloud and typed, so it is never small.
const SHORT_CODE_PT: Sizes = (8.0, 20.0);
/// Five points are the least that is printed anywhere.
const TERMS_PT: Sizes = (5.0, 8.0);
/// The number and the variant.
const FOOTER_PT: f32 = 5.5;
/// Characters of a group of a short code.
const GROUP_MAX: usize = 4;
/// Least distance in brightness at which words may have the code's dark colour, in thousandths;
/// W3C's old rule for text. Below it they are black.
const INK_CONTRAST_MIN_LUMA_MILLI: u32 = 125_000;

/// What all codes of a sheet share.
#[derive(Clone, Debug)]
pub struct SheetDesign<'a> {
    /// The voucher's title.
    pub title: &'a str,
    /// Its terms in a line or a few; may be empty.
    pub terms: &'a str,
    /// The error correction level asked for; a logo raises it when it must.
    pub level: Level,
    /// The code's two colours; the light one lies below the words as well.
    pub colors: Colors,
    /// The colour of a strip at the label's right edge.
    pub accent: Option<Rgb>,
    /// What lies in the middle of each code.
    pub logo: Option<&'a Logo>,
}

/// One code of a batch.
#[derive(Clone, Copy, Debug)]
pub struct SheetCode<'a> {
    /// What the code holds.
    pub payload: &'a str,
    /// What somebody types who cannot scan it; printed in groups, as `ABCD-EFGH`.
    pub short_code: &'a str,
    /// The variant of a test, as `A` or `B`.
    pub label: Option<char>,
}

/// Words on a label that may be too long for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// See [`SheetDesign::title`].
    Title,
    /// See [`SheetDesign::terms`].
    Terms,
    /// See [`SheetCode::short_code`].
    ShortCode,
}

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Words::Title => "the title",
            Words::Terms => "the terms",
            Words::ShortCode => "the short code",
        })
    }
}

/// A layout with a design that fits onto it, ready to be filled with codes.
pub struct Sheet {
    layout: Layout,
    face: Face,
    level: Level,
    colors: Colors,
    accent: Option<Rgb>,
    artwork: Option<Artwork>,
    typeface: Typeface,
    /// For the file's properties.
    subject: String,
    title: Paragraph,
    terms: Paragraph,
}

impl Sheet {
    /// Lays a design out.
    ///
    /// # Errors
    /// [`SheetRefused`]: colours that cameras cannot tell apart, words with letters that the
    /// typeface lacks, or too many words for a label.
    pub fn new(layout: Layout, design: &SheetDesign<'_>) -> Result<Self, SheetRefused> {
        let SheetDesign { title, terms, level, colors, accent, logo } = *design;
        if !colors.readable() {
            return Err(SheetRefused::LowContrast);
        }
        let typeface = Typeface::open().ok_or(SheetRefused::NotWritten)?;
        // Line ends and tabs are places to break a line, and no letters.
        let [title, terms] = [title, terms].map(|text| {
            let words: Vec<&str> = text.split_whitespace().collect();
            words.join(" ")
        });
        spelled(&typeface, &[title.as_str(), terms.as_str()].concat())?;
        let face_of = |layout: Layout| Face::of(layout, accent.is_some());
        let set = |text: &str, sizes: Sizes, area: Area| {
            typeface.paragraph(text, sizes, (points(area.width), points(area.height)))
        };
        let title_lines =
            fitting(layout, Words::Title, |layout| set(&title, TITLE_PT, face_of(layout).title))?;
        let terms =
            fitting(layout, Words::Terms, |layout| set(&terms, TERMS_PT, face_of(layout).terms))?;
        let face = face_of(layout);
        let artwork = logo.map(|logo| Artwork::of(logo, colors));
        let (subject, title) = (title, title_lines);
        Ok(Self { layout, face, level, colors, accent, artwork, typeface, subject, title, terms })
    }

    /// How many codes one page has room for.
    pub fn codes_per_page(&self) -> usize {
        self.layout.codes_per_page()
    }

    /// Whether a code can be printed on this sheet: what [`Sheet::pdf`] would do to it, without a
    /// file. With the longest payload of a batch it tells before the batch is made.
    ///
    /// # Errors
    /// [`SheetRefused`].
    pub fn check(&self, code: &SheetCode<'_>) -> Result<(), SheetRefused> {
        self.words_of(code)?;
        self.look().draw(code.payload, 1).map(|_| ())
    }

    /// One file of at most [`PART_CODES_MAX`] codes, the first of which is printed with
    /// `first_number`. The same codes give the same bytes.
    ///
    /// # Errors
    /// [`SheetRefused`]; one code that cannot be printed refuses the file.
    pub fn pdf(&self, codes: &[SheetCode<'_>], first_number: u32) -> Result<Vec<u8>, SheetRefused> {
        if !(1..=PART_CODES_MAX).contains(&codes.len()) {
            return Err(SheetRefused::Count { codes: codes.len() });
        }
        let mut numbers = first_number..=u32::MAX;
        let mut number = || numbers.next().unwrap_or(u32::MAX);
        let mut document = Document::new();
        let title = format!("{}, from number {first_number}", self.subject);
        document.set_metadata(Metadata::new().title(title).language("en".to_owned()));
        let mut press = Press::new(self);
        for page in codes.chunks(self.codes_per_page()) {
            // A page is only begun once each of its codes has been read back.
            let labels: Vec<Label<'_>> =
                page.iter().map(|code| self.label(code, number())).collect::<Result<_, _>>()?;
            press.print(&mut document, &labels).ok_or(SheetRefused::NotWritten)?;
        }
        document.finish().map_err(|_| SheetRefused::NotWritten)
    }

    fn label(&self, code: &SheetCode<'_>, number: u32) -> Result<Label<'_>, SheetRefused> {
        let (short_code, variant) = self.words_of(code)?;
        let drawn: Drawn = self.look().draw(code.payload, number)?;
        let number = self.typeface.line(&format!("No. {number}"));
        Ok(Label { sheet: self, drawn, short_code, number, variant })
    }

    /// The short code in its groups, and the variant's letter.
    fn words_of(&self, code: &SheetCode<'_>) -> Result<(Paragraph, Option<Line>), SheetRefused> {
        let short_code = grouped(code.short_code);
        let variant = code.label.map(String::from);
        spelled(&self.typeface, &[short_code.as_str(), variant.as_deref().unwrap_or("")].concat())?;
        let characters = u32::try_from(short_code.chars().count()).unwrap_or(u32::MAX).max(1);
        let set = |layout: Layout| {
            let (least, most) = SHORT_CODE_PT;
            let area = Face::of(layout, self.accent.is_some()).short_code;
            let [width, height] = [area.width, area.height].map(points);
            let most = most.min(height / LEADING).min(width / (SHORT_CODE_EM * real(characters)));
            let (lines, size) = self.typeface.fit(&short_code, most, 0.0, width);
            (size >= least).then_some(Paragraph { lines, size })
        };
        let short_code = fitting(self.layout, Words::ShortCode, set)?;
        Ok((short_code, variant.map(|letter| self.typeface.line(&letter))))
    }

    fn look(&self) -> Look<'_> {
        Look {
            layout: self.layout,
            level: self.level,
            colors: self.colors,
            artwork: self.artwork.as_ref(),
        }
    }

    /// The colour of words.
    fn ink(&self) -> Rgb {
        let Colors { dark, light } = self.colors;
        let far = light.luma_milli() >= dark.luma_milli() + INK_CONTRAST_MIN_LUMA_MILLI;
        if far { dark } else { Rgb::BLACK }
    }
}

impl std::fmt::Debug for Sheet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sheet").field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// Words as they are set on a layout, or the layouts on which they could be.
fn fitting<T>(
    layout: Layout,
    words: Words,
    set: impl Fn(Layout) -> Option<T>,
) -> Result<T, SheetRefused> {
    set(layout).ok_or_else(|| {
        let fits = Layout::ALL.into_iter().filter(|other| set(*other).is_some()).collect();
        SheetRefused::WordsTooLong { words, layout, fits }
    })
}

fn spelled(typeface: &Typeface, text: &str) -> Result<(), SheetRefused> {
    let letters = typeface.missing(text);
    if letters.is_empty() { Ok(()) } else { Err(SheetRefused::Letters { letters }) }
}

/// A short code in groups of equal length, four characters at most. What has other characters than
/// letters and digits has its own groups, and five characters are read at a glance.
fn grouped(short_code: &str) -> String {
    let letters: Vec<char> = short_code.chars().collect();
    if letters.len() <= GROUP_MAX + 1 || !letters.iter().all(|letter| letter.is_alphanumeric()) {
        return short_code.to_owned();
    }
    let groups = letters.len().div_ceil(GROUP_MAX);
    let (short, longer) = (letters.len() / groups, letters.len() % groups);
    let mut rest = letters.as_slice();
    let mut parts: Vec<String> = Vec::new();
    for group in 0..groups {
        let (part, after) = rest.split_at(short + usize::from(group < longer));
        parts.push(part.iter().collect());
        rest = after;
    }
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_code_is_read_in_groups() {
        let check = |short_code: &str, printed: &str| assert_eq!(grouped(short_code), printed);
        check("ABCDEFGH", "ABCD-EFGH");
        check("ABCDE", "ABCDE");
        check("ABCDEF", "ABC-DEF");
        check("ABCDEFGHJK", "ABCD-EFG-HJK");
        check("ABCDEFGHJKLM", "ABCD-EFGH-JKLM");
        check("SUMMER-24", "SUMMER-24");
        check("", "");
    }
}
