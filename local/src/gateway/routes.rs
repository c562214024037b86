//! Finding the route of a request, as an API Gateway HTTP API does.
//!
//! The more a route says, the earlier it is tried: fixed text before `{name}` before `{name+}`, a method before
//! `ANY`. Deliberately absent: `$default`, which the template does not use.

use std::collections::BTreeMap;

use crate::template::HttpRoute;

/// The routes of an API, each with what answers it.
#[derive(Clone, Debug)]
pub struct RouteTable<T> {
    routes: Vec<(String, T)>,
    root: Branch,
}

/// The route that a request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match<'r, T> {
    /// For example `GET /api/v1/properties/{id}`.
    pub route_key: &'r str,
    /// What answers it.
    pub target: &'r T,
    /// The values of the route's variables, decoded.
    pub parameters: Vec<(&'r str, String)>,
}

/// One step of the tree of paths.
#[derive(Clone, Debug, Default)]
struct Branch {
    fixed: BTreeMap<String, Branch>,
    variable: Option<Box<Branch>>,
    greedy: Option<Box<Branch>>,
    /// The routes that end here, by method.
    ends: BTreeMap<String, End>,
}

#[derive(Clone, Debug)]
struct End {
    route: usize,
    /// Two routes of one shape may name their variables differently, so each end has its own names.
    names: Vec<String>,
}

impl<T> Default for RouteTable<T> {
    fn default() -> Self {
        Self { routes: Vec::new(), root: Branch::default() }
    }
}

impl<T> RouteTable<T> {
    /// Adds a route.
    ///
    /// # Errors
    /// When there is one of the same method and shape, or a greedy variable is not the last part.
    pub fn add(&mut self, route: &HttpRoute, target: T) -> Result<(), String> {
        let mut branch = &mut self.root;
        let mut names = Vec::new();
        let parts: Vec<&str> = parts(&route.path).collect();
        for (at, part) in parts.iter().enumerate() {
            let variable = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            branch = match (variable, variable.and_then(|name| name.strip_suffix('+'))) {
                (Some(_), Some(name)) if at + 1 == parts.len() => {
                    names.push(name.to_owned());
                    branch.greedy.get_or_insert_default()
                }
                (Some(_), Some(_)) => {
                    return Err(format!("{}: only the last part may be greedy", route.path));
                }
                (Some(name), None) => {
                    names.push(name.to_owned());
                    branch.variable.get_or_insert_default()
                }
                (None, _) => branch.fixed.entry((*part).to_owned()).or_default(),
            };
        }
        let end = End { route: self.routes.len(), names };
        if branch.ends.insert(route.method.clone(), end).is_some() {
            return Err(format!("{} {} is there twice", route.method, route.path));
        }
        self.routes.push((format!("{} {}", route.method, route.path), target));
        Ok(())
    }

    /// The route of a request; the path is as it came, still encoded.
    pub fn find(&self, method: &str, path: &str) -> Option<Match<'_, T>> {
        let decoded: Vec<String> = parts(path).map(decode).collect();
        let mut values = Vec::new();
        let end = self.root.find(method, &decoded, &mut values)?;
        let (route_key, target) = self.routes.get(end.route)?;
        let parameters = end.names.iter().map(String::as_str).zip(values).collect();
        Some(Match { route_key, target, parameters })
    }

    /// The keys of all routes, for example `GET /s/{slug}`.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|(key, _)| key.as_str())
    }
}

impl Branch {
    fn find(&self, method: &str, rest: &[String], values: &mut Vec<String>) -> Option<&End> {
        let Some((part, rest_of)) = rest.split_first() else {
            return self.ends.get(method).or_else(|| self.ends.get("ANY"));
        };
        if let Some(found) = self.fixed.get(part).and_then(|b| b.find(method, rest_of, values)) {
            return Some(found);
        }
        let before = values.len();
        if let Some(variable) = self.variable.as_ref().filter(|_| !part.is_empty()) {
            values.push(part.clone());
            if let Some(found) = variable.find(method, rest_of, values) {
                return Some(found);
            }
            values.truncate(before);
        }
        let greedy = self.greedy.as_ref()?;
        let end = greedy.find(method, &[], values)?;
        let whole = rest.join("/");
        if whole.is_empty() {
            return None;
        }
        values.push(whole);
        Some(end)
    }
}

/// The parts between slashes; `/` alone has none.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').filter(move |_| !path.is_empty())
}

/// Percent-decoding; what is not UTF-8 afterwards is replaced, as the gateway does.
pub(super) fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = text.get(at + 1..at + 3).filter(|_| byte == b'%');
        match digits.and_then(|digits| hex::decode(digits).ok()) {
            Some(value) => {
                decoded.extend(value);
                at += 3;
            }
            None => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> RouteTable<u8> {
        let mut table = RouteTable::default();
        let routes = [
            ("GET", "/"),
            ("GET", "/pets/dog/1"),
            ("GET", "/pets/{id}/1"),
            ("GET", "/pets/dog/{id}"),
            ("POST", "/pets/dog/{id}"),
            ("GET", "/pets/{proxy+}"),
            ("ANY", "/any"),
            ("GET", "/any"),
            ("ANY", "/docs/{proxy+}"),
            ("GET", "/s/{slug}"),
            ("DELETE", "/s/{name}"),
        ];
        for (method, path) in routes {
            let route = HttpRoute { method: method.to_owned(), path: path.to_owned() };
            table.add(&route, 0).unwrap();
        }
        table
    }

    fn check(method: &str, path: &str, expected: Option<(&str, &[(&str, &str)])>) {
        let table = table();
        let found = table.find(method, path);
        let found = found.map(|found| (found.route_key, found.parameters));
        let expected = expected.map(|(key, parameters)| {
            (key, parameters.iter().map(|(n, v)| (*n, (*v).to_owned())).collect::<Vec<_>>())
        });
        assert_eq!(found, expected, "{method} {path}");
    }

    #[test]
    fn the_most_specific_route_wins() {
        check("GET", "/", Some(("GET /", &[])));
        check("GET", "/pets/dog/1", Some(("GET /pets/dog/1", &[])));
        check("GET", "/pets/dog/2", Some(("GET /pets/dog/{id}", &[("id", "2")])));
        check("POST", "/pets/dog/1", Some(("POST /pets/dog/{id}", &[("id", "1")])));
        check("GET", "/pets/cat/1", Some(("GET /pets/{id}/1", &[("id", "cat")])));
        check("GET", "/pets/cat/2", Some(("GET /pets/{proxy+}", &[("proxy", "cat/2")])));
        check("GET", "/any", Some(("GET /any", &[])));
        check("PUT", "/any", Some(("ANY /any", &[])));
        check("OPTIONS", "/docs/a/b/c", Some(("ANY /docs/{proxy+}", &[("proxy", "a/b/c")])));
    }

    #[test]
    fn one_shape_may_name_its_variable_differently_per_method() {
        check("GET", "/s/x", Some(("GET /s/{slug}", &[("slug", "x")])));
        check("DELETE", "/s/x", Some(("DELETE /s/{name}", &[("name", "x")])));
    }

    #[test]
    fn what_no_route_says_is_not_found() {
        check("PUT", "/", None);
        check("GET", "/s/", None);
        check("GET", "/s", None);
        check("GET", "/pets/", None);
        check("GET", "/pets", None);
        check("PUT", "/pets/dog/1", None);
        check("GET", "/S/x", None);
    }

    #[test]
    fn variables_are_decoded_within_their_part() {
        check("GET", "/s/a%20b", Some(("GET /s/{slug}", &[("slug", "a b")])));
        check("GET", "/s/a%2Fb", Some(("GET /s/{slug}", &[("slug", "a/b")])));
        check("GET", "/s/%C3%A9%zz", Some(("GET /s/{slug}", &[("slug", "é%zz")])));
        check("GET", "/%70ets/dog/1", Some(("GET /pets/dog/1", &[])));
        check("GET", "/s/a+b", Some(("GET /s/{slug}", &[("slug", "a+b")])));
    }

    #[test]
    fn a_route_that_is_there_twice_is_refused() {
        let mut table = table();
        for (method, path) in [("GET", "/s/{other}"), ("GET", "/a/{b+}/c")] {
            let route = HttpRoute { method: method.to_owned(), path: path.to_owned() };
            assert!(table.add(&route, 1).is_err(), "{method} {path}");
        }
    }
}
