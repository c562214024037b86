//! `import`: parts, line numbers and where it goes.

use std::path::Path;

use serde_json::json;

use crate::platform::{ask_with_key, on, run, said, tessera};

fn document(n: usize) -> String {
    let id = format!("{n:024x}");
    json!({"_id": {"$oid": id}, "property_name": format!("House {n}"), "location": "Lagos",
        "price": {"$numberLong": "1000"}, "action": "for sale"})
    .to_string()
}

fn write(path: &Path, lines: usize, bad: &[usize]) {
    let line = |n: usize| if bad.contains(&n) { "{\"broken\": ".to_owned() } else { document(n) };
    let text: Vec<String> = (1..=lines).map(line).collect();
    std::fs::write(path, text.join("\n")).unwrap();
}

async fn import(folder: &Path, file: &Path) -> (i32, String, String) {
    let mut command = tessera(folder);
    command.arg("import").arg(file);
    said(&run(command).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_named_by_its_number_in_the_file() {
    let parent = tempfile::tempdir().unwrap();
    let (folder, file) = (parent.path().join("data"), parent.path().join("properties.json"));
    write(&file, 2003, &[1, 1000, 1001, 2003]);
    let (code, stdout, stderr) = import(&folder, &file).await;
    assert_eq!(code, 1, "{stderr}");
    assert!(stdout.starts_with("1,999 properties imported, 4 failed, in "), "{stdout}");
    for line in ["line 1: ", "line 1000: ", "line 1001: ", "line 2003: "] {
        assert!(stdout.contains(line), "{line} in {stdout}");
    }
    assert!(stderr.contains("100 %: 2,003 lines"), "{stderr}");

    // The same file, mended, goes over the first one.
    write(&file, 2003, &[]);
    let (code, stdout, _) = import(&folder, &file).await;
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.starts_with("2,003 properties imported, 0 failed"), "{stdout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_platform_takes_the_file_under_the_demos_key() {
    let parent = tempfile::tempdir().unwrap();
    let (folder, file) = (parent.path().join("data"), parent.path().join("properties.json"));
    write(&file, 3, &[]);
    let stack = on(&folder).await;
    let (code, _, stderr) = import(&folder, &file).await;
    assert_eq!(code, 2);
    assert!(stderr.contains("is in use") && stderr.contains("demo.json"), "{stderr}");
    let demo = stack.make_demo().await.unwrap();
    let (code, _, stderr) = import(&folder, &file).await;
    assert_eq!(code, 0, "{stderr}");
    let line = format!("GET /api/v1/properties/{:024x}", 3);
    assert_eq!(ask_with_key(&stack, &line, &demo.api_key).await.json()["property_name"], "House 3");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_goes_in_whole_or_is_refused_with_advice() {
    let parent = tempfile::tempdir().unwrap();
    let (folder, file) = (parent.path().join("data"), parent.path().join("properties.json"));
    std::fs::write(&file, format!("[\n{},\n{{}},\n{}\n]", document(1), document(2))).unwrap();
    let (code, stdout, stderr) = import(&folder, &file).await;
    assert_eq!(code, 1, "{stderr}");
    assert!(stdout.starts_with("2 properties imported, 1 failed"), "{stdout}");
    assert!(stdout.contains("line 3: "), "{stdout}");
    std::fs::write(&file, format!("[{}]", " ".repeat(5 << 20))).unwrap();
    let (code, _, stderr) = import(&folder, &file).await;
    assert_eq!(code, 2);
    assert!(stderr.contains("without --jsonArray") && stderr.lines().count() == 1, "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_stops_says_where() {
    let parent = tempfile::tempdir().unwrap();
    let (folder, file) = (parent.path().join("data"), parent.path().join("properties.json"));
    write(&file, 3, &[]);
    let mut command = tessera(&folder);
    command.arg("import").arg(&file).env("TESSERA_API_KEY", "tsk_unknown");
    let (code, _, stderr) = said(&run(command).await);
    assert_eq!(code, 2);
    assert!(stderr.contains("401") && stderr.contains("stopped at line 1 of"), "{stderr}");
    assert!(!stderr.contains("tsk_"), "{stderr}");
}
