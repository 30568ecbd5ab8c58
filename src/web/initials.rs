//! The one or two letters that stand for a person where a picture would be.
//! How a face looks is the style's; that it is a name is the model's.

/// The first letter of the first and of the last word, in capitals where the script has them. A name without a letter is a question mark.
pub(super) fn initials(name: &str) -> String {
    let mut letters = name.split_whitespace().filter_map(|word| word.chars().find(|character| character.is_alphanumeric()));
    let first = letters.next();
    let letters: String = [first, letters.next_back()].into_iter().flatten().map(capital).collect();
    if letters.is_empty() { "?".to_owned() } else { letters }
}

/// The capital, unless it takes more than one letter, as that of ß does.
fn capital(letter: char) -> char {
    let mut capitals = letter.to_uppercase();
    match (capitals.next(), capitals.next()) {
        (Some(capital), None) => capital,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_and_the_last_word_give_a_letter_each() {
        for (name, wanted) in [
            ("Mira Okafor", "MO"),
            ("ada", "A"),
            ("Jean-Luc de la Tour", "JT"),
            ("  tomás   herrera ", "TH"),
            ("山田 太郎", "山太"),
            ("李雷", "李"),
            ("ßeta nord", "ßN"),
            ("(ops) [robot]", "OR"),
            ("мария иванова", "МИ"),
            ("عمر حداد", "عح"),
            ("7 of 9", "79"),
            ("— —", "?"),
            ("", "?"),
            ("<script>", "S"),
        ] {
            assert_eq!(initials(name), wanted, "{name}");
        }
    }

    proptest! {
        #[test]
        fn there_are_always_one_or_two_and_nothing_that_is_markup(name in any::<String>()) {
            let initials = initials(&name);
            prop_assert!((1..=2).contains(&initials.chars().count()), "{}", initials);
            prop_assert!(initials.chars().all(|letter| letter.is_alphanumeric() || letter == '?'), "{}", initials);
        }
    }
}
