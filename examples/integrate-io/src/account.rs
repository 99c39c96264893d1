//! Which account a call is about.

use toolwright::Call;

/// Tells the account of a call.
pub(crate) trait OfAccount {
    /// The account's id.
    fn account(&self) -> &str;
}

impl OfAccount for Call {
    fn account(&self) -> &str {
        self.subject()
    }
}
