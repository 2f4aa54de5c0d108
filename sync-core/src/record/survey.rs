//! A filled-in survey 客户调查表.

use super::facts::record_facts;
use super::scalar::{FieldValue, Scalar};
use crate::time::UnixMillis;

/// The answer to one question. The form decides what it means.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Everything else in the text form that XForms gives it: decimals, dates, choices separated by spaces.
    Text(String),
}

impl FieldValue for Answer {
    fn to_scalar(&self) -> Scalar {
        match self {
            Self::Bool(value) => Scalar::Bool(*value),
            Self::Int(value) => Scalar::Int(*value),
            Self::Text(value) => Scalar::Text(value.clone()),
        }
    }

    fn from_scalar(value: &Scalar) -> Option<Self> {
        match value {
            Scalar::Bool(value) => Some(Self::Bool(*value)),
            Scalar::Int(value) => Some(Self::Int(*value)),
            Scalar::Text(value) => Some(Self::Text(value.clone())),
            _ => None,
        }
    }
}

/// The fields of a survey, for `$declare` to make types of: here, and where other languages have to know them.
#[macro_export]
macro_rules! survey_fields {
    ($declare:ident) => {
        $declare! {
            /// What an interviewer takes down.
            SurveyFacts, SurveyEdit;
            scalars {
                /// Which form was asked.
                Form form: String,
                /// Which version of it.
                FormVersion form_version: String,
                /// The language in which it was asked, as a BCP 47 tag.
                Language language: String,
                /// Who was asked, in words.
                Respondent respondent: String,
                /// The lead that this person is, as the text of a record's identifier.
                Lead lead: String,
                /// When the first question was asked.
                StartedAt started_at: UnixMillis,
                /// When the last answer was given.
                EndedAt ended_at: UnixMillis,
            }
            texts {
                /// The interviewer's own notes; merge by character.
                InterviewerNotes interviewer_notes,
            }
            maps {
                /// Answers by the question's path; the repeats of a group are numbered: `children[0]/age`.
                Answer answers: String => Answer,
            }
        }
    };
}
survey_fields!(record_facts);
