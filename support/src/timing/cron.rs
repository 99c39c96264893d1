//! Cron expressions: what is wrong with one is told by field.

use croner::{
    Cron,
    errors::CronError,
    parser::{CronParser, Seconds, Year},
};
use jiff::civil;

use super::Unfit;

/// A field of a cron expression.
struct Field {
    name: &'static str,
    /// The words that can stand in it, beside numbers and signs.
    words: &'static [&'static str],
    values: &'static str,
    examples: &'static str,
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", words: &[], values: "0 to 59", examples: "`0`, `0,30` or `*/15`" },
    Field { name: "hour", words: &[], values: "0 to 23", examples: "`9`, `8-18` or `*/6`" },
    Field {
        name: "day of month",
        words: &["L", "W", "LW"],
        values: "1 to 31",
        examples: "`1`, `1,15`, `L` (the last) or `15W` (the weekday nearest to it)",
    },
    Field {
        name: "month",
        words: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
        values: "1 to 12, or JAN to DEC",
        examples: "`1`, `JAN-MAR` or `*/3`",
    },
    Field {
        name: "day of week",
        words: &[
            "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "L", "SUNL", "MONL", "TUEL", "WEDL", "THUL", "FRIL",
            "SATL",
        ],
        values: "0 to 7, where 0 and 7 are Sunday, or SUN to SAT",
        examples: "`MON-FRI`, `SAT,SUN`, `FRIL` (the last Friday) or `MON#1` (the first Monday)",
    },
];

/// A cron expression that is right.
const EXAMPLE: &str = "`30 9 * * MON-FRI` for weekdays at 9:30";

/// The fields of a cron expression.
pub(super) fn fields(expression: &str) -> Vec<&str> {
    expression.split_whitespace().collect()
}

/// Understands a cron expression field by field, so that what is wrong has a name.
pub(super) fn parse(expression: &str) -> Result<Cron, Unfit> {
    let given = fields(expression);
    if given.len() != FIELDS.len() {
        let names = FIELDS.map(|field| field.name).join(", ");
        let count = given.len();
        return Err(Unfit::Cron(format!("expected five fields ({names}), got {count}; such as {EXAMPLE}")));
    }
    for (at, (field, text)) in FIELDS.iter().zip(&given).enumerate() {
        if !field.allows(text) || !comes_true(at, text) {
            let Field { name, values, examples, .. } = field;
            return Err(Unfit::Cron(format!(
                "its field for the {name}, `{text}`, is wrong: expected `*`, a value ({values}), or a list, range or \
                 step of them, such as {examples}; a whole expression is {EXAMPLE}"
            )));
        }
    }
    read(expression).map_err(|error| Unfit::Cron(format!("{error}; a right expression is {EXAMPLE}")))
}

fn read(expression: &str) -> Result<Cron, CronError> {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build().parse(expression)
}

impl Field {
    /// Whether a text has no gap in its list and only words of this field. The parser passes over
    /// gaps, so that nothing could be left, and takes the names of days and months in any field.
    fn allows(&self, text: &str) -> bool {
        let is_word = |word: &str| word.is_empty() || self.words.iter().any(|known| known.eq_ignore_ascii_case(word));
        text.split(',').all(|item| !item.is_empty() && item.split(|c: char| !c.is_alphabetic()).all(is_word))
    }
}

/// Whether a field can be understood and matches anything, when all others match everything.
fn comes_true(at: usize, text: &str) -> bool {
    let mut fields = ["*"; FIELDS.len()];
    fields[at] = text;
    let any_time = civil::date(2000, 1, 1).at(0, 0, 0, 0);
    read(&fields.join(" ")).is_ok_and(|cron| cron.find_next_occurrence(&any_time, true).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields that are wrong, each in an expression whose other fields are right.
    const WRONG: &[(&str, &str, &str)] = &[
        ("60 * * * *", "minute, `60`", "0 to 59"),
        (", * * * *", "minute, `,`", "`*/15`"),
        ("1,,2 * * * *", "minute, `1,,2`", "`0,30`"),
        ("5-1 * * * *", "minute, `5-1`", "0 to 59"),
        ("*/0 * * * *", "minute, `*/0`", "0 to 59"),
        ("5/10 * * * *", "minute, `5/10`", "0 to 59"),
        ("H * * * *", "minute, `H`", "0 to 59"),
        ("MON * * * *", "minute, `MON`", "0 to 59"),
        ("@daily * * * *", "minute, `@daily`", "0 to 59"),
        ("0 24 * * *", "hour, `24`", "0 to 23"),
        ("0 JAN * * *", "hour, `JAN`", "0 to 23"),
        ("0 9h * * *", "hour, `9h`", "0 to 23"),
        ("0 0 0 * *", "day of month, `0`", "1 to 31"),
        ("0 0 32 * *", "day of month, `32`", "1 to 31"),
        ("0 0 MON * *", "day of month, `MON`", "`L` (the last)"),
        ("0 0 1 13 *", "month, `13`", "1 to 12"),
        ("0 0 1 MON *", "month, `MON`", "JAN to DEC"),
        ("0 0 1 JANUARY *", "month, `JANUARY`", "JAN to DEC"),
        ("0 0 1 ſep *", "month, `ſep`", "JAN to DEC"),
        ("0 0 * * 8", "day of week, `8`", "0 to 7"),
        ("0 0 * * JAN", "day of week, `JAN`", "SUN to SAT"),
        ("0 0 * * MONTUE", "day of week, `MONTUE`", "SUN to SAT"),
        ("0 0 * * FRI-MON", "day of week, `FRI-MON`", "SUN to SAT"),
        ("0 0 * * L", "day of week, `L`", "`FRIL` (the last Friday)"),
        ("0 0 * * 1#6", "day of week, `1#6`", "`MON#1` (the first Monday)"),
        ("", "five fields (minute, hour, day of month, month, day of week), got 0", "`30 9 * * MON-FRI`"),
        ("* * * *", "got 4", "`30 9 * * MON-FRI`"),
        ("0 * * * * *", "got 6", "`30 9 * * MON-FRI`"),
        ("@daily", "got 1", "`30 9 * * MON-FRI`"),
    ];

    #[test]
    fn a_wrong_field_is_named_with_what_is_right() {
        for (expression, field, right) in WRONG {
            let Err(Unfit::Cron(why)) = parse(expression) else { panic!("{expression}") };
            assert!(why.contains(field) && why.contains(right), "{expression}: {why}");
            assert!(why.contains(EXAMPLE), "{expression}: {why}");
        }
    }

    #[test]
    fn what_the_messages_advise_is_right() {
        assert!(parse(EXAMPLE.split('`').nth(1).unwrap()).is_ok());
        for (at, field) in FIELDS.iter().enumerate() {
            for example in field.examples.split('`').skip(1).step_by(2) {
                assert!(field.allows(example) && comes_true(at, example), "{}: {example}", field.name);
            }
        }
    }
}
