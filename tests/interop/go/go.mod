// Pins grpc-go's example programs, which are built from here as they were
// published and paired with ours: see xtask/src/pairings. Pins h2spec: see
// xtask/src/h2spec.rs. There is no Go code of our own.

module wirewright.invalid/interop

go 1.26.0

require google.golang.org/grpc/examples v0.0.0-20260825154716-030ee8becb20 // indirect

require (
	cel.dev/expr v0.25.3 // indirect
	cloud.google.com/go/compute/metadata v0.9.0 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/cncf/xds/go v0.0.0-20260202195803-dba9d589def2 // indirect
	github.com/envoyproxy/go-control-plane/envoy v1.39.1-0.20260819172001-e6e3fd93e4be // indirect
	github.com/envoyproxy/protoc-gen-validate v1.3.3 // indirect
	github.com/fatih/color v1.19.0 // indirect
	github.com/go-jose/go-jose/v4 v4.1.4 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/planetscale/vtprotobuf v0.6.1-0.20240319094008-0393e58bdf10 // indirect
	github.com/spf13/cobra v1.10.2 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
	github.com/spiffe/go-spiffe/v2 v2.8.1 // indirect
	github.com/summerwind/h2spec v2.2.1+incompatible // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/oauth2 v0.36.0 // indirect
	golang.org/x/sync v0.23.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260817212433-ac3dfec99bb1 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260817212433-ac3dfec99bb1 // indirect
	google.golang.org/grpc v1.85.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

tool (
	google.golang.org/grpc/examples/features/cancellation/client
	google.golang.org/grpc/examples/features/cancellation/server
	google.golang.org/grpc/examples/features/deadline/client
	google.golang.org/grpc/examples/features/deadline/server
	google.golang.org/grpc/examples/features/error_details/client
	google.golang.org/grpc/examples/features/error_details/server
	google.golang.org/grpc/examples/features/error_handling/client
	google.golang.org/grpc/examples/features/error_handling/server
	google.golang.org/grpc/examples/features/flow_control/client
	google.golang.org/grpc/examples/features/flow_control/server
	google.golang.org/grpc/examples/features/gracefulstop/client
	google.golang.org/grpc/examples/features/gracefulstop/server
	google.golang.org/grpc/examples/features/health/server
	google.golang.org/grpc/examples/features/interceptor/client
	google.golang.org/grpc/examples/features/interceptor/server
	google.golang.org/grpc/examples/features/metadata/client
	google.golang.org/grpc/examples/features/metadata/server
	google.golang.org/grpc/examples/features/metadata_interceptor/client
	google.golang.org/grpc/examples/features/metadata_interceptor/server
	google.golang.org/grpc/examples/features/multiplex/client
	google.golang.org/grpc/examples/features/multiplex/server
	google.golang.org/grpc/examples/features/reflection/server
	google.golang.org/grpc/examples/helloworld/greeter_client
	google.golang.org/grpc/examples/helloworld/greeter_server
	google.golang.org/grpc/examples/route_guide/client
	google.golang.org/grpc/examples/route_guide/server
	google.golang.org/grpc/interop/client
	google.golang.org/grpc/interop/http2
	google.golang.org/grpc/interop/server
)
