//! Codes in words, for people who look into the quarantine.

use sync_core::trust::code;

/// What a code means.
pub fn in_words(wanted: &str) -> &'static str {
    match wanted {
        "" => "It has come, and is not judged yet.",
        code::MALFORMED => "The bytes are not a change: the message was damaged, or somebody made it by hand.",
        code::UNSUPPORTED => "A form of change that phones don't send: a document, a bundle or a compressed change.",
        code::TOO_LARGE => "The change, or the record with it, exceeds a limit of the settings.",
        code::NON_CANONICAL => "The bytes say what they say in an unusual way, which no app of ours does.",
        code::FOREIGN_ACTOR => "It is written in the name of another device.",
        code::SEQUENCE => "Its numbers don't continue what the same device wrote before.",
        code::REFERENCE => "It refers to something that is not in the record.",
        code::OPERATION => "It does something that records don't know.",
        code::TIME => "It claims a time that can't be.",
        code::FROZEN => "It changes the layout of the record after it was made.",
        code::APPEND_ONLY => "It changes or removes an entry of a list that only grows.",
        code::UNLOADABLE => "The record could not be read with it.",
        code::FATAL => "The server failed while it looked at it.",
        code::HEADER => "The first part of a record, which is written once, is missing or was written again.",
        code::FOREIGN_RECORD => "The record names another owner or device than it came from.",
        code::SCHEMA => "The app that made the record is too old, or newer than the server.",
        code::AUTHORITY => "Its author may not write this part of the record, or not any more.",
        code::CLOSED => "The record was approved or rejected before the change came.",
        code::DAMAGED => "The published record can't be read: look at the storage first, then replay.",
        code::REJECTED => "Somebody looked at the amendment and said no.",
        code::FOLLOWS_REFUSED => "It follows a change that was refused.",
        code::DISCARDED => "Somebody looked at it and set it away for good.",
        code::WAITING => "It follows changes that have not come.",
        code::REPEATED => "Another line of a journal brought the same change before.",
        code::DEVICE_REVOKED => "The device was cut off before it sent the change.",
        code::WITHHELD => "Only its name came: it is too large to be sent and is still on the phone.",
        _ => "A newer version of the server set it aside.",
    }
}
