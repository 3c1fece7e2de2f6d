// A server of grpc-go for the comparison: it answers with what it was asked.
//
// The service is the one of the others, written down by hand: google.protobuf.BytesValue is on the wire what their
// Echo is, a field 1 of bytes, so no generator is needed. Every setting is at its default.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type echo = wrapperspb.BytesValue

type echoes struct{}

func unary(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	message := new(echo)
	if err := decode(message); err != nil {
		return nil, err
	}
	return message, nil
}

func pingPong(_ any, stream grpc.ServerStream) error {
	for {
		message := new(echo)
		switch err := stream.RecvMsg(message); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
		if err := stream.SendMsg(message); err != nil {
			return err
		}
	}
}

var service = grpc.ServiceDesc{
	ServiceName: "bench.Echoes",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: unary}},
	Streams: []grpc.StreamDesc{
		{StreamName: "PingPong", Handler: pingPong, ServerStreams: true, ClientStreams: true},
	},
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	// Whoever measures reads the port from the first line.
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := grpc.NewServer()
	server.RegisterService(&service, echoes{})
	log.Fatal(server.Serve(listener))
}
