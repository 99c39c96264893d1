//! The packages that a package runs: itself, or those of a workflow, and of the workflows in it.

use super::{
    Definition, Fault, Package, Packages,
    definition::{DataFlow, Workflow},
};

/// How many packages a workflow can run. Workflows in workflows can be many more than they look.
const MOST_STAGES: usize = 200;

/// A package that is to run, with its data flow.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) package: Package,
    pub(super) flow: DataFlow,
}

/// The packages that a package runs, in their order.
///
/// # Errors
/// The package's own faults, or, at the task that leads to it, what is wrong with another package.
pub(super) async fn stages(package: &Package, packages: &impl Packages) -> Result<Vec<Stage>, Vec<Fault>> {
    match Definition::parse(package.flow_type, &package.data_flow)? {
        Definition::DataFlow(flow) => Ok(vec![Stage { package: package.clone(), flow }]),
        Definition::Workflow(workflow) => {
            let mut stages = Vec::new();
            let mut faults = Vec::new();
            for task in &workflow.tasks {
                let mut walk = Walk { packages, way: vec![package.id], stages: &mut stages };
                if let Err(message) = walk.enter(task.package_id).await {
                    faults.push(Fault::of(&task.name, message).at("package_id"));
                }
            }
            if faults.is_empty() { Ok(stages) } else { Err(faults) }
        }
    }
}

/// A way through workflows, each in the one before.
struct Walk<'a, P> {
    packages: &'a P,
    way: Vec<i64>,
    stages: &'a mut Vec<Stage>,
}

impl<P: Packages> Walk<'_, P> {
    /// Takes the package's stages over. The error says what is wrong with it.
    async fn enter(&mut self, id: i64) -> Result<(), String> {
        if self.way.contains(&id) {
            let way: Vec<_> = self.way.iter().chain([&id]).map(i64::to_string).collect();
            return Err(format!("the workflow runs itself: {}", way.join(" → ")));
        }
        if self.stages.len() >= MOST_STAGES {
            return Err(format!("the workflow runs more than {MOST_STAGES} packages"));
        }
        let package = self.packages.package(id).await?;
        let definition = Definition::parse(package.flow_type, &package.data_flow).map_err(|faults| {
            let first = faults.first().map(ToString::to_string).unwrap_or_default();
            format!("package {id} is faulty: {first}")
        })?;
        match definition {
            Definition::DataFlow(flow) => self.stages.push(Stage { package, flow }),
            Definition::Workflow(workflow) => {
                self.way.push(id);
                self.enter_all(&workflow).await?;
                self.way.pop();
            }
        }
        Ok(())
    }

    async fn enter_all(&mut self, workflow: &Workflow) -> Result<(), String> {
        for task in &workflow.tasks {
            Box::pin(self.enter(task.package_id)).await?;
        }
        Ok(())
    }
}
