//! Heat maps: how much where, as a step of six, drawn for the page itself. No script and no style attribute: each step
//! is a class. Beside each stands a table with the numbers, because a colour alone is not read by everybody.

use std::collections::BTreeMap;

use askama::Template;
use domain::tally::NameCount;

/// The steps above none.
const STEPS: i64 = 5;
/// What weekdays are called, Monday first.
pub(crate) const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Left and top of the field, width and height of a place, in units of the drawing.
const FIELD: (usize, usize) = (330, 190);
const PLACE: (usize, usize) = (136, 190);
/// The hours that are written above it.
const SHOWN_HOURS: [usize; 4] = [0, 6, 12, 18];

/// How warm a number is: none is 0, the most is 5.
pub(crate) fn step(count: i64, most: i64) -> i64 {
    if count <= 0 || most <= 0 {
        return 0;
    }
    let up = i128::from(count) * i128::from(STEPS);
    let step = (up + i128::from(most) - 1) / i128::from(most);
    i64::try_from(step).unwrap_or(STEPS).clamp(1, STEPS)
}

/// One hour of one weekday.
struct Place {
    x: usize,
    y: usize,
    step: i64,
    title: String,
}

/// A week of hours.
#[derive(Template)]
#[template(path = "week.svg", escape = "html")]
pub(crate) struct Week {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    description: String,
    size: (usize, usize),
    place: (usize, usize),
    places: Vec<Place>,
    days: Vec<(usize, &'static str)>,
    hours: Vec<(usize, usize)>,
}

impl Week {
    /// Seven rows of 24 hours; `what` is counted.
    pub(crate) fn of(
        (id, title, what): (&'static str, &'static str, &str),
        rows: &[Vec<i64>],
    ) -> Self {
        let all = || {
            let days = WEEKDAYS.iter().zip(rows).enumerate();
            days.flat_map(|(row, (day, hours))| {
                hours.iter().enumerate().map(move |(hour, count)| (row, *day, hour, *count))
            })
        };
        let warmest = all().max_by_key(|(.., count)| *count);
        let most = warmest.map_or(0, |(.., count)| count);
        let description = match warmest.filter(|_| most > 0) {
            Some((_, day, hour, count)) => {
                format!("The most {what} are on {day} from {hour} o'clock: {count}.")
            }
            None => format!("There are no {what} in these days."),
        };
        let places = all().map(|(row, day, hour, count)| Place {
            x: FIELD.0 + hour * PLACE.0,
            y: FIELD.1 + row * PLACE.1,
            step: step(count, most),
            title: format!("{day}, {hour} o'clock: {count}"),
        });
        Self {
            id,
            title,
            description,
            size: (FIELD.0 + 24 * PLACE.0, FIELD.1 + WEEKDAYS.len() * PLACE.1),
            place: (PLACE.0 - 10, PLACE.1 - 10),
            places: places.collect(),
            days: (0..)
                .zip(WEEKDAYS)
                .map(|(row, day)| (FIELD.1 + row * PLACE.1 + 130, day))
                .collect(),
            hours: SHOWN_HOURS.into_iter().map(|hour| (FIELD.0 + hour * PLACE.0, hour)).collect(),
        }
    }
}

/// A place on the map.
pub(crate) struct City {
    pub(crate) name: String,
    pub(crate) count: i64,
    pub(crate) step: i64,
}

/// A country with its cities, the most first.
pub(crate) struct Country {
    pub(crate) name: String,
    pub(crate) count: i64,
    pub(crate) step: i64,
    pub(crate) cities: Vec<City>,
}

/// Countries, the most first. A city's name begins with its country's two letters.
pub(crate) fn countries(countries: &[NameCount], cities: &[NameCount]) -> Vec<Country> {
    let most = |all: &[NameCount]| all.iter().map(|one| one.count).max().unwrap_or(0);
    let (most_country, most_city) = (most(countries), most(cities));
    let mut within: BTreeMap<&str, Vec<City>> = BTreeMap::new();
    for NameCount { name, count } in cities {
        let (country, city) = name.split_once(' ').unwrap_or((name, ""));
        let (name, step) = (shown(city), step(*count, most_city));
        within.entry(country).or_default().push(City { name, count: *count, step });
    }
    let of = |NameCount { name, count }: &NameCount| Country {
        name: if name == "ZZ" { "Unknown".to_owned() } else { name.clone() },
        count: *count,
        step: step(*count, most_country),
        cities: within.remove(name.as_str()).unwrap_or_default(),
    };
    let mut all: Vec<Country> = countries.iter().map(of).collect();
    all.sort_by_key(|country| std::cmp::Reverse(country.count));
    all
}

fn shown(city: &str) -> String {
    if city.is_empty() { "Unknown".to_owned() } else { city.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, count: i64) -> NameCount {
        NameCount { name: name.to_owned(), count }
    }

    #[test]
    fn what_is_there_is_warm_and_the_most_is_the_warmest() {
        let check = |count, most, expected| assert_eq!(step(count, most), expected, "{count}");
        check(0, 0, 0);
        check(0, 10, 0);
        check(1, 1_000_000, 1);
        check(5, 10, 3);
        check(10, 10, 5);
        check(i64::MAX, i64::MAX, 5);
    }

    #[test]
    fn a_week_says_where_the_most_is_and_has_no_style_of_its_own() {
        let mut rows = vec![vec![0; 24]; 7];
        rows[5][13] = 4;
        let drawn = Week::of(("w", "Redemptions", "redemptions"), &rows).render().unwrap();
        // The apostrophe is escaped, like all that is written into a page.
        let most = "The most redemptions are on Saturday from 13 o&#39;clock: 4.";
        assert!(drawn.contains(most), "{drawn}");
        assert_eq!(drawn.matches("<rect").count(), 7 * 24);
        assert_eq!(drawn.matches("heat-5").count(), 1);
        assert!(!drawn.contains("style"), "{drawn}");
        let none = Week::of(("w", "Scans", "scans"), &[]).render().unwrap();
        assert!(none.contains("There are no scans in these days."), "{none}");
    }

    #[test]
    fn cities_stand_below_their_countries() {
        let of = [named("GH", 2), named("NG", 7), named("ZZ", 1)];
        let cities = [named("NG Lagos", 4), named("NG New Bussa", 3), named("GH Accra", 2)];
        let all = countries(&of, &cities);
        let names: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.cities.len())).collect();
        assert_eq!(names, [("NG", 2), ("GH", 1), ("Unknown", 0)]);
        assert_eq!(all[0].cities[1].name, "New Bussa");
    }
}
