//! The register of devices, and rooms, told as stories.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_policy::DeviceKind;
use belisha_store::registered_devices::{self, RegisteredDevice};
use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, network_ranges};
use belisha_web::testing::TestSchool;

const TABLET: [(&str, &str); 4] =
    [("label", "Trolley 3, tablet 12"), ("mac", "00-1A-2B-3C-4D-5E"), ("kind", "school-shared"), ("use", "several")];

async fn register(school: &TestSchool) -> Vec<RegisteredDevice> {
    registered_devices::list(&mut school.app.store.read(school.id).await.unwrap()).await.unwrap()
}

both_databases! {
    async fn a_technician_enters_a_device_corrects_it_and_retires_it(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        school.network_heard();
        assert!(technician.get("/devices").await.says("No device is in the register yet"));
        let seen = technician.post("/devices", &TABLET).await;
        assert_eq!(seen.location(), "/devices?done=entered", "{}", seen.words());
        assert_eq!(school.network_heard(), ["rules changed"], "the filter knows it at once");
        let page = technician.get("/devices").await;
        assert!(page.says("Trolley 3, tablet 12") && page.says("00:1a:2b:3c:4d:5e") && page.says("used by several people"), "{}", page.words());
        let device = &register(&school).await[0];
        let (address, pupil) = (format!("/devices/{}", device.id), "pupil");
        assert!(technician.get(&address).await.body.contains("value=\"00:1a:2b:3c:4d:5e\""), "the form holds what is known");
        let own = [("label", "A phone"), ("mac", "02:1a:2b:3c:4d:5e"), ("kind", "pupil-owned"), ("use", "one"), ("username", pupil)];
        assert_eq!(technician.post(&address, &own).await.location(), "/devices?done=corrected");
        let device = &register(&school).await[0];
        assert_eq!((device.kind, device.person, device.shared), (DeviceKind::PupilOwned, Some(school.person(pupil)), false));
        assert!(technician.get("/devices").await.says("it may have another tomorrow"), "a made-up address is said to be one");
        assert_eq!(technician.post(&format!("{address}/retire"), &[]).await.location(), "/devices?done=retired");
        assert!(register(&school).await.is_empty());
        assert_eq!(technician.get(&address).await.status, 404);
    }

    async fn what_is_wrong_is_said_beside_the_field_and_nothing_is_kept(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        assert_eq!(technician.post("/devices", &[]).await.errors().len(), 4);
        let shared = [("label", "x"), ("mac", "001a2b3c4d5e"), ("kind", "school-shared"), ("use", "several"), ("username", "pupil")];
        let seen = technician.post("/devices", &shared).await;
        assert_eq!((seen.status.as_u16(), seen.errors().len()), (422, 1), "{:?}", seen.errors());
        let nobody = [("label", "x"), ("mac", "001a2b3c4d5e"), ("kind", "authorised"), ("use", "one"), ("username", "no-such-name")];
        assert_eq!(technician.post("/devices", &nobody).await.errors().len(), 1);
        assert!(register(&school).await.is_empty());
        technician.post("/devices", &TABLET).await;
        let seen = technician.post("/devices", &TABLET).await;
        assert_eq!(seen.errors(), ["Another device in the register has this network card; retire that one first"]);
    }

    async fn a_room_makes_the_unknown_guests_and_never_more(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        let room = |group| [("room-label", "The pavilion"), ("network", "10.20.30.40/16"), ("group", group)];
        for group in ["staff", "pupil", ""] {
            assert_eq!(technician.post("/devices/rooms", &room(group)).await.errors(), ["Choose what somebody unknown there counts as"], "{group}");
        }
        assert_eq!(technician.post("/devices/rooms", &room("guest")).await.location(), "/devices?done=added");
        assert_eq!(technician.post("/devices/rooms", &room("guest")).await.errors().len(), 1, "the same addresses twice");
        let page = technician.get("/devices").await;
        assert!(page.says("The pavilion") && page.says("10.20.0.0/16"), "{}", page.words());
        let mut tx = school.app.store.read(school.id).await.unwrap();
        let rooms = network_ranges::list(&mut tx).await.unwrap();
        drop(tx);
        assert_eq!(technician.post(&format!("/devices/rooms/{}/retire", rooms[0].id), &[]).await.location(), "/devices?done=retired");
        assert!(!technician.get("/devices").await.says("The pavilion"));
    }

    async fn who_has_nothing_to_do_with_devices_sees_and_changes_none(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        for who in ["pupil", "teacher", "parent", "governor"] {
            assert_eq!(school.signed_in(who).await.get("/devices").await.status, 403, "{who}");
            assert_eq!(school.signed_in(who).await.post("/devices", &TABLET).await.status, 403, "{who}");
        }
    }
}
