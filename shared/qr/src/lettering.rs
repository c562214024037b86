//! Words in the one typeface of what is printed: which glyphs, how wide, on how many lines.
//!
//! The typeface is a part of Noto Sans Bold: Latin with the marks of Yoruba, Igbo, Hausa, Akan and
//! Ewe, and of Europe's languages, and the signs of currencies. Its licence (`fonts/OFL.txt`) asks
//! that it stays beside it.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};

/// The typeface's file.
const NOTO_SANS_BOLD: &[u8] = include_bytes!("../fonts/NotoSans-Bold.subset.ttf");

/// Between the lines of one text, in parts of the type size.
pub(crate) const LEADING: f32 = 1.25;
/// What a paragraph's type size loses from one try to the next, in points.
const SIZE_STEP: f32 = 0.5;

/// The typeface, ready to be used.
pub(crate) struct Typeface {
    face: Face<'static>,
    pub(crate) font: Font,
}

/// One line of text.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) glyphs: Vec<KrillaGlyph>,
    /// In parts of the type size.
    pub(crate) width_em: f32,
}

/// Lines of one type size.
pub(crate) struct Paragraph {
    pub(crate) lines: Vec<Line>,
    /// In points.
    pub(crate) size: f32,
}

impl Typeface {
    /// Opens it; only a damaged file has none.
    pub(crate) fn open() -> Option<Self> {
        let face = Face::from_slice(NOTO_SANS_BOLD, 0)?;
        Some(Self { face, font: Font::new(NOTO_SANS_BOLD.into(), 0)? })
    }

    /// The letters that the typeface does not have, each once.
    pub(crate) fn missing(&self, text: &str) -> String {
        let mut missing = String::new();
        for letter in text.chars().filter(|letter| self.face.glyph_index(*letter).is_none()) {
            if !missing.contains(letter) {
                missing.push(letter);
            }
        }
        missing
    }

    /// A text on one line.
    pub(crate) fn line(&self, text: &str) -> Line {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        let shaped = rustybuzz::shape(&self.face, &[], buffer);
        let (infos, positions) = (shaped.glyph_infos(), shaped.glyph_positions());
        let em = f32::from(u16::try_from(self.face.units_per_em()).unwrap_or(u16::MAX));
        // The type's units fit into 16 bits, whatever the fields are.
        let part = |units: i32| f32::from(i16::try_from(units).unwrap_or_default()) / em;
        let starts: Vec<usize> = infos.iter().map(|info| info.cluster as usize).collect();
        let end = |start: usize| {
            starts.iter().copied().filter(|other| *other > start).min().unwrap_or(text.len())
        };
        let glyphs = infos.iter().zip(positions).map(|(info, position)| KrillaGlyph {
            glyph_id: GlyphId::new(info.glyph_id),
            text_range: info.cluster as usize..end(info.cluster as usize),
            x_advance: part(position.x_advance),
            x_offset: part(position.x_offset),
            y_offset: part(position.y_offset),
            y_advance: part(position.y_advance),
            location: None,
        });
        let glyphs: Vec<KrillaGlyph> = glyphs.collect();
        let width_em = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        Line { text: text.to_owned(), glyphs, width_em }
    }

    /// A text on one line, or on two where it would get smaller than `least` else, and the largest
    /// type size up to `most` at which it is not wider than `width`. All in points.
    pub(crate) fn fit(&self, text: &str, most: f32, least: f32, width: f32) -> (Vec<Line>, f32) {
        let size = |lines: &[Line]| {
            let widest = lines.iter().map(|line| line.width_em).fold(f32::MIN_POSITIVE, f32::max);
            most.min(width / widest)
        };
        let one = vec![self.line(text)];
        let of_one = size(&one);
        let spaces = text.match_indices(' ').map(|(at, _)| at);
        let halves = spaces.map(|at| {
            let lines = vec![self.line(&text[..at]), self.line(&text[at + 1..])];
            let of_two = size(&lines);
            (lines, of_two)
        });
        let two = halves.max_by(|(_, left), (_, right)| left.total_cmp(right));
        match two {
            Some((lines, of_two)) if of_one < least && of_two > of_one => (lines, of_two),
            _ => (one, of_one),
        }
    }

    /// A text on as many lines as it takes, at the largest type size from `most` down to `least` at
    /// which it fits into a box; `None` where it fits at none. All in points.
    pub(crate) fn paragraph(
        &self,
        text: &str,
        (least, most): (f32, f32),
        (width, height): (f32, f32),
    ) -> Option<Paragraph> {
        let smaller = |size: &f32| Some(size - SIZE_STEP).filter(|smaller| *smaller >= least);
        let mut sizes = std::iter::successors(Some(most), smaller);
        sizes.find_map(|size| {
            let lines = self.broken(text, width / size)?;
            let room = height / (LEADING * size);
            (count(lines.len()) <= room).then_some(Paragraph { lines, size })
        })
    }

    /// A text with a new line wherever the next word does not fit; `None` where a single word is
    /// wider than a line. The width is in parts of the type size.
    fn broken(&self, text: &str, width_em: f32) -> Option<Vec<Line>> {
        let mut lines: Vec<Line> = Vec::new();
        for word in text.split_whitespace() {
            let longer = lines.last().map(|last| self.line(&format!("{} {word}", last.text)));
            match longer.filter(|line| line.width_em <= width_em) {
                Some(line) => {
                    lines.pop();
                    lines.push(line);
                }
                None => lines.push(Some(self.line(word)).filter(|it| it.width_em <= width_em)?),
            }
        }
        Some(lines)
    }
}

/// A number of lines, for arithmetic with their height.
fn count(lines: usize) -> f32 {
    f32::from(u16::try_from(lines).unwrap_or(u16::MAX))
}
