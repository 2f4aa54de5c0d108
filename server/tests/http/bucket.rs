//! Photos in a bucket: a real server that speaks S3 and checks signatures is started, and Daybook keeps photos in it.

use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use server::photo::collect;
use sync_core::wire::enrol::Role;
use tempfile::TempDir;
use tokio::net::TcpListener;

use axum::body::Body;

use crate::support::house::HERE;
use crate::support::photographer::{Tus, hash_of, jpeg};
use crate::support::{House, Phone, TestApp};

const KEY: &str = "daybook";
const SECRET: &str = "a secret of forty characters, more or less";
const BUCKET: &str = "photos-of-harbour-homes";

/// A server that speaks S3 in a folder; answers its address.
async fn s3(folder: &TempDir) -> String {
    std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
    let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
    builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let connection =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                let _ = connection.await;
            });
        }
    });
    format!("http://{address}")
}

/// A server that keeps photos there, with this secret.
async fn server(endpoint: &str, folder: &TempDir, secret: &str) -> TestApp {
    let credentials = folder.path().join("credentials");
    std::fs::write(&credentials, format!("{KEY}\n{secret}\n")).unwrap();
    let settings = [
        ("DAYBOOK_PHOTOS_STORE", "s3"),
        ("DAYBOOK_PHOTOS_S3_ENDPOINT", endpoint),
        ("DAYBOOK_PHOTOS_S3_BUCKET", BUCKET),
        ("DAYBOOK_PHOTOS_S3_CREDENTIALS_FILE", credentials.to_str().unwrap()),
    ];
    TestApp::with_settings(&settings).await
}

fn objects(folder: &TempDir) -> usize {
    fn count(path: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&folder.path().join(BUCKET))
}

#[tokio::test]
async fn photos_live_in_a_bucket() {
    let folder = TempDir::new().unwrap();
    let endpoint = s3(&folder).await;
    let test = server(&endpoint, &folder, SECRET).await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    let (named, never) = (jpeg(1), jpeg(2));
    phone.attach(&named, record);
    assert!(phone.sync(&test).await.failure.is_none());
    for photo in [&named, &never] {
        assert!(phone.bring(&test, photo, record).await.good().is_stored());
    }
    assert_eq!(objects(&folder), 4, "two photos and their small pictures");
    let staff = house.staff(&test, Role::Reviewer, HERE).await;
    let path = format!("/api/v1/photos/{}", hash_of(&named));
    assert_eq!(staff.get(&test, &path).await.good().body, named);
    assert!(image::load_from_memory(&staff.get(&test, &format!("{path}?size=thumb")).await.good().body).is_ok());

    test.clock.advance(31 * 24 * 3_600_000);
    let done = collect::collect(&test.app, false).await.unwrap();
    assert_eq!((done.photos, done.lost), (1, 0));
    assert_eq!(objects(&folder), 2);
}

#[tokio::test]
async fn a_bucket_that_refuses_costs_time_and_no_photo() {
    let folder = TempDir::new().unwrap();
    let endpoint = s3(&folder).await;
    let test = server(&endpoint, &folder, "a secret that is another one").await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    assert!(phone.sync(&test).await.failure.is_none());
    let photo = jpeg(1);
    let upload = phone.begin(&test, &photo, record).await;
    let answer = Tus::piece(&phone.token(), &upload, 0).send(&test, photo.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "server.busy"));
    assert_eq!(objects(&folder), 0);
    let staged = test.folder().join("photo-uploads").join(upload.rsplit('/').next().unwrap());
    assert_eq!(std::fs::read(staged).unwrap(), photo, "the bytes stay until the bucket takes them");
    let asked = Tus::head(&phone.token(), &upload).send(&test, Body::empty()).await;
    assert_eq!(asked.status.as_u16(), 503, "and the phone asks again");
}
