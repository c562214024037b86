//! The template, the description and the routers list the same routes, function by function.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use local::{Handler, Stack};
use serde_json::Value;
use tower::ServiceExt;

use crate::fixture::{options, router, template};
use crate::openapi::{document, operations};

/// `GET /health`.
type Route = (String, String);
/// The routes of each function.
type Routes = BTreeMap<String, BTreeSet<Route>>;

/// What is asked of each path. HEAD is left out: axum answers it wherever it answers GET.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

fn of_template() -> Routes {
    let route = |route: &local::template::HttpRoute| (route.method.clone(), route.path.clone());
    let template = template();
    let functions = template.functions().iter().filter(|function| function.routes().count() > 0);
    functions.map(|f| (f.name.clone(), f.routes().map(route).collect())).collect()
}

fn of_description() -> BTreeSet<Route> {
    let document = document();
    operations(&document)
        .map(|(method, path, _)| (method.to_uppercase(), path.to_owned()))
        .collect()
}

/// The routes that a function's router really answers: each method on each path of the whole platform is tried.
async fn of_router(router: &Router, candidates: &BTreeSet<Route>) -> BTreeSet<Route> {
    let mut found = BTreeSet::new();
    let paths: BTreeSet<&String> = candidates.iter().map(|(_, path)| path).collect();
    for path in paths {
        for method in METHODS {
            if answers(router, method, path).await {
                found.insert((method.to_owned(), path.clone()));
            }
        }
    }
    // The template's own HEAD routes belong to the handler of GET.
    let heads = candidates.iter().filter(|(method, _)| method == "HEAD");
    let of_get = |(_, path): &&Route| found.contains(&("GET".to_owned(), path.clone()));
    let heads: Vec<Route> = heads.filter(of_get).cloned().collect();
    found.extend(heads);
    found
}

async fn answers(router: &Router, method: &str, path: &str) -> bool {
    let uri: String = path.chars().filter(|c| !"{}".contains(*c)).collect();
    let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    status != StatusCode::METHOD_NOT_ALLOWED && body["code"] != "no_such_path"
}

/// One line for each route that not all three have.
fn disagreements(
    template: &Routes,
    description: &BTreeSet<Route>,
    routers: &Routes,
) -> Vec<String> {
    let all: BTreeSet<&Route> = template.values().flatten().chain(description).collect();
    let mut lines = Vec::new();
    for (method, path) in all.into_iter().chain(routers.values().flatten()) {
        let route = (method.clone(), path.clone());
        let of = |routes: &Routes| {
            let has = |(name, routes): (&String, &BTreeSet<Route>)| {
                routes.contains(&route).then(|| name.clone())
            };
            routes.iter().filter_map(has).collect::<Vec<_>>().join(" and ")
        };
        let (in_template, in_router) = (of(template), of(routers));
        let described = description.contains(&route);
        if in_template != in_router || in_template.is_empty() || !described {
            let described = if described { "described" } else { "not described" };
            lines.push(format!(
                "{method} {path}: template `{in_template}`, router `{in_router}`, {described}"
            ));
        }
    }
    lines.sort();
    lines.dedup();
    lines
}

/// The same without one route.
fn without(routes: &Routes, function: &str, route: &Route) -> Routes {
    let mut fewer = routes.clone();
    assert!(fewer.get_mut(function).unwrap().remove(route), "{route:?} was there");
    fewer
}

#[tokio::test]
async fn the_template_the_description_and_the_routers_list_the_same_routes() {
    let stack = Stack::start(options()).await.unwrap();
    let (template, description) = (of_template(), of_description());
    let mut routers = Routes::new();
    for name in local::functions::registry().names() {
        if let Handler::Http(router) = router(&stack, name, 0) {
            let routes = of_router(&router, &description).await;
            routers.insert(name.to_owned(), routes);
        }
    }
    let lines = disagreements(&template, &description, &routers);
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert!(description.len() > 20, "only {description:?}");

    // Whichever of the three forgets a route, it is noticed.
    let route = ("POST".to_owned(), "/api/v1/qr/batch-generate".to_owned());
    let mut fewer = description.clone();
    fewer.remove(&route);
    let found = [
        disagreements(&without(&template, "generate", &route), &description, &routers),
        disagreements(&template, &fewer, &routers),
        disagreements(&template, &description, &without(&routers, "generate", &route)),
    ];
    let line = "POST /api/v1/qr/batch-generate: template";
    assert_eq!(
        found.map(|lines| lines.join("\n")),
        [
            format!("{line} ``, router `generate`, described"),
            format!("{line} `generate`, router `generate`, not described"),
            format!("{line} `generate`, router ``, described"),
        ]
    );
    stack.stop().await;
}
