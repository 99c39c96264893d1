//! Text for people: how a sentence begins, and characters that a reader cannot see: a model reads them all the same, and a
//! person is misled by them.

/// From one code point to another, with what they are.
const INVISIBLE: &[(u32, u32, &str)] = &[
    (0x0000, 0x0008, "a control character"),
    (0x000B, 0x001F, "a control character"),
    (0x007F, 0x009F, "a control character"),
    (0x00AD, 0x00AD, "a soft hyphen"),
    (0x034F, 0x034F, "a grapheme joiner"),
    (0x061C, 0x061C, "a mark that changes the direction of text"),
    (0x115F, 0x1160, "an invisible filler"),
    (0x17B4, 0x17B5, "an invisible vowel"),
    (0x180B, 0x180F, "an invisible separator"),
    (0x200B, 0x200D, "a zero-width character"),
    (0x200E, 0x200F, "a mark that changes the direction of text"),
    (0x2028, 0x2029, "a line or paragraph separator"),
    (0x202A, 0x202E, "a mark that changes the direction of text"),
    (0x2060, 0x2065, "a zero-width character"),
    (0x2066, 0x2069, "a mark that changes the direction of text"),
    (0x206A, 0x206F, "an invisible format character"),
    (0x3164, 0x3164, "an invisible filler"),
    (0xE000, 0xF8FF, "a character without a meaning of its own"),
    (0xFE00, 0xFE0F, "a variation selector"),
    (0xFEFF, 0xFEFF, "a zero-width character"),
    (0xFFA0, 0xFFA0, "an invisible filler"),
    (0xFFF0, 0xFFFB, "an invisible format character"),
    (0x1_BCA0, 0x1_BCA3, "an invisible format character"),
    (0x1_D173, 0x1_D17A, "an invisible format character"),
    (0xE_0000, 0xE_0FFF, "a tag or variation selector"),
    (0xF_0000, 0x10_FFFF, "a character without a meaning of its own"),
];

/// The text with a capital letter at its beginning.
pub fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(char::to_uppercase).into_iter().flatten().chain(characters).collect()
}

/// What an invisible character is, or one that changes the order of what is seen; nothing for any other.
pub fn invisible(char: char) -> Option<&'static str> {
    let code = u32::from(char);
    INVISIBLE.iter().find(|(first, last, _)| (*first..=*last).contains(&code)).map(|(_, _, what)| *what)
}
