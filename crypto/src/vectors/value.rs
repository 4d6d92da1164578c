//! A value of the protocol as JSON, member by member in the order of its encoding.
//!
//! Fixed bytes and byte strings are hex; a choice is its position and its name.

use alloc::{
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::fmt;

use serde::{
    Serialize, Serializer,
    ser::{
        Error, Impossible, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};

use super::{
    json::{Json, object},
    ratchet::content_json,
};

/// The value as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Json {
    value.serialize(ToJson).unwrap()
}

/// A value that the protocol has none of.
#[derive(Debug)]
struct Unsupported(String);

impl fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl core::error::Error for Unsupported {}

impl Error for Unsupported {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct ToJson;

/// Elements of a list, a tuple or the fields of a choice.
#[derive(Default)]
struct Elements {
    items: Vec<Json>,
    choice: Option<(u32, &'static str)>,
}

/// Members of a struct.
struct Members(Vec<(String, Json)>);

fn choice(index: u32, name: &str, fields: Vec<Json>) -> Json {
    let choice = object! { "choice": index, "is": name };
    if fields.is_empty() { choice } else { choice.with("fields", fields) }
}

fn unsupported<T>(what: &str) -> Result<T, Unsupported> {
    Err(Unsupported(what.to_string()))
}

macro_rules! plain {
    ($($name:ident $type:ty),*) => {
        $(fn $name(self, value: $type) -> Result<Json, Unsupported> {
            Ok(value.into())
        })*
    };
}

macro_rules! never {
    ($($name:ident $type:ty),*) => {
        $(fn $name(self, _: $type) -> Result<Json, Unsupported> {
            unsupported(stringify!($type))
        })*
    };
}

impl Serializer for ToJson {
    type Ok = Json;
    type Error = Unsupported;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Elements;
    type SerializeMap = Impossible<Json, Unsupported>;
    type SerializeStruct = Members;
    type SerializeStructVariant = Elements;

    plain!(
        serialize_bool bool, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32,
        serialize_u64 u64, serialize_str &str
    );

    never!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_f32 f32, serialize_f64 f64, serialize_char char
    );

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Json, Unsupported> {
        Ok(content_json(bytes))
    }

    fn serialize_none(self) -> Result<Json, Unsupported> {
        Ok(Json::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Json, Unsupported> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Json, Unsupported> {
        unsupported("unit")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Json, Unsupported> {
        unsupported(name)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
    ) -> Result<Json, Unsupported> {
        Ok(choice(index, name, vec![]))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Json, Unsupported> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        value: &T,
    ) -> Result<Json, Unsupported> {
        Ok(choice(index, name, vec![value.serialize(self)?]))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements, Unsupported> {
        Ok(Elements::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements, Unsupported> {
        Ok(Elements::default())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements, Unsupported> {
        Ok(Elements::default())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Elements, Unsupported> {
        Ok(Elements { items: vec![], choice: Some((index, name)) })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unsupported> {
        unsupported("map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members, Unsupported> {
        Ok(Members(vec![]))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Elements, Unsupported> {
        Ok(Elements { items: vec![], choice: Some((index, name)) })
    }
}

impl SerializeSeq for Elements {
    type Ok = Json;
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.items.push(value.serialize(ToJson)?);
        Ok(())
    }

    fn end(self) -> Result<Json, Unsupported> {
        Ok(Json::List(self.items))
    }
}

/// The protocol's only tuples are arrays of bytes.
impl SerializeTuple for Elements {
    type Ok = Json;
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<Json, Unsupported> {
        let byte = |item| match item {
            Json::Number(byte) => u8::try_from(byte).map_err(Unsupported::custom),
            _ => unsupported("a tuple of other things than bytes"),
        };
        let bytes: Vec<u8> = self.items.into_iter().map(byte).collect::<Result<_, _>>()?;
        Ok((&bytes).into())
    }
}

impl SerializeTupleStruct for Elements {
    type Ok = Json;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<Json, Unsupported> {
        Ok(Json::List(self.items))
    }
}

impl SerializeTupleVariant for Elements {
    type Ok = Json;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<Json, Unsupported> {
        let (index, name) = self.choice.unwrap_or_default();
        Ok(choice(index, name, self.items))
    }
}

impl SerializeStructVariant for Elements {
    type Ok = Json;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<Json, Unsupported> {
        SerializeTupleVariant::end(self)
    }
}

impl SerializeStruct for Members {
    type Ok = Json;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        self.0.push((name.into(), value.serialize(ToJson)?));
        Ok(())
    }

    fn end(self) -> Result<Json, Unsupported> {
        Ok(Json::Object(self.0))
    }
}
