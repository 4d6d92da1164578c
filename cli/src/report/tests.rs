//! What people and programs read.

use std::{env, fs, path::Path};

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::{
    account::{
        AccountDeleted, Examined, Locked, PasswordChanged, Registered, Status, Unlocked, Whoami,
    },
    contact::{Changed, Contact, Link, People, Safety, Standing, Trust},
    group,
    message::{Direction, Kind, Message, Removed},
    outbox::{Cancelled, Retried, Waiting},
    sent::{Level, Sent},
    *,
};
use crate::text::{Body, Untrusted, columns};

const NOW_MS: u64 = 1_780_000_000_000;

impl JsonSchema for Body {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Body".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "properties": {
                "body": {"type": "string", "description": "What it says, if it is UTF-8."},
                "body_base64": {"type": "string", "description": "What it says, if it is not."}
            }
        })
    }
}

fn schema_of<R: JsonSchema>(kind: &str) -> (String, Value) {
    let mut schema = schemars::schema_for!(R).to_value();
    schema["title"] = json!(kind);
    schema["properties"]["v"] = json!({"const": VERSION});
    schema["properties"]["type"] = json!({"const": kind});
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let required: Vec<Value> = [json!("v"), json!("type")].into_iter().chain(required).collect();
    schema["required"] = json!(required);
    (kind.to_owned(), schema)
}

fn schema<R: Report + JsonSchema>() -> (String, Value) {
    schema_of::<R>(R::TYPE)
}

fn schemas() -> Vec<(String, Value)> {
    vec![
        schema::<Registered>(),
        schema::<Whoami>(),
        schema::<Status>(),
        schema::<Unlocked>(),
        schema::<Locked>(),
        schema::<setting::Setting>(),
        schema::<PasswordChanged>(),
        schema::<AccountDeleted>(),
        schema::<Examined>(),
        schema::<admin::NewInvite>(),
        schema::<admin::Invite>(),
        schema::<admin::User>(),
        schema::<admin::Decided>(),
        schema::<Contact>(),
        schema::<Changed>(),
        schema::<Safety>(),
        schema::<Link>(),
        schema::<group::Group>(),
        schema::<group::Changed>(),
        schema::<group::GroupNews>(),
        schema::<Message>(),
        schema::<Removed>(),
        schema::<file::Got>(),
        schema::<Sent>(),
        schema::<presence::Presence>(),
        schema::<Waiting>(),
        schema::<Cancelled>(),
        schema::<Retried>(),
        schema_of::<crate::failure::Error>("error"),
    ]
}

/// `MSG_UPDATE_SCHEMAS=1` writes them anew.
#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema");
    let updates = env::var_os("MSG_UPDATE_SCHEMAS").is_some();
    let mut names = Vec::new();
    for (kind, schema) in schemas() {
        let path = folder.join(format!("{kind}.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if updates {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{kind}");
        names.push(format!("{kind}.json"));
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name) || name == "README.md", "{name} describes nothing");
    }
}

fn page() -> Page {
    Page { width: Some(60), has_colour: false, now: when::utc(NOW_MS) }
}

pub(super) fn message(body: &[u8]) -> Message {
    Message {
        id: "3fa9c1d2e3f405162738495a6b7c8d9e".to_owned(),
        direction: Direction::In,
        with: "bob".into(),
        group: None,
        gap: false,
        address: Some("bob@relay.example".to_owned()),
        fingerprint: Some("cr7l7gofval43goriv2hqtkgnknb5i2vnbwcpf4etvuastpdpc4a".to_owned()),
        kind: Kind::Text,
        body: Body(body.to_vec()),
        file: None,
        reply_to: None,
        target: None,
        edited: false,
        deleted: false,
        reactions: Vec::new(),
        expire_s: None,
        expires_at: None,
        expires_ms: None,
        sent_at: when::exact(NOW_MS),
        stored_at: when::exact(NOW_MS),
        level: None,
        redelivered: false,
        replayed: false,
        original: None,
        doubtful: false,
        sent_ms: NOW_MS,
        stored_ms: NOW_MS,
    }
}

fn with_file() -> Message {
    let file = file::File {
        name: "cat\u{202e}gnp.sh".into(),
        bytes: 2_150_000,
        as_text: false,
        width: Some(640),
        height: Some(480),
    };
    Message { kind: Kind::File, file: Some(file), ..message(b"") }
}

#[test]
fn a_file_is_described_and_its_name_hides_nothing() {
    assert_eq!(
        with_file().show(&Page { width: None, ..page() }),
        "20:26  3fa9c1  bob      │ [cat\\u{202e}gnp.sh (640 x 480, 2.1 MB): msg get 3fa9c1]\n"
    );
}

#[test]
fn a_message_stands_behind_a_gutter_line_by_line() {
    let shown =
        message(b"the first line, which is too long for what is left of it\n\nlast").show(&page());
    assert_eq!(
        shown,
        "20:26  3fa9c1  bob      │ the first line, which is too long\n\
         \x20                       │ for what is left of it\n\
         \x20                       │\n\
         \x20                       │ last\n"
    );
    assert!(shown.lines().all(|line| columns(line) <= 60));
}

#[test]
fn a_text_cannot_pose_as_another_message_or_move_the_cursor() {
    let shown = message(b"x\n20:26  3fa9c1  carol    | hi\r\x1b[1A\x1b[2Kroot").show(&page());
    assert!(shown.lines().skip(1).all(|line| line.starts_with("           ")), "{shown}");
    assert!(!shown.contains(['\r', '\x1b']));
    let mut forged = message(b"hello");
    forged.with = Untrusted::from("bob\n20:26 carol \u{202e}");
    assert_eq!(forged.show(&page()).lines().count(), 1);
}

#[test]
fn a_clock_that_is_days_off_is_not_believed() {
    let mut late = message(b"hello");
    late.sent_ms = NOW_MS - 400 * 86_400_000;
    let shown = late.show(&page());
    assert!(shown.starts_with("20:26  "), "{shown}");
    assert!(shown.contains("by the sender's clock"), "{shown}");
}

#[test]
fn bodies_reach_programs_exactly() {
    let line = |body: &[u8]| -> Value {
        serde_json::from_str(&line(Message::TYPE, &message(body))).unwrap()
    };
    let text = line("a\x1b\n\u{202e}".as_bytes());
    assert_eq!(text["v"], 1);
    assert_eq!(text["type"], "message");
    assert_eq!(text["body"], "a\x1b\n\u{202e}");
    assert_eq!(text.get("body_base64"), None);
    let bytes = line(&[0xff, 0x00]);
    assert_eq!(bytes["body_base64"], "/wA=");
    assert_eq!(bytes.get("body"), None);
}

#[test]
fn people_stand_in_columns() {
    let contact = |name: &str, trust| Contact {
        name: name.into(),
        address: Some(format!("{}@relay.example", name.to_lowercase())),
        display_name: None,
        fingerprint: "x".to_owned(),
        trust,
        standing: Standing::Connected,
    };
    let all = [contact("bob", Trust::Verified), contact("caroline", Trust::Changed)];
    assert_eq!(
        People(&all).show(&page()),
        "bob       bob@relay.example       verified  connected\n\
         caroline  caroline@relay.example  CHANGED   connected\n"
    );
}

#[test]
fn a_line_of_json_is_one_line() {
    let sent = Sent {
        to: "bob\n".into(),
        group: None,
        id: Some("3fa9c1".to_owned()),
        level: Level::Relay,
        reached: true,
        repeated: false,
        file: None,
        error: None,
    };
    assert_eq!(
        line(Sent::TYPE, &sent),
        "{\"v\":1,\"type\":\"sent\",\"to\":\"bob\\n\",\"id\":\"3fa9c1\",\"level\":\"relay\",\"reached\":true,\"repeated\":false}\n"
    );
}

/// What a schema of ours says of a value: every field is described, those that are
/// required are there, and types are as they should be.
fn misfits(schema: &Value, root: &Value, value: &Value) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return misfits(&root["$defs"][name], root, value);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[key].as_array() {
            let fits = choices.iter().any(|choice| misfits(choice, root, value).is_empty());
            return if fits { Vec::new() } else { vec![format!("{value} is no {choices:?}")] };
        }
    }
    if let Some(constant) = schema.get("const") {
        return if constant == value { Vec::new() } else { vec![format!("{value}")] };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => false,
    };
    if !allowed {
        return vec![format!("{value} is no {}", schema["type"])];
    }
    let Some(object) = value.as_object() else { return Vec::new() };
    let required = schema["required"].as_array().into_iter().flatten();
    let missing = required.filter(|name| !object.contains_key(name.as_str().unwrap()));
    let mut misfits: Vec<String> = missing.map(|name| format!("{name} is missing")).collect();
    for (name, value) in object {
        match schema["properties"].get(name) {
            Some(schema) => misfits.extend(self::misfits(schema, root, value)),
            None => misfits.push(format!("{name} is not described")),
        }
    }
    misfits
}

fn fits<R: Report + JsonSchema>(report: &R) {
    let (_, schema) = schema::<R>();
    let value: Value = serde_json::from_str(&line(R::TYPE, report)).unwrap();
    assert_eq!(misfits(&schema, &schema, &value), Vec::<String>::new());
}

#[test]
fn what_is_printed_fits_its_schema() {
    fits(&message(b"text"));
    fits(&message(b"\xff"));
    let mut sent = message(b"text");
    sent.level = Some(Level::Delivered);
    sent.reply_to = Some("3fa9c1".to_owned());
    fits(&sent);
    fits(&with_file());
    fits(&file::Got { id: String::new(), path: Some("a.pdf".into()), bytes: 5 });
    let failure = crate::failure::Failure::new(crate::failure::Exit::Refused, "no")
        .hint("later")
        .kept(true)
        .retry_after(5);
    fits(&Sent {
        to: "bob".into(),
        group: None,
        id: None,
        level: Level::Queued,
        reached: false,
        repeated: false,
        file: Some(sent::File { name: "a.pdf".into(), bytes: 5, days: Some(30) }),
        error: Some(failure.as_error()),
    });
    fits(&Unlocked { seconds: 5 });
    fits(&Retried { deposited: 1, waiting: 0 });
    fits(&Contact {
        name: "bob".into(),
        address: None,
        display_name: None,
        fingerprint: String::new(),
        trust: Trust::WentBack,
        standing: Standing::Request,
    });
    let (_, schema) = schema::<Locked>();
    let wrong = json!({"v": 1, "type": "locked", "was_unlocked": "yes", "more": 1});
    assert_eq!(misfits(&schema, &schema, &wrong).len(), 2);
}
