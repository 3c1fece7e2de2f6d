//! The reflection service, asked as tools ask it.

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
};
use wirewright::services::reflection::v1::server_reflection_request::MessageRequest;
use wirewright::services::reflection::v1::server_reflection_response::MessageResponse;
use wirewright::services::reflection::v1::{
    ExtensionRequest, ServerReflectionClient, ServerReflectionRequest, ServerReflectionResponse,
};
use wirewright::services::reflection::{InvalidDescriptors, Reflection, v1alpha};
use wirewright::{Code, Request, Sender, Server, Streaming};

use crate::support::{House, within};

fn field(name: &str, number: i32, extendee: Option<&str>) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        label: Some(Label::Optional.into()),
        r#type: Some(Type::Int32.into()),
        extendee: extendee.map(Into::into),
        ..Default::default()
    }
}

/// `base.proto`: a message with a field, an enum and an inner message.
fn base() -> FileDescriptorProto {
    FileDescriptorProto {
        name: Some("base.proto".into()),
        package: Some("a".into()),
        message_type: vec![DescriptorProto {
            name: Some("M".into()),
            field: vec![field("f", 1, None)],
            nested_type: vec![DescriptorProto { name: Some("Inner".into()), ..Default::default() }],
            enum_type: vec![EnumDescriptorProto {
                name: Some("E".into()),
                value: vec![EnumValueDescriptorProto {
                    name: Some("V".into()),
                    number: Some(0),
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// `middle.proto` imports it, and extends its message twice.
fn middle() -> FileDescriptorProto {
    FileDescriptorProto {
        name: Some("middle.proto".into()),
        package: Some("a.b".into()),
        dependency: vec!["base.proto".into()],
        extension: vec![field("y", 101, Some(".a.M")), field("x", 100, Some(".a.M"))],
        ..Default::default()
    }
}

/// `top.proto` imports both, and has the service.
fn top() -> FileDescriptorProto {
    FileDescriptorProto {
        name: Some("top.proto".into()),
        dependency: vec!["middle.proto".into(), "base.proto".into()],
        service: vec![ServiceDescriptorProto {
            name: Some("S".into()),
            method: vec![MethodDescriptorProto {
                name: Some("R".into()),
                input_type: Some(".a.M".into()),
                output_type: Some(".a.M".into()),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn set(files: &[FileDescriptorProto]) -> Vec<u8> {
    FileDescriptorSet { file: files.to_vec() }.encode_to_vec()
}

/// One stream of questions.
struct Asking {
    questions: Sender<ServerReflectionRequest>,
    answers: Streaming<ServerReflectionResponse>,
}

impl Asking {
    async fn at(house: &House) -> Asking {
        let client = ServerReflectionClient::new(house.channel.clone());
        let (questions, answers) = client.server_reflection_info(Request::new(())).await.unwrap();
        Asking { questions, answers }
    }

    async fn ask(&mut self, question: MessageRequest) -> MessageResponse {
        let request = ServerReflectionRequest { host: "h".into(), message_request: Some(question.clone()) };
        self.questions.send(request.clone()).await.unwrap();
        let answer = within(self.answers.message()).await.unwrap().expect("every question has an answer");
        assert_eq!((answer.valid_host.as_str(), answer.original_request), ("h", Some(request)));
        answer.message_response.expect("an answer says something")
    }

    /// The names of the files that are answered, or the number of the error.
    async fn files(&mut self, question: MessageRequest) -> Result<Vec<String>, i32> {
        match self.ask(question).await {
            MessageResponse::FileDescriptorResponse(found) => {
                let name = |bytes: &bytes::Bytes| {
                    FileDescriptorProto::decode(bytes.clone()).unwrap().name().to_owned()
                };
                Ok(found.file_descriptor_proto.iter().map(name).collect())
            }
            MessageResponse::ErrorResponse(error) => Err(error.error_code),
            other => panic!("{other:?}"),
        }
    }
}

fn house() -> House {
    let reflection = Reflection::builder()
        .file_descriptor_set(set(&[base(), middle()]))
        .file_descriptor_set(set(&[base(), middle(), top()]))
        .build()
        .unwrap();
    House::build(
        Server::builder().add_service(reflection.v1()).add_service(reflection.v1alpha()),
        |endpoint| endpoint,
    )
}

#[tokio::test]
async fn every_declaration_leads_to_its_file() {
    let house = house();
    let mut asking = Asking::at(&house).await;
    for symbol in ["a.M", ".a.M", "a.M.f", "a.M.Inner", "a.M.E", "a.M.V"] {
        let found = asking.files(MessageRequest::FileContainingSymbol(symbol.into())).await;
        assert_eq!(found, Ok(vec!["base.proto".into()]), "{symbol}");
    }
    for unknown in ["", "a", "a.M.E.V", "a.Nobody", "S.T"] {
        let found = asking.files(MessageRequest::FileContainingSymbol(unknown.into())).await;
        assert_eq!(found, Err(Code::NotFound as i32), "{unknown}");
    }
    drop(asking);
    house.close().await;
}

#[tokio::test]
async fn a_file_comes_with_its_imports_and_each_import_comes_once_a_stream() {
    let house = house();
    let mut asking = Asking::at(&house).await;
    let by_name = |name: &str| MessageRequest::FileByFilename(name.into());
    assert_eq!(asking.files(by_name("middle.proto")).await.unwrap(), ["middle.proto", "base.proto"]);
    let method = MessageRequest::FileContainingSymbol("S.R".into());
    assert_eq!(asking.files(method).await.unwrap(), ["top.proto"]);
    assert_eq!(asking.files(by_name("top.proto")).await.unwrap(), ["top.proto"], "asked for again");
    assert_eq!(asking.files(by_name("nobody.proto")).await, Err(Code::NotFound as i32));
    drop(asking);
    // Another stream has been told nothing.
    let mut asking = Asking::at(&house).await;
    let all = asking.files(by_name("top.proto")).await.unwrap();
    assert_eq!(all, ["top.proto", "middle.proto", "base.proto"]);
    drop(asking);
    house.close().await;
}

#[tokio::test]
async fn extensions_are_found_by_number_and_listed() {
    let house = house();
    let mut asking = Asking::at(&house).await;
    let extension = |number| {
        let containing_type = "a.M".to_owned();
        MessageRequest::FileContainingExtension(ExtensionRequest {
            containing_type,
            extension_number: number,
        })
    };
    assert_eq!(asking.files(extension(101)).await.unwrap(), ["middle.proto", "base.proto"]);
    assert_eq!(asking.files(extension(102)).await, Err(Code::NotFound as i32));
    for (message, numbers) in [("a.M", Some(vec![100, 101])), ("a.M.Inner", Some(vec![])), ("a.Z", None)] {
        match (asking.ask(MessageRequest::AllExtensionNumbersOfType(message.into())).await, numbers) {
            (MessageResponse::AllExtensionNumbersResponse(told), Some(numbers)) => {
                assert_eq!((told.base_type_name.as_str(), told.extension_number), (message, numbers));
            }
            (MessageResponse::ErrorResponse(error), None) => {
                assert_eq!(error.error_code, Code::NotFound as i32);
            }
            other => panic!("{message}: {other:?}"),
        }
    }
    drop(asking);
    house.close().await;
}

async fn listed(reflection: Reflection) -> Vec<String> {
    let house = House::with(reflection.v1());
    let mut asking = Asking::at(&house).await;
    let MessageResponse::ListServicesResponse(list) =
        asking.ask(MessageRequest::ListServices("*".into())).await
    else {
        panic!("no list")
    };
    drop(asking);
    house.close().await;
    list.service.into_iter().map(|service| service.name).collect()
}

#[tokio::test]
async fn services_are_listed_all_or_those_that_were_named() {
    let all = Reflection::builder().file_descriptor_set(set(&[base(), middle(), top()])).build().unwrap();
    let own = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
    assert_eq!(listed(all).await, [&["S"][..], &own].concat());
    let one = Reflection::builder().file_descriptor_set(set(&[base(), middle(), top()])).list("S").build();
    assert_eq!(listed(one.unwrap()).await, ["S"]);
}

#[tokio::test]
async fn a_question_that_asks_nothing_ends_the_stream() {
    let house = house();
    let mut asking = Asking::at(&house).await;
    asking.questions.send(ServerReflectionRequest::default()).await.unwrap();
    let end = within(asking.answers.message()).await.unwrap_err();
    assert_eq!(end.code(), Code::InvalidArgument);
    drop(asking);
    house.close().await;
}

#[tokio::test]
async fn the_older_version_answers_too() {
    let house = house();
    let client = v1alpha::ServerReflectionClient::new(house.channel.clone());
    let (mut questions, mut answers) = client.server_reflection_info(Request::new(())).await.unwrap();
    let question = MessageRequest::FileContainingSymbol("a.M".into());
    let request = ServerReflectionRequest { message_request: Some(question), ..Default::default() };
    questions.send(request).await.unwrap();
    questions.finish().await.unwrap();
    let answer = within(answers.message()).await.unwrap().unwrap();
    assert!(matches!(answer.message_response, Some(MessageResponse::FileDescriptorResponse(_))));
    assert!(within(answers.message()).await.unwrap().is_none(), "a stream ends well");
    drop((answers, client));
    house.close().await;
}

/// A field that prost does not know stands for every custom option.
#[tokio::test]
async fn files_are_answered_byte_for_byte() {
    let mut file = base().encode_to_vec();
    file.extend(b"\xc2\x3e\x02hi");
    let mut set = vec![0x0a, u8::try_from(file.len()).unwrap()];
    set.extend(&file);
    let reflection = Reflection::builder().file_descriptor_set(set).build().unwrap();
    let house = House::with(reflection.v1());
    let mut asking = Asking::at(&house).await;
    let MessageResponse::FileDescriptorResponse(found) =
        asking.ask(MessageRequest::FileByFilename("base.proto".into())).await
    else {
        panic!("no file")
    };
    assert_eq!(found.file_descriptor_proto, [file]);
    drop(asking);
    house.close().await;
}

#[test]
fn sets_that_do_not_belong_together_are_refused_in_words() {
    let other_base = FileDescriptorProto { package: Some("z".into()), ..base() };
    let same_symbols = FileDescriptorProto { name: Some("twin.proto".into()), ..base() };
    let table: [(&[Vec<u8>], &str); 5] = [
        (&[b"\xff".to_vec()], "descriptor set 1 cannot be read"),
        (&[set(&[base()]), b"\x0a\x01\xff".to_vec()], "descriptor set 2 cannot be read"),
        (&[set(&[middle()])], "middle.proto imports base.proto, which is in no descriptor set"),
        (&[set(&[base()]), set(&[other_base])], "different files named base.proto"),
        (&[set(&[base()]), set(&[same_symbols])], "is declared by base.proto and by twin.proto"),
    ];
    for (sets, problem) in table {
        let builder = sets.iter().fold(Reflection::builder(), |b, s| b.file_descriptor_set(s.clone()));
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    let unknown = Reflection::builder().list("no.Such").build().unwrap_err();
    assert_eq!(unknown, InvalidDescriptors::Unknown { service: "no.Such".into() });
}
