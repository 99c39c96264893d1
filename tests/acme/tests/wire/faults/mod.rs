//! What a server needs and does not have for a while: it says so, nothing that was acknowledged is lost, and it recovers.

mod background;
mod clock;
mod disk;
