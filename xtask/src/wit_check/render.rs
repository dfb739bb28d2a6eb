//! Types and functions in WIT's own notation, on one line.

use wit_parser::{
    Function, FunctionKind, Handle, Resolve, Type, TypeDef, TypeDefKind, TypeId, TypeOwner,
};

/// How a function is declared.
pub(super) fn signature(resolve: &Resolve, function: &Function) -> String {
    let keyword = match function.kind {
        FunctionKind::Freestanding | FunctionKind::Method(_) => "func",
        FunctionKind::AsyncFreestanding | FunctionKind::AsyncMethod(_) => "async func",
        FunctionKind::Static(_) => "static func",
        FunctionKind::AsyncStatic(_) => "static async func",
        FunctionKind::Constructor(_) => "constructor",
    };
    let params = function
        .params
        .iter()
        .map(|p| format!("{}: {}", p.name, reference(resolve, p.ty)));
    let result = function
        .result
        .map_or_else(String::new, |ty| format!(" -> {}", reference(resolve, ty)));
    format!("{keyword}({}){result}", join(params))
}

/// What a named type is: its fields or cases, or where it comes from.
pub(super) fn definition(resolve: &Resolve, id: TypeId) -> String {
    let Some(def) = resolve.types.get(id) else {
        return "unknown".to_owned();
    };
    let typed = |name: &str, ty: Option<Type>| match ty {
        Some(ty) => format!("{name}({})", reference(resolve, ty)),
        None => name.to_owned(),
    };
    match &def.kind {
        TypeDefKind::Record(record) => {
            let fields = record
                .fields
                .iter()
                .map(|f| format!("{}: {}", f.name, reference(resolve, f.ty)));
            format!("record {{ {} }}", join(fields))
        }
        TypeDefKind::Variant(variant) => {
            format!(
                "variant {{ {} }}",
                join(variant.cases.iter().map(|c| typed(&c.name, c.ty)))
            )
        }
        TypeDefKind::Enum(cases) => {
            format!(
                "enum {{ {} }}",
                join(cases.cases.iter().map(|c| c.name.clone()))
            )
        }
        TypeDefKind::Flags(flags) => {
            format!(
                "flags {{ {} }}",
                join(flags.flags.iter().map(|f| f.name.clone()))
            )
        }
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Type(Type::Id(of)) => format!("type = {}", full_name(resolve, *of)),
        _ => format!("type = {}", anonymous(resolve, def)),
    }
}

/// A type where it is used: a named one by its name in that interface.
fn reference(resolve: &Resolve, ty: Type) -> String {
    let name = match ty {
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::ErrorContext => "error-context",
        Type::Id(id) => {
            let Some(def) = resolve.types.get(id) else {
                return "unknown".to_owned();
            };
            return def.name.clone().unwrap_or_else(|| anonymous(resolve, def));
        }
    };
    name.to_owned()
}

/// A type without a name of its own.
fn anonymous(resolve: &Resolve, def: &TypeDef) -> String {
    let of = |ty: &Type| reference(resolve, *ty);
    let maybe = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".to_owned(), of);
    match &def.kind {
        TypeDefKind::Type(ty) => of(ty),
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", join(tuple.types.iter().map(of))),
        TypeDefKind::Option(ty) => format!("option<{}>", of(ty)),
        TypeDefKind::Result(result) => {
            format!("result<{}, {}>", maybe(&result.ok), maybe(&result.err))
        }
        TypeDefKind::List(ty) => format!("list<{}>", of(ty)),
        TypeDefKind::FixedLengthList(ty, length) => format!("list<{}, {length}>", of(ty)),
        TypeDefKind::Map(key, value) => format!("map<{}, {}>", of(key), of(value)),
        TypeDefKind::Future(ty) => format!("future<{}>", maybe(ty)),
        TypeDefKind::Stream(ty) => format!("stream<{}>", maybe(ty)),
        TypeDefKind::Handle(Handle::Own(id)) => reference(resolve, Type::Id(*id)),
        TypeDefKind::Handle(Handle::Borrow(id)) => {
            format!("borrow<{}>", reference(resolve, Type::Id(*id)))
        }
        // These have no anonymous form.
        TypeDefKind::Record(_)
        | TypeDefKind::Resource
        | TypeDefKind::Flags(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Unknown => def.kind.as_str().to_owned(),
    }
}

/// A named type with package, version and interface: an alias to another version is another type.
fn full_name(resolve: &Resolve, id: TypeId) -> String {
    let Some(def) = resolve.types.get(id) else {
        return "unknown".to_owned();
    };
    let Some(name) = &def.name else {
        return anonymous(resolve, def);
    };
    match def.owner {
        TypeOwner::Interface(interface) => match resolve.id_of(interface) {
            Some(interface) => format!("{interface}.{{{name}}}"),
            None => name.clone(),
        },
        TypeOwner::World(_) | TypeOwner::None => name.clone(),
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
