//! Gemini CLI, before a model that does as it is told.

use serde_json::{Value, json};

use crate::{
    installed::GEMINI,
    model::Model,
    trial::{Place, Row, Trial},
};

pub(super) async fn connect(trial: &Trial<'_>) -> Row {
    let mut place = Place::new(trial).await;
    // Its settings are one file, which a person has already when a server is added.
    let mut settings: Value = serde_json::from_str(&place.snippet("gemini-cli", "json")).expect("JSON");
    settings["security"] = json!({"auth": {"selectedType": "gemini-api-key"}});
    settings["general"] = json!({"enableAutoUpdate": false, "enableAutoUpdateNotification": false});
    settings["privacy"] = json!({"usageStatisticsEnabled": false});
    place.home.write(".gemini/settings.json", &settings.to_string());
    let trusted = json!({place.home.project().to_str().expect("UTF-8"): "TRUST_FOLDER"});
    place.home.write(".gemini/trustedFolders.json", &trusted.to_string());

    let said = place.home.run("gemini", &["mcp", "list"]).await;
    let listed = format!("{}{}", said.stdout, said.stderr);
    let line = listed.lines().find(|line| line.contains(&place.url())).unwrap_or_else(|| panic!("{listed}"));
    let (_, connected) = line.rsplit_once(" - ").unwrap_or_else(|| panic!("{listed}"));
    assert_eq!(connected.trim(), "Connected", "{listed}");

    let calls = [&trial.call, &trial.denied].map(|call| (call.tool, call.arguments.clone()));
    let model = Model::calling(&calls).await;
    place.home.set("GOOGLE_GEMINI_BASE_URL", model.address());
    place.home.set("GEMINI_API_KEY", "a-key-of-nobody");
    place.witness.lessen(trial.denied.tool, trial.lesser);
    let arguments = ["-m", "gemini-2.5-flash", "--approval-mode", "yolo", "-p", "Do as you are told."];
    let said = place.home.run("gemini", &arguments).await;
    let results = model.results();
    let [answered, refused] = &results[..] else { panic!("{said:?}\n{}", model.story()) };
    assert!(answered.contains(trial.call.says), "{answered}");
    assert!(refused.contains(trial.denied.says), "{refused}");
    place.row("Gemini CLI", GEMINI.version(), connected.trim(), model.offered(&format!("mcp_{}_", trial.key)))
}
