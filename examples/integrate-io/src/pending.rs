//! Tools whose backend is still to come. They say so.

use integrate_io_tools::*;
use toolwright::{Call, Handle, ToolError};

use crate::store::ReadStore;

macro_rules! pending {
    ($($store:ident: $($tool:ident)*;)*) => { $($(
        impl Handle<$tool::Tool> for $store {
            async fn handle<'a>(&'a self, _: &'a Call, _: $tool::Input) -> Result<$tool::Output, ToolError> {
                Err(ToolError::unavailable("this tool has no backend yet"))
            }
        }
    )*)* };
}

pending! {
    ReadStore: validate_package;
}
