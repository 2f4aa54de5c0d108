//! What the OpenAPI document says of every operation alike: what it answers when it refuses or fails.

use sync_core::wire::problem::MEDIA_TYPE;
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

const NAME: &str = "Problem";

/// What is wrong (RFC 9457). For the document only: [`sync_core::wire::problem::Problem`] is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a type that knows nothing of OpenAPI")]
struct ProblemBody {
    /// What is wrong, for programs: docs/API.md lists them.
    code: String,
    /// What is wrong and what to do, for people.
    title: String,
    /// The HTTP status again.
    status: u16,
    /// Where exactly, if that helps.
    #[schema(required = false, nullable = false)]
    detail: Option<String>,
    /// To find the matching line in the server's log.
    #[schema(required = false, nullable = false)]
    request_id: Option<String>,
}

/// Adds to every operation that it may answer with a problem.
pub(super) fn problems(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::default);
    components.schemas.insert(NAME.into(), ProblemBody::schema());
    components.responses.insert(NAME.into(), RefOr::T(problem()));
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.options,
            &mut item.head,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            let refused = RefOr::Ref(Ref::from_response_name(NAME));
            operation.responses.responses.insert("default".to_owned(), refused);
        }
    }
}

fn problem() -> Response {
    let content = Content::new(Some(Ref::from_schema_name(NAME)));
    ResponseBuilder::new().description("It was refused, or failed.").content(MEDIA_TYPE, content).build()
}
