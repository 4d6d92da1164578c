//! What a file of a model may say, and what an edit does to one.

use super::*;

const BASE: &str = "attacker[active]\nprincipal A[\n\tm = one\n\tk = two\n]\n\nqueries[\n\t\
                    confidentiality? m // holds\n\t// a remark\n\t\
                    freshness? k // falls: it is a constant\n]\n";

fn edit(text: &str) -> Result<Model, String> {
    Model::edited("x", &text.parse()?, BASE)
}

#[test]
fn each_query_says_what_is_expected_of_it() {
    let model = Model::whole("x", BASE.into()).unwrap();
    let told: Vec<_> = model.queries.iter().map(|q| (q.text.as_str(), q.expected)).collect();
    assert_eq!(told, [("confidentiality? m", Verdict::Holds), ("freshness? k", Verdict::Falls)]);
}

#[test]
fn a_query_that_says_nothing_is_refused() {
    for line in ["confidentiality? m", "confidentiality? m // maybe"] {
        let source = BASE.replace("confidentiality? m // holds", line);
        Model::whole("x", source).unwrap_err();
    }
}

#[test]
fn a_model_without_queries_is_refused() {
    Model::whole("x", "attacker[active]\n".into()).unwrap_err();
    Model::whole("x", "attacker[active]\nqueries[\n]\n".into()).unwrap_err();
}

#[test]
fn every_query_of_a_mutant_must_fall() {
    let error = Model::whole("mutant-x", BASE.into()).unwrap_err();
    assert!(error.contains("confidentiality? m"), "{error}");
}

#[test]
fn an_edit_replaces_lines_and_the_queries() {
    let model =
        edit("// why\nof base.vp\n- k = two\n+ k = one\n+ l = k\n\nqueries[\n\tfreshness? l // falls\n]\n")
            .unwrap();
    assert_eq!(
        model.source,
        "attacker[active]\nprincipal A[\n\tm = one\n\tk = one\n\tl = k\n]\n\n\
         queries[\n\tfreshness? l // falls\n]\n"
    );
}

#[test]
fn an_edit_without_a_new_line_deletes_the_old() {
    let model =
        edit("of base.vp\n- k = two\n\nqueries[\n\tconfidentiality? m // falls\n]\n").unwrap();
    assert!(!model.source.contains("two"));
}

#[test]
fn an_edit_that_does_not_fit_its_base_is_refused() {
    let queries = "\nqueries[\n\tconfidentiality? m // falls\n]\n";
    for head in
        ["of base.vp\n- k = three\n", "of base.vp\n", "- k = two\n", "of base.vp\n+ k = two\n"]
    {
        edit(&format!("{head}{queries}")).unwrap_err();
    }
    let twice = BASE.replace("m = one", "k = two");
    let edit: Edit = format!("of base.vp\n- k = two\n{queries}").parse().unwrap();
    Model::edited("x", &edit, &twice).unwrap_err();
}
