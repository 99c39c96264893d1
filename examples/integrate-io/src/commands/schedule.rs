//! The commands that make, list and remove schedules: no tool can make one.

use integrate_io_tools::ScheduleDetails;
use jiff::Timestamp;
use toolwright_support::Timing;

use super::{account, label, print, with};
use crate::store::{
    Files, Stores,
    schedules::{self, transitions::NewSchedule},
};

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Have packages run at times
    #[command(subcommand)]
    Schedule(ScheduleCommand),
}

#[derive(clap::Subcommand, Debug)]
pub(crate) enum ScheduleCommand {
    /// Add a schedule, which is enabled from then on
    Add(Add),
    /// List the schedules of all accounts
    List {
        #[command(flatten)]
        files: Files,
    },
    /// Remove a schedule; the runs that it started stay
    Remove(Remove),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Add {
    /// Id of the account that has the package
    #[arg(long, value_name = "ID", value_parser = account)]
    account: String,
    /// The package to run
    #[arg(long, value_name = "ID")]
    package: i64,
    /// What to call the schedule
    #[arg(long, value_parser = label)]
    name: String,
    /// When to run it: minute, hour, day of the month, month and day of the week, as `30 2 * * MON-FRI`
    #[arg(long, value_name = "EXPRESSION")]
    cron: String,
    /// Whose clocks the expression goes by: the name of a zone in the IANA database
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
    /// The cluster to run it on; one that is available then, when left out
    #[arg(long, value_name = "ID")]
    cluster: Option<i64>,
    /// A value for a variable of the package; can be given several times
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
    #[command(flatten)]
    files: Files,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Remove {
    /// Id of the schedule
    schedule: i64,
    /// Id of the account that has it
    #[arg(long, value_name = "ID", value_parser = account)]
    account: String,
    #[command(flatten)]
    files: Files,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, as `threshold=1000`")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) async fn run(Command::Schedule(command): Command) -> anyhow::Result<()> {
    match command {
        ScheduleCommand::Add(options) => with(&options.files, async |stores| add(stores, &options).await).await,
        ScheduleCommand::List { files } => with(&files, list).await,
        ScheduleCommand::Remove(options) => {
            with(&options.files, async |stores| {
                let removed = stores.write.remove_schedule(&options.account, options.schedule).await?;
                eprintln!("removed schedule {} `{}`", removed.id, removed.name);
                Ok(())
            })
            .await
        }
    }
}

async fn add(stores: &Stores, options: &Add) -> anyhow::Result<()> {
    let Add { account, package, name, cron, time_zone, cluster, variables, files: _ } = options;
    let now = Timestamp::now();
    let timing = Timing::new(cron, time_zone)?.checked(now)?;
    let new = NewSchedule {
        name,
        package_id: *package,
        cluster_id: *cluster,
        timing: &timing,
        variables: variables.iter().cloned().collect(),
    };
    let ScheduleDetails { id, next_run_at, .. } = stores.write.add_schedule(account, now, &new).await?;
    let next = next_run_at.unwrap_or_else(|| "never".to_owned());
    eprintln!("added schedule {id} `{name}`, which runs package {package} next at {next}");
    Ok(())
}

async fn list(stores: &Stores) -> anyhow::Result<()> {
    let header = ["ID", "ACCOUNT", "NAME", "PACKAGE", "CRON", "TIME ZONE", "NEXT RUN", "LAST ERROR"];
    let mut rows = vec![header.map(str::to_owned)];
    for (account, schedule) in schedules::all(&mut *stores.read.snapshot().await?).await? {
        rows.push([
            schedule.id.to_string(),
            account,
            schedule.name,
            schedule.package_id.to_string(),
            schedule.cron,
            schedule.time_zone,
            schedule.next_run_at.unwrap_or_else(|| if schedule.enabled { "never" } else { "disabled" }.to_owned()),
            schedule.last_error.unwrap_or_default(),
        ]);
    }
    print(&toolwright::aligned(&rows))
}
