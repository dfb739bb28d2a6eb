//! Forms with files (RFC 7578).

/// A form being filled in.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<Part>);

#[derive(Debug)]
struct Part {
    head: String,
    content: Vec<u8>,
}

impl Form {
    /// A field. `name` is the adapter's own and needs no quoting.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.0.push(Part {
            head: format!("content-disposition: form-data; name=\"{name}\"\r\n"),
            content: value.as_bytes().to_vec(),
        });
    }

    /// A file.
    pub(crate) fn file(&mut self, name: &str, file: &str, content_type: &str, content: &[u8]) {
        self.0.push(Part {
            head: format!(
                "content-disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
                 content-type: {content_type}\r\n"
            ),
            content: content.to_vec(),
        });
    }

    /// The content type and the body.
    pub(crate) fn finish(self) -> (String, Vec<u8>) {
        let boundary = self.boundary();
        let mut body = Vec::new();
        for part in &self.0 {
            body.extend(format!("--{boundary}\r\n{}\r\n", part.head).bytes());
            body.extend(&part.content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }

    /// A line that stands in no part.
    fn boundary(&self) -> String {
        let stands = |boundary: &str| {
            let parts = self.0.iter();
            let mut contents = parts.map(|part| part.content.windows(boundary.len()));
            contents.any(|mut windows| windows.any(|found| found == boundary.as_bytes()))
        };
        let mut number = 0_u32;
        loop {
            let boundary = format!("tth-form-{number}");
            if !stands(&boundary) {
                return boundary;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_its_parts_between_boundaries() {
        let mut form = Form::default();
        form.text("tts_text", "Zażółć");
        form.file("prompt_wav", "prompt.wav", "audio/wav", b"RIFF\r\n");
        let (kind, body) = form.finish();
        assert_eq!(kind, "multipart/form-data; boundary=tth-form-0");
        let wanted = "--tth-form-0\r\ncontent-disposition: form-data; name=\"tts_text\"\r\n\r\n\
            Zażółć\r\n--tth-form-0\r\ncontent-disposition: form-data; name=\"prompt_wav\"; \
            filename=\"prompt.wav\"\r\ncontent-type: audio/wav\r\n\r\nRIFF\r\n\r\n--tth-form-0--\r\n";
        assert_eq!(String::from_utf8_lossy(&body), wanted);
    }

    #[test]
    fn no_text_can_end_its_part() {
        let mut form = Form::default();
        form.text("a", "--tth-form-0\r\n");
        form.text("b", "and tth-form-1--");
        assert!(form.finish().0.ends_with("boundary=tth-form-2"));
    }
}
