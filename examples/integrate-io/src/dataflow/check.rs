//! How the parts of a data flow are connected.

use super::Fault;

/// A data flow without what its components do.
pub(super) struct Outline {
    pub(super) parts: Vec<Part>,
    pub(super) edges: Vec<Edge>,
}

/// What there is to connect.
pub(super) struct Part {
    pub(super) name: String,
    /// Nothing when the type is unknown.
    pub(super) role: Option<Role>,
    pub(super) connection_id: Option<i64>,
}

/// Where a component stands in a data flow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Source,
    Between,
    Destination,
}

/// That one component reads what another one gives, or comes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
}

impl Outline {
    /// What could not be read has no name, and is nowhere.
    fn position(&self, name: &str) -> Option<usize> {
        self.parts.iter().position(|part| !name.is_empty() && part.name == name)
    }

    /// The edges between parts that exist.
    fn links(&self) -> Vec<(usize, usize)> {
        let link = |edge: &Edge| Some((self.position(&edge.from)?, self.position(&edge.to)?));
        self.edges.iter().filter_map(link).collect()
    }

    /// The first part that leads to this one.
    pub(super) fn input(&self, part: usize) -> Option<usize> {
        self.links().into_iter().find(|&(_, to)| to == part).map(|(from, _)| from)
    }
}

/// Every fault of the connections. Of a data flow it is asked, too, that rows flow from one source to each destination.
pub(super) fn faults(outline: &Outline, rows_flow: bool) -> Vec<Fault> {
    let mut faults = names(&outline.parts);
    faults.extend(edges(outline));
    if rows_flow {
        faults.extend(ends(outline));
        faults.extend(degrees(outline));
    }
    if let Err(cycle) = order(outline) {
        let names: Vec<&str> = cycle.iter().map(|&at| outline.parts[at].name.as_str()).collect();
        let message = format!("the edges make a circle: {} → {}", names.join(" → "), names[0]);
        faults.push(Fault::of(names[0], message));
    }
    faults
}

/// A database may take names for the same that differ in case only.
fn names(parts: &[Part]) -> Vec<Fault> {
    let twice = parts.iter().enumerate().filter(|(at, part)| {
        !part.name.is_empty() && parts[..*at].iter().any(|other| other.name.eq_ignore_ascii_case(&part.name))
    });
    let fault = |name: &str| Fault::of(name, "another component has this name, or one that differs in case only");
    twice.map(|(_, part)| fault(&part.name).at("name")).collect()
}

fn edges(outline: &Outline) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, edge) in outline.edges.iter().enumerate() {
        for (end, name) in [("from", &edge.from), ("to", &edge.to)] {
            if !name.is_empty() && outline.position(name).is_none() {
                let fault = Fault::of_all(format!("there is no component `{name}`"));
                faults.push(fault.at(format!("edges[{at}].{end}")));
            }
        }
        let is_whole = !edge.from.is_empty() && !edge.to.is_empty();
        if is_whole && outline.edges[..at].contains(edge) {
            faults.push(Fault::of_all("this edge is there already").at(format!("edges[{at}]")));
        }
    }
    faults
}

/// There is one source, and the destinations are in its database.
fn ends(outline: &Outline) -> Vec<Fault> {
    let having = |role| outline.parts.iter().filter(move |part| part.role == Some(role));
    let is_all_known = outline.parts.iter().all(|part| part.role.is_some());
    let mut faults = Vec::new();
    let mut sources = having(Role::Source);
    let source = sources.next();
    if source.is_none() && is_all_known {
        faults.push(Fault::of_all("there is no `database_source`: add the component that the rows come from"));
    }
    if having(Role::Destination).next().is_none() && is_all_known {
        faults.push(Fault::of_all("there is no `database_destination`: add the component that the rows go to"));
    }
    faults.extend(sources.map(|part| {
        let first = source.map_or("", |source| &source.name);
        Fault::of(&part.name, format!("`{first}` is the source already, and a data flow has one"))
    }));
    let Some(connection_id) = source.and_then(|source| source.connection_id).filter(|&id| id > 0) else {
        return faults;
    };
    for part in
        having(Role::Destination).filter(|part| part.connection_id.is_some_and(|id| id > 0 && id != connection_id))
    {
        let message = format!("the source is on connection {connection_id}; rows cannot go to another one");
        faults.push(Fault::of(&part.name, message).at("connection_id"));
    }
    faults
}

/// Each component has the inputs and outputs that its place asks for. Without circles, all are then connected.
fn degrees(outline: &Outline) -> Vec<Fault> {
    let links = outline.links();
    let mut faults = Vec::new();
    for (at, part) in outline.parts.iter().enumerate().filter(|(_, part)| !part.name.is_empty()) {
        let inputs = links.iter().filter(|&&(_, to)| to == at).count();
        let outputs = links.iter().filter(|&&(from, _)| from == at).count();
        let message = match (part.role, inputs, outputs) {
            (Some(Role::Source), 1.., _) => "a source has no input: remove the edges to it".to_owned(),
            (Some(Role::Between | Role::Destination), 0, _) => "nothing leads to it: add an edge to it".to_owned(),
            (Some(Role::Between | Role::Destination), 2.., _) => {
                format!("{inputs} edges lead to it: it has exactly one input")
            }
            (Some(Role::Destination), _, 1..) => {
                "nothing comes after a destination: remove the edges from it".to_owned()
            }
            (Some(Role::Source | Role::Between), _, 0) => "nothing reads it: add an edge from it".to_owned(),
            _ => continue,
        };
        faults.push(Fault::of(&part.name, message));
    }
    faults
}

/// The parts, each after those that lead to it, else as they are declared.
///
/// # Errors
/// The parts of a circle, each leading to the next.
pub(super) fn order(outline: &Outline) -> Result<Vec<usize>, Vec<usize>> {
    let links = outline.links();
    let mut left: Vec<usize> = (0..outline.parts.len()).collect();
    let mut order = Vec::new();
    let waits =
        |part: usize, left: &[usize]| links.iter().find(|&&(from, to)| to == part && left.contains(&from)).copied();
    while let Some(at) = left.iter().position(|&part| waits(part, &left).is_none()) {
        order.push(left.remove(at));
    }
    let Some(&first) = left.first() else { return Ok(order) };
    // Each part that is left waits for another one, so that the way back must meet itself.
    let mut way = vec![first];
    while let Some((from, _)) = waits(way[way.len() - 1], &left) {
        if let Some(start) = way.iter().position(|&part| part == from) {
            let mut circle = way.split_off(start);
            circle.reverse();
            // It begins with the part that is declared first.
            let least = circle.iter().enumerate().min_by_key(|&(_, part)| part).map_or(0, |(at, _)| at);
            circle.rotate_left(least);
            return Err(circle);
        }
        way.push(from);
    }
    Err(way)
}
