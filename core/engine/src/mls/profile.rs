//! A group's name, admins and purpose, as an extension of its GroupContext, so that all members agree on them.
//!
//! GroupContext extensions: RequiredCapabilities, which names ours, and ours (protobuf); nothing else.

use openmls::{
    extensions::{Extension, ExtensionType, Extensions, RequiredCapabilitiesExtension, UnknownExtension},
    group::GroupContext,
};
use prost::Message;
use sealpost_wire::id::UserId;

use super::MlsError;

/// The type of our GroupContext extension, from the range for private use (RFC 9420, 17.3).
pub(super) const PROFILE_EXTENSION: u16 = 0xF5EA;

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
}

impl GroupProfile {
    pub(super) fn to_extensions(&self) -> Result<Extensions<GroupContext>, MlsError> {
        let fields = ProfileFields {
            purpose: self.purpose.into(),
            two: self.two,
            name: self.name.clone(),
            admins: self.admins.iter().map(UserId::to_string).collect(),
            counter: self.counter,
        };
        let required = RequiredCapabilitiesExtension::new(&[ExtensionType::Unknown(PROFILE_EXTENSION)], &[], &[]);
        let extensions = vec![
            Extension::RequiredCapabilities(required),
            Extension::Unknown(PROFILE_EXTENSION, UnknownExtension(fields.encode_to_vec())),
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
        let admins: Result<Vec<UserId>, _> = fields.admins.iter().map(|admin| admin.parse()).collect();
        Ok(Self {
            purpose: fields.purpose.try_into().map_err(|_| UNREADABLE)?,
            two: fields.two,
            name: fields.name,
            admins: admins.map_err(|_| UNREADABLE)?,
            counter: fields.counter,
        })
    }
}
