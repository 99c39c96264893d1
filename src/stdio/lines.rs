//! Lines of bounded length.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// A line of the input, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Text(Vec<u8>),
    /// Longer than the limit; the rest of it was skipped.
    TooLong,
}

/// The lines of an input.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    limit: usize,
    /// The part of the next line that has been read: it stays here when a read is given up.
    started: Vec<u8>,
    too_long: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R, limit: usize) -> Self {
        Self { input: BufReader::new(input), limit, started: Vec::new(), too_long: false }
    }

    /// The next line that is not blank; nothing at the end of the input.
    pub(super) async fn next(&mut self) -> Option<Line> {
        loop {
            let ended = match self.read_on().await {
                Ok(ended) => ended,
                Err(error) => {
                    tracing::warn!(%error, "the input broke");
                    return None;
                }
            };
            let Some(complete) = ended else { continue };
            let text = std::mem::take(&mut self.started);
            if std::mem::take(&mut self.too_long) {
                return Some(Line::TooLong);
            }
            if !text.trim_ascii().is_empty() {
                return Some(Line::Text(text));
            }
            if !complete {
                return None;
            }
        }
    }

    /// Takes what has arrived. Tells whether a line has ended: `true` by its end, `false` by that
    /// of the input.
    async fn read_on(&mut self) -> io::Result<Option<bool>> {
        let arrived = self.input.fill_buf().await?;
        if arrived.is_empty() {
            return Ok(Some(false));
        }
        let end = arrived.iter().position(|byte| *byte == b'\n');
        let part = &arrived[..end.unwrap_or(arrived.len())];
        if self.started.len() + part.len() > self.limit {
            self.too_long = true;
            self.started.clear();
        } else if !self.too_long {
            self.started.extend_from_slice(part);
        }
        let taken = part.len() + usize::from(end.is_some());
        self.input.consume(taken);
        Ok(end.map(|_| true))
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Lines};

    async fn lines(input: &str) -> Vec<Line> {
        let mut lines = Lines::new(input.as_bytes(), 4);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line);
        }
        all
    }

    #[tokio::test]
    async fn lines_are_bounded_and_blank_ones_skipped() {
        let text = |text: &str| Line::Text(text.into());
        assert_eq!(lines("").await, []);
        assert_eq!(lines("ab\ncd").await, [text("ab"), text("cd")]);
        assert_eq!(lines("ab\r\n\n \ncd\n").await, [text("ab\r"), text("cd")]);
        assert_eq!(lines("abcd\nabcde\nab").await, [text("abcd"), Line::TooLong, text("ab")]);
        assert_eq!(lines("abcdefghij").await, [Line::TooLong]);
    }
}
