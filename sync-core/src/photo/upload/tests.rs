use proptest::prelude::*;

use super::*;

const NAME: &str = "0190163d";

fn ours(status: u16) -> Answer {
    Answer { status, ours: true, ..Answer::default() }
}

/// A server that holds the beginning of one photo.
struct Server {
    bytes: u64,
    open: bool,
    held: u64,
}

impl Server {
    fn answer(&mut self, step: &Step) -> Answer {
        let standing = |server: &Self, status| Answer {
            offset: Some(server.held),
            stored: server.held == server.bytes,
            ..ours(status)
        };
        match step {
            Step::Begin => {
                self.open = true;
                Answer { upload: Some(NAME.to_owned()), ..standing(self, 201) }
            }
            _ if !self.open => ours(404),
            Step::Ask { .. } => standing(self, 200),
            Step::Send { offset, length, .. } if *offset == self.held => {
                self.held += length;
                standing(self, 204)
            }
            Step::Send { .. } => Answer { code: Some("upload.offset".to_owned()), ..ours(409) },
            Step::Stored => panic!("nothing more is asked"),
        }
    }
}

#[test]
fn a_photo_goes_up_in_growing_pieces() {
    let bytes = 5 << 20;
    let (mut server, mut upload) = (Server { bytes, open: false, held: 0 }, Upload::new(bytes, None));
    let mut lengths = Vec::new();
    while upload.next() != Step::Stored {
        let step = upload.next();
        if let Step::Send { length, .. } = &step {
            lengths.push(length / 1024);
        }
        let answer = server.answer(&step);
        upload.answered(&step, Ok(answer)).unwrap();
    }
    assert_eq!(lengths, [256, 512, 1024, 2048, 1280]);
    assert_eq!((upload.sent(), upload.name()), (bytes, Some(NAME)));
}

#[test]
fn success_is_only_what_the_server_says() {
    let mut upload = Upload::new(10, Some(NAME.to_owned()));
    let step = upload.next();
    assert_eq!(step, Step::Ask { upload: NAME.to_owned() });
    let portal = Answer { status: 200, stored: true, offset: Some(10), ..Answer::default() };
    assert_eq!(upload.answered(&step, Ok(portal)), Err(Halt::Later(Failure::CaptivePortal)));
    let whole = Answer { offset: Some(10), ..ours(200) };
    upload.answered(&step, Ok(whole.clone())).unwrap();
    assert_eq!(upload.next(), step, "all bytes there is not stored yet");
    for _ in 0..2 {
        upload.answered(&step, Ok(whole.clone())).unwrap();
    }
    assert_eq!(upload.answered(&step, Ok(whole)), Err(Halt::Later(Failure::BadAnswer)), "and it is not asked for ever");
    let absurd = Answer { offset: Some(11), ..ours(200) };
    assert_eq!(upload.answered(&step, Ok(absurd)), Err(Halt::Later(Failure::BadAnswer)));
    let stored = Answer { offset: Some(10), stored: true, ..ours(200) };
    upload.answered(&step, Ok(stored)).unwrap();
    assert_eq!(upload.next(), Step::Stored);
}

#[test]
fn refusals_have_their_consequences() {
    let refused = |status, code: &str| {
        let mut upload = Upload::new(10, Some(NAME.to_owned()));
        upload.offset = Some(0);
        let step = upload.next();
        let answer = Answer { code: Some(code.to_owned()), retry_after_ms: Some(7), ..ours(status) };
        let halt = upload.answered(&step, Ok(answer));
        (halt, upload)
    };
    assert_eq!(refused(404, "upload.unknown").1.next(), Step::Begin);
    assert_eq!(refused(410, "upload.expired").1.next(), Step::Begin);
    let (halt, doubted) = refused(460, code::PHOTO_CONTENT);
    assert!(halt.is_ok() && doubted.is_doubted() && doubted.next() == Step::Begin);
    assert_eq!(refused(460, "upload.checksum").1.next(), Step::Ask { upload: NAME.to_owned() });
    assert_eq!(refused(409, "upload.offset").1.next(), Step::Ask { upload: NAME.to_owned() });
    assert_eq!(refused(401, code::TOKEN).0, Err(Halt::Token));
    assert_eq!(refused(403, code::REVOKED).0, Err(Halt::Later(Failure::Revoked)));
    for status in [423, 429, 503, 507] {
        assert_eq!(refused(status, "x.y").0, Err(Halt::Later(Failure::Busy { retry_after_ms: 7 })), "{status}");
    }
    let too_large = Err(Halt::Refused { code: code::PHOTO_TOO_LARGE.to_owned(), title: String::new() });
    assert_eq!(refused(413, code::PHOTO_TOO_LARGE).0, too_large);
}

#[test]
fn a_bad_line_gets_smaller_pieces_and_an_end() {
    let mut upload = Upload::new(1 << 20, Some(NAME.to_owned()));
    for _ in 0..PATIENCE - 1 {
        upload.offset = Some(0);
        let step = upload.next();
        upload.answered(&step, Err(TransportError::Timeout)).unwrap();
        assert!(matches!(upload.next(), Step::Ask { .. }));
    }
    assert_eq!(upload.piece, 32 * 1024);
    let step = upload.next();
    let halt = upload.answered(&step, Err(TransportError::Timeout));
    assert_eq!(halt, Err(Halt::Later(Failure::Transport(TransportError::Timeout))));
    let mut offline = Upload::new(1, None);
    let halt = offline.answered(&Step::Begin, Err(TransportError::Offline));
    assert_eq!(halt, Err(Halt::Later(Failure::Transport(TransportError::Offline))), "no use in trying again");
}

proptest! {
    /// Requests and answers get lost, the server forgets the upload or the end of it, the app is killed: whenever the
    /// phone believes that the photo is stored, it is, and after enough undisturbed runs it is.
    #[test]
    fn whatever_breaks_a_photo_arrives_whole(
        bytes in 1_u64..3_000_000,
        faults in proptest::collection::vec(0_u8..7, 0..60),
    ) {
        let mut server = Server { bytes, open: false, held: 0 };
        let mut upload = Upload::new(bytes, None);
        let mut faults = faults.into_iter();
        for _ in 0..2_000 {
            let step = upload.next();
            if step == Step::Stored {
                prop_assert_eq!(server.held, bytes);
                return Ok(());
            }
            let result = match faults.next() {
                Some(0) => Err(TransportError::Interrupted),
                // The answer is lost; the bytes were taken.
                Some(1) => {
                    server.answer(&step);
                    Err(TransportError::Timeout)
                }
                Some(2) => {
                    (server.open, server.held) = (false, 0);
                    Ok(server.answer(&step))
                }
                Some(3) => {
                    server.held /= 2;
                    Ok(server.answer(&step))
                }
                Some(4) => {
                    upload = Upload::new(bytes, upload.name().map(str::to_owned));
                    continue;
                }
                Some(5) => Ok(Answer { status: 200, ..Answer::default() }),
                _ => Ok(server.answer(&step)),
            };
            if upload.answered(&step, result).is_err() {
                upload = Upload::new(bytes, upload.name().map(str::to_owned));
            }
        }
        prop_assert!(false, "it never ends");
    }
}
