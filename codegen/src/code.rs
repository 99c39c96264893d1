//! Every kind of fault that a manifest can have.

/// Declares the kinds with their names and what they mean, each in one place.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal;)+) => {
        /// What kind of fault it is, as a stable name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every kind, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name that reports carry.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+),)+
                }
            }
        }
    };
}

codes! {
    /// A file that cannot be read as text.
    UnreadableFile = "unreadable-file";
    /// A text that is not YAML.
    YamlSyntax = "yaml-syntax";
    /// A part of YAML that a manifest does not use: an alias, a tag, a second document, a key that is no text.
    YamlUnsupported = "yaml-unsupported";
    /// A key that stands twice in one mapping.
    DuplicateKey = "duplicate-key";
    /// A file that is neither a workspace, nor a server, nor a part of one.
    ManifestKind = "manifest-kind";
    /// A path or pattern that leads to no manifest, or to one twice.
    ManifestPath = "manifest-path";
    /// A key that the grammar does not have.
    UnknownKey = "unknown-key";
    /// A key that the grammar asks for.
    MissingKey = "missing-key";
    /// A value of another type than the grammar asks for.
    WrongType = "wrong-type";
    /// A word that is none of those that can stand there.
    UnknownWord = "unknown-word";
    /// A number or a list outside the grammar's bounds.
    OutOfBounds = "out-of-bounds";
    /// A text without anything in it.
    EmptyText = "empty-text";
    /// A character in a text that a reader cannot see, or that changes the order of what they see.
    InvisibleCharacter = "invisible-character";
    /// A name that does not have the form that its place asks for.
    InvalidName = "invalid-name";
    /// A name that generated code or the runtime already has.
    ReservedName = "reserved-name";
    /// Two names that would be one, in the generated code or in the environment.
    NameCollision = "name-collision";
    /// Something that is declared twice.
    DuplicateDeclaration = "duplicate-declaration";
    /// A value of the server that does not have its form: version, endpoint, gateway, or a list that it does not have.
    InvalidServer = "invalid-server";
    /// A binding that the endpoint, the credential, a tool or another binding does not fit, or a value of one that
    /// does not have its form.
    InvalidBinding = "invalid-binding";
    /// A value of the credential that does not have its form, or that makes it guessable.
    InvalidCredential = "invalid-credential";
    /// A password grant with a path or a lifetime that it cannot have, or on a server that has no users.
    InvalidGrant = "invalid-grant";
    /// An upstream with an origin, a path or a time that it cannot have, or that does not fit how credentials are checked.
    InvalidUpstream = "invalid-upstream";
    /// An OAuth issuer with an address, a time or a claim that it cannot have, or that does not fit how credentials are checked.
    InvalidIssuer = "invalid-issuer";
    /// A scope that is not declared.
    UnknownScope = "unknown-scope";
    /// A scope that no tool and no resource uses and that does not say so, or that says so and is used.
    UnusedScope = "unused-scope";
    /// A scope that includes itself, or that reads and includes one that writes.
    InvalidImplication = "invalid-implication";
    /// More scopes than a server can have.
    TooManyScopes = "too-many-scopes";
    /// A tool or a resource whose access and whose scope's differ without a reason, or a reason without a difference.
    ScopeAccess = "scope-access";
    /// A record of a tool that does more than read, or of one that says that a repeated call leaves none.
    MisplacedRecord = "misplaced-record";
    /// A confirmation of a tool that changes nothing.
    MisplacedConfirmation = "misplaced-confirmation";
    /// An ask of a tool that is confirmed, or of one that the documentation calls with curl, which cannot be asked.
    MisplacedAsk = "misplaced-ask";
    /// An ask that is not exactly one of a form, a question to the client's model and the folders that it works in.
    AskShape = "ask-shape";
    /// A form with a field that the protocol has no form for, or with a schema that is none of a form.
    InvalidForm = "invalid-form";
    /// A field of a form that looks like a secret, which the protocol forbids to ask for in one.
    SecretForm = "secret-form";
    /// A tool that answers with both properties and content, or with neither.
    AnswerShape = "answer-shape";
    /// A group that is not declared.
    UnknownGroup = "unknown-group";
    /// A group without a tool.
    UnusedGroup = "unused-group";
    /// A type that is not declared.
    UnknownType = "unknown-type";
    /// A type that no tool uses.
    UnusedType = "unused-type";
    /// A type that is not exactly one of a choice, an object and a union.
    TypeShape = "type-shape";
    /// A type that contains itself without an end.
    EndlessType = "endless-type";
    /// An input or output that is not an object at its root.
    SchemaRoot = "schema-root";
    /// A constraint on a type that it says nothing about.
    MisplacedConstraint = "misplaced-constraint";
    /// A constraint that no value or every value meets, or that is no constraint.
    InvalidConstraint = "invalid-constraint";
    /// A default that its own field refuses.
    InvalidDefault = "invalid-default";
    /// An example that the tool's own schema refuses.
    InvalidExample = "invalid-example";
    /// Advice of the documentation about tools that reach other systems, where no tool does.
    UnusedAdvice = "unused-advice";
    /// A tool without an example, where the documentation is to show one, or `contract` is to call it with one.
    MissingExample = "missing-example";
    /// A constraint on an output, which the type of the code cannot prove.
    OutputConstraint = "output-constraint";
    /// An output field that looks like a secret.
    SecretOutput = "secret-output";
    /// A name or a schema that a client cuts off or drops.
    ClientLimit = "client-limit";
    /// A tool that is not declared, or that a message or a completion names and the prompt does not use.
    UnknownTool = "unknown-tool";
    /// An argument that a message or a question names and its prompt or tool does not have.
    UnknownArgument = "unknown-argument";
    /// An argument of a prompt that no message names.
    UnusedArgument = "unused-argument";
    /// An argument of a prompt or tool that can be absent where a message or question needs it.
    AbsentArgument = "absent-argument";
    /// An argument of a prompt that is neither text nor a choice of words.
    ArgumentType = "argument-type";
    /// A completion whose tool leaves a trace or refuses what it is called with, or whose path leads nowhere.
    InvalidCompletion = "invalid-completion";
    /// A resource whose URI, media type or content does not fit the others, or whose tool cannot answer it.
    InvalidResource = "invalid-resource";
    /// A message of a prompt that is not exactly one of a text, a picture, a sound and a resource.
    MessageShape = "message-shape";
    /// What a message shows is not what it is said to be, or has no address.
    InvalidMedia = "invalid-media";
    /// A message or question that is no template, or that has more than gaps and conditions in it.
    TemplateSyntax = "template-syntax";
    /// A manifest that the schema accepts and the generator cannot read: a fault of the generator.
    Internal = "internal";
}
