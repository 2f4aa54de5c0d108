//! Photos: brought by phones by the tus protocol 1.0 (<https://tus.io/protocols/resumable-upload>), and shown.
//!
//! Beyond the protocol: `Upload-Metadata` names the photo (`sha256`, in hexadecimal) and its record (`record`), and
//! `Daybook-Photo: stored` says that the photo is whole and safe. Only that counts for a phone.

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use sync_core::id::{OfficeId, PhotoHash, RecordId};
use sync_core::wire::photo::{MOST_HASHES, PhotoStateRequest, PhotoStateResponse};
use tower_http::timeout::TimeoutError;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::cursor;
use super::extract::{Json, Parameters, caused_by};
use super::identity::{AnyPhone, Phone, SignedIn};
use super::message::{Message, Reply};
use super::records::line::LineBody;
use crate::error::{ServiceError, codes};
use crate::hex::hex;
use crate::photo::album::{self, Named};
use crate::photo::picture::Format;
use crate::photo::read::{self, Shown, Size};
use crate::photo::upload::{self, CHECKSUMS, Checksum, Piece, Wish};
use crate::state::App;
use crate::store::Person;
use crate::store::photos::Upload;

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,checksum,expiration,termination";
const PIECE: &str = "application/offset+octet-stream";
/// Below this lie the uploads.
const UPLOADS: &str = "/sync/v1/photos/uploads/";

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const TUS_CHECKSUMS: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const DAYBOOK_PHOTO: HeaderName = HeaderName::from_static("daybook-photo");

/// The version of the protocol that the phone speaks: ours, or the request is refused.
pub(crate) struct Tus;

impl<S: Send + Sync> FromRequestParts<S> for Tus {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ServiceError> {
        if parts.headers.get(TUS_RESUMABLE).is_some_and(|version| version == VERSION) {
            Ok(Self)
        } else {
            Err(codes::UPLOAD_VERSION.into())
        }
    }
}

/// Every answer about uploads says which protocol it is of, refusals too.
pub(crate) async fn sign(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    headers.insert(TUS_VERSION, HeaderValue::from_static(VERSION));
    response
}

/// What the server offers for uploads.
#[utoipa::path(options, path = "/sync/v1/photos", tag = "photos", responses((status = 204)))]
pub(crate) async fn offers(State(app): State<App>) -> Response {
    let headers = [
        (TUS_EXTENSION, HeaderValue::from_static(EXTENSIONS)),
        (TUS_MAX_SIZE, HeaderValue::from(app.config.photos.photo_bytes)),
        (TUS_CHECKSUMS, HeaderValue::from_static(CHECKSUMS)),
        (ALLOW, HeaderValue::from_static("POST, OPTIONS")),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// A phone begins to upload a photo, perhaps with its first piece. The same wish again finds the same upload; if the
/// photo is here already, `Upload-Offset` is its length and nothing has to be sent.
#[utoipa::path(
    post, path = "/sync/v1/photos", tag = "photos", request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    params(
        ("tus-resumable" = String, Header), ("upload-length" = u64, Header),
        ("upload-metadata" = String, Header, description = "`sha256` (hexadecimal) and `record` (UUID), values in base64")
    ),
    responses((status = 201)), security(("device" = []))
)]
pub(crate) async fn begin(
    State(app): State<App>,
    AnyPhone(device): AnyPhone,
    _: Tus,
    request: Request,
) -> Result<Response, ServiceError> {
    let headers = request.headers();
    let with_piece = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == PIECE);
    let wish = wish(headers)?;
    let mut upload = upload::begin(&app, &device, wish).await?;
    if with_piece && upload.durable == 0 && upload.completed_at.is_none() {
        upload = upload::append(&app, &device, upload.id, piece(request, 0)?).await?;
    }
    let location = HeaderValue::try_from(format!("{UPLOADS}{}", upload.id)).map_err(ServiceError::internal)?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], standing(&upload)).into_response())
}

/// Where an upload stands.
#[utoipa::path(
    head, path = "/sync/v1/photos/uploads/{id}", tag = "photos",
    params(("id" = Uuid, Path), ("tus-resumable" = String, Header)),
    responses((status = 200)), security(("device" = []))
)]
pub(crate) async fn ask(
    State(app): State<App>,
    AnyPhone(device): AnyPhone,
    _: Tus,
    UploadId(id): UploadId,
) -> Result<Response, ServiceError> {
    let upload = upload::ask(&app, &device, id).await?;
    let headers =
        [(UPLOAD_LENGTH, HeaderValue::from(upload.length)), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::OK, headers, standing(&upload)).into_response())
}

/// A phone sends a piece of a photo.
#[utoipa::path(
    patch, path = "/sync/v1/photos/uploads/{id}", tag = "photos",
    params(
        ("id" = Uuid, Path), ("tus-resumable" = String, Header), ("upload-offset" = u64, Header),
        ("upload-checksum" = Option<String>, Header, description = "`sha256` or `sha1`, a space, and the sum in base64")
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204)), security(("device" = []))
)]
pub(crate) async fn append(
    State(app): State<App>,
    AnyPhone(device): AnyPhone,
    _: Tus,
    UploadId(id): UploadId,
    request: Request,
) -> Result<Response, ServiceError> {
    let headers = request.headers();
    if headers.get(CONTENT_TYPE).is_none_or(|kind| kind != PIECE) {
        return Err(codes::UPLOAD_MEDIA_TYPE.into());
    }
    let offset = number(headers, &UPLOAD_OFFSET)?;
    let upload = upload::append(&app, &device, id, piece(request, offset)?).await?;
    Ok((StatusCode::NO_CONTENT, standing(&upload)).into_response())
}

/// A phone gives an upload up.
#[utoipa::path(
    delete, path = "/sync/v1/photos/uploads/{id}", tag = "photos",
    params(("id" = Uuid, Path), ("tus-resumable" = String, Header)),
    responses((status = 204)), security(("device" = []))
)]
pub(crate) async fn give_up(
    State(app): State<App>,
    AnyPhone(device): AnyPhone,
    _: Tus,
    UploadId(id): UploadId,
) -> Result<StatusCode, ServiceError> {
    upload::give_up(&app, &device, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What became of photos that a phone has uploaded: missing, stored, or in a verified backup too.
#[utoipa::path(
    post, path = "/sync/v1/photos/state", tag = "photos",
    request_body(content = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor"),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor")),
    security(("device" = []))
)]
pub(crate) async fn states(
    State(app): State<App>,
    Phone(device): Phone,
    Message(request): Message<PhotoStateRequest>,
) -> Result<Reply<PhotoStateResponse>, ServiceError> {
    if request.hashes.len() > MOST_HASHES {
        return Err(ServiceError::from(codes::SYNC_MALFORMED).detail(format!("at most {MOST_HASHES} photos")));
    }
    let states = read::states(&app, &device, &request.hashes).await?;
    Ok(Reply(PhotoStateResponse { states }))
}

/// Which picture of a photo.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `full`, or `thumb` for the small picture; `full` if left out.
    #[serde(default)]
    #[param(inline, required = false)]
    size: Size,
}

/// A photo that a record in the phone's territory names.
#[utoipa::path(
    get, path = "/sync/v1/photos/{sha256}", tag = "photos", params(("sha256" = String, Path), Wanted),
    responses((status = 200, content((Vec<u8> = "image/*"), (Vec<u8> = "application/octet-stream"))), (status = 304)),
    security(("device" = []))
)]
pub(crate) async fn fetch(
    State(app): State<App>,
    Phone(device): Phone,
    Hash(hash): Hash,
    Parameters(wanted): Parameters<Wanted>,
    headers: HeaderMap,
) -> Result<Response, ServiceError> {
    picture(&app, &device.person, hash, wanted.size, &headers).await
}

/// A photo that a record in one's territory names.
#[utoipa::path(
    get, operation_id = "show_photo", path = "/api/v1/photos/{sha256}", tag = "photos", params(("sha256" = String, Path), Wanted),
    responses((status = 200, content((Vec<u8> = "image/*"), (Vec<u8> = "application/octet-stream"))), (status = 304)),
    security(("session" = []))
)]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Hash(hash): Hash,
    Parameters(wanted): Parameters<Wanted>,
    headers: HeaderMap,
) -> Result<Response, ServiceError> {
    picture(&app, &who, hash, wanted.size, &headers).await
}

/// Which photos, where a page of them begins, and how long it is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PhotoPage {
    /// Only of records of this office.
    #[param(value_type = Option<Uuid>)]
    office: Option<OfficeId>,
    /// At most so many, 1 to 60; 60 if left out.
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A photo, with the records that name it.
#[derive(Serialize, ToSchema)]
struct NamedPhotoBody {
    /// SHA-256 in hexadecimal.
    hash: String,
    /// When the last of it came.
    stored_at: i64,
    /// Whether there is a small picture of it.
    preview: bool,
    /// The newest six of those in one's territory.
    records: Vec<LineBody>,
    /// So many more of one's territory name it.
    others: u32,
}

/// A page of photos.
#[derive(Serialize, ToSchema)]
pub(crate) struct PhotosBody {
    items: Vec<NamedPhotoBody>,
    /// Missing at the end. A page may have few or none although others follow.
    next: Option<String>,
}

/// The photos that records in one's territory name, the newest first.
#[utoipa::path(
    get, operation_id = "list_photos", path = "/api/v1/photos", tag = "photos", params(PhotoPage),
    responses((status = 200, body = PhotosBody)), security(("session" = []))
)]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(page): Parameters<PhotoPage>,
) -> Result<Json<PhotosBody>, ServiceError> {
    let after = page.after.as_deref().map(|after| cursor::read_photo(&app, &who, after)).transpose()?;
    let limit = page.limit.unwrap_or(album::LONGEST_PAGE);
    let (photos, next) = album::newest(&app, &who, page.office, after, limit).await?;
    let body = |Named { photo, records, others }: Named| NamedPhotoBody {
        hash: photo.hash.to_string(),
        stored_at: photo.stored_at.0,
        preview: photo.preview,
        records: records.into_iter().map(LineBody::from).collect(),
        others,
    };
    let next = next.map(|next| cursor::write_photo(&app, &who, next)).transpose()?;
    Ok(Json(PhotosBody { items: photos.into_iter().map(body).collect(), next }))
}

async fn picture(
    app: &App,
    who: &Person,
    hash: PhotoHash,
    size: Size,
    headers: &HeaderMap,
) -> Result<Response, ServiceError> {
    let shown = read::find(app, who, hash, size).await?;
    let tag = etag(&shown);
    let known = headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(read::open(app, &shown).await?))
    };
    let thumb = size == Size::Thumb;
    let media_type = if thumb { "image/jpeg" } else { shown.photo.media_type.as_str() };
    let disposition = match Format::ending(media_type) {
        Some(ending) => format!("inline; filename=\"{hash}.{ending}\""),
        None => format!("attachment; filename=\"{hash}\""),
    };
    let value = |text: &str| HeaderValue::try_from(text).map_err(ServiceError::internal);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, value(media_type)?);
    headers.insert(CONTENT_DISPOSITION, value(&disposition)?);
    headers.insert(ETAG, value(&tag)?);
    // To be asked for again each time: whoever leaves the territory must not go on seeing it.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    Ok(response)
}

fn etag(shown: &Shown) -> String {
    let hash = hex(&shown.photo.object_hash[..16]);
    match shown.size {
        Size::Full => format!("\"{hash}\""),
        Size::Thumb => format!("\"{hash}-thumb\""),
    }
}

/// The number of an upload. One that is none can't exist.
pub(crate) struct UploadId(Uuid);

impl<S: Send + Sync> FromRequestParts<S> for UploadId {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ServiceError> {
        let read = Path::<Uuid>::from_request_parts(parts, state).await;
        read.map(|Path(id)| Self(id)).map_err(|_| codes::UPLOAD_UNKNOWN.into())
    }
}

/// The name of a photo. One that is none can't exist.
pub(crate) struct Hash(PhotoHash);

impl<S: Send + Sync> FromRequestParts<S> for Hash {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ServiceError> {
        let read = Path::<String>::from_request_parts(parts, state).await.ok();
        read.and_then(|Path(text)| parse_hash(&text)).map(Self).ok_or_else(|| codes::PHOTO_NOT_FOUND.into())
    }
}

fn parse_hash(text: &str) -> Option<PhotoHash> {
    text.parse().ok()
}

fn malformed(detail: impl Into<String>) -> ServiceError {
    ServiceError::from(codes::MALFORMED_REQUEST).detail(detail)
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, ServiceError> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok()).ok_or_else(|| malformed(format!("{name}: a number is missing")))
}

/// What a phone wants to upload, from `Upload-Length` and `Upload-Metadata`.
fn wish(headers: &HeaderMap) -> Result<Wish, ServiceError> {
    let length = number(headers, &UPLOAD_LENGTH)?;
    let metadata = headers.get(UPLOAD_METADATA).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let pairs = metadata.split(',').filter_map(|pair| pair.trim().split_once(' '));
    let decoded =
        pairs.filter_map(|(key, value)| Some((key, String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?)));
    let (mut hash, mut record) = (None, None);
    for (key, value) in decoded {
        match key {
            "sha256" => hash = parse_hash(&value),
            "record" => record = value.parse::<RecordId>().ok(),
            _ => {}
        }
    }
    match (hash, record) {
        (Some(hash), Some(record)) => Ok(Wish { hash, length, record }),
        _ => Err(malformed("upload-metadata: sha256 and record are missing")),
    }
}

fn piece(request: Request, offset: u64) -> Result<Piece, ServiceError> {
    let text = |name: &HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let checksum = match text(&UPLOAD_CHECKSUM) {
        None => None,
        Some(given) => Some(Checksum::parse(given).ok_or_else(|| malformed(format!("upload-checksum: {CHECKSUMS}")))?),
    };
    let announced = text(&CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let frames = request.into_body().into_data_stream();
    let bytes = frames.map(|frame| {
        frame.map_err(|error| {
            let code = if caused_by::<TimeoutError>(&error) { codes::TIMEOUT } else { codes::MALFORMED_REQUEST };
            ServiceError::from(code).because(error)
        })
    });
    Ok(Piece { offset, announced, checksum, bytes: Box::pin(bytes) })
}

/// The headers that say where an upload stands.
fn standing(upload: &Upload) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(upload.durable));
    if upload.completed_at.is_some() {
        headers.insert(DAYBOOK_PHOTO, HeaderValue::from_static("stored"));
    } else if let Some(expires) = http_date(upload.expires_at.0) {
        headers.insert(UPLOAD_EXPIRES, expires);
    }
    headers
}

fn http_date(millis: i64) -> Option<HeaderValue> {
    let time = jiff::Timestamp::from_millisecond(millis).ok()?;
    HeaderValue::try_from(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}
