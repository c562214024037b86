//! SVG files, painted by a small rasteriser of our own: one cell a module.

use domain::render::{Level, RenderSpec};
use qr::{encode, render};

use crate::samples::{LOGOS, PAYLOADS, URL, VCARD, logo, plain, svg, with_logo};

#[test]
fn the_path_paints_exactly_the_modules() {
    let check = |payload: &str, level: Level, margin: u32| {
        let spec = RenderSpec { margin, ..svg(plain(1024, level)) };
        let drawn = render(payload, &spec, None).unwrap();
        let symbol = encode(payload, level).unwrap();
        let side = symbol.width() + 2 * margin;
        let cells = paint(&text(drawn.bytes), side);
        for y in 0..side {
            for x in 0..side {
                let dark = symbol.is_dark(x.wrapping_sub(margin), y.wrapping_sub(margin));
                assert_eq!(cells[(y * side + x) as usize], dark, "{level:?} {x} {y}");
            }
        }
    };
    for (_, payload) in PAYLOADS {
        for level in Level::ALL {
            check(payload, level, 4);
        }
    }
    check(URL, Level::M, 9);
}

#[test]
fn an_svg_is_small_and_refers_to_nothing() {
    let drawn = text(render(URL, &svg(plain(256, Level::M)), None).unwrap().bytes);
    assert!(drawn.len() <= 2_000, "{} bytes", drawn.len());
    let head = r##"<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 41 41" shape-rendering="crispEdges"><rect width="41" height="41" fill="#ffffff"/><path stroke="#000000" d="M4 4.5h7m"##;
    assert!(drawn.starts_with(head), "{drawn}");
    for name in LOGOS {
        let drawn =
            text(render(VCARD, &svg(with_logo(512, Level::H)), Some(&logo(name))).unwrap().bytes);
        assert!(!drawn.contains("<script") && !drawn.contains("<style"));
        assert_eq!(drawn.matches("href=").count(), 1);
        assert!(drawn.contains(r#"href="data:image/png;base64,iVBOR"#), "{name}");
        assert_eq!(drawn.matches("http").count(), 1, "only the name space");
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Follows `M x y.5`, `m dx dy` and `h run`, each run filling the cells of its row.
fn paint(svg: &str, side: u32) -> Vec<bool> {
    let path = svg.split(r#" d=""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let mut cells = vec![false; (side * side) as usize];
    let (mut x, mut y) = (0.0, 0.0);
    let starts: Vec<usize> = path.match_indices(char::is_alphabetic).map(|(at, _)| at).collect();
    for (at, &start) in starts.iter().enumerate() {
        let step = &path[start..starts.get(at + 1).copied().unwrap_or(path.len())];
        let numbers: Vec<f64> =
            step[1..].split(' ').map(|number| number.parse().unwrap()).collect();
        match (&step[..1], &numbers[..]) {
            ("M", [to_x, to_y]) => (x, y) = (*to_x, *to_y),
            ("m", [dx, dy]) => (x, y) = (x + dx, y + dy),
            ("h", [run]) => {
                let start = (y - 0.5) as usize * side as usize + x as usize;
                cells[start..start + *run as usize].fill(true);
                x += run;
            }
            _ => unreachable!("{step}"),
        }
    }
    cells
}
