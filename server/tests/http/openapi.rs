//! The OpenAPI document is part of the interface: it changes in a commit that says so, or not at all.

use serde_json::Value;

use crate::support::TestApp;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http/openapi.json");

#[tokio::test]
async fn the_document_is_the_committed_one() {
    let test = TestApp::new().await;
    let served = test.get("/openapi.json", None).await.good().json();
    let pretty = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
    if std::env::var_os("DAYBOOK_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(COMMITTED, &pretty).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(committed == pretty, "the interface changed: read docs/API.md, then DAYBOOK_UPDATE_SNAPSHOTS=1");
}

#[tokio::test]
async fn the_document_is_openapi_3_1() {
    let document = serde_json::to_value(server::router::document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    // What 3.2 added must not appear under the older version.
    let mut keys = Vec::new();
    collect_keys(&document, &mut keys);
    for newer in ["$self", "itemSchema", "itemEncoding", "prefixEncoding", "additionalOperations", "mediaTypes"] {
        assert!(!keys.iter().any(|key| key == newer), "{newer}");
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn every_operation_has_a_summary_and_those_that_need_leave_say_so() {
    let document = serde_json::to_value(server::router::document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            let open = method == "options"
                || path.ends_with("z")
                || path.ends_with("/session")
                || path.ends_with("/enrol")
                || path.ends_with("/token");
            assert_eq!(operation["security"].is_array(), !open, "{method} {path}");
        }
    }
}

/// Generated clients name their functions after them.
#[tokio::test]
async fn operations_have_names_of_their_own() {
    let document = serde_json::to_value(server::router::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|item| item.as_object().unwrap().values());
    let mut names: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "{names:?}");
}

fn collect_keys(value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                keys.push(key.clone());
                collect_keys(value, keys);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_keys(value, keys)),
        _ => {}
    }
}

fn collect_references(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(reference) if key == "$ref" => references.push(reference.clone()),
                    value => collect_references(value, references),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_references(value, references)),
        _ => {}
    }
}
