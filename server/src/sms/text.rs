//! The words of the one-time code.

use sealpost_wire::limits::CODE_SECONDS;

/// In `de` and `fr` as asked, in English for everybody else.
pub fn code(language: &str, code: &str) -> String {
    let minutes = CODE_SECONDS / 60;
    match language.get(..2) {
        Some("de") => {
            format!("Sealpost: Ihr Code ist {code}. Er gilt {minutes} Minuten. Geben Sie ihn niemandem weiter.")
        }
        Some("fr") => {
            format!("Sealpost : votre code est {code}. Il est valable {minutes} minutes. Ne le communiquez à personne.")
        }
        _ => format!("Sealpost: your code is {code}. It is valid for {minutes} minutes. Tell nobody."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_comes_in_three_languages() {
        assert!(code("de", "123456").contains("Ihr Code ist 123456"));
        assert!(code("fr-CH", "123456").contains("votre code est 123456"));
        assert!(code("en", "123456").contains("your code is 123456"));
        assert_eq!(code("", "123456"), code("x", "123456"));
    }
}
