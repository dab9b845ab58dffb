//! The filter's rules and its explanations, told as stories.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_filter::FilterSettings;
use belisha_records::Actor;
use belisha_store::activity::Visit;
use belisha_store::school_rules::{HostAction, HostRule};
use belisha_store::testing::TestDatabase;
use belisha_store::{
    access_requests, activity, both_databases, classes, ledger, lesson_lists, register_entries, school_rules, schools,
};
use belisha_web::testing::TestSchool;
use jiff::SignedDuration;

async fn rules(school: &TestSchool) -> Vec<HostRule> {
    school_rules::list(&mut school.app.store.read(school.id).await.unwrap()).await.unwrap()
}

both_databases! {
    async fn the_rules_are_shown_as_they_run(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let page = school.signed_in("technician").await.get("/filter").await;
        for words in ["At any time", "In lesson time", "Clause 8.1.1", "Gambling", "Nobody at the school can switch it off", "Samaritans"] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        for who in ["pupil", "teacher", "governor", "parent"] {
            assert_eq!(school.signed_in(who).await.get("/filter").await.status, 403, "{who}");
        }
        let officer = school.signed_in("officer").await.get("/filter").await;
        assert!(officer.status == 200 && !officer.says("Add a site"), "the authority reads and changes nothing");
    }

    async fn a_site_is_closed_with_a_reason_and_opened_again(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        school.network_heard();
        let seen = technician.post("/filter/rules", &[("host", "Noise.example"), ("action", "deny"), ("whom", "everybody"), ("reason", "Plays sound in lessons")]).await;
        assert_eq!(seen.location(), "/filter?done=added", "{}", seen.words());
        assert_eq!(school.network_heard(), ["rules changed"]);
        let made = rules(&school).await;
        assert_eq!((made.len(), made[0].host.as_str(), made[0].action, made[0].owner), (1, "noise.example", HostAction::Deny, Some(school.person("technician"))));
        let page = technician.get("/filter").await;
        assert!(page.says("Plays sound in lessons") && page.says("you, 3 November 2026"), "{}", page.words());
        assert_eq!(school.signed_in("officer").await.post(&format!("/filter/rules/{}/remove", made[0].id), &[]).await.status, 403);
        assert_eq!(technician.post(&format!("/filter/rules/{}/remove", made[0].id), &[]).await.location(), "/filter?done=removed");
        assert!(rules(&school).await.is_empty());
        assert_eq!(school.network_heard().last().map(String::as_str), Some("rules changed"));
    }

    async fn helplines_stay_open_and_what_is_illegal_stays_closed(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        for (host, action, message) in [
            ("www.childline.org.uk", "deny", "This is a helpline; it stays open, whatever anybody decides"),
            ("COM", "deny", "This is not the whole name of a site; type all of it, such as maths.example"),
            ("illegal.example", "allow", "This one is on a list that nobody at the school can change"),
            ("illegal.example", "deny", "This one is on a list that nobody at the school can change"),
        ] {
            let seen = head.post("/filter/rules", &[("host", host), ("action", action), ("whom", "everybody"), ("reason", "Because we say so")]).await;
            assert_eq!((seen.status.as_u16(), seen.errors()), (422, vec![message.to_owned()]), "{host}");
            assert!(seen.body.contains(&format!("value=\"{host}\"")) && seen.body.contains("Because we say so"), "what was typed is kept");
        }
        assert!(rules(&school).await.is_empty());
        assert_eq!(head.post("/filter/rules", &[]).await.errors().len(), 4);
    }

    async fn an_update_that_waits_is_decided_about_with_a_reason(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        assert!(technician.get("/").await.says("An update of the list ‘waits’ waits for somebody"));
        assert!(technician.get("/filter").await.links().contains(&"/filter/lists/waits".to_owned()));
        let page = technician.get("/filter/lists/waits").await;
        for words in ["250 of the 300 names", "Generation 4, fetched on", "Every night", "Its signature", "Take the update", "Go back to generation 3"] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        let decide = async |list: &str, decision: &str, reason: &str| {
            technician.post(&format!("/filter/lists/{list}"), &[("decision", decision), ("reason", reason)]).await
        };
        school.network_heard();
        for (reason, message) in [("", "Say why"), ("no", "The reason is too short: say in a few words why")] {
            let seen = decide("waits", "take", reason).await;
            assert_eq!((seen.status.as_u16(), seen.errors()), (422, vec![message.to_owned()]));
        }
        assert_eq!(decide("well", "keep", "It should not wait").await.errors(), ["No update waits; nothing was changed"]);
        assert_eq!(decide("waits", "burn", "It should not wait").await.status, 404);
        assert_eq!(decide("none", "take", "It should not wait").await.status, 404);
        school.network_heard();
        let seen = decide("waits", "take", "The maker says so on its page").await;
        assert_eq!(seen.location(), "/filter/lists/waits?done=decided");
        let heard = school.network_heard();
        assert!(heard.len() == 1 && heard[0].starts_with("list waits: Take by Person(") && heard[0].ends_with("The maker says so on its page"), "{heard:?}");
        let officer = school.signed_in("officer").await;
        assert!(!officer.get("/filter/lists/waits").await.says("Take the update") && !officer.get("/").await.says("waits for somebody"));
        assert_eq!(officer.post("/filter/lists/waits", &[("decision", "take"), ("reason", "The maker says so")]).await.status, 403);
    }

    async fn a_decision_is_explained_and_the_address_is_never_in_a_link(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        assert!(!teacher.get("/filter/explain").await.says("Or for one person"), "a teacher asks about groups");
        let seen = teacher.post("/filter/explain", &[("page", "secret.example/a?b=c"), ("group", "younger-pupil")]).await;
        assert!(seen.says("Closed: ‘secret.example/a?b=c’") && seen.says("for Younger pupils"), "{}", seen.words());
        assert!(seen.says("What the filter looks at, in this order"));
        assert!(!seen.links().iter().any(|link| link.contains("secret")));
        assert_eq!(teacher.post("/filter/explain", &[("page", "x.example"), ("group", "pupil"), ("person", "Jory")]).await.status, 403);
        assert_eq!(school.signed_in("pupil").await.get("/filter/explain").await.status, 403);
        let empty = teacher.post("/filter/explain", &[("group", "pupil"), ("time", "25 o’clock")]).await;
        assert_eq!(empty.errors(), ["Type the address of the page, such as maths.example", "Write the time as 10:45"]);
    }

    async fn a_decision_about_one_person_asks_which_of_several(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        let several = head.post("/filter/explain", &[("page", "x.example"), ("group", "pupil"), ("person", "penhale")]).await;
        assert_eq!(several.errors(), ["Several people have these letters in their name; choose one"]);
        let which = school.person("pupil").to_string();
        let one = head.post("/filter/explain", &[("page", "x.example"), ("group", "pupil"), ("person", "penhale"), ("which", &which)]).await;
        assert!(one.says("for Jory Penhale"), "{}", one.words());
        let nobody = head.post("/filter/explain", &[("page", "x.example"), ("group", "pupil"), ("person", "zzz")]).await;
        assert_eq!(nobody.status, 422);
    }

    async fn a_change_of_settings_has_a_reason_and_names_who_made_it(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let lead = school.signed_in("technician").await;
        let first = lead.get("/filter/settings").await;
        assert!(first.says("Nobody has changed these settings"));
        for private in ["health", "banking"] {
            assert!(first.body.contains(&format!("value=\"{private}\" checked")), "{private} is left alone unless the school says otherwise");
        }
        let mut fields = vec![
            ("safe-search", "on"), ("inspection", "on"), ("inspected", "pupil"), ("inspected", "younger-pupil"), ("never-hosts", "https://Bank.example/login\nhealth.example"),
            ("limit-pupil", "160"), ("files-pupil", "programs"), ("files-pupil", "office-macros"), ("scanning", "refuse"), ("allow-list-only", "younger-pupil"),
            ("list-Belisha-built-in-list", ""), ("school-hosts", "files.school.example"), ("owners-are-named", "on"), ("never-categories", "health"), ("never-categories", "banking"), ("never-categories", "dating"),
        ];
        assert_eq!(lead.post("/filter/settings", &fields).await.errors(), ["Say why you change this"]);
        school.network_heard();
        fields.push(("reason", "Agreed by the online safety group in October"));
        let seen = lead.post("/filter/settings", &fields).await;
        assert_eq!(seen.location(), "/filter/settings?done=saved", "{}", seen.words());
        assert_eq!(school.network_heard(), ["rules changed"]);
        let mut tx = school.app.store.read(school.id).await.unwrap();
        let stored = schools::find(&mut tx, school.id).await.unwrap().unwrap().settings;
        let settings: FilterSettings = serde_json::from_value(stored["filter"].clone()).unwrap();
        assert_eq!(settings.inspection.never_hosts, ["bank.example", "health.example"]);
        assert_eq!(settings.inspection.groups, ["younger-pupil", "pupil"]);
        assert_eq!(settings.inspection.never_categories, ["health", "banking", "dating"], "no list need fill them");
        let pupils = &settings.content.groups["pupil"];
        assert_eq!((pupils.phrase_limit, pupils.blocked_file_kinds.len(), pupils.scan_downloads), (Some(160), 2, true));
        assert!(settings.content.groups["staff"].scan_downloads && settings.content.groups["staff"].phrase_limit.is_none());
        assert_eq!(settings.allow_list_only, ["younger-pupil"]);
        assert_eq!((&stored["owners_are_named"], &stored["safe_search"]), (&true.into(), &true.into()));
        let newest = ledger::entries(&mut tx, None, 2).await.unwrap();
        let actor = format!("person:{}", school.person("technician"));
        assert!(newest.iter().all(|entry| entry.actor == actor), "{newest:?}");
        assert!(newest.iter().any(|entry| entry.area == "schools") && newest.iter().any(|entry| entry.area == "register_entries"));
        drop(tx);
        let page = school.signed_in("head").await.get("/filter/settings").await;
        for words in ["Agreed by the online safety group", "Inspection: on (was: off)", "Phrase limit for pupil: 160", "Owners named by their device alone: on (was: off)", "3 November 2026"] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        // The same form again changes nothing, and so leaves nothing.
        assert_eq!(lead.post("/filter/settings", &fields).await.location(), "/filter/settings");
        let mut tx = school.app.store.read(school.id).await.unwrap();
        assert_eq!(register_entries::list(&mut tx, "filter:settings").await.unwrap().len(), 1);
    }

    async fn settings_are_refused_in_words_and_changed_by_nobody_else(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        let wrong = [("inspection", "on"), ("limit-pupil", "many"), ("never-hosts", "two words"), ("reason", "x")];
        let seen = head.post("/filter/settings", &wrong).await;
        assert_eq!(seen.status, 422);
        assert_eq!(seen.errors().len(), 4, "{:?}", seen.errors());
        assert!(seen.body.contains("two words"), "what was typed is kept");
        for field in ["inspected", "limit-pupil", "never-hosts", "reason"] {
            assert!(seen.body.contains(&format!("id=\"{field}-error\"")) && seen.body.contains(&format!("href=\"#{field}\"")), "{field}: said beside the field");
        }
        let officer = school.signed_in("officer").await;
        let page = officer.get("/filter/settings").await;
        assert!(page.status == 200 && !page.says("Why do you change this?") && page.body.contains("disabled"));
        assert_eq!(officer.post("/filter/settings", &[("inspection", "off"), ("reason", "Because I can")]).await.status, 403);
        assert!(page.says("illegal content and the helplines have no switch"));
    }

    async fn a_rule_is_tried_on_last_week_before_it_is_saved_and_names_nobody(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let now = school.app.now();
        let visit = |who: &str, host: &str, hours: i64| Visit {
            at: now - SignedDuration::from_hours(hours), person: Some(school.person(who)), device: "10.0.0.7".into(), confidence: None, device_kind: None, group: "staff".into(),
            host: host.into(), path: None, search_term: None, action: "allowed".into(), category: None, reason: "default".into(),
        };
        let visits = [visit("teacher", "atlas.example", 30), visit("head", "atlas.example", 29), visit("teacher", "maps.atlas.example", 28), visit("teacher", "atlas.example", 24 * 8)];
        let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, now).await.unwrap();
        activity::insert_batch(&mut tx, "batch", &visits).await.unwrap();
        tx.commit().await.unwrap();
        let technician = school.signed_in("technician").await;
        // From the form of the filter's page, as it is typed there.
        let page = technician.post("/filter/what-if", &[("host", "Atlas.example"), ("action", "deny"), ("whom", "everybody"), ("reason", "Old borders")]).await;
        assert!(page.says("3 requests would have been answered otherwise"), "{}", page.words());
        for words in ["2, as far as it was known who asked", "maps.atlas.example", "Save this rule", "Nothing has been saved"] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        assert!(page.body.contains("value=\"Old borders\""));
        assert!(!page.says("Penhale") && !page.body.contains(&school.person("teacher").to_string()), "nobody is named");
        assert!(rules(&school).await.is_empty(), "nothing is saved by trying");
        let pupils = technician.post("/filter/what-if", &[("what", "host"), ("host", "atlas.example"), ("action", "block"), ("groups", "pupil")]).await;
        assert!(pupils.says("Nothing would have changed last week") && pupils.says("Save this rule"), "{}", pupils.words());
        let wrong = technician.post("/filter/what-if", &[("what", "host"), ("host", "atlas.example"), ("action", "warn"), ("whom", "everybody")]).await;
        assert_eq!(wrong.errors(), ["A single site is opened or closed; only a category can warn or ask"]);
        let officer = school.signed_in("officer").await.post("/filter/what-if", &[("what", "host"), ("host", "atlas.example"), ("action", "block"), ("whom", "everybody")]).await;
        assert!(officer.says("3 requests") && !officer.says("Save this rule"), "the authority tries and saves nothing");
        for who in ["pupil", "teacher", "governor", "parent"] {
            assert_eq!(school.signed_in(who).await.post("/filter/what-if", &[]).await.status, 403, "{who}");
        }
    }

    async fn a_site_is_closed_for_a_year_group_or_opened_for_some(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        let form = technician.get("/filter").await;
        assert!(form.body.contains("value=\"year:7\"") && form.says("Year group 7") && form.says("Unknown people and devices"), "{}", form.words());
        let closed = [("host", "noise.example"), ("action", "deny"), ("reason", "Plays sound in lessons")];
        let with = |more: &[(&'static str, &'static str)]| [closed.as_slice(), more].concat();
        assert_eq!(technician.post("/filter/rules", &with(&[])).await.errors(), ["Choose for whom: everybody, or only those you tick"]);
        let nobody = technician.post("/filter/rules", &with(&[("whom", "some")])).await;
        assert_eq!((nobody.status.as_u16(), nobody.errors()), (422, vec!["Tick who is meant".to_owned()]));
        assert_eq!(technician.post("/filter/rules", &with(&[("whom", "some"), ("groups", "year:99")])).await.status, 422, "no such year group here");
        let both = technician.post("/filter/rules", &with(&[("whom", "everybody"), ("groups", "pupil")])).await;
        assert_eq!(both.errors(), ["You chose everybody and ticked some as well; choose which you mean"]);
        for (whom, groups) in [("everybody", ""), ("some", "pupil"), ("some", "year:7")] {
            let seen = technician.post("/filter/rules", &with(&[("whom", whom), ("groups", groups)])).await;
            assert_eq!(seen.location(), "/filter?done=added", "{}", seen.words());
        }
        let opened = [("host", "noise.example"), ("action", "allow"), ("reason", "The band needs it"), ("whom", "some"), ("groups", "staff"), ("groups", "pupil")];
        assert_eq!(technician.post("/filter/rules", &opened).await.location(), "/filter?done=added");
        let mut kept: Vec<_> = rules(&school).await.into_iter().map(|rule| (rule.action == HostAction::Allow, rule.groups.join(","))).collect();
        kept.sort();
        assert_eq!(kept, [(false, String::new()), (false, "year:7".to_owned()), (true, "pupil,staff".to_owned())]);
        let made = ledger::entries(&mut school.app.store.read(school.id).await.unwrap(), None, 1).await.unwrap().remove(0);
        assert_eq!((made.area.as_str(), made.actor), ("school_rules", format!("person:{}", school.person("technician"))));
        let page = school.signed_in("officer").await.get("/filter").await;
        for words in ["For everybody", "For Year group 7", "For Pupils, Staff"] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        // A request for the site says for whom the school closed it.
        school.signed_in("pupil").await.post("/requests/ask", &[("host", "noise.example"), ("reason", "For the band on Friday")]).await;
        let mut tx = school.app.store.read(school.id).await.unwrap();
        let at = access_requests::list_open(&mut tx).await.unwrap().remove(0).id;
        drop(tx);
        let asked = technician.get(&format!("/requests/{at}")).await;
        assert!(asked.says("for everybody; Year group 7, and that comes first"), "{at}: {}", asked.words());
    }

    async fn a_rule_for_some_is_tried_and_saved_from_the_trial(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        let tried = [("host", "atlas.example"), ("action", "deny"), ("whom", "some"), ("groups", "year:7"), ("groups", "guest"), ("reason", "Old borders")];
        let page = technician.post("/filter/what-if", &tried).await;
        assert!(page.says("atlas.example: closed, for Guests, Year group 7, at every time"), "{}", page.words());
        for kept in ["name=\"whom\" value=\"some\"", "name=\"groups\" value=\"year:7\"", "name=\"groups\" value=\"guest\""] {
            assert!(page.body.contains(&format!("<input type=\"hidden\" {kept}>")), "{kept}");
        }
        let category = [("what", "category"), ("category", "games"), ("action", "block"), ("whom", "some"), ("groups", "year:7")];
        let refused = technician.post("/filter/what-if", &category).await;
        assert_eq!(refused.errors(), ["A category is decided by group, not by year group; try a single site, or the group"]);
    }

    async fn the_authoritys_sites_stand_beside_the_schools(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        for action in ["authority-deny", "allow"] {
            head.post("/filter/rules", &[("host", "shared.example"), ("action", action), ("whom", "everybody"), ("reason", "As the council wrote in May")]).await;
        }
        assert_eq!(rules(&school).await.len(), 2);
        assert!(head.get("/filter").await.says("Closed, by the authority"));
        let helpline = head.post("/filter/rules", &[("host", "childline.org.uk"), ("action", "authority-deny"), ("whom", "everybody"), ("reason", "No reason is good enough")]).await;
        assert_eq!(helpline.status, 422);
    }

    async fn a_teacher_keeps_a_class_to_the_sites_of_a_lesson_until_it_ends(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        assert!(teacher.get("/filter/lesson").await.says("You teach no class here"));
        let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, school.app.now()).await.unwrap();
        let class = classes::list(&mut tx).await.unwrap()[0].id;
        classes::add_teacher(&mut tx, class, school.person("teacher")).await.unwrap();
        tx.commit().await.unwrap();
        let class = class.to_string();
        let page = teacher.get("/filter/lesson").await;
        assert!(page.says("A new list") && page.says("Empty: until this lesson time ends"), "{}", page.words());
        assert_eq!(teacher.post("/filter/lesson", &[]).await.errors().len(), 4);
        let wrong = [("class", class.as_str()), ("name", "Rivers"), ("hosts", "atlas.example\ntwo words"), ("reason", "Rivers of Europe"), ("until", "09:00")];
        assert_eq!(teacher.post("/filter/lesson", &wrong).await.errors().len(), 2, "a bad site, and an end that has passed");
        school.network_heard();
        let right = [("class", class.as_str()), ("name", "7B, geography"), ("hosts", "https://Atlas.example/rivers\nmaps.example"), ("reason", "Rivers of Europe")];
        let seen = teacher.post("/filter/lesson", &right).await;
        assert_eq!(seen.location(), "/filter/lesson?done=made", "{}", seen.words());
        assert_eq!(school.network_heard(), ["rules changed"]);
        let open = || async { lesson_lists::list_open(&mut school.app.store.read(school.id).await.unwrap(), school.app.now()).await.unwrap() };
        let made = open().await;
        assert_eq!((made[0].hosts.as_slice(), made[0].made_by), (["atlas.example".to_owned(), "maps.example".to_owned()].as_slice(), Some(school.person("teacher"))));
        assert!(made[0].until > school.app.now() && made[0].groups.is_empty());
        assert!(teacher.get("/filter/lesson").await.says("7B, geography"));
        for who in ["pupil", "parent", "governor", "technician"] {
            assert_eq!(school.signed_in(who).await.post("/filter/lesson", &right).await.status, 403, "{who}");
        }
        assert_eq!(teacher.post(&format!("/filter/lesson/{}/end", "0190a000-0000-7000-8000-00000000ffff"), &[]).await.status, 404);
        assert_eq!(teacher.post(&format!("/filter/lesson/{}/end", made[0].id), &[]).await.location(), "/filter/lesson?done=ended");
        assert!(open().await.is_empty());
    }
}
