//! Tables as files: CSV as text, XLSX as spreadsheets read it.

use std::borrow::Cow;
use std::io::{self, Read as _, Seek as _};

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::words::{self, Language};
use super::{Cell, Row};

/// Rows of a sheet at most, the heading included; the format holds no more.
pub const MOST_ROWS: u32 = 1_048_576;
/// UTF-16 units of a cell's text at most; the format holds no more.
const LONGEST_TEXT: usize = 32_767;
/// How many bytes of a finished file are read at once.
const PIECE: usize = 64 * 1024;
/// So that spreadsheets read the bytes as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Columns of identifiers, which are longer than words.
const WIDE: [&str; 4] = ["id", "person", "device", "photo"];

fn heading(columns: &[&'static str], language: Language) -> impl Iterator<Item = &'static str> {
    columns.iter().map(move |name| words::of(name, language).unwrap_or(name))
}

/// The first line of a CSV file with these columns.
pub fn csv_heading(columns: &[&'static str], language: Language) -> Vec<u8> {
    let line = heading(columns, language).map(str::to_owned).collect();
    [BYTE_ORDER_MARK.as_bytes(), &csv_lines(std::iter::once(line))].concat()
}

/// The lines of rows in a CSV file.
pub fn csv_rows(rows: &[Row]) -> Vec<u8> {
    csv_lines(rows.iter().map(|row| {
        let cells = row.iter().map(|cell| match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) => disarmed(text),
            Cell::Number(number) => number.to_string(),
            Cell::Moment(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        });
        cells.collect()
    }))
}

/// Text that a spreadsheet would take for a formula, as text: people write into records what others open here. Chinese
/// spreadsheets take the wide signs for the same.
fn disarmed(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let is_number = text.parse::<i64>().is_ok() && !text.starts_with('+');
    if is_formula && !is_number { format!("'{text}") } else { text.to_owned() }
}

/// As much of a text as a cell of a spreadsheet holds; an ellipsis says that there was more.
fn fitting(text: &str) -> Cow<'_, str> {
    let mut units = 0;
    let mut end = 0;
    for (at, character) in text.char_indices() {
        units += character.len_utf16();
        if units > LONGEST_TEXT {
            return Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()));
        }
        if units < LONGEST_TEXT {
            end = at + character.len_utf8();
        }
    }
    Cow::Borrowed(text)
}

fn csv_lines(rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        // Writing into memory can't fail, and all rows are of one length.
        let _ = writer.write_record(&row);
    }
    writer.into_inner().unwrap_or_default()
}

/// A spreadsheet under way. Rows go to the disk as they come.
pub struct Spreadsheet {
    workbook: Workbook,
    row: u32,
    moment: Format,
}

impl Spreadsheet {
    /// A sheet with its heading.
    ///
    /// # Errors
    /// When the disk takes nothing.
    pub fn begin(columns: &[&'static str], language: Language) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_freeze_panes(1, 0)?;
        let bold = Format::new().set_bold();
        for ((column, name), word) in (0_u16..).zip(columns).zip(heading(columns, language)) {
            sheet.set_column_width(column, if WIDE.contains(name) { 38.0 } else { 16.0 })?;
            sheet.write_string_with_format(0, column, word, &bold)?;
        }
        Ok(Self { workbook, row: 1, moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss") })
    }

    /// Adds rows; false if not all of them fit.
    ///
    /// # Errors
    /// When the disk takes nothing.
    pub fn add(&mut self, rows: &[Row]) -> Result<bool, XlsxError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for row in rows {
            if self.row >= MOST_ROWS {
                return Ok(false);
            }
            for (column, cell) in (0_u16..).zip(row) {
                let written = match cell {
                    Cell::Empty => continue,
                    Cell::Text(text) => sheet.write_string(self.row, column, fitting(text)),
                    Cell::Number(number) => sheet.write_number(self.row, column, *number as f64),
                    Cell::Moment(at) => sheet.write_number_with_format(self.row, column, serial(*at), &self.moment),
                };
                written?;
            }
            self.row += 1;
        }
        Ok(true)
    }

    /// Finishes it, and hands the file over in pieces until somebody does not want any more.
    ///
    /// # Errors
    /// When the disk takes nothing.
    pub fn finish(mut self, mut take: impl FnMut(Vec<u8>) -> bool) -> io::Result<()> {
        let mut file = tempfile::tempfile()?;
        self.workbook.save_to_writer(&mut file).map_err(io::Error::other)?;
        file.rewind()?;
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            if file.by_ref().take(PIECE as u64).read_to_end(&mut piece)? == 0 || !take(piece) {
                return Ok(());
            }
        }
    }
}

/// A time as spreadsheets count: days since the end of 1899.
fn serial(at: jiff::civil::DateTime) -> f64 {
    let epoch = jiff::civil::date(1899, 12, 30);
    let days = epoch.until(at.date()).map_or(0, |span| span.get_days());
    let time = at.time();
    let seconds = i32::from(time.hour()) * 3_600 + i32::from(time.minute()) * 60 + i32::from(time.second());
    f64::from(days) + f64::from(seconds) / 86_400.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_as_spreadsheets_do() {
        for (at, expected) in
            [("1900-03-01T00:00", 61.0), ("2026-03-05T12:00", 46_086.5), ("2024-02-29T06:00", 45_351.25)]
        {
            assert!((serial(at.parse().unwrap()) - expected).abs() < 1e-9, "{at}");
        }
    }

    #[test]
    fn formulas_are_text_and_lines_stay_lines() {
        let mut row: Row = vec![Cell::Empty; 18];
        row[2] = Cell::Text("=HYPERLINK(\"http://x\")".to_owned());
        row[3] = Cell::Text("two\nlines, \"quoted\"".to_owned());
        row[13] = Cell::Number(70);
        row[5] = Cell::Moment("2026-03-05T18:20:07".parse().unwrap());
        let line = String::from_utf8(csv_rows(&[row])).unwrap();
        let expected =
            ",,\"'=HYPERLINK(\"\"http://x\"\")\",\"two\nlines, \"\"quoted\"\"\",,2026-03-05 18:20:07,,,,,,,,70,,,,\r\n";
        assert_eq!(line, expected);
    }

    #[test]
    fn what_any_spreadsheet_takes_for_a_formula_is_disarmed_and_numbers_stay_numbers() {
        for text in ["=1", "+1", "-1+1", "@x", "\t=1", "\n=1", "＝1", "＋1", "－1", "＠x", "-"] {
            assert_eq!(disarmed(text), format!("'{text}"));
        }
        for text in ["-5", "5", "张伟", "a=b"] {
            assert_eq!(disarmed(text), text);
        }
    }

    #[test]
    fn a_text_that_is_too_long_for_a_cell_ends_no_file() {
        for (text, units) in
            [("字".repeat(40_000), LONGEST_TEXT), ("𠮷".repeat(20_000), LONGEST_TEXT), ("字".repeat(9), 9)]
        {
            let fits = fitting(&text);
            assert!(fits.encode_utf16().count() <= units && fits.encode_utf16().count() + 1 >= units);
            assert_eq!(fits.ends_with('…'), fits.len() < text.len());
            let mut sheet = Spreadsheet::begin(&["id"], Language::English).unwrap();
            assert!(sheet.add(&[vec![Cell::Text(text)]]).unwrap());
            sheet.finish(|_| true).unwrap();
        }
    }
}
