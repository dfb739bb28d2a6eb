use super::*;

fn words(text: &str) -> Vec<Word> {
    let word = |(i, w): (usize, &str)| Word {
        text: w.to_owned(),
        source: i..i + 1,
    };
    text.split_whitespace().enumerate().map(word).collect()
}

fn spoken(text: &str) -> String {
    let normalizer = Normalizer::new(crate::assets::NORMAL_FORMS);
    let words = normalizer.run(&words(text));
    words
        .into_iter()
        .map(|w| w.text)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn times_and_dates() {
    for (text, expected) in [
        ("at 5:45 pm.", "at five forty-five P.M.."),
        ("at 5:45pm today", "at five forty-five P.M. today"),
        ("at 5:45p.m. today", "at five forty-five P.M. today"),
        ("from 9:00 on", "from nine o'clock on"),
        ("at 12:05", "at twelve oh five"),
        ("99:99", "99:99"),
        ("on March 3rd, 2026", "on March third, 2026"),
        ("the 3 March party", "the third of March party"),
        ("on 4 of July", "on the fourth of July"),
        ("2026-11-22", "November twenty-second, 2026"),
        ("7/4/99.", "July fourth, 1999."),
        ("31/12/2020", "December thirty-first, 2020"),
        ("March 45", "March 45"),
    ] {
        assert_eq!(spoken(text), expected, "{text}");
    }
}

#[test]
fn money_and_units() {
    for (text, expected) in [
        ("$5 million.", "5 million dollars."),
        ("€3k", "3 thousand euros"),
        ("¥1", "1 yen"),
        ("$3.50", "$3.50"),
        ("5 km,", "5 kilometers,"),
        ("1 km", "1 kilometer"),
        ("5, km", "5, km"),
        ("20°C", "20 degrees Celsius"),
        ("100 °F", "100 degrees Fahrenheit"),
        ("1 m", "1 meter"),
        ("512MB", "512 megabytes"),
        ("1/2 and 3/4", "one half and 3 quarters"),
        ("2 1/2 cups", "2 and one half cups"),
        ("10-20", "10 to 20"),
        ("555-0123", "5 5 5, 0 1 2 3"),
        ("#5", "number 5"),
    ] {
        assert_eq!(spoken(text), expected, "{text}");
    }
}

#[test]
fn abbreviations_and_symbols() {
    for (text, expected) in [
        ("Dr. Smith of Elm St.", "Dr Smith of Elm Street."),
        ("St. Peter", "Saint Peter"),
        ("No. 5", "Number 5"),
        ("No. Never.", "No. Never."),
        ("apples, etc. at", "apples, etc at"),
        ("J. R. Smith", "J R Smith"),
        ("Henry VIII", "Henry the eighth"),
        ("World War II", "World War 2"),
        ("5 = 5", "5 equals 5"),
        ("Acme™ is here", "Acme is here"),
        ("bob@example.com", "bob at example dot com"),
        ("(www.example.com)", "(W W W dot example dot com)"),
        ("p.m. 3.14 end.Next", "p.m. 3.14 end.Next"),
    ] {
        assert_eq!(spoken(text), expected, "{text}");
    }
}

#[test]
fn every_word_knows_its_source() {
    let normalizer = Normalizer::new(crate::assets::NORMAL_FORMS);
    let out = normalizer.run(&words("on the 3 March , at 5 km !"));
    let sources: Vec<_> = out
        .iter()
        .map(|w| (w.text.as_str(), w.source.clone()))
        .collect();
    assert_eq!(
        sources[1..4],
        [("the", 1..4), ("third", 1..4), ("of", 1..4)]
    );
    assert_eq!(sources[4], ("March,", 1..5));
    assert_eq!(sources.last(), Some(&("kilometers!", 6..9)));
}
