//! A package as a list of items: each with a path and its form on one line.

use std::collections::BTreeMap;

use wit_parser::{PackageId, Resolve, WorldItem};

use super::render::{definition, signature};

/// Path inside the package (`interface.item`, `world.export name`) to canonical form. Comments,
/// file names and the order of items are no part of it; the order of fields and cases is.
pub(super) type Items = BTreeMap<String, String>;

/// Every item of a package.
pub(super) fn items(resolve: &Resolve, package: PackageId) -> Items {
    let mut items = Items::new();
    let Some(package) = resolve.packages.get(package) else {
        return items;
    };
    for (name, id) in &package.interfaces {
        items.insert(name.clone(), "interface".to_owned());
        let Some(interface) = resolve.interfaces.get(*id) else {
            continue;
        };
        for (type_name, id) in &interface.types {
            items.insert(format!("{name}.{type_name}"), definition(resolve, *id));
        }
        for (function_name, function) in &interface.functions {
            items.insert(
                format!("{name}.{function_name}"),
                signature(resolve, function),
            );
        }
    }
    for (name, id) in &package.worlds {
        items.insert(name.clone(), "world".to_owned());
        let Some(world) = resolve.worlds.get(*id) else {
            continue;
        };
        for (direction, entries) in [("import", &world.imports), ("export", &world.exports)] {
            for (key, item) in entries {
                let form = match item {
                    WorldItem::Interface { .. } => "interface".to_owned(),
                    WorldItem::Function(function) => signature(resolve, function),
                    WorldItem::Type { id, .. } => definition(resolve, *id),
                };
                items.insert(
                    format!("{name}.{direction} {}", resolve.name_world_key(key)),
                    form,
                );
            }
        }
    }
    items
}
