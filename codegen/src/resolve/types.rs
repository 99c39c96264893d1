//! Named types: their shapes, their names, and who uses them.

use std::collections::{BTreeSet, HashMap};

use super::{
    Faults,
    declared::Named,
    fields::{self, ResolvedField, collision},
    prompts::ResolvedPrompt,
    recursion,
    tools::ResolvedTool,
};
use crate::{
    api,
    diagnostic::{Code, Diagnostic, quoted},
    manifest::{Entries, Field, Name, TypeDeclaration, Variant, WordList},
    names,
    types::{Definition, DefinitionShape, Definitions, Property, mentioned},
};

/// The shape that a declaration has, by the keys that it uses.
#[derive(Clone, Copy)]
enum Declares<'m> {
    Enum(&'m WordList),
    Object(&'m Entries<Field>),
    Union(&'m Name, &'m Entries<Variant>),
}

/// Where a name leads.
pub(crate) enum Lookup {
    /// To a type, by its place.
    Type(usize),
    /// To a declaration with a fault.
    Faulty,
    /// Nowhere.
    Unknown,
}

/// The types that can be referred to.
pub(crate) struct TypeIndex<'m> {
    declared: &'m Named<'m, TypeDeclaration>,
    places: HashMap<&'m str, usize>,
}

impl TypeIndex<'_> {
    pub(crate) fn lookup(&self, name: &str) -> Lookup {
        match self.places.get(name) {
            Some(at) => Lookup::Type(*at),
            None if self.declared.declares(name) => Lookup::Faulty,
            None => Lookup::Unknown,
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.declared.names()
    }
}

/// A named type that was checked.
pub(crate) struct ResolvedType<'m> {
    pub(crate) name: &'m Name,
    pub(crate) description: Option<String>,
    pub(crate) shape: ResolvedShape<'m>,
}

/// What it is.
pub(crate) enum ResolvedShape<'m> {
    Enum(Vec<api::Word>),
    Object(Vec<ResolvedField<'m>>),
    Union { tag: String, variants: Vec<ResolvedVariant<'m>> },
}

/// An object of a union.
pub(crate) struct ResolvedVariant<'m> {
    wire: String,
    rust: String,
    description: Option<String>,
    pub(crate) fields: Vec<ResolvedField<'m>>,
}

impl<'m> ResolvedShape<'m> {
    /// The fields of each object that a value can be.
    pub(crate) fn objects(&self) -> Vec<&[ResolvedField<'m>]> {
        match self {
            Self::Enum(_) => Vec::new(),
            Self::Object(fields) => vec![fields],
            Self::Union { variants, .. } => variants.iter().map(|variant| variant.fields.as_slice()).collect(),
        }
    }

    fn fields_mut(&mut self) -> Vec<&mut ResolvedField<'m>> {
        match self {
            Self::Enum(_) => Vec::new(),
            Self::Object(fields) => fields.iter_mut().collect(),
            Self::Union { variants, .. } => variants.iter_mut().flat_map(|variant| &mut variant.fields).collect(),
        }
    }
}

/// The named types of a server.
pub(crate) struct ResolvedTypes<'m> {
    pub(crate) list: Vec<ResolvedType<'m>>,
    pub(crate) index: TypeIndex<'m>,
    pub(crate) definitions: Definitions,
}

/// Checks the named types.
pub(crate) fn resolve<'m>(declared: &'m Named<'m, TypeDeclaration>, faults: &mut Faults) -> ResolvedTypes<'m> {
    let mut index = TypeIndex { declared, places: HashMap::new() };
    let mut shaped = Vec::new();
    for (name, declaration) in &declared.entries {
        if let Err(refusal) = names::type_name(name) {
            faults.refuse(name, refusal);
        }
        if let Some(shape) = shape(name, declaration, faults) {
            index.places.insert(&name.value, shaped.len());
            shaped.push((*name, *declaration, shape));
        }
    }
    let mut list: Vec<ResolvedType<'m>> = shaped
        .into_iter()
        .map(|(name, declaration, shape)| ResolvedType {
            name,
            description: declaration.description.as_ref().map(|text| text.value.clone()),
            shape: resolve_shape(shape, &index, faults),
        })
        .collect();
    recursion::check(&list, faults);
    let cycles = recursion::cycles(&list);
    for (at, named) in list.iter_mut().enumerate() {
        for field in named.shape.fields_mut() {
            field.api.boxed = recursion::direct(&field.api.of).is_some_and(|to| cycles[at].contains(&to));
        }
    }
    let definitions = Definitions(list.iter().map(definition).collect());
    ResolvedTypes { list, index, definitions }
}

fn shape<'m>(name: &Name, declared: &'m TypeDeclaration, faults: &mut Faults) -> Option<Declares<'m>> {
    let TypeDeclaration { description: _, words, properties, tag, variants } = declared;
    let mut refuse = |why: &str, help: &str| {
        let title = format!("the type {} {why}", quoted(name));
        faults.push(Diagnostic::new(Code::TypeShape, name.at, title).help(help));
        None
    };
    let help = "a type has `enum`, or `properties`, or `tag` with `variants`";
    match (words, properties, tag, variants) {
        (Some(words), None, None, None) => Some(Declares::Enum(words)),
        (None, Some(properties), None, None) => Some(Declares::Object(properties)),
        (None, None, Some(tag), Some(variants)) if !variants.is_empty() => Some(Declares::Union(tag, variants)),
        (None, None, Some(_), Some(_)) => refuse("has no variants", "add one"),
        (None, None, Some(_), None) => refuse("has a `tag` and no `variants`", help),
        (None, None, None, Some(_)) => refuse(
            "has `variants` and no `tag`",
            "add `tag`, the property that tells the variants apart, as `tag: kind`",
        ),
        (None, None, None, None) => refuse("does not say what it is", help),
        _ => refuse("is several things at once", help),
    }
}

fn resolve_shape<'m>(declares: Declares<'m>, index: &TypeIndex<'m>, faults: &mut Faults) -> ResolvedShape<'m> {
    match declares {
        Declares::Enum(words) => ResolvedShape::Enum(resolve_words(words, faults)),
        Declares::Object(properties) => ResolvedShape::Object(fields::resolve(properties, index, faults)),
        Declares::Union(tag, variants) => {
            if let Err(refusal) = names::field(tag) {
                faults.refuse(tag, refusal);
            }
            let names = rust_variants("variants", variants.iter().map(|(name, _)| name), faults);
            let resolved = variants
                .iter()
                .zip(names)
                .map(|((name, variant), rust)| resolve_variant(tag, name, variant, rust, index, faults))
                .collect();
            ResolvedShape::Union { tag: tag.value.clone(), variants: resolved }
        }
    }
}

fn resolve_variant<'m>(
    tag: &Name,
    name: &Name,
    variant: &'m Variant,
    rust: String,
    index: &TypeIndex<'m>,
    faults: &mut Faults,
) -> ResolvedVariant<'m> {
    if let Some((property, _)) = variant.properties.iter().find(|(property, _)| property.value == tag.value) {
        let title = format!("{} is the tag, and cannot be a property too", quoted(property));
        faults.push(
            Diagnostic::new(Code::NameCollision, property.at, title)
                .and(tag.at, "the tag")
                .help("rename one of the two"),
        );
    }
    ResolvedVariant {
        wire: name.value.clone(),
        rust,
        description: variant.description.as_ref().map(|text| text.value.clone()),
        fields: fields::resolve(&variant.properties, index, faults),
    }
}

fn resolve_words(words: &WordList, faults: &mut Faults) -> Vec<api::Word> {
    let words: Vec<(&Name, Option<String>)> = match words {
        WordList::List(list) => list.iter().map(|word| (word, None)).collect(),
        WordList::Map(map) => map.iter().map(|(word, meaning)| (word, Some(meaning.value.clone()))).collect(),
    };
    let names = rust_variants("words", words.iter().map(|(word, _)| *word), faults);
    words
        .into_iter()
        .zip(names)
        .map(|((word, description), rust)| api::Word { wire: word.value.clone(), rust, description })
        .collect()
}

/// The names of variants in Rust, each once.
fn rust_variants<'n>(what: &str, wires: impl Iterator<Item = &'n Name>, faults: &mut Faults) -> Vec<String> {
    let mut seen: HashMap<String, &Name> = HashMap::new();
    let mut names = Vec::new();
    for wire in wires {
        let rust = match names::variant(wire) {
            Ok(rust) => rust,
            Err(refusal) => {
                faults.refuse(wire, refusal);
                names.push(wire.value.clone());
                continue;
            }
        };
        match seen.insert(rust.clone(), wire) {
            Some(first) if first.value == wire.value => {
                faults.check_once([first, wire].map(|name| (name.value.as_str(), name.at)));
            }
            Some(first) => faults.push(collision(what, first, wire, &rust)),
            None => {}
        }
        names.push(rust);
    }
    names
}

fn properties(fields: &[ResolvedField<'_>]) -> Vec<Property> {
    fields.iter().map(|field| field.property.clone()).collect()
}

fn definition(named: &ResolvedType<'_>) -> Definition {
    let shape = match &named.shape {
        ResolvedShape::Enum(words) => {
            DefinitionShape::Enum(words.iter().map(|word| (word.wire.clone(), word.description.clone())).collect())
        }
        ResolvedShape::Object(fields) => DefinitionShape::Object(properties(fields)),
        ResolvedShape::Union { tag, variants } => DefinitionShape::Union {
            tag: tag.clone(),
            variants: variants
                .iter()
                .map(|variant| (variant.wire.clone(), variant.description.clone(), properties(&variant.fields)))
                .collect(),
        },
    };
    Definition { name: named.name.value.clone(), description: named.description.clone(), shape }
}

impl ResolvedTypes<'_> {
    /// The types, without where they come from.
    pub(crate) fn into_named(self) -> Vec<api::NamedType> {
        let api = |fields: Vec<ResolvedField<'_>>| fields.into_iter().map(|field| field.api).collect();
        self.list
            .into_iter()
            .map(|named| api::NamedType {
                name: named.name.value.clone(),
                description: named.description,
                shape: match named.shape {
                    ResolvedShape::Enum(words) => api::Shape::Enum(words),
                    ResolvedShape::Object(fields) => api::Shape::Object(api(fields)),
                    ResolvedShape::Union { tag, variants } => api::Shape::Union {
                        tag,
                        variants: variants
                            .into_iter()
                            .map(|variant| api::Variant {
                                wire: variant.wire,
                                rust: variant.rust,
                                description: variant.description,
                                fields: api(variant.fields),
                            })
                            .collect(),
                    },
                },
            })
            .collect()
    }

    /// Every type that fields reach.
    pub(crate) fn reached(&self, fields: &[ResolvedField<'_>]) -> BTreeSet<usize> {
        self.definitions.reached(fields.iter().filter_map(|field| mentioned(&field.api.of)))
    }
}

/// A type that neither a tool nor a prompt uses is dead code, and most likely a mistake.
pub(crate) fn check_use(
    types: &ResolvedTypes<'_>,
    tools: &[ResolvedTool<'_>],
    prompts: &[ResolvedPrompt],
    faults: &mut Faults,
) {
    let mut used: BTreeSet<usize> = prompts.iter().flat_map(|prompt| prompt.types.iter().copied()).collect();
    for tool in tools {
        used.extend(types.reached(&tool.input));
        used.extend(tool.output_types(types));
        used.extend(&tool.form_types);
    }
    for (at, named) in types.list.iter().enumerate() {
        if !used.contains(&at) {
            let title = format!("no tool uses the type {}", quoted(named.name));
            faults.push(
                Diagnostic::new(Code::UnusedType, named.name.at, title)
                    .help("remove it, or refer to it from a field or an output"),
            );
        }
    }
}
