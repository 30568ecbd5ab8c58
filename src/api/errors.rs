//! The API's one mapping from what went wrong to what it says: status, words and headers of the contract.
//! Nothing of the inside leaks: causes go to the log.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};

use crate::domain::Error;
use crate::http::answer::{Answer, without_tags};
use crate::http::mount::Wording;
use crate::store::database::Error as StoreError;
use crate::wire::errors::{Details, Error as Shape, Problem};

/// What a 500 says.
pub(super) const INTERNAL: &str = "Something went wrong on our side. The request id in X-Request-Id helps to find out what";

const NO_PERMISSION: &str = "You don't have permission to access this resource";

/// The answer to a request that was refused.
pub(super) fn refuse(error: &Error, wording: Wording) -> Answer {
    match error {
        Error::Unauthenticated | Error::StoppedToken(_) => {
            let challenge =
                if wording.token_sent { r#"Bearer realm="bugtome", error="invalid_token""# } else { r#"Bearer realm="bugtome""# };
            standard(StatusCode::UNAUTHORIZED, "Invalid or expired API token", None, wording).with(WWW_AUTHENTICATE, challenge)
        }
        Error::MissingScope(scope) => {
            let scope = scope.map_or_else(String::new, |scope| format!(r#", scope="{scope}""#));
            let challenge = format!(r#"Bearer realm="bugtome", error="insufficient_scope"{scope}"#);
            standard(StatusCode::FORBIDDEN, NO_PERMISSION, None, wording).with(WWW_AUTHENTICATE, challenge)
        }
        Error::Forbidden | Error::Unreachable | Error::Forged | Error::PasswordNeeded => {
            standard(StatusCode::FORBIDDEN, NO_PERMISSION, None, wording)
        }
        Error::NotFound => standard(StatusCode::NOT_FOUND, "The requested resource was not found", None, wording),
        Error::Malformed(what) => standard(StatusCode::BAD_REQUEST, what, None, wording),
        Error::TooLarge => standard(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 1 MiB", None, wording),
        Error::UnsupportedMediaType => {
            standard(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json in UTF-8", None, wording)
        }
        Error::Invalid(problems) => {
            let message = "The request could not be processed due to validation errors";
            standard(StatusCode::UNPROCESSABLE_ENTITY, message, Some(problems.into()), wording)
        }
        Error::Conflict(what) => standard(StatusCode::CONFLICT, what, None, wording),
        Error::Stale => standard(StatusCode::PRECONDITION_FAILED, "The resource has been changed meanwhile: read it again", None, wording),
        Error::RateLimited(seconds) => {
            let details = Details::RetryAfter { retry_after: *seconds };
            let message = "Too many requests. Wait until the window of the limit is over";
            standard(StatusCode::TOO_MANY_REQUESTS, message, Some(details), wording).with(RETRY_AFTER, *seconds)
        }
        Error::TooMuchAtOnce => {
            let message = "Too much is under way for this caller at once. Take the answers that wait, then try again";
            standard(StatusCode::SERVICE_UNAVAILABLE, message, None, wording).with(RETRY_AFTER, HeaderValue::from_static("1"))
        }
        Error::Store(StoreError::Busy | StoreError::Retry | StoreError::Deadline | StoreError::Unavailable(_)) => {
            let message = "The service cannot answer right now. Try again";
            standard(StatusCode::SERVICE_UNAVAILABLE, message, None, wording).with(RETRY_AFTER, HeaderValue::from_static("1"))
        }
        Error::Store(_) | Error::Internal(_) | Error::Repeated(_) => standard(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL, None, wording),
    }
}

/// The contract's word for a status.
pub(super) const fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "Bad Request",
        StatusCode::UNAUTHORIZED => "Unauthorized",
        StatusCode::FORBIDDEN => "Forbidden",
        StatusCode::NOT_FOUND => "Not Found",
        StatusCode::METHOD_NOT_ALLOWED => "Method Not Allowed",
        StatusCode::CONFLICT => "Conflict",
        StatusCode::PRECONDITION_FAILED => "Precondition Failed",
        StatusCode::PAYLOAD_TOO_LARGE => "Payload Too Large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "Unsupported Media Type",
        StatusCode::UNPROCESSABLE_ENTITY => "Validation Failed",
        StatusCode::TOO_MANY_REQUESTS => "Rate Limit Exceeded",
        StatusCode::SERVICE_UNAVAILABLE => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// An error in the one shape, or in RFC 9457's where the client asked for that.
pub(super) fn standard(status: StatusCode, message: &str, details: Option<Details>, wording: Wording) -> Answer {
    let title = title(status);
    let (written, kind) = if wording.problem_json {
        let problem = Problem { kind: "about:blank", title, status: status.as_u16(), detail: message, details };
        (serde_json::to_vec(&problem), "application/problem+json")
    } else {
        (serde_json::to_vec(&Shape { error: title, message, details }), "application/json")
    };
    // Shapes of strings and numbers can always be written.
    let body = written.unwrap_or_default();
    let headers: Vec<(HeaderName, HeaderValue)> =
        vec![(CONTENT_TYPE, HeaderValue::from_static(kind)), (VARY, HeaderValue::from_static("Accept"))];
    Answer { status, headers, body: Some(without_tags(body.into())) }
}
