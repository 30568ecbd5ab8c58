//! How a route describes itself, and how that becomes an operation of the document: security and usual statuses are filled in by rule.
//! The words of each route are in the files of the nouns.

use serde_json::{Map, Value, json};

use super::{answers, headers, schemas};
use crate::domain::permissions::{Capability, Door};

/// What a route says of itself; all else follows from its method, its path and its capability.
pub(super) struct Description {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    tag: &'static str,
    summary: &'static str,
    text: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Map<String, Value>,
    also: Vec<u16>,
}

impl Description {
    /// A route that can be found in the table of routes.
    pub(super) fn new(method: &'static str, path: &'static str, id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        let (parameters, answers, also) = (path_parameters(path), Map::new(), Vec::new());
        Self { method, path, id, tag, summary, text: String::new(), parameters, body: None, answers, also }
    }

    /// More words.
    pub(super) fn saying(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// An optional parameter of the query.
    pub(super) fn query(mut self, name: &str, schema: Value, text: &str) -> Self {
        self.parameters.push(json!({"name": name, "in": "query", "description": text, "schema": schema}));
        self
    }

    /// An optional comma list in the query.
    pub(super) fn list(mut self, name: &str, words: Value, text: &str) -> Self {
        let schema = json!({"type": "array", "minItems": 1, "items": words});
        let list = json!({"name": name, "in": "query", "description": text, "style": "form", "explode": false, "schema": schema});
        self.parameters.push(list);
        self
    }

    /// An optional header of the request.
    pub(super) fn header(mut self, name: &str, schema: Value, text: &str) -> Self {
        self.parameters.push(json!({"name": name, "in": "header", "description": text, "schema": schema}));
        self
    }

    /// `page` and `per_page`.
    pub(super) fn paged(self, sizes: crate::api::paging::Sizes) -> Self {
        let page = json!({"type": "integer", "minimum": 1, "maximum": crate::api::paging::LAST_PAGE, "default": 1});
        let size = json!({"type": "integer", "minimum": 1, "maximum": sizes.largest, "default": sizes.usual});
        self.query("page", page, "The page's number, from 1.").query("per_page", size, "Rows a page.")
    }

    /// The `Idempotency-Key` header, which every POST takes that keeps its answer.
    pub(super) fn repeatable(self, text: &str) -> Self {
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
        self.header("Idempotency-Key", schema, text).also(409)
    }

    /// A body that has to be there.
    pub(super) fn body(mut self, schema: &Value, example: &Value) -> Self {
        self.body = Some(json!({"required": true, "content": {"application/json": {"schema": schema, "example": example}}}));
        self
    }

    /// A body that may be left out.
    pub(super) fn optional_body(mut self, schema: &Value, example: &Value) -> Self {
        self.body = Some(json!({"required": false, "content": {"application/json": {"schema": schema, "example": example}}}));
        self
    }

    /// What success looks like; a null schema is no body. `named` are headers of the document that come besides the usual ones.
    pub(super) fn answers(mut self, status: u16, text: &str, schema: Value, named: &[&str]) -> Self {
        let mut answer = json!({"description": text, "headers": headers::of_success(named)});
        if !schema.is_null() {
            answer["content"] = json!({"application/json": {"schema": schema}});
        }
        self.answers.insert(status.to_string(), answer);
        if self.method == "GET" && named.contains(&"ETag") {
            self.also.push(304);
        }
        self
    }

    /// A status that no rule knows.
    pub(super) fn also(mut self, status: u16) -> Self {
        self.also.push(status);
        self
    }

    /// The operation as the document has it.
    pub(super) fn written(mut self, capability: Capability) -> Value {
        let rule = capability.rule();
        for status in self.usual(rule.door) {
            self.answers.insert(status.to_string(), answers::reference(status));
        }
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": format!("{}{}", self.text, needed(capability)).trim(),
            "parameters": self.parameters,
            "responses": self.answers,
            "security": security(rule.door),
        });
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        if let Some(scope) = rule.scope() {
            operation["x-required-scope"] = json!(scope);
        }
        if rule.door != Door::Anybody {
            operation["x-required-role"] = json!(rule.role);
        }
        operation
    }

    /// What can come back from every route of this kind.
    fn usual(&self, door: Door) -> Vec<u16> {
        let mut statuses = vec![400, 429, 500, 503];
        if door != Door::Anybody {
            statuses.push(401);
        }
        if matches!(door, Door::Scoped(_) | Door::Personal(_)) {
            statuses.push(403);
        }
        if is_about_a_ticket(self.path) {
            statuses.push(404);
        }
        // Whatever is no GET may come with a body, wanted or not.
        if self.method != "GET" {
            statuses.extend([413, 415]);
        }
        if matches!(self.method, "POST" | "PATCH") {
            statuses.push(422);
        }
        statuses.extend(&self.also);
        statuses
    }
}

fn is_about_a_ticket(path: &str) -> bool {
    path.starts_with("/api/v1/tickets/{id}")
}

/// The ids in a path. What is no UUID is answered like what cannot be reached.
fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let noun = |name| match name {
        "organization_id" => "organization",
        "comment_id" => "comment",
        _ if is_about_a_ticket(path) => "ticket",
        _ => "project",
    };
    let parameter = |name| json!({"name": name, "in": "path", "required": true, "description": format!("The {}'s id.", noun(name)), "schema": schemas::id()});
    names.map(parameter).collect()
}

/// What it takes to come in, for people.
fn needed(capability: Capability) -> String {
    let rule = capability.rule();
    match rule.door {
        Door::Anybody => "\n\nNeeds no token.".to_owned(),
        Door::AnyToken => "\n\nNeeds any token, whatever its scopes.".to_owned(),
        Door::SignedIn => "\n\nNeeds a signed-in person.".to_owned(),
        Door::Personal(scope) => format!("\n\nNeeds a personal token with the scope `{scope}` and the role `{}` or higher.", rule.role),
        Door::Scoped(scope) => {
            let project = if rule.role <= crate::model::roles::Role::Admin { "" } else { " A project token never has that role." };
            format!("\n\nNeeds a token with the scope `{scope}`, and the role `{}` or higher.{project}", rule.role)
        }
    }
}

/// Which tokens open the door, with the scope that they need (OpenAPI 3.1 lets schemes of HTTP list what is needed).
fn security(door: Door) -> Value {
    match door {
        Door::Anybody | Door::SignedIn => json!([]),
        Door::AnyToken => json!([{"personalToken": []}, {"projectToken": []}]),
        Door::Personal(scope) => json!([{"personalToken": [scope]}]),
        Door::Scoped(scope) => json!([{"personalToken": [scope]}, {"projectToken": [scope]}]),
    }
}

/// Both kinds of token.
pub(super) fn security_schemes() -> Value {
    json!({
        "personalToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "pk_bt1…",
            "description": "Reaches every organization that its user belongs to, with that user's rights. Made in Account Settings → API.",
        },
        "projectToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "proj_bt1…",
            "description": "Reaches one project, as an admin within its scopes. Made in Project Settings → API Token.",
        },
    })
}
