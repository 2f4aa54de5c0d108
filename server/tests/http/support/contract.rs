//! Every answer that a test gets is held against the OpenAPI document: what the document does not promise must not come,
//! and what it promises must.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex};

use axum::http::Method;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::Answer;

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::new);

/// Checks an answer to a request that was sent to this path. Addresses that are not in the document are the console's
/// pages and what nobody serves.
#[track_caller]
pub(super) fn hold(method: &Method, path: &str, answer: &Answer) {
    if let Err(broken) = CONTRACT.check(method, path, answer) {
        panic!("{method} {path} answered {}, which the OpenAPI document does not promise: {broken}", answer.status);
    }
}

/// Checks a request that was accepted: whoever goes by the document has to be able to send it.
#[track_caller]
pub(super) fn hold_request(method: &Method, path: &str, body: &Value) {
    if let Err(broken) = CONTRACT.check_request(method, path, body) {
        panic!("{method} {path} accepted what the OpenAPI document does not describe: {broken}");
    }
}

struct Contract {
    document: Value,
    /// Those of bodies that were met, by where their schemas stand in the document.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Contract {
    fn new() -> Self {
        let mut document = serde_json::to_value(server::router::document()).unwrap();
        close(&mut document);
        Self { document, validators: Mutex::default() }
    }

    fn check(&self, method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
        let Some((place, operation)) = self.operation(method, path) else {
            return Ok(());
        };
        let responses = operation["responses"].as_object().unwrap();
        let status = answer.status;
        let (name, mut response) = match responses.get(status.as_str()) {
            Some(response) => (status.as_str(), response),
            None if status.is_success() || status.is_redirection() => return Err("no such status".to_owned()),
            None => ("default", &responses["default"]),
        };
        let mut pointer = format!("{place}/responses/{name}");
        if let Some(reference) = response["$ref"].as_str() {
            pointer = reference.trim_start_matches('#').to_owned();
            response = self.document.pointer(&pointer).unwrap();
        }
        let Some(contents) = response["content"].as_object() else {
            return if answer.body.is_empty() { Ok(()) } else { Err("a body".to_owned()) };
        };
        if *method == Method::HEAD {
            return Ok(());
        }
        let found = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
        let general = format!("{}/*", found.split('/').next().unwrap_or_default());
        let Some(content) = [found, &general].into_iter().find(|name| contents.contains_key(*name)) else {
            return Err(format!("the media type {found:?}"));
        };
        // Lines of JSON are none themselves.
        if !(found == "application/json" || found.ends_with("+json")) {
            return Ok(());
        }
        let body: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        self.check_value(&format!("{pointer}/content/{}/schema", escaped(content)), &body)
    }

    fn check_request(&self, method: &Method, path: &str, body: &Value) -> Result<(), String> {
        let Some((place, operation)) = self.operation(method, path) else {
            return Err("no such operation".to_owned());
        };
        if operation["requestBody"]["content"]["application/json"].is_null() {
            // What takes nothing passes over a body; it must not seem to do something with it.
            return if *body == json!({}) { Ok(()) } else { Err("a body".to_owned()) };
        }
        self.check_value(&format!("{place}/requestBody/content/application~1json/schema"), body)
    }

    fn check_value(&self, schema: &str, value: &Value) -> Result<(), String> {
        let validator = self.validator(schema);
        let mut broken = validator.iter_errors(value).map(|error| format!("{} {error}", error.instance_path()));
        broken.next().map_or(Ok(()), Err)
    }

    /// What a request asks for, and where in the document it stands. A path without placeholders goes before others.
    fn operation(&self, method: &Method, path: &str) -> Option<(String, &Value)> {
        let path = path.split('?').next().unwrap_or_default();
        let method = method.as_str().to_ascii_lowercase();
        let paths = self.document["paths"].as_object().unwrap();
        let exact = paths.get_key_value(path);
        let (template, operations) = exact.or_else(|| paths.iter().find(|(template, _)| fits(template, path)))?;
        let operation = operations.get(&method)?;
        Some((format!("/paths/{}/{method}", escaped(template)), operation))
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap();
        let made = validators.entry(pointer.to_owned()).or_insert_with(|| {
            let mut schema = self.document.pointer(pointer).unwrap().clone();
            schema["components"] = self.document["components"].clone();
            Arc::new(jsonschema::options().with_draft(Draft::Draft202012).build(&schema).unwrap())
        });
        Arc::clone(made)
    }
}

fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

fn fits(template: &str, path: &str) -> bool {
    let (mut parts, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part == given || (part.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

/// Forbids what a schema does not name. Objects of which others consist are closed where they are put together, and where
/// they stand alone.
fn close(document: &mut Value) {
    let mut parts = HashSet::new();
    collect_parts(document, &mut parts);
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    for (name, schema) in schemas {
        let is_part = parts.contains(&format!("#/components/schemas/{name}"));
        close_schema(schema, &parts, is_part);
    }
    for item in document["paths"].as_object_mut().unwrap().values_mut() {
        close_schema(item, &parts, false);
    }
}

fn collect_parts(value: &Value, parts: &mut HashSet<String>) {
    match value {
        Value::Object(fields) => {
            for member in fields.get("allOf").and_then(Value::as_array).into_iter().flatten() {
                parts.extend(member["$ref"].as_str().map(str::to_owned));
            }
            fields.values().for_each(|value| collect_parts(value, parts));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_parts(value, parts)),
        _ => {}
    }
}

fn close_schema(value: &mut Value, parts: &HashSet<String>, is_part: bool) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                close_schema(value, parts, name == "allOf");
            }
            if !is_part && is_open(fields, parts) {
                fields.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| close_schema(value, parts, is_part)),
        _ => {}
    }
}

fn is_open(schema: &Map<String, Value>, parts: &HashSet<String>) -> bool {
    let is_alone = schema.get("$ref").and_then(Value::as_str).is_some_and(|name| parts.contains(name));
    let names = schema.get("properties").is_some_and(Value::is_object) || schema.contains_key("allOf");
    is_alone || names && !schema.contains_key("additionalProperties")
}
