//! Who belongs where: users, the accounts that they are members of, and what is enabled for an account.
//! Only servers have them whose calls are about an account that the endpoint's path names.

mod name;
mod served;
mod store;

pub(crate) use name::{AccountName, check_subdomain};
pub use served::ServedAccounts;
pub(crate) use store::{AccountRecord, Accounts, CreateError, Standing, UserRecord};
