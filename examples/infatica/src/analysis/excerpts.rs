//! What a language model is shown of pages: how they begin, as far as all fit.

use serde::Serialize;

/// How many characters of pages a model is shown, all together.
const BUDGET: usize = 120_000;

/// How a page begins.
#[derive(Debug, Serialize)]
pub(super) struct Excerpt {
    /// The run, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    url: String,
    text: String,
    /// Whether it goes on.
    #[serde(rename = "cut")]
    is_cut: bool,
}

impl Excerpt {
    /// The first characters of a page.
    pub(super) fn of(url: &str, text: &str, share: Share) -> Self {
        let end = text.char_indices().nth(share.0).map_or(text.len(), |(at, _)| at);
        Self { run_id: None, url: url.to_owned(), text: text[..end].to_owned(), is_cut: end < text.len() }
    }

    /// The same, where there are several runs.
    pub(super) fn of_run(self, run_id: &str) -> Self {
        Self { run_id: Some(run_id.to_owned()), ..self }
    }
}

/// How many characters of each page a model is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share(usize);

impl Share {
    /// The most that fits, for pages of these sizes in bytes: what short pages leave is for long ones.
    /// No text has more characters than bytes, and none is longer than what was kept of its page.
    pub(crate) fn of(sizes: &[usize]) -> Self {
        let mut sizes = sizes.to_vec();
        sizes.sort_unstable();
        let mut left = BUDGET;
        for (at, size) in sizes.iter().enumerate() {
            let share = left / (sizes.len() - at);
            if *size > share {
                return Self(share);
            }
            left -= size;
        }
        Self(BUDGET)
    }
}

/// What a model was not shown, if anything.
pub(super) fn remark(excerpts: &[Excerpt]) -> Option<String> {
    let cut: Vec<usize> =
        excerpts.iter().filter(|excerpt| excerpt.is_cut).map(|excerpt| excerpt.text.chars().count()).collect();
    let shown = cut.first()?;
    let (cut, all) = (cut.len(), excerpts.len());
    Some(format!("Of {cut} of {all} pages, the model was shown the first {shown} characters only."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shares_fit_the_budget_and_use_it() {
        for (sizes, share) in [
            (vec![], BUDGET),
            (vec![0, 5, 100], BUDGET),
            (vec![BUDGET], BUDGET),
            (vec![BUDGET + 1], BUDGET),
            (vec![BUDGET, BUDGET], BUDGET / 2),
            // Two short ones leave 100,000 for two long ones.
            (vec![70_000, 10_000, 10_000, 900_000], 50_000),
            // One of 30,000 is shorter than a third, and what it leaves is for the others.
            (vec![60_000, 30_000, 40_000], 50_000),
            (vec![1000; 5000], 24),
            (vec![1000; 200_000], 0),
        ] {
            assert_eq!(Share::of(&sizes), Share(share), "{} pages", sizes.len());
            let shown: usize = sizes.iter().map(|size| *size.min(&share)).sum();
            assert!(shown <= BUDGET, "{shown}");
        }
    }

    #[test]
    fn a_page_is_cut_between_characters() {
        let excerpt = |share| Excerpt::of("u", "añ😀b", Share(share));
        assert_eq!([excerpt(0).text, excerpt(2).text, excerpt(3).text], ["", "añ", "añ😀"]);
        assert!(excerpt(3).is_cut && !excerpt(4).is_cut && !excerpt(5).is_cut);
    }
}
