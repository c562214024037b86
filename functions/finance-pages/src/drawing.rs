//! A bar chart as SVG for the page itself: no script, no style attribute, a title and a description to be read aloud.
//! All places are whole numbers, tenths of a unit of the screen.

use askama::Template;

/// Width and height of the drawing.
const SIZE: (i64, i64) = (3_600, 1_900);
/// Where the bars begin from the left and the top, and where they end.
const PLOT: (i64, i64, i64, i64) = (60, 260, 3_540, 1_640);

/// One day of a chart.
pub(crate) struct Day {
    /// What the day is called below the bars.
    pub(crate) label: String,
    /// The height, in minor units.
    pub(crate) value: i64,
    /// The amount as it is read.
    pub(crate) text: String,
}

/// A bar.
struct Bar {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    title: String,
}

/// A chart of days.
#[derive(Template)]
#[template(path = "chart.svg", escape = "html")]
pub(crate) struct Chart {
    id: String,
    title: String,
    description: String,
    bars: Vec<Bar>,
    /// What the highest bar stands for, as it is read.
    most: String,
    labels: Vec<(i64, &'static str, String)>,
    size: (i64, i64),
    plot: (i64, i64, i64, i64),
    middle: i64,
}

impl Chart {
    /// A chart of these days, oldest first. `id` is its own on the page.
    pub(crate) fn of(id: &str, title: &str, days: &[Day]) -> Self {
        let (left, top, right, bottom) = PLOT;
        let most = days.iter().max_by_key(|day| day.value);
        let highest = most.map_or(0, |day| day.value).max(1);
        let count = i64::try_from(days.len()).unwrap_or(1).max(1);
        let step = (right - left) / count;
        let bar = |(at, day): (i64, &Day)| {
            let height = part(day.value.max(0), highest, bottom - top);
            Bar {
                x: left + at * step + step / 10,
                y: bottom - height,
                width: (step - step / 5).max(4),
                height,
                title: format!("{}: {}", day.label, day.text),
            }
        };
        let description = match most.filter(|day| day.value > 0) {
            Some(day) => format!("{count} days. The most was {} on {}.", day.text, day.label),
            None => format!("{count} days without any."),
        };
        let ends = [(days.first(), left, "start"), (days.last(), right, "end")];
        let ends = ends.into_iter();
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            description,
            bars: (0..).zip(days).map(bar).collect(),
            most: most.map(|day| day.text.clone()).unwrap_or_default(),
            labels: ends
                .filter_map(|(day, x, anchor)| Some((x, anchor, day?.label.clone())))
                .collect(),
            size: SIZE,
            plot: PLOT,
            middle: (top + bottom) / 2,
        }
    }
}

/// What part of `whole` a value is, `highest` being all of it. A value that is there is seen.
fn part(value: i64, highest: i64, whole: i64) -> i64 {
    let part = i128::from(value) * i128::from(whole) / i128::from(highest);
    let part = i64::try_from(part).unwrap_or(whole);
    if value > 0 { part.max(8) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(values: &[i64]) -> Vec<Day> {
        let day = |(number, value): (usize, &i64)| Day {
            label: format!("<day {number}>"),
            value: *value,
            text: format!("₦{value}"),
        };
        values.iter().enumerate().map(day).collect()
    }

    #[test]
    fn bars_stay_inside_and_are_as_high_as_their_days() {
        let chart = Chart::of("tips", "Tips", &days(&[0, 1, 500, 1_000, -20, i64::MAX]));
        let heights: Vec<i64> = chart.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [0, 8, 8, 8, 0, PLOT.3 - PLOT.1]);
        for bar in &chart.bars {
            assert!(bar.x >= PLOT.0 && bar.x + bar.width <= PLOT.2, "{} {}", bar.x, bar.width);
            assert_eq!(bar.y + bar.height, PLOT.3);
        }
        let even = Chart::of("tips", "Tips", &days(&[10, 20]));
        assert_eq!(even.bars[0].height * 2, even.bars[1].height);
    }

    #[test]
    fn a_chart_is_read_aloud_and_has_no_style_of_its_own() {
        let drawn = Chart::of("tips", "Tips & more", &days(&[5, 0])).render().unwrap();
        assert!(drawn.contains("<title id=\"tips-title\">Tips &#38; more</title>"), "{drawn}");
        assert!(drawn.contains("The most was ₦5 on &#60;day 0&#62;."), "{drawn}");
        assert!(!drawn.contains("style") && !drawn.contains("<day"), "{drawn}");
        let empty = Chart::of("tips", "Tips", &[]).render().unwrap();
        assert!(empty.contains("days without any"), "{empty}");
    }
}
