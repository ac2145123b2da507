//! The byte layouts of `docs/PROTOCOL.md` against vectors that another implementation has made
//! (`tests/vectors/{names,frames}.json` at the workspace's root).

use data_encoding::HEXLOWER;
use sealpost_wire::{
    card::Card,
    envelope::{Delivery, DeliveryAnswer, Envelope},
    error::ErrorCode,
    frame::{Authenticate, Authenticated, Body, Deliver, Delivered, Failure, Hello, Nothing, Notice},
    id::{DeliveryToken, UserId},
    invitation::Invitation,
    relay_address::RelayAddress,
};
use serde_json::Value;

#[test]
fn ids_are_those_of_the_vectors() {
    for case in list(&load("names")["ids"]) {
        let id = UserId::from_random(array(&case["bytes"]));
        assert_eq!(id.as_str(), text(&case["id"]));
        assert_eq!(id.to_bytes().to_vec(), bytes(&case["bytes"]));
    }
}

#[test]
fn typed_ids_are_read_as_meant() {
    for case in list(&load("names")["typed"]) {
        assert_eq!(text(&case[0]).parse::<UserId>().unwrap().as_str(), text(&case[1]));
    }
}

#[test]
fn cards_are_those_of_the_vectors() {
    for case in list(&load("names")["cards"]) {
        let card = Card {
            relay: relay(case),
            id: text(&case["id"]).parse().unwrap(),
            identity_key: array(&case["identity_key"]),
            sealing_key: array(&case["sealing_key"]),
            token: DeliveryToken(array(&case["token"])),
        };
        assert_eq!(card.to_bytes(), bytes(&case["bytes"]));
        assert_eq!(card.to_link(), text(&case["link"]));
        assert_eq!(Card::from_link(text(&case["link"])), Ok(card));
    }
}

#[test]
fn invitations_are_those_of_the_vectors() {
    for case in list(&load("names")["invitations"]) {
        let invitation = Invitation { relay: relay(case), code: array(&case["code"]) };
        assert_eq!(invitation.to_text(), text(&case["text"]));
        assert_eq!(Invitation::from_text(text(&case["text"])), Ok(invitation));
    }
}

#[test]
fn frames_are_those_of_the_vectors() {
    let file = load("frames");
    let frames = list(&file["frames"]);
    assert_eq!(frames.len(), 12, "one for each body");
    for case in frames {
        let body = frame(text(&case["body"]), &case["fields"]);
        assert_eq!(body.clone().to_bytes(), bytes(&case["bytes"]), "{}", case["body"]);
        assert_eq!(Body::from_bytes(&bytes(&case["bytes"])), Ok(body));
    }
}

#[test]
fn the_protocol_page_lists_every_error_code() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PROTOCOL.md")).unwrap();
    for code in ErrorCode::ALL {
        let row = format!("| `{}` | {} |", code.as_str(), code.status());
        assert!(page.contains(&row), "{row}");
    }
}

fn frame(name: &str, fields: &Value) -> Body {
    let number = |name: &str| fields[name].as_u64().unwrap();
    let small = |name: &str| u32::try_from(number(name)).unwrap();
    let string = |name: &str| text(&fields[name]).to_owned();
    match name {
        "hello" => Body::Hello(Hello {
            nonce: bytes(&fields["nonce"]),
            time_seconds: number("time_seconds"),
            oldest_version: small("oldest_version"),
        }),
        "authenticate" => Body::Authenticate(Authenticate {
            id: string("id"),
            signature: bytes(&fields["signature"]),
            session_secret: bytes(&fields["session_secret"]),
            version: small("version"),
        }),
        "authenticated" => Body::Authenticated(Authenticated {
            next_secret: bytes(&fields["next_secret"]),
            incarnation: number("incarnation"),
        }),
        "push" => Body::Push(twin::<Envelope>(&fields["envelope"])),
        "empty" => Body::Empty(Nothing {}),
        "acknowledge" => Body::Acknowledge(small("count")),
        "displaced" => Body::Displaced(Nothing {}),
        "notice" => Body::Notice(Notice {
            kind: i32::try_from(number("kind")).unwrap(),
            deadline_seconds: number("deadline_seconds"),
        }),
        "failure" => Body::Failure(Failure {
            request: small("request"),
            code: string("code"),
            detail: string("detail"),
            retry_after_seconds: number("retry_after_seconds"),
            time_seconds: number("time_seconds"),
        }),
        "deliver" => Body::Deliver(Deliver {
            request: small("request"),
            delivery: Some(twin::<Delivery>(&fields["delivery"])),
            version: small("version"),
        }),
        "delivered" => Body::Delivered(Delivered {
            request: small("request"),
            answer: Some(twin::<DeliveryAnswer>(&fields["answer"])),
        }),
        "session_kept" => Body::SessionKept(Nothing {}),
        other => panic!("no such body: {other}"),
    }
}

/// Reads the JSON of the HTTP twin, and checks that it is written in the same way.
fn twin<T: serde::Serialize + serde::de::DeserializeOwned>(json: &Value) -> T {
    let value: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), *json);
    value
}

fn relay(case: &Value) -> RelayAddress {
    let pin = (!case["pin"].is_null()).then(|| array(&case["pin"]));
    RelayAddress::new(text(&case["relay_url"]), pin).unwrap()
}

fn load(name: &str) -> Value {
    let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn bytes(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(text(value).as_bytes()).expect("hex")
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("the vector's length")
}
