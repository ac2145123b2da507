//! Every body that the relay or a device reads as JSON.

use sealpost_wire::{
    api::{
        account::{CodeRequest, CodeSent, NumberLink, Registered, Registration, Session, SessionRequest},
        blob::BlobStored,
        directory::{DirectoryEntry, KeyPackageAnswer, KeyPackageCount, KeyPackageRequest, KeyPackages},
        mailbox::{Acknowledgements, MailboxPage, MailboxStatus, MailboxTokens},
        relay::RelayInfo,
        slot::{Slot, SlotClaim},
    },
    envelope::{Delivery, DeliveryAnswer},
    error::ApiError,
    relay_address::RelayAddress,
};
use serde::{Serialize, de::DeserializeOwned};

/// Reads it as each of them; what is read is written and read again as the same.
pub fn any(data: &[u8]) {
    let readers = [
        same::<CodeRequest>,
        same::<CodeSent>,
        same::<NumberLink>,
        same::<Registered>,
        same::<Registration>,
        same::<Session>,
        same::<SessionRequest>,
        same::<BlobStored>,
        same::<DirectoryEntry>,
        same::<KeyPackageAnswer>,
        same::<Vec<KeyPackageCount>>,
        same::<KeyPackageRequest>,
        same::<Vec<KeyPackages>>,
        same::<Acknowledgements>,
        same::<MailboxPage>,
        same::<MailboxStatus>,
        same::<MailboxTokens>,
        same::<RelayInfo>,
        same::<Slot>,
        same::<SlotClaim>,
        same::<Delivery>,
        same::<DeliveryAnswer>,
        same::<ApiError>,
        same::<RelayAddress>,
    ];
    readers.iter().for_each(|read| read(data));
}

fn same<T: Serialize + DeserializeOwned>(data: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(data) else { return };
    let written = serde_json::to_vec(&read).expect("what was read can be written");
    let again: T = serde_json::from_slice(&written).expect("and read again");
    assert_eq!(serde_json::to_vec(&again).expect("and written"), written);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"number":"+4917604069001","language":"en"}"#,
        r#"{"expires_in_seconds":600,"resend_after_seconds":30}"#,
        r#"{"number":"+4917604069001","code":"123456"}"#,
        r#"{"session_secret":"AAAA","number_token":"AAAA"}"#,
        r#"{"session_secret":"AAAA","start_over":true}"#,
        r#"{"session":"AAAA","next_secret":"AAAA"}"#,
        r#"{"id":"ABCD2345","identity_key":"AAAA","sealing_key":"AAAA","suites":[1,3],"signature":"AAAA"}"#,
        r#"{"entry":{"id":"ABCD2345","identity_key":"AAAA","sealing_key":"AAAA","suites":[3],"signature":"AAAA"},
            "proof":{"phone":{"number":"+4917604069001","code":"123456"}},"tokens":{"tokens":[]},"key_packages":[]}"#,
        r#"{"token":"AAAA","suites":[1,3]}"#,
        r#"[{"suite":3,"one_time":["AAAA","AQ"],"last_resort":"AQID"}]"#,
        r#"[{"suite":3,"one_time":12}]"#,
        r#"{"sequences":[1,2,18446744073709551615]}"#,
        r#"{"tokens":[{"hash":"AAAA","expires_at_seconds":0}]}"#,
        r#"{"content":"AAAA"}"#,
        r#"{"claimed":true,"content":"AAAA","receipt":"AAAA"}"#,
        r#"{"delivery_id":"AAAA","payload":"AAAA","recipients":[
            {"mailbox":"ABCD2345","token":"AA","wrapped_key":"AA"}]}"#,
        r#"{"refused":[{"index":0,"code":"token_refused"}]}"#,
        r#"{"envelopes":[{"sequence":1,"delivery_id":"AA","wrapped_key":"AA","payload":"AA"}],"empty":true}"#,
        r#"{"code":"malformed","detail":"x","retry_after_seconds":0,"time_seconds":1}"#,
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}
