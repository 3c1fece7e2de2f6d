//! Feeds the generator descriptors that no compiler has checked: it answers with an error or with Rust, never a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use proptest::prelude::*;
use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::source_code_info::Location;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    MessageOptions, OneofDescriptorProto, SourceCodeInfo,
};
use wirewright_codegen::{Builder, configure, plugin};

use crate::support::{corners, descriptor_set, set_of};

/// One good file: `made.S` with the method `M` over the message `A`.
fn good() -> FileDescriptorSet {
    set_of(&[("S", &[("M", "A")])])
}

/// A good set but for one change.
fn changed(change: impl FnOnce(&mut FileDescriptorSet)) -> FileDescriptorSet {
    let mut set = good();
    change(&mut set);
    set
}

fn field(kind: Type, type_name: &str) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some("f".to_owned()),
        number: Some(1),
        label: Some(Label::Optional.into()),
        r#type: Some(kind.into()),
        type_name: Some(type_name.to_owned()),
        ..FieldDescriptorProto::default()
    }
}

/// A good set whose message has this field.
fn with_field(field: FieldDescriptorProto) -> FileDescriptorSet {
    changed(|set| set.file[0].message_type[0].field.push(field))
}

/// A good set whose message has this message in it.
fn with_nested(nested: DescriptorProto) -> FileDescriptorSet {
    changed(|set| set.file[0].message_type[0].nested_type.push(nested))
}

fn map_entry(fields: Vec<FieldDescriptorProto>) -> DescriptorProto {
    DescriptorProto {
        name: Some("FEntry".to_owned()),
        field: fields,
        options: Some(MessageOptions { map_entry: Some(true), ..MessageOptions::default() }),
        ..DescriptorProto::default()
    }
}

fn enumeration(values: &[&str]) -> EnumDescriptorProto {
    let value = |(number, name): (usize, &&str)| EnumValueDescriptorProto {
        name: Some((*name).to_owned()),
        number: i32::try_from(number).ok(),
        ..EnumValueDescriptorProto::default()
    };
    EnumDescriptorProto {
        name: Some("E".to_owned()),
        value: values.iter().enumerate().map(value).collect(),
        ..EnumDescriptorProto::default()
    }
}

#[test]
fn what_no_compiler_would_send_is_an_error_that_says_why() {
    let method = |change: fn(&mut prost_types::MethodDescriptorProto)| {
        changed(|set| change(&mut set.file[0].service[0].method[0]))
    };
    let table: Vec<(FileDescriptorSet, &str)> = vec![
        (changed(|set| set.file[0].name = None), "has no name"),
        (
            changed(|set| set.file[0].package = Some("../../x".to_owned())),
            "made.proto:1: `../../x` is not a package",
        ),
        (changed(|set| set.file[0].package = Some("a..b".to_owned())), "is not a package"),
        (changed(|set| set.file[0].package = Some("a/b".to_owned())), "is not a package"),
        (changed(|set| set.file[0].package = Some("_".to_owned())), "is not a package"),
        (changed(|set| set.file[0].syntax = Some("editions".to_owned())), "editions are not supported"),
        (changed(|set| set.file[0].syntax = Some("proto4".to_owned())), "the syntax `proto4` is unknown"),
        (changed(|set| set.file.extend(good().file)), "`made.A` is declared twice"),
        (changed(|set| set.file[0].message_type[0].name = None), "`` is not a name"),
        (changed(|set| set.file[0].message_type[0].name = Some("A{}".to_owned())), "`A{}` is not a name"),
        (changed(|set| set.file[0].message_type[0].name = Some("A\nB".to_owned())), "is not a name"),
        (changed(|set| set.file[0].service[0].name = None), "`` is not a name"),
        (changed(|set| set.file[0].service[0].name = Some("S\"; evil".to_owned())), "is not a name"),
        (method(|method| method.name = None), "`` is not a name"),
        (method(|method| method.name = Some("__".to_owned())), "`__` is not a name"),
        (method(|method| method.input_type = None), "names the message ``"),
        (method(|method| method.output_type = Some("A".to_owned())), "names the message `A`"),
        (
            method(|method| method.output_type = Some(".made.Gone".to_owned())),
            "names the message `.made.Gone`",
        ),
        (with_field(FieldDescriptorProto { r#type: None, ..field(Type::Bool, "") }), "has no type"),
        (with_field(FieldDescriptorProto { r#type: Some(99), ..field(Type::Bool, "") }), "has no type"),
        (with_field(FieldDescriptorProto { label: Some(9), ..field(Type::Bool, "") }), "neither optional"),
        (with_field(FieldDescriptorProto { number: Some(0), ..field(Type::Bool, "") }), "number outside"),
        (with_field(FieldDescriptorProto { number: Some(-1), ..field(Type::Bool, "") }), "number outside"),
        (with_field(FieldDescriptorProto { name: None, ..field(Type::Bool, "") }), "`` is not a name"),
        (
            with_field(FieldDescriptorProto { oneof_index: Some(0), ..field(Type::Bool, "") }),
            "oneof that does not",
        ),
        (
            with_field(FieldDescriptorProto { oneof_index: Some(-1), ..field(Type::Bool, "") }),
            "oneof that does not",
        ),
        (with_field(field(Type::Message, "")), "the set does not declare"),
        (with_field(field(Type::Message, "made.A")), "the set does not declare"),
        (with_field(field(Type::Message, ".made.Gone")), "the set does not declare"),
        (with_field(field(Type::Enum, ".made.A")), "the set does not declare"),
        (
            with_field(FieldDescriptorProto {
                default_value: Some("\\q".to_owned()),
                ..field(Type::Bytes, "")
            }),
            "default that is not bytes",
        ),
        (
            with_field(FieldDescriptorProto {
                default_value: Some("\\777".to_owned()),
                ..field(Type::Bytes, "")
            }),
            "default that is not bytes",
        ),
        (
            with_field(FieldDescriptorProto {
                default_value: Some("\\x1".to_owned()),
                ..field(Type::Bytes, "")
            }),
            "default that is not bytes",
        ),
        (with_nested(map_entry(vec![])), "is not one key and one value"),
        (with_nested(map_entry(vec![field(Type::Bool, ""); 2])), "is not one key and one value"),
        (changed(|set| set.file[0].enum_type.push(enumeration(&[]))), "has no value"),
        (changed(|set| set.file[0].enum_type.push(enumeration(&["a_b", "aB"]))), "both become `AB`"),
        (changed(|set| set.file[0].enum_type.push(enumeration(&["no-name"]))), "`no-name` is not a name"),
    ];
    for (set, why) in table {
        let error = configure().generate(&set).expect_err(why).to_string();
        assert!(error.contains(why), "expected {why:?}, got {error:?}");
        assert!(!error.contains('\n'), "{error:?}");
    }
}

#[test]
fn a_dot_in_a_name_does_not_hide_what_stands_before_it() {
    const EVIL: &str = "A` */ pub fn evil() {} .B";
    let of_enum = EnumDescriptorProto { name: Some(EVIL.to_owned()), ..enumeration(&["X"]) };
    let nested = DescriptorProto { name: Some(EVIL.to_owned()), ..DescriptorProto::default() };
    for set in [
        changed(|set| set.file[0].message_type[0].name = Some(EVIL.to_owned())),
        changed(|set| set.file[0].message_type[0].enum_type.push(of_enum.clone())),
        changed(|set| set.file[0].enum_type.push(of_enum.clone())),
        with_nested(nested),
    ] {
        let error = configure().generate(&set).expect_err(EVIL).to_string();
        assert!(error.contains("is not a name that Rust can express"), "{error:?}");
    }
}

#[test]
fn messages_nested_too_deep_are_refused() {
    let mut message = DescriptorProto { name: Some("M".to_owned()), ..DescriptorProto::default() };
    for _ in 0..300 {
        message = DescriptorProto { nested_type: vec![message.clone()], ..message.clone() };
        message.nested_type.truncate(1);
    }
    let error = configure().generate(&with_nested(message)).unwrap_err().to_string();
    assert!(error.contains("nested more than"), "{error}");
}

#[test]
fn a_set_over_which_prost_build_would_think_for_ever_is_refused() {
    let message = |number: usize, last: usize| DescriptorProto {
        name: Some(format!("M{number}")),
        field: (1..=2)
            .filter(|_| number < last)
            .map(|each| FieldDescriptorProto {
                name: Some(format!("f{each}")),
                number: Some(each),
                ..field(Type::Message, &format!(".made.M{}", number + 1))
            })
            .collect(),
        ..DescriptorProto::default()
    };
    for (last, refused) in [(12, false), (60, true), (1000, true)] {
        let set =
            changed(|set| set.file[0].message_type.extend((0..=last).map(|number| message(number, last))));
        assert_eq!(configure().generate(&set).is_err(), refused, "{last}");
    }
}

#[test]
fn half_a_source_info_is_no_trouble() {
    let set = changed(|set| {
        set.file[0].message_type[0].field.push(field(Type::Bool, ""));
        set.file[0].message_type[0].oneof_decl.push(OneofDescriptorProto::default());
        set.file[0].message_type[0].oneof_decl[0].name = Some("o".to_owned());
        set.file[0].enum_type.push(enumeration(&["V"]));
        let location = |path: &[i32], span: &[i32]| Location {
            path: path.to_vec(),
            span: span.to_vec(),
            leading_comments: Some(" Here.\n".to_owned()),
            ..Location::default()
        };
        set.file[0].source_code_info = Some(SourceCodeInfo {
            location: vec![location(&[4, 0], &[]), location(&[4, 0], &[-7]), location(&[], &[i32::MAX])],
        });
    });
    let files = configure().generate(&set).unwrap();
    assert!(files[0].content.contains("/// Here.\n#[derive"), "{}", files[0].content);
}

#[test]
fn no_option_leads_out_of_the_output_folder() {
    for bad in ["../mod.rs", "/etc/mod.rs", "a/../../b.rs"] {
        let error = configure().include_file(bad).generate(&good()).unwrap_err().to_string();
        assert!(error.contains("below the output folder"), "{error}");
    }
    let unnamed = changed(|set| {
        set.file[0].package = None;
        set.file[0].service.clear();
    });
    for bad in ["../x", "a/b"] {
        let result = configure().default_package_filename(bad).generate(&unnamed);
        assert!(result.is_err(), "{bad}: {result:?}");
    }
}

/// Generates and, if that gives text, parses it as Rust.
fn generate(builder: Builder, set: &FileDescriptorSet) {
    let Ok(files) = builder.generate(set) else { return };
    for file in files {
        if let Err(error) = syn::parse_file(&file.content) {
            panic!("{}: {error}\n{}", file.name, file.content);
        }
    }
}

/// The encoded descriptors of every corner.
fn encoded_corners() -> &'static Vec<Vec<u8>> {
    static CORNERS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    CORNERS.get_or_init(|| {
        let good = corners("").filter(|corner| !corner.name.starts_with("error_"));
        good.map(|corner| descriptor_set(&corner)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_descriptors_never_panic(
        corner in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let mut bytes = corner.get(encoded_corners()).clone();
        for (at, byte, how) in damage {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                _ => { bytes.remove(at); }
            }
        }
        if let Ok(set) = FileDescriptorSet::decode(bytes.as_slice()) {
            let outcome = catch_unwind(AssertUnwindSafe(|| generate(configure(), &set)));
            prop_assert!(outcome.is_ok());
        }
    }

    #[test]
    fn arbitrary_bytes_given_to_the_plugin_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = plugin::respond(&bytes);
    }

    #[test]
    fn absurd_names_become_rust_or_an_error(
        names in prop::collection::vec("[a-zA-Z_0-9]{1,4}|self|Self|_|type|new|I|T|Send|r#a", 8),
    ) {
        let set = changed(|set| {
            let file = &mut set.file[0];
            file.package = Some(names[0].clone());
            file.message_type[0].name = Some(names[1].clone());
            file.message_type.push(DescriptorProto { name: Some(names[2].clone()), ..DescriptorProto::default() });
            file.service[0].name = Some(names[3].clone());
            file.service.push(file.service[0].clone());
            file.service[1].name = Some(names[4].clone());
            for service in &mut file.service {
                service.method[0].name = Some(names[5].clone());
                service.method[0].input_type = Some(format!(".{}.{}", names[0], names[1]));
                service.method[0].output_type = Some(format!(".{}.{}", names[0], names[2]));
            }
            let mut nested = file.message_type[1].clone();
            nested.name = Some(names[6].clone());
            file.message_type[0].nested_type.push(nested);
            let inner = FieldDescriptorProto {
                name: Some(names[7].clone()),
                ..field(Type::Message, &format!(".{}.{}.{}", names[0], names[1], names[6]))
            };
            file.message_type[0].field.push(inner);
        });
        generate(configure(), &set);
        generate(configure().unimplemented_stubs(true).build_client(false), &set);
    }
}
