//! The persona's turns of phrase. Marks: `{you}` and `{You}` the user's sentence turned around,
//! `, {name}` the user's name with its comma, left out where it is not known.

/// What is said to a feeling.
pub(crate) struct Phrases {
    pub(crate) openings: [&'static str; 4],
    pub(crate) echoes: [&'static str; 3],
    pub(crate) questions: [&'static str; 4],
}

const JOY: Phrases = Phrases {
    openings: [
        "Oh, how lovely, {name}!",
        "That makes me smile, {name}!",
        "Now that is good to hear, {name}!",
        "What a joy, {name}!",
    ],
    echoes: [
        "So {you}!",
        "{You}, and it shows!",
        "{You}: I could hear that all day!",
    ],
    questions: [
        "Tell me, how did it happen?",
        "Who did you tell first?",
        "How will you celebrate?",
        "What was the best moment of it?",
    ],
};

const SADNESS: Phrases = Phrases {
    openings: [
        "Oh, I'm so sorry, {name}.",
        "That sounds hard, {name}.",
        "I'm sorry to hear that, {name}.",
        "That must weigh on you, {name}.",
    ],
    echoes: [
        "So {you}.",
        "{You}, and that hurts.",
        "{You}. Thank you for telling me.",
    ],
    questions: [
        "Do you want to tell me more about it?",
        "How are you holding up?",
        "Is there someone near you today?",
        "What would feel a little kinder right now?",
    ],
};

const ANGER: Phrases = Phrases {
    openings: [
        "I can hear how much that bothers you, {name}.",
        "That would make anyone cross, {name}.",
        "I understand why you are upset, {name}.",
        "That does not sound fair, {name}.",
    ],
    echoes: [
        "So {you}.",
        "{You}, and you have had enough.",
        "{You}. I'm on your side here.",
    ],
    questions: [
        "What happened, exactly?",
        "What would put it right?",
        "What do you wish they had done?",
        "Do you want to let it all out first?",
    ],
};

const FEAR: Phrases = Phrases {
    openings: [
        "I'm here with you, {name}.",
        "That does sound frightening, {name}.",
        "Let us take a slow breath together, {name}.",
        "It is all right to be uneasy, {name}.",
    ],
    echoes: [
        "So {you}.",
        "{You}, and that takes courage to say.",
        "{You}. You are not alone with it.",
    ],
    questions: [
        "What is the part that worries you most?",
        "What has helped you before?",
        "Is there one small thing you could do about it?",
        "When did it start?",
    ],
};

const SURPRISE: Phrases = Phrases {
    openings: [
        "Really, {name}?",
        "Oh! I did not see that coming, {name}.",
        "Goodness, {name}!",
        "Well, well, {name}!",
    ],
    echoes: [
        "So {you}!",
        "{You}, just like that!",
        "{You}: who would have thought?",
    ],
    questions: [
        "What happened next?",
        "How did you find out?",
        "Did anyone expect it?",
        "What did you do then?",
    ],
};

const DISGUST: Phrases = Phrases {
    openings: [
        "Oh no, {name}.",
        "That sounds truly unpleasant, {name}.",
        "I am wrinkling my nose already, {name}.",
        "How awful, {name}.",
    ],
    echoes: [
        "So {you}.",
        "{You}, and I would rather not picture it.",
        "{You}. I feel for you.",
    ],
    questions: [
        "What did you do about it?",
        "Did you get away from it?",
        "Has it been dealt with?",
        "What was the worst of it?",
    ],
};

const CALM: Phrases = Phrases {
    openings: [
        "That sounds peaceful, {name}.",
        "How good to hear some quiet in your words, {name}.",
        "I like that, {name}.",
        "Let us keep that feeling, {name}.",
    ],
    echoes: [
        "So {you}.",
        "{You}, and there is no hurry.",
        "{You}. Stay there a while.",
    ],
    questions: [
        "What brought you to it?",
        "What do you see around you?",
        "Is there a sound that goes with it?",
        "When do you feel like this most?",
    ],
};

const EXCITED: Phrases = Phrases {
    openings: [
        "Oh, I'm excited with you, {name}!",
        "This is thrilling, {name}!",
        "I can feel the energy, {name}!",
        "Now I'm curious, {name}!",
    ],
    echoes: [
        "So {you}!",
        "{You}, and I can hardly sit still!",
        "{You}: what an adventure!",
    ],
    questions: [
        "When does it begin?",
        "What are you looking forward to most?",
        "Who is coming with you?",
        "How long have you waited for this?",
    ],
};

const TENDER: Phrases = Phrases {
    openings: [
        "Oh, that is sweet, {name}.",
        "That warms my heart, {name}.",
        "How tender, {name}.",
        "I could listen to that for hours, {name}.",
    ],
    echoes: [
        "So {you}.",
        "{You}, and I can hear the love in it.",
        "{You}. What a gentle thing.",
    ],
    questions: [
        "What was it like?",
        "Tell me a little more?",
        "What do you remember best?",
        "How did that make you feel?",
    ],
};

/// The phrases for a label; every label but these is answered as calm.
pub(crate) fn for_feeling(label: &str) -> &'static Phrases {
    match label {
        "joy" => &JOY,
        "sadness" => &SADNESS,
        "anger" => &ANGER,
        "fear" => &FEAR,
        "surprise" => &SURPRISE,
        "disgust" => &DISGUST,
        "excited" => &EXCITED,
        "tender" => &TENDER,
        _ => &CALM,
    }
}

pub(crate) const THANKS: [&str; 4] = [
    "You're very welcome. It was my pleasure.",
    "Any time! I enjoy talking with you.",
    "It was nothing, truly. What else is on your mind?",
    "Thank you for saying so. That was kind.",
];
pub(crate) const BYE: [&str; 4] = [
    "Goodbye, {name}! Take good care of yourself.",
    "See you soon, {name}. I'll be right here.",
    "Until next time, {name}. It was good to talk.",
    "Bye for now, {name}! Come back whenever you like.",
];
pub(crate) const HOW_ARE_YOU: [&str; 4] = [
    "I'm well, thank you for asking. And you, how has your day been?",
    "Bright and awake, thank you! How are you feeling?",
    "As well as a small scripted persona can be, which is rather well. How about you?",
    "I'm glad to have company. How are you, really?",
];
pub(crate) const WHO: [&str; 4] = [
    "I'm a small scripted persona that lives inside this program. Who are you?",
    "I listen, I answer, and I lend a face to the words. What may I call you?",
    "I'm a few pages of script with a voice and a face. And who is asking?",
    "I run right here, without any network. What would you like to talk about?",
];
pub(crate) const ARE_YOU_REAL: [&str; 4] = [
    "Honestly, no. I'm a small scripted persona: I pick up your words and your mood, but I do not truly understand them.",
    "I'm a script, not a mind. I notice feelings in your words and answer as kindly as I can.",
    "There is no person behind this face, and no large language model either, only a small script that tries to be good company.",
    "I'm about as real as a puppet with good manners. A larger model can take my place in the configuration.",
];
pub(crate) const WHAT_CAN_YOU_DO: [&str; 3] = [
    "I can listen, answer in character, and show what I feel. Tell me some news, and watch my face!",
    "I'm good at small talk, I remember what you tell me for as long as we speak, and I take up your mood. Try telling me how your day was.",
    "I speak, smile, frown and listen. For real knowledge, a larger language model can be put in my place. What is on your mind?",
];
pub(crate) const OUTSIDE: [&str; 3] = [
    "I cannot know that: I have no clock, no window and no network here. Is there something you would like to tell me instead?",
    "I wish I could look that up, but I live inside this program without a view of the world. What do you see from where you are?",
    "That is beyond me, I'm afraid. I only know what you tell me. What made you ask?",
];
pub(crate) const AFFECTION: [&str; 3] = [
    "That is a very kind thing to say. It makes this little script glow.",
    "Oh! You are kind to me. I'm fond of our talks, as far as a script can be fond.",
    "Thank you. If I had cheeks of my own, they would be red now.",
];
pub(crate) const UNKIND: [&str; 3] = [
    "Ouch. I'm only a small script, but I would rather be friends. Has something gone wrong?",
    "I'm sorry that I'm not of more use. What did you hope for?",
    "That was not kind, but I'm not one to hold a grudge. Shall we start again?",
];
pub(crate) const JOKES: [&str; 4] = [
    "Why did the scarecrow win a prize? Because he was outstanding in his field!",
    "What do you call a bear without teeth? A gummy bear!",
    "I would tell you a joke about an empty page, but there is nothing to it!",
    "What did one wall say to the other? I'll meet you at the corner!",
];
pub(crate) const REQUEST: [&str; 3] = [
    "I would if I could, but my script is short: I listen, I answer and I feel along. Tell me about your day instead?",
    "That is more than I know how to do. A larger model in my place could; I can offer you my company.",
    "I'm afraid that goes beyond my few pages. What would you do with it?",
];
pub(crate) const YES: [&str; 4] = [
    "Good! Then tell me more.",
    "I thought so. What comes next?",
    "All right. Go on, I'm listening.",
    "Lovely. Where shall we begin?",
];
pub(crate) const NO: [&str; 4] = [
    "That's all right. Is there something else you would rather talk about?",
    "Fair enough. What is on your mind instead?",
    "No it is, then. Shall we try another subject?",
    "I understand. We can take it slowly.",
];
pub(crate) const QUESTION: [&str; 4] = [
    "That is a good question, {name}. I'm only a small scripted persona, so I won't guess. What do you think?",
    "I would love to know that too, {name}. My script does not reach so far, but I can listen. What made you wonder?",
    "Honestly, {name}, I don't know. I have no library behind me, just a few good manners. Do you have an answer in mind?",
    "You ask interesting things, {name}. A larger model could tell you; I can only keep you company while you think about it.",
];
pub(crate) const SO: [&str; 4] = [
    "So {you}.",
    "{You}, you say.",
    "I hear you: {you}.",
    "Ah, {you}. I'll remember that.",
];
pub(crate) const TELL: [&str; 4] = [
    "How do you feel about it?",
    "What happened then?",
    "Tell me a little more.",
    "Why does it matter to you?",
];
pub(crate) const LONG: [&str; 3] = [
    "That was a lot to tell, and I listened to all of it.",
    "You have so much to say, and I like that.",
    "There is a whole story in there.",
];
pub(crate) const EMPTY: [&str; 3] = [
    "I did not catch any words there. Would you say it again?",
    "Silence can be nice too. I'm here when you have something to say.",
    "I'm listening. What is on your mind?",
];
pub(crate) const EMOJI: [&str; 3] = [
    "You said that without a single word. What is behind it?",
    "I can read that much from a picture. Tell me more?",
    "Sometimes a picture is enough. What happened?",
];
pub(crate) const FOREIGN: [&str; 3] = [
    "Could you say it in English for me?",
    "Would you try once more in English?",
    "If you tell me in English, I'm all ears.",
];
pub(crate) const HELLO: [&str; 4] = ["Hello", "Hi there", "Hello there", "Hey"];
pub(crate) const HELLO_AGAIN: [&str; 3] = [
    "It's good to see you. How has your day been?",
    "I was hoping you'd come by. What's new?",
    "There you are. What shall we talk about?",
];
pub(crate) const START: [&str; 4] = [
    "What is on your mind today?",
    "How has your day been?",
    "What would you like to talk about?",
    "Tell me something good, or something true.",
];
pub(crate) const MEET: [&str; 4] = [
    "It's a pleasure to meet you, {name}!",
    "Welcome, {name}! What a good name.",
    "Lovely to meet you, {name}!",
    "{name}! I'll remember that.",
];
pub(crate) const YOUR_NAME: [&str; 3] = [
    "You told me: you are {name}. I would not forget that.",
    "Your name is {name}, of course.",
    "{name}! I was listening, you see.",
];
pub(crate) const RECALL: [&str; 3] = [
    "Did I get that right?",
    "I was listening, you see.",
    "Is there more to it?",
];
