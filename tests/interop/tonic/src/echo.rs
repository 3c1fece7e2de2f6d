//! A layer that sends metadata back: text in the head, bytes in the trailers.
//!
//! In: requests on their way to a service. Out: its responses, with what the request wants to see again. A layer,
//! because a handler of tonic has no place for the trailers of a call that ends well.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tonic::body::Body;
use tonic::codegen::{Bytes, http};
use tower::Service;

use crate::{INITIAL_KEY, TRAILING_KEY};

/// What stands around the service.
#[derive(Clone)]
pub(crate) struct Echo<S>(S);

impl<S> Echo<S> {
    pub(crate) fn around(service: S) -> Echo<S> {
        Echo(service)
    }
}

impl<S> Service<http::Request<Body>> for Echo<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<UnsyncBoxBody<Bytes, tonic::Status>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let text = request.headers().get(INITIAL_KEY).cloned();
        let bytes = request.headers().get(TRAILING_KEY).cloned();
        let response = self.0.call(request);
        Box::pin(async move {
            let mut response = response.await?;
            if let Some(text) = text {
                response.headers_mut().insert(INITIAL_KEY, text);
            }
            Ok(response.map(|frames| {
                let with_bytes = frames.map_frame(move |mut frame| {
                    if let (Some(trailers), Some(bytes)) = (frame.trailers_mut(), &bytes) {
                        trailers.insert(TRAILING_KEY, bytes.clone());
                    }
                    frame
                });
                with_bytes.boxed_unsync()
            }))
        })
    }
}
