//! The short form of a mount, `[SOURCE:]TARGET[:OPTIONS]`, taken apart as compose does.

/// The parts of a short form.
#[derive(Debug, PartialEq)]
pub(crate) struct Mount {
    pub(crate) source: String,
    pub(crate) target: String,
}

/// Why a short form is none.
#[derive(Debug, PartialEq)]
pub(crate) enum NoMount {
    Empty,
    EmptySection,
    TooManyColons,
}

impl Mount {
    pub(crate) fn parse(text: &str) -> Result<Self, NoMount> {
        let mut mount = Mount { source: String::new(), target: text.to_owned() };
        match text.len() {
            0 => return Err(NoMount::Empty),
            1 | 2 => return Ok(mount),
            _ => mount.target.clear(),
        }
        let mut section = String::new();
        for c in text.chars() {
            if c != ':' || is_drive(&section) {
                section.push(c);
                continue;
            }
            let section = std::mem::take(&mut section);
            match (section.is_empty(), mount.source.is_empty(), mount.target.is_empty()) {
                (true, ..) => return Err(NoMount::EmptySection),
                (false, true, _) => mount.source = section,
                (false, false, true) => mount.target = section,
                (false, false, false) => return Err(NoMount::TooManyColons),
            }
        }
        match (section.is_empty(), mount.target.is_empty()) {
            (true, _) => Err(NoMount::EmptySection),
            (false, true) => Ok(Mount { target: section, ..mount }),
            (false, false) => Ok(mount),
        }
    }

    /// The volume that is mounted, rather than a folder of the host or a volume without a name.
    pub(crate) fn volume(&self) -> Option<&str> {
        let source = &self.source;
        let drive: String = source.chars().take(1).collect();
        let is_folder = source.starts_with(['.', '/', '~'])
            || source.starts_with("\\\\")
            || (is_drive(&drive) && source[drive.len()..].starts_with(':'));
        (!source.is_empty() && !is_folder).then_some(source)
    }
}

fn is_drive(section: &str) -> bool {
    let mut chars = section.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, String), NoMount> {
        Mount::parse(text).map(|mount| (mount.source, mount.target))
    }

    #[test]
    fn a_mount_has_a_source_and_a_target() {
        for (text, source, target) in [
            ("/data", "", "/data"),
            ("data:/data", "data", "/data"),
            ("data:/data:ro,z", "data", "/data"),
            ("C:\\a:/b", "C:\\a", "/b"),
            ("a:", "", "a:"),
            ("d:/x", "", "d:/x"),
        ] {
            assert_eq!(parsed(text), Ok((source.to_owned(), target.to_owned())), "{text}");
        }
        assert_eq!(parsed(""), Err(NoMount::Empty));
        assert_eq!(parsed(":/data"), Err(NoMount::EmptySection));
        assert_eq!(parsed("data:"), Err(NoMount::EmptySection));
        assert_eq!(parsed("a1:/b:ro:x"), Err(NoMount::TooManyColons));
    }

    #[test]
    fn a_volume_is_told_from_a_folder() {
        let volume = |text: &str| Mount::parse(text).unwrap().volume().map(str::to_owned);
        assert_eq!(volume("data:/data").as_deref(), Some("data"));
        assert_eq!(volume("data/web:/data").as_deref(), Some("data/web"));
        for folder in ["./a:/b", "/a:/b", "~/a:/b", "C:\\a:/b", "\\\\pipe:/b", "/a"] {
            assert_eq!(volume(folder), None, "{folder}");
        }
    }
}
