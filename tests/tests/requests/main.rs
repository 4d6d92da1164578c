//! Every request of a client, told as what its users do: over TLS on loopback,
//! by a peer that speaks `protocol` alone, to the relay's own program. After a
//! refusal each test asks for what must not be there. `protocol/SPEC.md`
//! §"Requests".

#![cfg(test)]

mod accounts;
mod administration;
mod blobs;
mod cards;
mod devices;
mod links;
mod mail;
mod prekeys;
mod pushes;
mod records;
mod rights;
mod scene;
mod strangers;
