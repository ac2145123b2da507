//! What a bot writes to `watch --send`: one JSON object a line, each a message to send. It has to go through the
//! program that watches, since one program at a time uses an account.

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::mpsc::{Receiver, sync_channel},
};

use sealpost_client::{Account, Message};
use serde_json::{Value, json};

use crate::{
    exit::{CommandError, Exit},
    people, show,
    words::Words,
};

/// The longest line; what is beyond it is another line, and refused as such.
const LINE_BYTES: u64 = 1 << 20;
/// Lines that wait; whoever writes faster waits in the pipe.
const WAITING: usize = 64;

/// The lines of standard input, as they come. Its end ends nothing but them.
pub fn listen() -> Receiver<String> {
    let (tell, lines) = sync_channel(WAITING);
    std::thread::spawn(move || {
        let mut input = BufReader::new(io::stdin());
        loop {
            let mut line = Vec::new();
            match input.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            if !line.is_empty() && tell.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Carries an order out. The answer is the message as it waits in the outbox, or why there is none; either with the
/// order's `tag`, so that the bot knows which one it was.
pub fn answer(account: &Account, line: &str, words: &Words) -> Value {
    let order: Value = serde_json::from_str(line).unwrap_or(Value::Null);
    let tag = order["tag"].clone();
    match send(account, &order) {
        Ok(message) => {
            let mut record = show::message_record(&message);
            (record["type"], record["tag"]) = ("taken".into(), tag);
            record
        }
        Err(error) => {
            json!({"type": "refused", "tag": tag, "error": {"code": error.code, "message": error.text(words)}})
        }
    }
}

/// `{"to": WHO, "text": TEXT}`, or a conversation's ID under `conversation` instead of `to`; `reply_to` is a message's
/// ID.
fn send(account: &Account, order: &Value) -> Result<Message, CommandError> {
    let part = |name: &str| order[name].as_str();
    let unclear = || CommandError::new("order_unclear", Exit::Usage);
    let text = part("text").ok_or_else(unclear)?;
    let conversation = match (part("conversation"), part("to")) {
        (Some(conversation), None) => account.conversation(conversation)?.id,
        (None, Some(who)) => people::find_conversation(account, who)?.id,
        _ => return Err(unclear()),
    };
    Ok(account.send_text(&conversation, text, part("reply_to"))?)
}
