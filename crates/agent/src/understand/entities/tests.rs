use super::*;

fn facts(said: &str) -> Vec<(String, String)> {
    from_words(said, None)
        .into_iter()
        .map(|f| (f.name, f.value))
        .collect()
}

fn one(said: &str) -> (String, String) {
    let mut all = facts(said);
    assert_eq!(all.len(), 1, "{said}: {all:?}");
    all.remove(0)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn numbers_are_named_by_their_company() {
    assert_eq!(
        one("my account number is four two seven one"),
        pair("account_number", "4271")
    );
    assert_eq!(one("invoice 20331"), pair("invoice_number", "20331"));
    assert_eq!(
        one("call me on 07700 900 123"),
        pair("phone_number", "07700900123")
    );
    assert_eq!(
        one("it is 4111 1111 1111 1111"),
        pair("card_number", "4111111111111111")
    );
    assert_eq!(one("quote AB12345 please"), pair("reference", "AB12345"));
    assert_eq!(one("it says 998877"), pair("number", "998877"));
    assert!(facts("the two bedroom flat").is_empty());
    assert!(facts("all of them").is_empty());
}

#[test]
fn a_bare_number_answers_the_question() {
    let asked = Some("What is your account number?");
    let found = from_words("one two three", asked);
    assert_eq!(
        (found[0].name.as_str(), found[0].value.as_str()),
        ("account_number", "123")
    );
    assert_eq!(
        from_keys("4271", asked).map(|f| f.name),
        Some("account_number".into())
    );
    assert_eq!(
        from_keys("4271", None).map(|f| f.name),
        Some("number".into())
    );
    assert!(from_keys("1", None).is_none(), "a choice, no fact");
    assert!(from_keys("4111111111111111", None).is_some_and(|f| f.sensitive));
}

#[test]
fn money_and_days() {
    assert_eq!(
        one("you took forty two pounds fifty from me"),
        pair("amount", "42.50 pounds")
    );
    assert_eq!(one("it is £1,200.99"), pair("amount", "1200.99 pounds"));
    assert_eq!(one("twenty euros"), pair("amount", "20 euros"));
    assert_eq!(
        one("can somebody come next tuesday"),
        pair("date", "next tuesday")
    );
    assert_eq!(
        one("on the twenty first of november"),
        pair("date", "21st of november")
    );
    assert_eq!(
        one("since the 3rd of march 2026"),
        pair("date", "3rd of march 2026")
    );
    assert_eq!(one("november 21"), pair("date", "november 21"));
    assert_eq!(one("at three pm"), pair("time", "3 pm"));
    assert!(facts("may I ask something").is_empty());
}

#[test]
fn postcodes_whole_split_and_spelt() {
    for said in ["SW1A 1AA", "sw1a1aa", "it's S W one A one A A thanks"] {
        assert_eq!(one(said), pair("postcode", "SW1A 1AA"), "{said}");
    }
    assert_eq!(one("M1 1AE"), pair("postcode", "M1 1AE"));
    assert!(facts("I am at home").is_empty());
}

#[test]
fn names_end_where_the_story_begins() {
    assert_eq!(
        one("my name is mary jones and I have a leak"),
        pair("name", "Mary Jones")
    );
    assert_eq!(one("this is Tom Smith speaking"), pair("name", "Tom Smith"));
    assert!(facts("this is about my boiler").is_empty());
    assert!(facts("this is urgent").is_empty());
    let bare = from_words("mary o'neill", Some("Can I have your name please?"));
    assert_eq!(bare[0].value, "Mary O'neill");
    assert!(from_words("no", Some("Can I have your name please?")).is_empty());
}
