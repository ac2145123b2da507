//! Shows the outermost structure of a value that openmls hands over for storage: a struct's fields or a list's elements
//! come one by one, and what nobody looks at is not even read. A large group's message secrets have thousands of parts,
//! of which a message changes one.

use rmp_serde::encode::Error;
use serde::{
    Serialize, Serializer,
    ser::{Error as _, Impossible, SerializeSeq, SerializeStruct},
};

use crate::storage::StorageError;

/// Is shown a struct or a list.
pub(super) trait Visitor {
    /// Before the first one: how many there are.
    fn begin(&mut self, _length: usize) {}

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, _value: &T) -> Result<(), StorageError> {
        Err(StorageError::Failed(format!("openmls has a field {name} where a list was expected")))
    }

    fn element<T: Serialize + ?Sized>(&mut self, _value: &T) -> Result<(), StorageError> {
        Err(StorageError::Failed("openmls has a list where fields were expected".to_owned()))
    }
}

/// Shows the fields or elements of `value` to the visitor.
///
/// # Errors
/// The visitor's; and one for a value that is neither a struct nor a list: openmls keeps its state otherwise than the
/// version that this was written for.
pub(super) fn walk<T: Serialize + ?Sized>(value: &T, visitor: &mut impl Visitor) -> Result<(), StorageError> {
    value.serialize(Walk(visitor)).map_err(|error| StorageError::Failed(error.to_string()))
}

struct Walk<'v, V>(&'v mut V);

fn unexpected() -> Error {
    Error::custom("openmls keeps its state in another shape than expected")
}

impl<V: Visitor> SerializeStruct for Walk<'_, V> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.0.field(name, value).map_err(Error::custom)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

impl<V: Visitor> SerializeSeq for Walk<'_, V> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.0.element(value).map_err(Error::custom)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

macro_rules! refuse {
    ($($name:ident($($argument:ty),*);)+) => {$(
        fn $name(self, $(_: $argument),*) -> Result<(), Error> {
            Err(unexpected())
        }
    )+};
}

macro_rules! refuse_compound {
    ($($name:ident($($argument:ty),*) -> $kind:ident;)+) => {$(
        fn $name(self, $(_: $argument),*) -> Result<Self::$kind, Error> {
            Err(unexpected())
        }
    )+};
}

impl<V: Visitor> Serializer for Walk<'_, V> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeStruct = Self;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Self, Error> {
        self.0.begin(length);
        Ok(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Error> {
        self.0.begin(length.ok_or_else(unexpected)?);
        Ok(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _value: &T) -> Result<(), Error> {
        Err(unexpected())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _number: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), Error> {
        Err(unexpected())
    }

    refuse! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    refuse_compound! {
        serialize_tuple(usize) -> SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant;
        serialize_map(Option<usize>) -> SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names(Vec<String>);

    impl Visitor for Names {
        fn begin(&mut self, length: usize) {
            self.0.push(format!("{length}:"));
        }

        fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), StorageError> {
            self.0.push(name.to_owned());
            if name == "inner" { walk(value, self) } else { Ok(()) }
        }
    }

    #[derive(Serialize)]
    struct Outer {
        number: u8,
        inner: Inner,
    }

    #[derive(Serialize)]
    struct Inner {
        list: Vec<u8>,
    }

    #[test]
    fn fields_are_shown_and_only_looked_into_where_the_visitor_wants() {
        let mut names = Names(Vec::new());
        walk(&Outer { number: 1, inner: Inner { list: vec![1, 2] } }, &mut names).expect("a struct");
        assert_eq!(names.0, ["2:", "number", "inner", "1:", "list"]);
    }

    #[test]
    fn other_shapes_are_refused() {
        let mut names = Names(Vec::new());
        assert!(walk(&5_u8, &mut names).is_err());
        assert!(walk(&Some(5_u8), &mut names).is_err());
        assert!(walk(&("a", 1), &mut names).is_err());
        assert!(walk(&[1_u8, 2].as_slice(), &mut names).is_err());
    }
}
