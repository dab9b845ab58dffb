//! People, offices, classes, parents, and how they sign in.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod school;

use belisha_policy::{Audience, Role};
use belisha_records::*;
use belisha_store::testing::TestDatabase;
use belisha_store::{StoreError, both_databases, classes, credentials, offices, parents_of, people, schools, sessions};
use jiff::SignedDuration;
use school::*;

both_databases! {
    async fn a_person_is_kept_as_entered_and_as_changed(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let class = Class { id: nth(60), name: "9B".into(), year_group: "9".into() };
        classes::insert(&mut tx, &class).await.unwrap();
        let mut pupil = person(school(), 70, "Eßkyn \u{1F600} O'Neil \"x\"; --", Audience::YoungerPupil);
        pupil.class = Some(class.id);
        pupil.username = Some("Mixed.Case".into());
        pupil.email = Some("a@school.example".into());
        people::insert(&mut tx, &pupil).await.unwrap();
        tx.commit().await.unwrap();
        pupil.username = Some("mixed.case".into());
        let mut tx = read(&database).await;
        assert_eq!(people::find(&mut tx, pupil.id).await.unwrap().as_ref(), Some(&pupil));
        assert_eq!(people::find_by_username(&mut tx, "MIXED.CASE").await.unwrap().as_ref(), Some(&pupil));
        drop(tx);
        pupil.left = Some("2027-07-20".parse().unwrap());
        pupil.username = None;
        let mut tx = begin(&database).await;
        people::update(&mut tx, &pupil).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = read(&database).await;
        assert_eq!(people::find(&mut tx, pupil.id).await.unwrap(), Some(pupil));
        assert_eq!(people::locate_username(&mut tx, "mixed.case").await.unwrap(), None);
    }

    async fn a_sign_in_name_is_taken_once_in_the_whole_installation(database: TestDatabase) {
        settle(&database).await;
        settle_as(&database, id(OTHER), "Inverbrae Primary School", 10).await;
        let mut tx = begin(&database).await;
        let mut twin = person(school(), 70, "Somebody", Audience::Staff);
        twin.username = Some("PERSON11".into());
        let refused = people::insert(&mut tx, &twin).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Conflict(_)), "{refused:?}");
        assert!(!refused.to_string().to_lowercase().contains("person11"), "an error names somebody");
    }

    async fn searching_takes_no_letter_for_a_wildcard(database: TestDatabase) {
        settle(&database).await;
        let mut tx = read(&database).await;
        let names = |found: Vec<Person>| found.iter().map(|person| person.name.reveal().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(people::search(&mut tx, "REED", 10).await.unwrap()), ["Caro Reed", "Dana Reed"]);
        assert!(people::search(&mut tx, "%", 10).await.unwrap().is_empty());
        assert!(people::search(&mut tx, "_", 10).await.unwrap().is_empty());
        assert_eq!(people::search(&mut tx, "a", 1).await.unwrap().len(), 1);
        let count = people::count_by_audience(&mut tx, "2026-11-21".parse().unwrap()).await.unwrap();
        assert!(count.contains(&(Audience::Staff, 2)) && count.contains(&(Audience::Pupil, 1)));
    }

    async fn offices_are_held_between_days(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let holding = OfficeHolding { person: nth(HEAD), role: Role::Headteacher, from: "2026-01-01".parse().unwrap(), until: None };
        offices::insert(&mut tx, &holding).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = begin(&database).await;
        assert_eq!(offices::holders(&mut tx, Role::Headteacher, "2026-06-01".parse().unwrap()).await.unwrap(), [nth(HEAD)]);
        assert!(offices::holders(&mut tx, Role::Headteacher, "2025-12-31".parse().unwrap()).await.unwrap().is_empty());
        offices::end(&mut tx, nth(HEAD), Role::Headteacher, "2026-06-30".parse().unwrap()).await.unwrap();
        assert!(offices::holders(&mut tx, Role::Headteacher, "2026-07-01".parse().unwrap()).await.unwrap().is_empty());
        assert!(matches!(offices::end(&mut tx, nth(PUPIL), Role::Teacher, "2026-06-30".parse().unwrap()).await, Err(StoreError::Missing(_))));
        assert_eq!(offices::list_of(&mut tx, nth(HEAD)).await.unwrap()[0].until, Some("2026-06-30".parse().unwrap()));
        assert_eq!(offices::list(&mut tx).await.unwrap().len(), 1);
    }

    async fn classes_have_teachers_and_pupils_have_parents(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let class = Class { id: nth(60), name: "9B".into(), year_group: "9".into() };
        classes::insert(&mut tx, &class).await.unwrap();
        for _ in 0..2 {
            classes::add_teacher(&mut tx, class.id, nth(TEACHER)).await.unwrap();
            parents_of::insert(&mut tx, nth(PARENT), nth(PUPIL)).await.unwrap();
        }
        assert_eq!(classes::teachers(&mut tx, class.id).await.unwrap(), [nth(TEACHER)]);
        assert_eq!(classes::list_taught_by(&mut tx, nth(TEACHER)).await.unwrap(), std::slice::from_ref(&class));
        assert_eq!(parents_of::parents(&mut tx, nth(PUPIL)).await.unwrap(), [nth(PARENT)]);
        assert_eq!(parents_of::children(&mut tx, nth(PARENT)).await.unwrap(), [nth(PUPIL)]);
        parents_of::remove(&mut tx, nth(PARENT), nth(PUPIL)).await.unwrap();
        classes::remove_teacher(&mut tx, class.id, nth(TEACHER)).await.unwrap();
        assert!(parents_of::list(&mut tx).await.unwrap().is_empty());
        assert!(classes::teachers(&mut tx, class.id).await.unwrap().is_empty());
        tx.commit().await.unwrap();
    }

    async fn naming_somebody_who_is_not_there_is_refused(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        assert!(matches!(parents_of::insert(&mut tx, nth(99), nth(PUPIL)).await, Err(StoreError::Conflict(_))));
    }

    async fn a_zero_byte_is_refused_by_both(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let strange = person(school(), 70, "Some\0body", Audience::Staff);
        assert!(matches!(people::insert(&mut tx, &strange).await, Err(StoreError::ZeroByte)));
    }

    async fn a_session_opens_until_it_ends_or_runs_out(database: TestDatabase) {
        settle(&database).await;
        let later = NOW + SignedDuration::from_hours(1);
        let mut tx = begin(&database).await;
        let session = sessions::insert(&mut tx, nth(PUPIL), "hash-one", later).await.unwrap();
        sessions::insert(&mut tx, nth(PUPIL), "hash-two", later).await.unwrap();
        tx.commit().await.unwrap();
        let found = sessions::find(&database.store, "hash-one", NOW).await.unwrap();
        assert_eq!(found, Some(session.clone()));
        assert_eq!(sessions::find(&database.store, "hash-one", later).await.unwrap(), None);
        assert_eq!(sessions::find(&database.store, "hash-none", NOW).await.unwrap(), None);
        let mut tx = begin(&database).await;
        sessions::touch(&mut tx, session.id).await.unwrap();
        sessions::revoke(&mut tx, session.id).await.unwrap();
        assert!(matches!(sessions::revoke(&mut tx, session.id).await, Err(StoreError::Missing(_))));
        tx.commit().await.unwrap();
        assert_eq!(sessions::find(&database.store, "hash-one", NOW).await.unwrap(), None);
        let mut tx = begin(&database).await;
        assert_eq!(sessions::revoke_all(&mut tx, nth(PUPIL)).await.unwrap(), 1);
        assert_eq!(sessions::purge(&mut tx, later + SignedDuration::from_hours(1)).await.unwrap(), 2);
        tx.commit().await.unwrap();
        assert_eq!(sessions::school_of_token(&database.store, "hash-one").await.unwrap(), None);
    }

    async fn a_one_time_link_lets_one_in_once(database: TestDatabase) {
        settle(&database).await;
        let later = NOW + SignedDuration::from_hours(1);
        let mut tx = begin(&database).await;
        credentials::insert_link(&mut tx, "link-hash", nth(HEAD), "first-start", later).await.unwrap();
        tx.commit().await.unwrap();
        let link = credentials::find_link(&database.store, "link-hash", NOW).await.unwrap().unwrap();
        assert_eq!((link.school, link.person, link.purpose.as_str()), (school(), nth(HEAD), "first-start"));
        assert_eq!(credentials::find_link(&database.store, "link-hash", later).await.unwrap(), None);
        let mut tx = begin(&database).await;
        assert_eq!(credentials::use_link(&mut tx, "link-hash").await.unwrap(), nth(HEAD));
        assert!(matches!(credentials::use_link(&mut tx, "link-hash").await, Err(StoreError::Missing(_))));
        tx.commit().await.unwrap();
        assert_eq!(credentials::find_link(&database.store, "link-hash", NOW).await.unwrap(), None);
    }

    async fn failed_attempts_count_until_one_succeeds(database: TestDatabase) {
        let job = Actor::Job("sign-in");
        for (seconds, succeeded) in [(0, false), (1, false), (2, true), (3, false)] {
            let mut tx = database.store.begin_installation(&job, NOW + SignedDuration::from_secs(seconds)).await.unwrap();
            credentials::note_attempt(&mut tx, "name-hash", succeeded).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = database.store.begin_installation(&job, NOW).await.unwrap();
        assert_eq!(credentials::failures(&mut tx, "name-hash", NOW).await.unwrap(), [NOW + SignedDuration::from_secs(3)]);
        assert!(credentials::failures(&mut tx, "other-hash", NOW).await.unwrap().is_empty());
        assert_eq!(credentials::purge_attempts(&mut tx, NOW + SignedDuration::from_secs(2)).await.unwrap(), 2);
    }

    async fn a_password_is_set_and_set_again(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        assert_eq!(credentials::password_hash(&mut tx, nth(HEAD)).await.unwrap(), None);
        credentials::set_password_hash(&mut tx, nth(HEAD), "one").await.unwrap();
        credentials::set_password_hash(&mut tx, nth(HEAD), "two").await.unwrap();
        assert_eq!(credentials::password_hash(&mut tx, nth(HEAD)).await.unwrap().as_deref(), Some("two"));
        assert!(credentials::set_password_hash(&mut tx, nth(99), "three").await.is_err());
    }

    async fn a_school_is_changed_by_its_own_transaction_only(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let mut entered = schools::find(&mut tx, school()).await.unwrap().unwrap();
        entered.settings = serde_json::json!({"retention-days": 30});
        schools::update(&mut tx, &entered).await.unwrap();
        assert_eq!(schools::find(&mut tx, school()).await.unwrap().as_ref(), Some(&entered));
        entered.id = id(OTHER);
        assert!(matches!(schools::update(&mut tx, &entered).await, Err(StoreError::ReadOnly(_))));
    }
}
