//! The file that the install script writes: the built-in default, with all that may be said in comments.

pub const DEFAULT: &str = include_str!("default.yaml");

#[cfg(test)]
mod tests {
    use crate::policy::{KINDS, Policy};

    #[test]
    fn the_written_default_is_the_built_in_one_and_shows_every_key() {
        assert_eq!(Policy::parse(super::DEFAULT).unwrap(), Policy::default());
        for (_, name) in KINDS {
            assert!(super::DEFAULT.contains(&format!("#   - {name}: ")), "{name}");
        }
        let uncommented: String = super::DEFAULT
            .lines()
            .map(|line| match line.strip_prefix("#   - ") {
                Some(rule) => format!("  - {}\n", rule.split("  #").next().unwrap_or_default()),
                None => format!("{}\n", line.strip_suffix(" []").unwrap_or(line)),
            })
            .collect();
        assert_eq!(Policy::parse(&uncommented).unwrap().allow.len(), KINDS.len() + 1, "{uncommented}");
    }
}
