//! What surveys came to: how often each question of a form was answered how. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use sync_core::record::survey::{Answer, SurveyFacts};
use utoipa::ToSchema;

/// So many different answers of a question are counted each for itself; of names and notes nobody reads more.
const ANSWERS: usize = 12;

/// How often something was answered.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AnswerCount {
    /// `true`, `false`, a whole number, or text as XForms writes it.
    #[schema(value_type = Value)]
    pub answer: Answer,
    /// In so many surveys; in repeats each counts.
    pub count: u32,
}

/// Whole numbers that were given as answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Numbers {
    /// The least.
    pub least: i64,
    /// The greatest.
    pub most: i64,
    /// Their mean.
    pub mean: f64,
}

/// What a question came to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuestionFigures {
    /// Its path, with the repeats of a group as one: `children[]/age`.
    pub question: String,
    /// How many answers there are.
    pub answered: u32,
    /// The most frequent ones, the most frequent first.
    pub answers: Vec<AnswerCount>,
    /// So many other answers were given, each counted once.
    pub others: u32,
    /// If all answers are whole numbers.
    pub numbers: Option<Numbers>,
}

/// What a version of a form came to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FormFigures {
    /// Which form; empty where surveys don't say.
    pub form: String,
    /// Which version of it; empty where they don't say.
    pub version: String,
    /// How many surveys.
    pub surveys: u32,
    /// Its questions, by path.
    pub questions: Vec<QuestionFigures>,
}

/// Which answers to a question count.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// Whatever was answered.
    Any,
    /// This one.
    Same(Answer),
    /// Those that are not among the most frequent ones of [`QuestionFigures`].
    Others,
}

/// One of the numbers that [`Tally`] comes to, by what it counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Surveys of this form; empty for those that don't say.
    pub form: String,
    /// And of this version of it; empty for those that don't say.
    pub version: String,
    /// Only those that answer this question, as [`QuestionFigures`] calls it.
    pub question: Option<String>,
    /// Only those that answer it like this.
    pub answers: Answers,
}

/// An answer as the key of a count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Said {
    Bool(bool),
    Int(i64),
    Text(String),
}

impl From<&Answer> for Said {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Bool(value) => Self::Bool(*value),
            Answer::Int(value) => Self::Int(*value),
            Answer::Text(value) => Self::Text(value.clone()),
        }
    }
}

impl From<Said> for Answer {
    fn from(said: Said) -> Self {
        match said {
            Said::Bool(value) => Self::Bool(value),
            Said::Int(value) => Self::Int(value),
            Said::Text(value) => Self::Text(value),
        }
    }
}

/// Finds the surveys behind a figure.
#[derive(Debug)]
pub struct Sieve<T> {
    figure: Figure,
    /// Surveys that count, or may, with what they answer to the question.
    kept: Vec<(T, Vec<Said>)>,
    /// How often each answer was given, where that decides which of them count.
    counts: HashMap<Said, u32>,
}

impl<T> Sieve<T> {
    /// Of this figure.
    pub fn of(figure: Figure) -> Self {
        Self { figure, kept: Vec::new(), counts: HashMap::new() }
    }

    /// Looks at a survey.
    pub fn add(&mut self, survey: T, facts: &SurveyFacts) {
        let is = |text: &Option<String>, named: &str| text.as_deref().unwrap_or_default() == named;
        if !is(&facts.form, &self.figure.form) || !is(&facts.form_version, &self.figure.version) {
            return;
        }
        let Some(question) = &self.figure.question else {
            self.kept.push((survey, Vec::new()));
            return;
        };
        let to_it = facts.answers.iter().filter(|(path, _)| without_repeats(path) == *question);
        let said: Vec<Said> = to_it.map(|(_, answer)| answer.into()).collect();
        let may_count = match &self.figure.answers {
            Answers::Any => !said.is_empty(),
            Answers::Same(answer) => said.contains(&answer.into()),
            Answers::Others => {
                for one in &said {
                    *self.counts.entry(one.clone()).or_default() += 1;
                }
                !said.is_empty()
            }
        };
        if may_count {
            self.kept.push((survey, said));
        }
    }

    /// Takes out those of which it is clear that the figure counts them, in the order in which they were looked at. Which
    /// answers are frequent is known only when all are read.
    pub fn decided(&mut self) -> Vec<T> {
        if self.figure.answers == Answers::Others {
            return Vec::new();
        }
        self.kept.drain(..).map(|(survey, _)| survey).collect()
    }

    /// Those that the figure counts, now that all are read, but for those that were taken out.
    pub fn rest(mut self) -> Vec<T> {
        if self.figure.answers != Answers::Others {
            return self.decided();
        }
        let rare = by_frequency(self.counts).into_iter().skip(ANSWERS).map(|(one, _)| one);
        let rare: HashSet<Said> = rare.collect();
        let counts = |said: &[Said]| said.iter().any(|one| rare.contains(one));
        self.kept.into_iter().filter(|(_, said)| counts(said)).map(|(survey, _)| survey).collect()
    }
}

#[derive(Debug, Default)]
struct Form {
    surveys: u32,
    questions: BTreeMap<String, HashMap<Said, u32>>,
}

/// Surveys being counted.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<(String, String), Form>);

impl Tally {
    /// Counts one.
    pub fn add(&mut self, facts: &SurveyFacts) {
        let named = |text: &Option<String>| text.clone().unwrap_or_default();
        let form = self.0.entry((named(&facts.form), named(&facts.form_version))).or_default();
        form.surveys += 1;
        for (path, answer) in &facts.answers {
            let counts = form.questions.entry(without_repeats(path)).or_default();
            *counts.entry(answer.into()).or_default() += 1;
        }
    }

    /// What they came to.
    pub fn figures(self) -> Vec<FormFigures> {
        let form = |((form, version), counted): ((String, String), Form)| FormFigures {
            form,
            version,
            surveys: counted.surveys,
            questions: counted.questions.into_iter().map(|(question, counts)| figures_of(question, counts)).collect(),
        };
        self.0.into_iter().map(form).collect()
    }
}

fn figures_of(question: String, counts: HashMap<Said, u32>) -> QuestionFigures {
    let answered = counts.values().sum();
    let numbers = numbers_of(&counts);
    let mut sorted = by_frequency(counts);
    let others = u32::try_from(sorted.len().saturating_sub(ANSWERS)).unwrap_or(u32::MAX);
    sorted.truncate(ANSWERS);
    let answers = sorted.into_iter().map(|(said, count)| AnswerCount { answer: said.into(), count }).collect();
    QuestionFigures { question, answered, answers, others, numbers }
}

/// Answers with how often each was given, the most frequent first.
fn by_frequency(counts: HashMap<Said, u32>) -> Vec<(Said, u32)> {
    let mut sorted: Vec<(Said, u32)> = counts.into_iter().collect();
    sorted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted
}

#[expect(clippy::cast_precision_loss, reason = "a mean is read to a digit or two")]
fn numbers_of(counts: &HashMap<Said, u32>) -> Option<Numbers> {
    let number = |(said, count): (&Said, &u32)| match said {
        Said::Int(value) => Some((*value, *count)),
        Said::Bool(_) | Said::Text(_) => None,
    };
    let all: Vec<(i64, u32)> = counts.iter().map(number).collect::<Option<_>>()?;
    let (least, most) = (all.iter().map(|(n, _)| *n).min()?, all.iter().map(|(n, _)| *n).max()?);
    let many: f64 = all.iter().map(|(_, count)| f64::from(*count)).sum();
    let mean = all.iter().map(|(n, count)| *n as f64 * f64::from(*count)).sum::<f64>() / many;
    Some(Numbers { least, most, mean })
}

/// `children[0]/age` and `children[1]/age` are answers to one question.
fn without_repeats(path: &str) -> String {
    let mut question = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => {
                inside = true;
                question.push(c);
            }
            ']' => {
                inside = false;
                question.push(c);
            }
            c if inside && c.is_ascii_digit() => {}
            c => question.push(c),
        }
    }
    question
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(version: &str, answers: &[(&str, Answer)]) -> SurveyFacts {
        SurveyFacts {
            form: Some("residents".to_owned()),
            form_version: Some(version.to_owned()),
            answers: answers.iter().map(|(path, answer)| ((*path).to_owned(), answer.clone())).collect(),
            ..SurveyFacts::default()
        }
    }

    #[test]
    fn answers_are_counted_by_question_and_repeats_are_one() {
        let mut tally = Tally::default();
        tally.add(&survey("1", &[("loan", Answer::Bool(true)), ("children[0]/age", Answer::Int(4))]));
        tally.add(&survey("1", &[("loan", Answer::Bool(true)), ("children[1]/age", Answer::Int(9))]));
        tally.add(&survey("1", &[("loan", Answer::Text("unknown".to_owned()))]));
        tally.add(&survey("2", &[]));
        let forms = tally.figures();
        assert_eq!(
            forms.iter().map(|form| (form.version.as_str(), form.surveys)).collect::<Vec<_>>(),
            [("1", 3), ("2", 1)]
        );
        let [age, loan] = &forms[0].questions[..] else { panic!("{forms:?}") };
        assert_eq!((age.question.as_str(), age.answered), ("children[]/age", 2));
        assert_eq!(age.numbers, Some(Numbers { least: 4, most: 9, mean: 6.5 }));
        assert_eq!((loan.answered, loan.others, loan.numbers), (3, 0, None));
        assert_eq!(loan.answers[0], AnswerCount { answer: Answer::Bool(true), count: 2 });
    }

    #[test]
    fn a_figure_counts_what_it_says() {
        let answered = survey("1", &[("loan", Answer::Bool(true)), ("children[1]/age", Answer::Int(9))]);
        let figure = |version: &str, question: Option<&str>, answer: Option<Answer>| Figure {
            form: "residents".to_owned(),
            version: version.to_owned(),
            question: question.map(str::to_owned),
            answers: answer.map_or(Answers::Any, Answers::Same),
        };
        for (counts, version, question, answer) in [
            (true, "1", None, None),
            (false, "2", None, None),
            (true, "1", Some("loan"), None),
            (true, "1", Some("loan"), Some(Answer::Bool(true))),
            (false, "1", Some("loan"), Some(Answer::Text("true".to_owned()))),
            (true, "1", Some("children[]/age"), Some(Answer::Int(9))),
            (false, "1", Some("children[]/age"), Some(Answer::Int(4))),
            (false, "1", Some("name"), None),
        ] {
            let mut sieve = Sieve::of(figure(version, question, answer.clone()));
            sieve.add((), &answered);
            assert_eq!(sieve.decided().len() == 1, counts, "{version} {question:?} {answer:?}");
            assert_eq!(sieve.rest(), [(); 0], "named once");
        }
    }

    #[test]
    fn of_many_different_answers_the_frequent_ones_are_named_and_the_rest_counted() {
        let mut tally = Tally::default();
        for n in 0..40 {
            tally.add(&survey("1", &[("name", Answer::Text(format!("n{n:02}")))]));
        }
        tally.add(&survey("1", &[("name", Answer::Text("n39".to_owned()))]));
        let question = &tally.figures()[0].questions[0];
        assert_eq!((question.answered, question.answers.len(), question.others), (41, ANSWERS, 28));
        assert_eq!(question.answers[0], AnswerCount { answer: Answer::Text("n39".to_owned()), count: 2 });

        let mut others = Sieve::of(Figure {
            form: "residents".to_owned(),
            version: "1".to_owned(),
            question: Some("name".to_owned()),
            answers: Answers::Others,
        });
        for n in 0..40 {
            others.add(n, &survey("1", &[("name", Answer::Text(format!("n{n:02}")))]));
        }
        others.add(40, &survey("1", &[("name", Answer::Text("n39".to_owned()))]));
        others.add(41, &survey("1", &[]));
        assert_eq!(others.decided(), [0; 0], "as long as others may come");
        let named: Vec<&Answer> = question.answers.iter().map(|counted| &counted.answer).collect();
        let unnamed = (0..40).filter(|n| !named.contains(&&Answer::Text(format!("n{n:02}"))));
        assert_eq!(others.rest(), unnamed.collect::<Vec<_>>(), "each of the rest");
    }
}
