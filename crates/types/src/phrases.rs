//! What agents say where a dialplan is silent, in English.

/// The words for a key of `[agents.NAME.says]` that a dialplan leaves out; empty: there is no such key. `{...}` is filled in when
/// it is said.
pub fn usual(key: &str) -> &'static str {
    match key {
        "greeting" => "Hello, this is {me}. How can I help?",
        "handing_over" => "I'm connecting you with {to}. I'll share what you've told me.",
        "transferring" => "I'm putting you through to {to}. One moment, please.",
        "not_understood" => "Sorry, I didn't catch that. Could you say it another way?",
        "menu_hint" => {
            "I still didn't get that. You can say it in a few words, or use your keypad. {keys}"
        }
        "anything_else" => "Is there anything else I can help you with?",
        "greeting_after_handoff" => "Hello, this is {me}. {from} told me that you said: {goal}.",
        "back" => {
            "I'm sorry, {reason}. I still have everything you told me. Shall I try again, or can I help in another way?"
        }
        "back_without_retry" => {
            "I'm sorry, {reason}. I still have everything you told me. Is there anything else I can do?"
        }
        "goodbye" => "Thank you for calling. Goodbye.",
        "still_there" => "Are you still there? I'm listening.",
        "filler" => "One moment, please.",
        "checking" => "I'm looking that up for you.",
        "confirm_tool" => "Shall I do this: {action}?",
        "say_yes" => "Please say yes, or press 1.",
        "tool_done" => "That is done.",
        "not_done" => "I'm sorry, I was wrong: that has not been done.",
        "tool_failed" => "I'm sorry, I could not do that just now.",
        "tool_unsure" => "I'm sorry, I cannot tell just now whether that was done.",
        "returned" => "I remember what we discussed. How can I help?",
        "waiting" => {
            "I'm still trying to reach {to}. If you would rather stay with me, press {key}, or say: never mind."
        }
        "kept" => {
            "All right, you are still with me, and I have everything you told me. How can I help?"
        }
        "person_left" => {
            "They have hung up. I remember what we discussed. Is there anything else I can help you with?"
        }
        "person_lost" => {
            "I'm sorry, the connection was lost. I still have everything you told me. Shall I put you through again?"
        }
        "trouble" => "I'm sorry, I'm having trouble hearing you. {keys}",
        "nobody" => "I'm sorry, nobody can take your call just now.",
        "noted" => "Thank you, I have noted your {facts}.",
        "resumed" => "I'm still here.",
        "confirm" => "Is it about {intent}?",
        "need" => "Could you tell me your {entity}? You can also key it in.",
        "how_help" => "How can I help you?",
        "offer" => "Shall I put you through to {to}?",
        "go_on" => "Please go on.",
        _ => "",
    }
}
