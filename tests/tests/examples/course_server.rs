//! `course-server`: files byte for byte, progress apart, no way in for others.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use msg_tests::msg::Person;
use serde_json::Value;

use super::{MSG, Running, acquaint, command, example, field, fingerprint, relay, run};

/// What servers of files have got wrong: ends, zeros, nothing, any byte.
fn lessons() -> Vec<(&'static str, Vec<u8>)> {
    let all: Vec<u8> = (0..=255).collect();
    vec![
        ("01 begin.md", b"# No line feed at the end".to_vec()),
        ("a/b/zeros.bin", vec![0; 5000]),
        ("empty", Vec::new()),
        ("every.bin", all.repeat(1000)),
        ("feed.txt", b"one\r\ntwo\n\n".to_vec()),
    ]
}

/// A server's folder with two courses, and its one file.
fn set_up(server: &Person, students: &str) -> PathBuf {
    let folder = server.home().join("school");
    for (name, bytes) in lessons() {
        let path = folder.join("rust").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::create_dir_all(folder.join("skills")).unwrap();
    fs::write(folder.join("skills/SKILL.md"), "do this").unwrap();
    fs::write(folder.join("secret"), "not for students").unwrap();
    symlink("../secret", folder.join("rust/link")).unwrap();
    let config = folder.join("courses.toml");
    let text = format!(
        "state = \"state\"\nstudents = {students}\n\
        [courses.rust]\ntitle = \"Rust in ten evenings\"\nfolder = \"rust\"\n\
        [courses.skills]\nfolder = \"skills\"\n"
    );
    fs::write(&config, text).unwrap();
    config
}

fn start(server: &Person, config: &Path) -> Running {
    let program = example("course-server/course_server.py");
    let command = command(server, &program, &[config.to_str().unwrap()]);
    let running = Running::start(command, &server.home().join("said"));
    running.says("serving rust, skills");
    running
}

/// What the server answers.
#[track_caller]
fn ask(student: &Person, order: &str) -> Value {
    let mut answers = student.json(&["ask", "courses", order, "--timeout", "2m"]);
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

#[track_caller]
fn told(student: &Person, order: &str) -> String {
    let answer = ask(student, order);
    assert_eq!(field(&answer, "kind"), "text", "{answer}");
    field(&answer, "body").to_owned()
}

/// The course as a student unpacks it.
#[track_caller]
fn fetched(student: &Person) -> Vec<(&'static str, Vec<u8>)> {
    let answer = ask(student, "get rust");
    assert_eq!((field(&answer, "kind"), field(&answer["file"], "name")), ("file", "rust.tar"));
    let archive = student.home().join("rust.tar");
    student.done(&["get", field(&answer, "id"), "-o", archive.to_str().unwrap()]);
    let folder = student.home().join("unpacked");
    fs::create_dir(&folder).unwrap();
    let mut unpack = Command::new("tar");
    unpack.arg("-xf").arg(&archive).arg("-C").arg(&folder);
    assert!(unpack.status().unwrap().success());
    let read = |(name, _)| (name, fs::read(folder.join("rust").join(name)).unwrap());
    lessons().into_iter().map(read).collect()
}

#[test]
fn two_students_at_once_get_courses_byte_for_byte_and_only_what_is_in_them() {
    let relay = relay();
    let [server, bob, carol] =
        ["courses", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    acquaint(&server, &[&bob, &carol]);
    let config = set_up(&server, "\"contacts\"");
    let _running = start(&server, &config);
    thread::scope(|scope| {
        let both = [&bob, &carol].map(|student| scope.spawn(|| fetched(student)));
        for got in both {
            assert!(got.join().unwrap() == lessons(), "not byte for byte");
        }
    });
    let list = told(&bob, "list");
    assert!(list.contains("rust  Rust in ten evenings") && list.contains("skills"), "{list}");
    let one = ask(&bob, "get rust 01 begin.md");
    let begin = bob.run(&["get", field(&one, "id"), "-o", "-"]);
    assert_eq!(begin.stdout, lessons()[0].1);
    for order in [
        "get ../secret",
        "get rust ../secret",
        "get rust /etc/passwd",
        "get rust a/../../secret",
        "get rust link",
        "get state",
        "get .",
        "progress ../../x ../../y",
        "progress rust/../../x y",
    ] {
        let answer = ask(&bob, order);
        assert_eq!(field(&answer, "kind"), "text", "{order}: {answer}");
        let said = field(&answer, "body");
        assert!(said.contains("no such file") || said.contains("No course"), "{order}: {said}");
    }
    assert!(told(&bob, "dance").contains("get COURSE"), "unknown words are explained");
}

#[test]
fn progress_is_kept_apart_through_a_restart_and_a_change_of_names() {
    let relay = relay();
    let [server, bob, carol] =
        ["courses", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    acquaint(&server, &[&bob, &carol]);
    let config = set_up(&server, "\"contacts\"");
    let mut running = start(&server, &config);
    // Many at once, from both: the last of each counts, for each and in each course.
    thread::scope(|scope| {
        for student in [&bob, &carol] {
            scope.spawn(|| {
                let orders = (0..10).flat_map(|step| {
                    ["rust", "skills"]
                        .map(|course| format!("progress {course} {}: step {step}", student.name))
                });
                for order in orders {
                    student.done(&["send", "courses", &order]);
                }
                assert_eq!(told(student, "progress rust"), format!("{}: step 9", student.name));
            });
        }
    });
    running.end();
    // What comes meanwhile is served later, and who is called bob now is not bob.
    carol.done(&["send", "courses", "progress skills carol: at night"]);
    server.done(&["rename", "bob", "robert"]);
    server.done(&["rename", "carol", "bob"]);
    let _running = start(&server, &config);
    assert_eq!(told(&carol, "progress"), "rust  carol: step 9\nskills  carol: at night");
    assert_eq!(told(&bob, "progress"), "rust  bob: step 9\nskills  bob: step 9");
    let kept = server.home().join("school/state/progress");
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 2);
    assert!(kept.join(fingerprint(&bob)).join("rust.json").is_file());
}

/// A server that is killed, with orders taken and not served.
#[test]
fn a_server_that_is_killed_forgets_no_order_and_answers_none_twice() {
    let relay = relay();
    let [server, bob] = ["courses", "bob"].map(|name| Person::registered(MSG, name, &relay));
    acquaint(&server, &[&bob]);
    let config = set_up(&server, "\"contacts\"");
    let orders = 12;
    for number in 0..orders {
        bob.done(&["send", "courses", &format!("progress rust step {number}")]);
    }
    let mut answers = Vec::new();
    for _ in 0..3 {
        let mut running = start(&server, &config);
        thread::sleep(Duration::from_millis(700));
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        answers.extend(bob.read());
    }
    let _running = start(&server, &config);
    while answers.len() < orders {
        answers.extend(bob.json(&["recv", "--timeout", "2m"]).iter().map(|_| "kept".to_owned()));
    }
    assert_eq!(told(&bob, "progress rust"), format!("step {}", orders - 1));
    assert_eq!((answers.len(), bob.read().len()), (orders, 0));
    let waiting = server.home().join("school/state/orders");
    assert_eq!(fs::read_dir(waiting).unwrap().count(), 0);
}

#[test]
fn who_is_unknown_or_not_on_the_list_gets_and_changes_nothing() {
    let relay = relay();
    let [server, bob, carol, eve] =
        ["courses", "bob", "carol", "eve"].map(|name| Person::registered(MSG, name, &relay));
    acquaint(&server, &[&bob, &carol]);
    let config = set_up(&server, &format!("[\"{}\"]", fingerprint(&bob)));
    let _running = start(&server, &config);
    eve.done(&["add-contact", "courses"]);
    eve.run(&["send", "courses", "get rust"]);
    assert!(told(&carol, "get rust").contains("not on the list"));
    assert!(told(&carol, "progress rust mine").contains("not on the list"));
    assert_eq!(told(&bob, "progress rust mine"), "kept");
    assert_eq!(eve.json(&["recv"]), [Value::Null; 0]);
    assert_eq!(server.json(&["requests"]).len(), 1, "a stranger waits for a word");
    let kept = server.home().join("school/state/progress");
    assert_eq!(fs::read_dir(kept).unwrap().count(), 1);
}

#[test]
fn what_is_wrong_with_its_file_is_said_in_a_line() {
    let server = Person::new(MSG, "courses");
    let config = set_up(&server, "\"contacts\"");
    let check = |text: &str| {
        fs::write(&config, text).unwrap();
        run(&server, "course-server/course_server.py", &["--check", config.to_str().unwrap()])
    };
    let good = check("state = \"s\"\n[courses.rust]\nfolder = \"rust\"\n");
    assert_eq!((good.code, good.text().as_str()), (Some(0), "rust  rust  5 files\n"));
    for (text, said) in [
        ("state = ", "is no TOML"),
        ("[courses.rust]\nfolder = \"rust\"\n", "state = \"FOLDER\" is missing"),
        ("state = \"s\"\n", "there is no [courses.NAME]"),
        ("state = \"s\"\n[courses.\"../x\"]\nfolder = \"rust\"\n", "a course is called"),
        ("state = \"s\"\n[courses.x]\nfolder = \"nowhere\"\n", "the folder of x is not there"),
        ("state = \"s\"\nstudent = []\n", "nothing is called student"),
        ("state = \"s\"\nstudents = [\"bob\"]\n", "a list of fingerprints"),
    ] {
        let wrong = check(text);
        assert_eq!(wrong.code, Some(1), "{text}: {}", wrong.stderr);
        assert!(wrong.stderr.contains(said), "{text}: {}", wrong.stderr);
        assert_eq!(wrong.stderr.lines().count(), 1, "{}", wrong.stderr);
    }
    let shown = example("course-server/courses.toml");
    let shown =
        run(&server, "course-server/course_server.py", &["--check", shown.to_str().unwrap()]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
}
