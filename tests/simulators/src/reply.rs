//! What a model says when nothing was scripted: it quotes whoever speaks to it, with feeling.

/// The longest quotation, in characters.
const QUOTED: usize = 120;
/// `{}` is what was said.
const REPLIES: [&str; 6] = [
    "<feel:joy:0.8> Oh, lovely! You said: {}. I am only a double, but I like the sound of that.",
    "<feel:surprise:0.7> Really? You said: {}. <feel:neutral> Tell me more, I have all day.",
    "<feel:neutral> You said: {}. Let me think about it. <feel:joy:0.6> Yes, I would say so too!",
    "<feel:sadness:0.5> Hmm, you said: {}. I wish I knew more. <feel:joy:0.5> But I listen well.",
    "<feel:joy:0.5> I heard you. You said: {}. <feel:surprise:0.5> And what happened then?",
    "<feel:neutral> You said: {}. A real model would have an opinion now. <feel:joy> I have a voice!",
];

/// The `turn`-th reply, to what was said.
pub(crate) fn reply(turn: usize, said: &str) -> String {
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted: String = words.chars().take(QUOTED).collect();
    // A tag of the user's is not one of the model's, and the reply brings its own full stop.
    let quoted = quoted.replace(['<', '>'], "");
    let quoted = quoted.trim_end_matches(['.', ',', ';', ':', ' ']);
    let quoted = if quoted.is_empty() {
        "nothing at all"
    } else {
        quoted
    };
    let form = REPLIES.get(turn % REPLIES.len()).copied();
    form.unwrap_or("You said: {}.").replace("{}", quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_quotes_and_varies() {
        let replies: Vec<String> = (0..12).map(|turn| reply(turn, "Good  morning.")).collect();
        let quoting = |reply: &String| reply.contains("Good morning. ") && reply.contains("<feel:");
        assert!(replies.iter().all(quoting), "{replies:?}");
        assert_ne!(replies[0], replies[1]);
        assert_eq!(replies[0], replies[6]);
    }

    #[test]
    fn whatever_was_said_is_no_tag_and_not_long() {
        let long = reply(0, &"<feel:anger> x ".repeat(100));
        assert!(!long.contains("<feel:anger>") && long.len() < 400, "{long}");
        assert!(reply(1, " \n").contains("nothing at all"));
    }
}
