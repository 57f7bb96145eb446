//! The word that somebody may have meant.

/// Words that are looked at; nobody names so many things of one kind.
const MOST_WORDS: usize = 200;

/// The nearest of the known words, if it is near: a third of its letters may differ, and two letters that changed places count as one.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let most = (word.chars().count() / 3).min(3);
    let near = known.into_iter().take(MOST_WORDS).map(|known| (distance(&word, &known.to_lowercase(), most), known));
    near.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// Letters to put in, to take out, to change or to swap with their neighbours; anything above `most` if there are many.
fn distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(100).collect(), b.chars().take(100).collect());
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognized_and_another_word_is_not() {
        let known = ["environment", "image", "ports", "port", "restart", "networks"];
        for (word, meant) in [
            ("enviroment", Some("environment")),
            ("enviornment", Some("environment")),
            ("Image", Some("image")),
            ("network", Some("networks")),
            ("prots", Some("ports")),
            ("provider", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }
}
