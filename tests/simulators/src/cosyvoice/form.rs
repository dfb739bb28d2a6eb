//! Forms with files (RFC 7578), read as a server does.

/// A form that has come.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<Part>);

#[derive(Debug)]
struct Part {
    name: String,
    file: bool,
    content: Vec<u8>,
}

impl Form {
    /// The fields of a body; none where it is no such form.
    pub(super) fn read(content_type: &str, body: &[u8]) -> Form {
        let mut form = Form::default();
        let Some(boundary) = content_type.strip_prefix("multipart/form-data; boundary=") else {
            return form;
        };
        let line = format!("--{}", boundary.trim_matches('"'));
        let Some(mut rest) = body.strip_prefix(line.as_bytes()) else {
            return form;
        };
        let between = format!("\r\n{line}");
        while let Some(part) = rest.strip_prefix(b"\r\n") {
            let Some(end) = find(part, between.as_bytes()) else {
                return form;
            };
            let (part, after) = part.split_at(end);
            form.0.extend(Part::read(part));
            rest = after.get(between.len()..).unwrap_or_default();
        }
        form
    }

    fn part(&self, name: &str) -> Option<&Part> {
        self.0.iter().find(|part| part.name == name)
    }

    /// The names of all fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|part| part.name.as_str())
    }

    /// What a field holds.
    pub(super) fn content(&self, name: &str) -> Option<&[u8]> {
        self.part(name).map(|part| part.content.as_slice())
    }

    /// The same of one that is no file, as text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let part = self.part(name).filter(|part| !part.file)?;
        String::from_utf8(part.content.clone()).ok()
    }

    /// The length of a file.
    pub(super) fn file(&self, name: &str) -> Option<usize> {
        let part = self.part(name).filter(|part| part.file)?;
        Some(part.content.len())
    }
}

impl Part {
    fn read(part: &[u8]) -> Option<Part> {
        let end = find(part, b"\r\n\r\n")?;
        let (head, content) = part.split_at(end);
        let head = String::from_utf8_lossy(head);
        let (_, name) = head.split_once("; name=\"")?;
        let (name, _) = name.split_once('"')?;
        Some(Part {
            name: name.to_owned(),
            file: head.contains("; filename=\""),
            content: content.get(4..)?.to_vec(),
        })
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|found| found == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_files() {
        let body = b"--b\r\ncontent-disposition: form-data; name=\"tts_text\"\r\n\r\nHi\r\n.\r\n\
            --b\r\nContent-Disposition: form-data; name=\"prompt_wav\"; filename=\"a\"\r\n\
            content-type: audio/wav\r\n\r\nRIFF\r\n--b--\r\n";
        let form = Form::read("multipart/form-data; boundary=b", body);
        assert_eq!(form.names().collect::<Vec<_>>(), ["tts_text", "prompt_wav"]);
        assert_eq!(form.text("tts_text").as_deref(), Some("Hi\r\n."));
        assert_eq!(
            (form.file("prompt_wav"), form.file("tts_text")),
            (Some(4), None)
        );
        assert_eq!(Form::read("application/json", body).names().count(), 0);
    }
}
