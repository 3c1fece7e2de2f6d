// A server of grpc-go for the comparison: it answers with what it was asked.
//
// The service is the one of the others, written down by hand: google.protobuf.BytesValue is on the wire what their
// Echo is, a field 1 of bytes, so no generator is needed. Every setting is at its default, but for the windows, which
// are those of all servers here. It is told as all are: `server KIND [FOLDER]`, with certificate and key in the folder.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
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

// The window of a stream, and of a connection.
const windowBytes = 1024 * 1024

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	// Whoever measures reads the port from the first line.
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	options := []grpc.ServerOption{grpc.InitialWindowSize(windowBytes), grpc.InitialConnWindowSize(windowBytes)}
	if len(os.Args) > 3 {
		folder := os.Args[3]
		tls, err := credentials.NewServerTLSFromFile(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(tls))
	}
	server := grpc.NewServer(options...)
	server.RegisterService(&service, echoes{})
	log.Fatal(server.Serve(listener))
}
