//! A group's name, admins and purpose, as an extension of its GroupContext, so that all members agree on them.
//!
//! GroupContext extensions: RequiredCapabilities, which names ours, and ours (protobuf); nothing else.

use openmls::{
    extensions::{Extension, ExtensionType, Extensions, RequiredCapabilitiesExtension, UnknownExtension},
    group::GroupContext,
};
use prost::{
    Message,
    encoding::{DecodeContext, decode_key, skip_field},
};
use sealpost_wire::id::UserId;

use super::MlsError;

/// The type of our GroupContext extension, from the range for private use (RFC 9420, 17.3).
pub(super) const PROFILE_EXTENSION: u16 = 0xF5EA;
/// The fields up to this number are known here.
const LAST_FIELD: u32 = 8;

/// What a group is, agreed on by all its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupProfile {
    /// 1 is a conversation.
    pub purpose: u16,
    /// A conversation of two, whatever number of members it has at the moment.
    pub two: bool,
    pub name: String,
    pub admins: Vec<UserId>,
    /// Counts how often the conversation was created anew: the higher one stays.
    pub counter: u32,
    /// Names the conversation through all groups that it had; zeros in a conversation of two.
    pub thread: [u8; 16],
    /// Whether members who are no admins may add others.
    pub members_add: bool,
    /// Whether members who are no admins may set the name.
    pub members_rename: bool,
}

#[derive(Clone, PartialEq, Message)]
struct ProfileFields {
    #[prost(uint32, tag = "1")]
    purpose: u32,
    #[prost(bool, tag = "2")]
    two: bool,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, repeated, tag = "4")]
    admins: Vec<String>,
    #[prost(uint32, tag = "5")]
    counter: u32,
    #[prost(bytes = "vec", tag = "6")]
    thread: Vec<u8>,
    #[prost(bool, tag = "7")]
    members_add: bool,
    #[prost(bool, tag = "8")]
    members_rename: bool,
}

impl GroupProfile {
    /// The extensions of a group with this profile. What a later version has put into those of `before` stays.
    pub(super) fn to_extensions(
        &self,
        before: Option<&Extensions<GroupContext>>,
    ) -> Result<Extensions<GroupContext>, MlsError> {
        let nameless = self.thread == [0; 16];
        let fields = ProfileFields {
            purpose: self.purpose.into(),
            two: self.two,
            name: self.name.clone(),
            admins: self.admins.iter().map(UserId::to_string).collect(),
            counter: self.counter,
            thread: if nameless { Vec::new() } else { self.thread.to_vec() },
            members_add: self.members_add,
            members_rename: self.members_rename,
        };
        let mut encoded = fields.encode_to_vec();
        if let Some(UnknownExtension(before)) = before.and_then(|before| before.unknown(PROFILE_EXTENSION)) {
            encoded.extend(later_fields(before));
        }
        let required = RequiredCapabilitiesExtension::new(&[ExtensionType::Unknown(PROFILE_EXTENSION)], &[], &[]);
        let extensions = vec![
            Extension::RequiredCapabilities(required),
            Extension::Unknown(PROFILE_EXTENSION, UnknownExtension(encoded)),
        ];
        Extensions::from_vec(extensions).map_err(MlsError::internal)
    }

    pub(super) fn from_extensions(extensions: &Extensions<GroupContext>) -> Result<Self, MlsError> {
        const UNREADABLE: MlsError = MlsError::Forbidden("a group profile that can't be read");
        let ours = ExtensionType::Unknown(PROFILE_EXTENSION);
        let requires_ours = |required: &RequiredCapabilitiesExtension| required.extension_types() == [ours];
        if !extensions.required_capabilities().is_some_and(requires_ours) || extensions.iter().count() != 2 {
            return Err(MlsError::Forbidden("other group context extensions than ours"));
        }
        let UnknownExtension(bytes) = extensions.unknown(PROFILE_EXTENSION).ok_or(UNREADABLE)?;
        let fields = ProfileFields::decode(bytes.as_slice()).map_err(|_| UNREADABLE)?;
        let read = |thread: &[u8]| thread.try_into().map_err(|_| UNREADABLE);
        let admins: Result<Vec<UserId>, _> = fields.admins.iter().map(|admin| admin.parse()).collect();
        Ok(Self {
            purpose: fields.purpose.try_into().map_err(|_| UNREADABLE)?,
            two: fields.two,
            name: fields.name,
            admins: admins.map_err(|_| UNREADABLE)?,
            counter: fields.counter,
            thread: if fields.thread.is_empty() { [0; 16] } else { read(&fields.thread)? },
            members_add: fields.members_add,
            members_rename: fields.members_rename,
        })
    }
}

/// The fields of an encoded profile that this version does not know, as they stand there.
fn later_fields(encoded: &[u8]) -> Vec<u8> {
    let (mut rest, mut later) = (encoded, Vec::new());
    while !rest.is_empty() {
        let field = rest;
        let skipped = decode_key(&mut rest)
            .and_then(|(number, wire)| skip_field(wire, number, &mut rest, DecodeContext::default()).map(|()| number));
        // What can't be read was no valid profile, and never became the group's.
        let Ok(number) = skipped else { break };
        if number > LAST_FIELD {
            later.extend_from_slice(&field[..field.len() - rest.len()]);
        }
    }
    later
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(extensions: &Extensions<GroupContext>) -> &[u8] {
        &extensions.unknown(PROFILE_EXTENSION).expect("a profile").0
    }

    #[test]
    fn fields_of_a_later_version_stay_when_the_profile_is_set() {
        // Field 9, a number; field 20, bytes; between them one that is known.
        let later = [[0x48, 0x2A].as_slice(), &[0xA2, 0x01, 0x02, 7, 7]].concat();
        let theirs = [&later[..2], &[0x28, 3], &later[2..]].concat();
        let ours = GroupProfile::default().to_extensions(None).expect("extensions");
        let replaced = |bytes: &[u8]| {
            let mut changed = ours.clone();
            let profile = Extension::Unknown(PROFILE_EXTENSION, UnknownExtension(bytes.to_vec()));
            changed.add_or_replace(profile).expect("replaced");
            changed
        };
        let before = replaced(&theirs);
        assert_eq!(GroupProfile::from_extensions(&before).expect("reads").counter, 3);
        let profile = GroupProfile { name: "Labor".to_owned(), thread: [5; 16], ..GroupProfile::default() };
        let after = profile.to_extensions(Some(&before)).expect("extensions");
        assert!(encoded(&after).ends_with(&later));
        assert_eq!(GroupProfile::from_extensions(&after), Ok(profile));
        for length in 0..theirs.len() {
            later_fields(&theirs[..length]);
        }
    }

    #[test]
    fn name_of_a_conversation_has_sixteen_bytes_or_none() {
        for length in [1, 15, 17] {
            let fields = ProfileFields { thread: vec![1; length], ..ProfileFields::default() };
            let mut extensions = GroupProfile::default().to_extensions(None).expect("extensions");
            let profile = Extension::Unknown(PROFILE_EXTENSION, UnknownExtension(fields.encode_to_vec()));
            extensions.add_or_replace(profile).expect("replaced");
            assert!(matches!(GroupProfile::from_extensions(&extensions), Err(MlsError::Forbidden(_))));
        }
    }
}
